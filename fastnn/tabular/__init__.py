"""Tables as people have them, with numbers, categories and gaps: models that predict a column."""

from fastnn.tabular.files import read_table
from fastnn.tabular.model import TableModel
from fastnn.tabular.schema import TableSchema
from fastnn.tabular.target import task_of, with_target

__all__ = ["TableModel", "TableSchema", "read_table", "task_of", "with_target"]

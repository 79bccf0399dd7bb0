"""Tables: columns of numbers and categories with gaps, as a network takes them, and back."""

from fastnn.tabular.files import read_table
from fastnn.tabular.model import TableModel
from fastnn.tabular.schema import TableSchema
from fastnn.tabular.target import task_of, with_target

__all__ = ["TableModel", "TableSchema", "read_table", "task_of", "with_target"]

"""Schemas of tables as people have them: numbers, categories, dates and gaps as inputs."""

from fastnn.tabular.files import read_table
from fastnn.tabular.rows import with_target
from fastnn.tabular.schema import TableSchema
from fastnn.tabular.target import task_of

__all__ = ["TableSchema", "read_table", "task_of", "with_target"]

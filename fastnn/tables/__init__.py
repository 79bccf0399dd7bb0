"""Estimators of tables as people have them, which `fastnn train` fits, too.

Internal: it may change at any time.
"""

from fastnn.tables.classifier import TableClassifier
from fastnn.tables.regressor import TableRegressor

__all__ = ["TableClassifier", "TableRegressor"]

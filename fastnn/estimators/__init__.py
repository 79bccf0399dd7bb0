"""scikit-learn's MLPClassifier and MLPRegressor, and what they lack.

Internal: it may change at any time.
"""

from fastnn.estimators.classifier import MLPClassifier
from fastnn.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]

"""Rows with the same X and another y: no network can tell them apart."""

from typing import NamedTuple

import numpy as np

from fastnn.data.inputs import as_numbers, is_sparse
from fastnn.diagnosis.causes.cause import Cause
from fastnn.diagnosis.evidence.row_keys import row_keys
from fastnn.text.words import percent

# The least share of rows that have a twin with another y, for a word on them.
SHARE = 0.01
# The part of the training error that twins may leave to other causes.
REST = 0.25


class Twins(NamedTuple):
    """`share` of the rows have a twin with another y; no training error is below `least`.

    Both are shares: of the rows, and of the variance of y where y holds values.
    """

    share: float
    least: float

    def words(self):
        """The facts as the beginning of a sentence."""
        return (
            f"{percent(self.share)} of the training rows have the same X as another row and "
            f"another y, so that no network has a training error below {percent(self.least)}"
        )


def twins_of(X, y, values):
    """The `Twins` among the rows, with `y` (m,) of labels or, in a regression, of values."""
    none = Twins(0.0, 0.0)
    if is_sparse(X):
        return none
    y = np.asarray(y).reshape(-1)
    _, group, count = np.unique(
        row_keys(as_numbers(X, "X")), return_inverse=True, return_counts=True
    )
    kinds, label = np.unique(y, return_inverse=True)
    pairs, times = np.unique(group * len(kinds) + label, return_counts=True)
    at = pairs // len(kinds)  # the group of each pair
    differ = (np.bincount(at) > 1)[group]
    if not differ.any():
        return none
    if values:
        mean = np.bincount(group, weights=y) / count
        wrong = np.square(y - mean[group])[differ].sum()
        scale = np.square(y - y.mean()).sum()
    else:
        most = np.zeros(len(count), np.intp)
        np.maximum.at(most, at, times)
        wrong, scale = (count - most).sum(), len(y)
    return Twins(float(differ.mean()), float(wrong / scale))


def twins_alone(twins, error, tolerance):
    """A Cause if twins explain the training error but for `tolerance`, and a quarter of it."""
    if twins.share < SHARE or error - twins.least > min(tolerance, REST * error):
        return None
    return Cause(
        "rows with the same X have different y",
        twins.words() + f" (it is {percent(error)})",
        "look for columns that tell such rows apart, and whether their y is right: no size or "
        "training lowers this error",
    )

"""Rows with the same X and another y: no network can tell them apart."""

from collections import defaultdict
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from fastnn.data.inputs import as_numbers, is_sparse
from fastnn.diagnosis.causes.cause import Cause
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
    X, y = as_numbers(X, "X"), np.asarray(y).reshape(-1)
    groups = defaultdict(list)
    for i, row in enumerate(X):
        row = row + 0.0  # -0.0 becomes 0.0, of other bytes
        groups[blake2b(row.tobytes(), digest_size=16).digest()].append(i)  # X may be large
    if len(groups) == len(y):
        return none
    rows, wrong = 0, 0.0
    for index in groups.values():
        mine = y[index]
        if (mine != mine[0]).any():
            rows += len(mine)
            if values:
                wrong += np.square(mine - mine.mean()).sum()
            else:
                wrong += len(mine) - np.unique(mine, return_counts=True)[1].max()
    scale = np.square(y - y.mean()).sum() if values else len(y)
    return Twins(rows / len(y), float(wrong / scale) if wrong else 0.0)


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

"""The columns of X: their scale, and columns that are constant, number the rows or give y away."""

from typing import NamedTuple

import numpy as np

from fastnn.data.inputs import as_numbers, is_sparse
from fastnn.text.names import UNNAMED

# Columns are out of scale beyond these: a network's initial weights and its learning rate are for
# inputs of about 1.
LARGE, SMALL = 3.0, 0.1
# Beyond this ratio of their standard deviations, one of two columns drowns the other.
UNEVEN = 10.0
# X is out of scale for certain if it is so many times beyond these bounds.
FAR = 5.0
# So many rows show whether a column gives y away; the least correlation of a line.
MOST_ROWS, LINE = 5_000, 1 - 1e-9
# In fewer rows, whole numbers without a gap can be chance.
LEAST_ROWS = 50
# Rows that are squared at a time.
_ROWS_AT_ONCE = 4096


class Scale(NamedTuple):
    """Mean and standard deviation of each column."""

    mean: np.ndarray
    std: np.ndarray

    @property
    def constant(self):
        """Indices of the columns with one value in all rows, up to rounding."""
        return np.flatnonzero(self.std <= 1e-7 * np.abs(self.mean))

    def is_off(self):
        """Whether normalization is worth a trial."""
        varies = self._varies
        if not varies.size:
            return False
        std, root = self.std[varies], np.hypot(self.mean, self.std)[varies]
        uneven = std.max() > UNEVEN * std.min()
        return bool(root.max() > LARGE or root.max() < SMALL or uneven)

    def is_far_off(self):
        """Whether the whole X is so large or small that no trial is needed to say so."""
        root = np.hypot(self.mean, self.std)[self._varies].max(initial=0.0)
        return bool(root > FAR * LARGE or 0 < root < SMALL / FAR)

    @property
    def _varies(self):
        return np.setdiff1d(np.arange(self.std.size), self.constant)

    def words(self, names=UNNAMED):
        """The scale of the columns in figures."""
        varies = self._varies
        low, high = self.std[varies].min(), self.std[varies].max()
        far = varies[np.argmax(np.abs(self.mean[varies]))]
        spread = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
        of = names.of_columns([far])
        return f"standard deviations of {spread}, means up to {self.mean[far]:.3g} ({of})"


def scale_of(X):
    """The Scale of the columns of X, dense or sparse."""
    if is_sparse(X):
        mean = np.asarray(X.mean(axis=0)).ravel()
        square = np.asarray(X.multiply(X).mean(axis=0)).ravel()
        return Scale(mean, np.sqrt(np.maximum(square - mean**2, 0)))
    X = as_numbers(X, "X")
    mean, squares = X.mean(axis=0, dtype=np.float64), np.zeros(X.shape[1:])
    for first in range(0, len(X), _ROWS_AT_ONCE):  # std would hold all of X in float64
        squares += np.square(X[first : first + _ROWS_AT_ONCE] - mean).sum(axis=0)
    return Scale(mean, np.sqrt(squares / len(X)))


def counters(X):
    """Columns that number the rows: whole numbers at equal steps, with few gaps and no repeats.

    Days are such numbers, too. A single column is not one to be left out.
    """
    if is_sparse(X):
        return []
    X = as_numbers(X, "X")
    if len(X) < LEAST_ROWS or X.shape[1] == 1:
        return []
    found = []
    for j in range(X.shape[1]):
        column = np.sort(X[:, j].astype(np.float64))
        steps = np.diff(column)
        step = steps.min()
        # With gaps in less than half of the places, some two rows are neighbours.
        if step < 1 or column[-1] - column[0] + step > 2 * len(column) * step:
            continue
        if (column == np.rint(column)).all() and (steps % step == 0).all():
            found.append(j)
    return found


def giving_away(X, y, classes):
    """Columns that alone give y: no class overlaps another one, or y is a line of the column."""
    if is_sparse(X):
        return []
    every = max(1, len(y) // MOST_ROWS)
    X, y = as_numbers(X, "X")[::every], y[::every]
    if len(y) < LEAST_ROWS or np.ptp(y) == 0:
        return []
    decides = _parts_classes if classes else _is_line
    return [j for j in range(X.shape[1]) if decides(X[:, j].astype(np.float64), y)]


def _parts_classes(column, y):
    """Whether each class has a range of its own, whatever the order of the classes."""
    order = np.argsort(column, kind="stable")
    column, y = column[order], y[order]
    change = np.flatnonzero(y[1:] != y[:-1])
    return len(change) == len(np.unique(y)) - 1 and (column[change + 1] > column[change]).all()


def _is_line(column, y):
    if np.ptp(column) == 0:
        return False
    return abs(np.corrcoef(column, y)[0, 1]) > LINE

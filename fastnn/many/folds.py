"""Inner folds: each network has its own dev set, and all share one copy of the rows."""

import numpy as np

# Columns that `_reordered` copies at a time: a cache line of float32.
_COLUMNS = 16


def draw_folds(y, count, rng, *, classes=False, groups=None):
    """(m,) folds 0 to count - 1 of the examples, drawn at random.

    Parameters
    ----------
    y : (m,) array
        Labels, where `classes`: each class is dealt out evenly.
    count : int
    rng : numpy Generator
    groups : (m,) array, optional
        Examples of one group are in one fold: the largest groups are dealt first, each to the
        smallest fold.
    """
    order = rng.permutation(len(y))
    folds = np.empty(len(y), dtype=np.intp)
    if groups is not None:
        _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        drawn = rng.permutation(len(sizes))
        fold_of, filled = np.empty(len(sizes), dtype=np.intp), np.zeros(count, dtype=np.intp)
        for g in drawn[np.argsort(-sizes[drawn], kind="stable")].tolist():
            fold_of[g] = filled.argmin()
            filled[fold_of[g]] += sizes[g]
        return fold_of[group]
    if classes:
        order = order[np.argsort(y[order], kind="stable")]
    folds[order] = np.arange(len(y)) % count
    return folds


class Folded:
    """Rows in such an order that each of the first folds is a slice, and so are all other rows.

    The rows of fold 1, 2, ..., 0 follow each other. The rows of folds 1, ..., `devs` - 1 come again
    at the end. So `devs` networks train on views of one array.

    Parameters
    ----------
    folds : (m,) array of int
    devs : int
        Folds that are a dev set of a network.
    X : (m, n) array
    y, weight : (m,) array or None
    room : (>= 2 m, n) array, optional
        An array that begins with X: it becomes the array of all rows, so that these are not in
        memory twice. None: X is copied once.
    """

    def __init__(self, folds, devs, X, y, weight=None, *, room=None):
        self._count = int(folds.max()) + 1
        order = np.argsort((folds - 1) % self._count, kind="stable")  # fold 0 is the last
        ends = np.cumsum(np.bincount(folds[order], minlength=self._count)[self._turns()])
        self._ends, self._rows = [0, *ends.tolist()], len(folds)
        again = np.concatenate([order, order[: self._ends[max(devs - 1, 0)]]])
        X = X[again] if room is None else _reordered(room, len(X), again)
        self._arrays = [X, *(None if array is None else array[again] for array in (y, weight))]

    def _turns(self):
        """The folds in the order of their rows."""
        return [*range(1, self._count), 0]

    def dev(self, k):
        """The rows of fold k of each array, as views."""
        place = self._turns().index(k)
        return self._views(self._ends[place], self._ends[place + 1])

    def train(self, k):
        """All other rows."""
        if k == 0:
            return self._views(0, self._ends[-2])
        return self._views(self._ends[k], self._rows + self._ends[k - 1])

    def _views(self, begin, end):
        return tuple(array[begin:end] for array in self._arrays if array is not None)


def _reordered(room, m, rows):
    """The first rows of `room`, made `rows` of its first m; few columns at a time are copied."""
    X = room[: len(rows)]
    for begin in range(0, X.shape[1], _COLUMNS):
        columns = slice(begin, begin + _COLUMNS)
        X[:, columns] = X[:m, columns].copy()[rows]
    return X

"""Inner folds: each network has a dev set of its own, and all share one copy of the rows."""

import numpy as np


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
    """Rows in an order in which each of the first folds, and all but this fold, are a slice.

    The rows of fold 0, 1, 2, ... follow each other, and those of the first `devs` - 1 folds come
    again at the end. So `devs` networks train on views of one array.

    Parameters
    ----------
    folds : (m,) array of int
    devs : int
        Folds that are a dev set of a network.
    arrays : sequence of (m, ...) array or None
        They are copied once.
    """

    def __init__(self, folds, devs, *arrays):
        order = np.argsort(folds, kind="stable")
        ends = np.cumsum(np.bincount(folds))
        self._ends, self._rows = [0, *ends.tolist()], len(folds)
        again = np.concatenate([order, order[: ends[devs - 2] if devs > 1 else 0]])
        self._arrays = [None if array is None else array[again] for array in arrays]

    def dev(self, k):
        """The rows of fold k of each array, as views."""
        return self._views(self._ends[k], self._ends[k + 1])

    def train(self, k):
        """All other rows."""
        return self._views(self._ends[k + 1], self._rows + self._ends[k])

    def _views(self, begin, end):
        return tuple(array[begin:end] for array in self._arrays if array is not None)

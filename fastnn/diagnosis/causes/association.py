"""Whether any single column of X goes with y, by ranks."""

from statistics import NormalDist

import numpy as np

from fastnn.data.inputs import as_numbers, is_sparse

# The chance that a column which has nothing to do with y is taken for one that has.
CHANCE = 0.01


def is_associated(X, y, classes):
    """Whether a column's ranks go with y, or with belonging to a class, beyond chance.

    Spearman's correlation r of m independent rows has a standard deviation of 1 / sqrt(m - 1). The
    level is divided by the number of pairs that are looked at (Bonferroni).
    """
    if is_sparse(X):
        X = X.toarray()
    X, y = as_numbers(X, "X"), as_numbers(y, "y")
    y = y.reshape(len(y), -1)
    if classes:
        y = y == np.unique(y) if y.shape[1] == 1 else y
    ranks, targets = _standard_ranks(X), _standard_ranks(y)
    z = np.abs(ranks.T @ targets) / len(X) * np.sqrt(max(len(X) - 1, 1))
    return bool(z.max(initial=0.0) > NormalDist().inv_cdf(1 - CHANCE / (2 * max(z.size, 1))))


def _standard_ranks(columns):
    """Ranks of each column, ties sharing theirs, with mean 0 and standard deviation 1."""
    out = np.empty(columns.shape)
    for j in range(columns.shape[1]):
        _, place, counts = np.unique(columns[:, j], return_inverse=True, return_counts=True)
        out[:, j] = (np.cumsum(counts) - (counts - 1) / 2)[place]
    out -= out.mean(axis=0)
    std = out.std(axis=0)
    return out / np.where(std > 0, std, 1)

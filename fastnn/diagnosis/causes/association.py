"""Whether any single column of X is correlated with y, by ranks."""

from statistics import NormalDist

import numpy as np

from fastnn.data.inputs import as_numbers, is_sparse

# The chance that columns without any relation to y are taken for columns with one.
CHANCE = 0.01
# Random orders of y. That none of them is as good has a chance of 1 in 100.
ORDERS = 99


def is_associated(X, y, classes):
    """Whether a column's ranks are correlated with y, or with a class, beyond chance.

    Spearman's correlation r of m independent rows has a standard deviation of 1 / sqrt(m - 1). The
    level is divided by the number of pairs that are looked at (Bonferroni). Correlations of columns
    that are 0 in nearly every row, and of rare classes, are not normal. So the largest one has to
    be larger than with y in other orders, too (Westfall and Young, 1993).
    """
    if is_sparse(X):
        X = X.toarray()
    X, y = as_numbers(X, "X"), as_numbers(y, "y")
    y = y.reshape(len(y), -1)
    if classes:
        y = y == np.unique(y) if y.shape[1] == 1 else y
    ranks, targets = _standard_ranks(X).T, _standard_ranks(y)
    largest = _largest(ranks, targets)
    pairs = max(ranks.shape[0] * targets.shape[1], 1)
    least = NormalDist().inv_cdf(1 - CHANCE / (2 * pairs)) * np.sqrt(max(len(X) - 1, 1))
    if largest <= least:
        return False
    r = np.random.default_rng(0)
    return all(_largest(ranks, r.permutation(targets)) < largest for _ in range(ORDERS))


def _largest(ranks, targets):
    return np.abs(ranks @ targets).max(initial=0.0)


def _standard_ranks(columns):
    """Ranks of each column, ties sharing theirs, with mean 0 and standard deviation 1."""
    out = np.empty(columns.shape)
    for j in range(columns.shape[1]):
        _, place, counts = np.unique(columns[:, j], return_inverse=True, return_counts=True)
        out[:, j] = (np.cumsum(counts) - (counts - 1) / 2)[place]
    out -= out.mean(axis=0)
    std = out.std(axis=0)
    return out / np.where(std > 0, std, 1)

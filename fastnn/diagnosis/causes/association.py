"""Whether any single column of X is correlated with y, by ranks."""

from statistics import NormalDist

import numpy as np

from fastnn.data.inputs import as_numbers, is_sparse

# The chance that columns without any relation to y are taken for columns with one.
CHANCE = 0.01
# Random orders of y. That none of them is as good has a chance of 1 in 100.
ORDERS = 99
# A correlation is missing if it is so many standard errors smaller than in the other set.
SIGMAS = 4.0


def is_associated(X, y, classes):
    """Whether a column's ranks are correlated with y, or with a class, beyond chance.

    Spearman's correlation r of m independent rows has a standard deviation of 1 / sqrt(m - 1). The
    level is divided by the number of pairs that are looked at (Bonferroni). Correlations of columns
    that are 0 in nearly every row, and of rare classes, are not normal. So the largest one has to
    be larger than with y in other orders, too (Westfall and Young, 1993).
    """
    ranks, targets = _ranks_of(X, y, np.unique(as_numbers(y, "y")) if classes else None)
    largest = _largest(ranks, targets)
    pairs = max(ranks.shape[0] * targets.shape[1], 1)
    least = NormalDist().inv_cdf(1 - CHANCE / (2 * pairs)) * np.sqrt(max(len(X) - 1, 1))
    if largest <= least:
        return False
    r = np.random.default_rng(0)
    return all(_largest(ranks, r.permutation(targets)) < largest for _ in range(ORDERS))


def should_show(part, other, classes):
    """A column of `part` that would go with y in `other`, too, if it did there, and does not.

    Returns
    -------
    (column, correlation in part, correlation in other), or None
    """
    known = np.unique(as_numbers(part[1], "y")) if classes else None
    (ranks, targets), (others, other_targets) = (_ranks_of(*each, known) for each in (part, other))
    m, n = ranks.shape[1], others.shape[1]
    r = ranks @ targets / m
    j, k = np.unravel_index(np.abs(r).argmax(), r.shape)
    # The largest of many correlations is too large by chance.
    sure = abs(r[j, k]) - 3 / np.sqrt(m)
    there = float(others[j] @ other_targets[:, k] / n)
    if (sure - np.sign(r[j, k]) * there) * np.sqrt(n) < SIGMAS:
        return None
    return int(j), float(r[j, k]), there


def _ranks_of(X, y, classes):
    """Standard ranks of the columns (n, m), and of y (m, k), one column for each class."""
    X = X.toarray() if is_sparse(X) else X
    X, y = as_numbers(X, "X"), as_numbers(y, "y")
    y = y.reshape(len(y), -1)
    if classes is not None and y.shape[1] == 1:
        y = y == classes
    return _standard_ranks(X).T, _standard_ranks(y)


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

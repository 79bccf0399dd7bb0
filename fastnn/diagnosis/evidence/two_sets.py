"""What tells a training and a dev set apart: columns, classes, and rows that are in both."""

from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from fastnn.data.inputs import as_numbers, is_sparse
from fastnn.data.parts import take

# The largest difference of two distribution functions from which on they are told apart, however
# many rows show a smaller one: of normal columns, means 0.64 standard deviations apart.
APART = 0.25
# The chance of any such difference between two samples of one source.
CHANCE = 1e-3
# Rows of a set that are compared.
MOST_ROWS = 5_000
# A difference of the shares of a class that is worth a word, and its least size in standard errors.
SHARE, SIGMAS = 0.2, 5.0
# Rows are looked for in both sets if so many of the training rows are different from each other.
DIFFERENT = 0.99
# The least share of dev rows that are training rows, too, and their least number.
COPIES, LEAST_COPIES = 0.01, 5


class Apart(NamedTuple):
    """Columns that are distributed differently, the most different one first."""

    columns: list[int]
    medians: tuple[float, float]  # of the first one, in training and dev
    spreads: tuple[float, float]  # half of the distance of its quartiles


def columns_apart(X, Xd):
    """The `Apart` of two sets by Kolmogorov and Smirnov's test of each column, or None."""
    if is_sparse(X) or is_sparse(Xd):
        return None
    a, b = (np.asarray(_some(part), np.float64) for part in (X, Xd))
    m, n = len(a), len(b)
    # The level is divided by the number of columns (Bonferroni).
    least = np.sqrt(np.log(2 * a.shape[1] / CHANCE) / 2 * (m + n) / (m * n))
    far = np.array([_distance(a[:, j], b[:, j]) for j in range(a.shape[1])])
    found = [int(j) for j in np.argsort(-far, kind="stable") if far[j] > max(APART, least)]
    if not found:
        return None
    quartiles = [np.quantile(part[:, found[0]], (0.25, 0.5, 0.75)) for part in (a, b)]
    medians, spreads = zip(*((float(q[1]), float(q[2] - q[0]) / 2) for q in quartiles), strict=True)
    return Apart(found, medians, spreads)


def class_apart(labels, dev_labels):
    """(class, its share of training, its share of dev) where these differ most, or None."""
    size = int(max(labels.max(), dev_labels.max())) + 1
    p, q = (np.bincount(part, minlength=size) / len(part) for part in (labels, dev_labels))
    k = int(np.abs(p - q).argmax())
    error = np.sqrt(
        max(p[k] * (1 - p[k]), q[k] * (1 - q[k])) * (1 / len(labels) + 1 / len(dev_labels))
    )
    difference = abs(p[k] - q[k])
    return (k, p[k], q[k]) if difference > max(SHARE, SIGMAS * error) else None


def copies(X, y, Xd, yd):
    """The number of dev rows whose X and y a training row has, too; 0 where rows repeat anyway."""
    if is_sparse(X) or is_sparse(Xd):
        return 0
    dev = list(_digests(Xd, yd, X))
    known = set(_digests(X, y, X))
    count = sum(each in known for each in dev)
    repeat = len(known) < DIFFERENT * len(as_numbers(y, "y"))
    return 0 if repeat or count < max(LEAST_COPIES, COPIES * len(dev)) else count


def _digests(X, y, like):
    """A digest of each row of X and y, in the dtype of X of another set."""
    dtype = as_numbers(like, "X").dtype
    y = np.asarray(as_numbers(y, "y"), np.float64)
    for row, target in zip(as_numbers(X, "X"), y.reshape(len(y), -1), strict=True):
        row, target = row.astype(dtype) + 0, target + 0.0  # -0.0 becomes 0.0, of other bytes
        yield blake2b(row.tobytes() + target.tobytes(), digest_size=16).digest()


def _distance(a, b):
    """The largest difference of the two empirical distribution functions."""
    a, b = np.sort(a), np.sort(b)
    both = np.concatenate([a, b])
    below = (np.searchsorted(part, both, side="right") / len(part) for part in (a, b))
    return float(np.abs(np.subtract(*below)).max())


def _some(X):
    m = X.shape[0] if hasattr(X, "shape") else len(X)
    index = np.arange(m)
    if m > MOST_ROWS:
        index = np.sort(np.random.default_rng(0).choice(m, MOST_ROWS, replace=False))
    return as_numbers(take(X, index), "X")

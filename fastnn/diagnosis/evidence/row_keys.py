"""Keys of rows: equal rows have equal keys, and different rows different ones."""

import numpy as np

# Numbers of a block of rows.
_AT_ONCE = 1 << 20


def row_keys(X, *others, dtype=np.float64):
    """(m,) keys of 64 bits of the rows of X, in this dtype, and of (m,) or (m, k) others.

    -0.0 counts as 0.0. Of 10**6 rows, two different ones have the same key with a chance of 3e-8:
    each number becomes a random one (by SplitMix64 of Steele, Lea and Flood, 2014), and a key is
    their sum.
    """
    others = [np.asarray(each).reshape(len(each), -1) for each in others]
    columns = X.shape[1] + sum(each.shape[1] for each in others)
    place = np.random.default_rng(0).integers(2**64, size=columns, dtype=np.uint64)
    keys = np.empty(len(X), np.uint64)
    step = max(1, _AT_ONCE // max(1, columns))
    for first in range(0, len(X), step):
        rows = slice(first, first + step)
        numbers = np.hstack([X[rows].astype(dtype), *(each[rows] for each in others)], dtype=float)
        bits = (numbers + 0.0).view(np.uint64) + place
        bits = (bits ^ (bits >> 30)) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> 27)) * np.uint64(0x94D049BB133111EB)
        keys[rows] = (bits ^ (bits >> 31)).sum(axis=1, dtype=np.uint64)
    return keys

"""Between a training and a dev set: other shares of the classes, and rows that are in both."""

from hashlib import blake2b

import numpy as np

from fastnn.data.inputs import as_numbers, is_sparse

# A difference of the shares of a class that is worth a word, and its least size in standard errors.
SHARE, SIGMAS = 0.2, 5.0
# Rows are looked for in both sets if so many of the training rows are different from each other.
DIFFERENT = 0.99
# The least share of dev rows that are training rows, too, and their least number.
COPIES, LEAST_COPIES = 0.01, 5


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
    X, Xd = as_numbers(X, "X"), as_numbers(Xd, "X")
    # A row keeps its numbers in either set, rounded to the precision of the other one.
    floats = [each.dtype for each in (X, Xd) if each.dtype.kind == "f"]
    dtype = min(floats, key=lambda each: each.itemsize, default=np.dtype(np.float64))
    dev = list(_digests(Xd, yd, dtype))
    known = set(_digests(X, y, dtype))
    count = sum(each in known for each in dev)
    repeat = len(known) < DIFFERENT * len(as_numbers(y, "y"))
    return 0 if repeat or count < max(LEAST_COPIES, COPIES * len(dev)) else count


def _digests(X, y, dtype):
    """A digest of each row of X, in this dtype, and y."""
    y = np.asarray(as_numbers(y, "y"), np.float64)
    for row, target in zip(X, y.reshape(len(y), -1), strict=True):
        row, target = row.astype(dtype) + 0, target + 0.0  # -0.0 becomes 0.0, of other bytes
        yield blake2b(row.tobytes() + target.tobytes(), digest_size=16).digest()

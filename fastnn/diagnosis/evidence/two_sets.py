"""Between a training and a dev set: other shares of the classes, and rows that are in both."""

import numpy as np

from fastnn.data.inputs import as_numbers, is_sparse
from fastnn.diagnosis.evidence.row_keys import row_keys

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
    known, dev = (row_keys(*part, dtype=dtype) for part in ((X, _numbers(y)), (Xd, _numbers(yd))))
    unique = np.unique(known)
    count = int(np.isin(dev, unique).sum())
    repeat = len(unique) < DIFFERENT * len(known)
    return 0 if repeat or count < max(LEAST_COPIES, COPIES * len(dev)) else count


def _numbers(y):
    return as_numbers(y, "y").astype(np.float64)

"""The loss of each example, and whether one predictor is better than another."""

import math

import numpy as np

from fastnn.data.inputs import as_numbers

# A difference of means is real beyond so many standard errors: a few are compared at a time.
SIGMAS = 2.5
# A probability of 0 for what happened would be an infinite loss.
_LEAST = 1e-7


def losses_of(network, X, y):
    """(m,) losses without the penalty, in float64; of a regression the squared errors."""
    return losses(network.output, network.forward(X), y)


def losses(output, A, y):
    """(m,) losses of output activations A (m, n[L])."""
    A, y = A.astype(np.float64), as_numbers(y, "y")
    if output == "softmax":
        given = np.take_along_axis(A, y.reshape(-1, 1).astype(np.int64), axis=1)[:, 0]
        return -np.log(np.maximum(given, _LEAST))
    y = y.reshape(A.shape).astype(np.float64)
    if output == "sigmoid":
        A = np.clip(A, _LEAST, 1 - _LEAST)
        return -(y * np.log(A) + (1 - y) * np.log1p(-A)).sum(axis=1)
    return np.square(A - y).sum(axis=1)


def baseline(output, y_train, y):
    """(m,) losses of a predictor that knows no X: frequencies of classes, or the mean."""
    y_train, m = as_numbers(y_train, "y"), len(as_numbers(y, "y"))
    if output == "softmax":
        counts = np.bincount(y_train.reshape(-1).astype(np.int64))
        counts = np.append(counts, np.zeros(max(0, int(np.max(y)) + 1 - counts.size)))
        constant = counts / counts.sum()
    else:
        constant = y_train.reshape(len(y_train), -1).mean(axis=0, dtype=np.float64)
    return losses(output, np.tile(constant, (m, 1)), y)


def is_lower(losses, others, sigmas=SIGMAS):
    """Whether the mean of `losses` is below that of `others`, of the same examples, beyond chance.

    The test is paired: the difference of each example is what scatters.
    """
    difference = others - losses
    if len(difference) < 2:
        return False
    error = difference.std(ddof=1) / math.sqrt(len(difference))
    return bool(difference.mean() > sigmas * error) and bool(difference.mean() > 0)


def is_no_lower(losses, others, share=0.2, sigmas=2.0):
    """Whether the mean of `losses` is surely not below that of `others` by more than `share`."""
    difference = others - losses
    if len(difference) < 2:
        return False
    error = difference.std(ddof=1) / math.sqrt(len(difference))
    return bool(difference.mean() + sigmas * error < share * others.mean())

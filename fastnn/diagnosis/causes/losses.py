"""The loss of each example, and whether one predictor is better than another."""

import math

import numpy as np

from fastnn.data.inputs import as_numbers

# A difference of means is real beyond so many standard errors: a few are compared at a time.
SIGMAS = 2.5
# A probability of 0 for the true class would be an infinite loss.
_LEAST = 1e-7


def losses_of(network, X, y):
    """(m,) losses without the penalty, in float64; see `losses`."""
    return losses(network.output, network.forward(X), y)


def losses(output, A, y):
    """(m,) losses of output activations A (m, n[L]), each by the loss that trains the output.

    No loss is negative, so that ratios compare them: of `exp` it is the whole Poisson deviance, of
    `identity` the squared error.
    """
    A, y = A.astype(np.float64), as_numbers(y, "y")
    if output == "softmax" and y.ndim == 2 and y.shape[1] > 1:  # shares of the classes
        return -(y * np.log(np.maximum(A, _LEAST))).sum(axis=1)
    if output == "softmax":
        given = np.take_along_axis(A, y.reshape(-1, 1).astype(np.int64), axis=1)[:, 0]
        return -np.log(np.maximum(given, _LEAST))
    return _ELEMENTS[output](A, y.reshape(A.shape).astype(np.float64)).sum(axis=1)


def _binary(A, y):
    A = np.clip(A, _LEAST, 1 - _LEAST)
    return -(y * np.log(A) + (1 - y) * np.log1p(-A))


def _poisson(A, y):
    A = np.maximum(A, _LEAST)
    return 2 * (y * np.log(np.where(y > 0, y, 1) / A) - y + A)


def _huber(A, y):
    r = np.abs(A - y)
    return np.where(r <= 1, r**2 / 2, r - 0.5)


# Losses of each output of each example.
_ELEMENTS = {
    "sigmoid": _binary,
    "identity": lambda A, y: np.square(A - y),
    "exp": _poisson,
    "identity_absolute": lambda A, y: np.abs(A - y),
    "identity_huber": _huber,
}


def baseline(output, y_train, y, weight=None):
    """(m,) losses of the best answer without X, such as frequencies of classes or a mean.

    `weight` are the weights of the training examples.
    """
    y_train, m = as_numbers(y_train, "y"), len(as_numbers(y, "y"))
    if output == "softmax" and not (y_train.ndim == 2 and y_train.shape[1] > 1):
        counts = np.bincount(y_train.reshape(-1).astype(np.int64), weight)
        counts = np.append(counts, np.zeros(max(0, int(np.max(y)) + 1 - counts.size)))
        constant = counts / counts.sum()
    else:
        y_train = y_train.reshape(len(y_train), -1).astype(np.float64)
        constant = _CENTRES.get(output, _mean)(y_train, weight)
    return losses(output, np.tile(constant, (m, 1)), y)


def _mean(y, weight):
    return y.mean(axis=0) if weight is None else np.average(y, axis=0, weights=weight)


def _median(y, weight):
    if weight is None:
        return np.median(y, axis=0)
    order = y.argsort(axis=0)
    below = np.asarray(weight)[order].cumsum(axis=0)
    middle = (below < below[-1] / 2).sum(axis=0)
    return np.take_along_axis(y, order, axis=0)[middle, np.arange(y.shape[1])]


def _huber_centre(y, weight):
    """The centre of least Huber loss, by means in which far values weigh less."""
    centre = _median(y, weight)
    given = 1.0 if weight is None else np.asarray(weight)[:, np.newaxis]
    for _ in range(50):
        near = given / np.maximum(np.abs(y - centre), 1)
        centre = (near * y).sum(axis=0) / near.sum(axis=0)
    return centre


# The constants of least loss, where they are not means.
_CENTRES = {"identity_absolute": _median, "identity_huber": _huber_centre}


def is_lower(losses, others, sigmas=SIGMAS):
    """Whether the mean of `losses` is below the mean of `others`, beyond chance.

    Both are of the same examples, and the test is paired: it is about their differences.
    """
    if np.isinf(others).any():  # of a fit that diverged
        return bool(np.isfinite(losses).all())
    difference = others - losses
    if len(difference) < 2 or not np.isfinite(losses).all():
        return False
    error = difference.std(ddof=1) / math.sqrt(len(difference))
    return bool(difference.mean() > sigmas * error) and bool(difference.mean() > 0)


def is_no_lower(losses, others):
    """Whether the mean of `losses` is for sure no more than a fifth below the mean of `others`."""
    if np.isinf(losses).any():  # of a network whose outputs are not finite
        return True
    difference = others - losses
    if len(difference) < 2:
        return False
    error = difference.std(ddof=1) / math.sqrt(len(difference))
    return bool(difference.mean() + 2 * error < 0.2 * others.mean())

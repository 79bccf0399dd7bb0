"""How the cost J fell in a fit: was it still falling, and did it ever rise where it must not?"""

import math
from typing import NamedTuple

import numpy as np

# J is a sum of float32 losses in float64; below this a rise is rounding.
ROUNDING = 1e-6
# Of the recorded epochs, the part by whose slope the pace is judged.
TAIL = 0.1
# As many epochs again, at the pace of the end, would have to lower J by this share, and the
# training error be this part of dev's, for a network to count as not trained long enough.
MUCH = 0.2
BY_TRAINING = 0.5
# Evaluations that the pace is judged by, in fits of which only the end is asked for otherwise.
EVALUATIONS = 10


class Rise(NamedTuple):
    """An epoch, counted from 1, at which J was higher than when it was last evaluated."""

    epoch: int
    before: float
    after: float


def falling_rate(history):
    """By what share of itself J fell an epoch, in the end of the fit.

    From the slope of log J over the last tenth of the epochs, at least five evaluations: single
    epochs of mini-batches go up and down. With early stopping the end is the restored epoch.

    Returns
    -------
    float or None
        Negative when J rose; None with fewer than three evaluations, or a J that is not positive.
    """
    epochs, cost = _evaluated(history)
    if history.best_epoch is not None:
        until = epochs <= history.best_epoch + 1
        epochs, cost = epochs[until], cost[until]
    if len(cost) < 3:
        return None
    tail = slice(-max(5, math.ceil(TAIL * len(cost))), None)
    if cost[tail].min() <= 0:
        return None
    slope = np.polyfit(epochs[tail], np.log(cost[tail]), 1)[0]
    return float(-np.expm1(slope))


def too_short(history, train_error, dev_error):
    """The share of J by which it still fell an epoch, where longer training comes before all else.

    None where it does not: J would not fall much more, the fit ended by itself, or most of the dev
    error is what the training set does not have, which training on does not mend.
    """
    if history.stopped != "epochs" or train_error <= BY_TRAINING * dev_error:
        return None
    rate = falling_rate(history)
    if rate is None:  # two evaluations show no trend, but the pace
        _, cost = _evaluated(history)
        rate = 1 - cost[1] / cost[0] if len(cost) == 2 and cost[0] > 0 else 0.0
    again = max(len(history), EVALUATIONS)  # twice of very few epochs would still be few
    return rate if rate > 0 and 1 - (1 - rate) ** again >= MUCH else None


def rises(history):
    """Where J rose although it must fall; empty where it need not fall (see `History.must_fall`).

    Full-batch gradient descent without dropout lowers J at every iteration, unless the learning
    rate is too large or the gradient wrong.
    """
    if not history.must_fall:
        return []
    epochs, cost = _evaluated(history)
    higher = np.flatnonzero(np.diff(cost) > ROUNDING * np.abs(cost[:-1])) + 1
    return [Rise(int(epochs[i]), float(cost[i - 1]), float(cost[i])) for i in higher]


def _evaluated(history):
    """Epochs from 1 and J, without those that were not evaluated."""
    cost = np.array(history.cost, dtype=np.float64)
    epochs = np.arange(1, len(cost) + 1)
    known = ~np.isnan(cost)
    return epochs[known], cost[known]

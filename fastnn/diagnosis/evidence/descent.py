"""How the cost J fell in a fit: was it still falling at the end, and did it ever rise?"""

import math
from typing import NamedTuple

import numpy as np

# J is a float64 sum of float32 losses: a smaller relative rise can be rounding.
ROUNDING = 1e-6
# The pace is the slope of log J over this last part of the evaluated epochs.
TAIL = 0.1
# A network counts as not trained long enough if as many epochs again, at the pace of the last
# ones, would lower J by the share MUCH, and if the training error is more than BY_TRAINING of
# the dev error.
MUCH = 0.2
BY_TRAINING = 0.5
# Evaluations of J that show the pace, in fits that need only the final errors otherwise.
EVALUATIONS = 10


class Rise(NamedTuple):
    """An epoch, counted from 1, at which J was higher than at the evaluation before."""

    epoch: int
    before: float
    after: float


def falling_rate(history):
    """The share of itself by which J fell in each epoch, at the end of the fit.

    It is the slope of log J over the last tenth of the epochs, at least five evaluations: with
    mini-batches J goes up and down from epoch to epoch. With early stopping the end is the restored
    epoch.

    Returns
    -------
    float or None
        Negative when J rose; None with fewer than three evaluations, or a J that is not positive.
    """
    epochs, cost = evaluated(history)
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
    """The share of itself by which J still fell in each epoch; None if training was long enough.

    It was if J would not fall much more, if the fit ended by itself, or if most of the dev error is
    not in the training error: longer training does not remove it.
    """
    if history.stopped != "epochs" or train_error <= BY_TRAINING * dev_error:
        return None
    rate = falling_rate(history)
    if rate is None:  # two evaluations show no trend, but a pace
        _, cost = evaluated(history)
        rate = 1 - cost[1] / cost[0] if len(cost) == 2 and cost[0] > 0 else 0.0
    again = max(len(history), EVALUATIONS)  # twice of very few epochs would still be few
    return rate if rate > 0 and 1 - (1 - rate) ** again >= MUCH else None


def rises(history):
    """The epochs at which J rose although it must fall; none where `History.must_fall` is False.

    Full-batch gradient descent without dropout lowers J at every iteration, unless the learning
    rate is too large or the gradient wrong.
    """
    if not history.must_fall:
        return []
    epochs, cost = evaluated(history)
    higher = np.flatnonzero(np.diff(cost) > ROUNDING * np.abs(cost[:-1])) + 1
    return [Rise(int(epochs[i]), float(cost[i - 1]), float(cost[i])) for i in higher]


def evaluated(history):
    """Epochs from 1 and J, without those that were not evaluated."""
    cost = np.array(history.cost, dtype=np.float64)
    epochs = np.arange(1, len(cost) + 1)
    known = ~np.isnan(cost)
    return epochs[known], cost[known]

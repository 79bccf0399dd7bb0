"""Bounds on the optimal error: what neighbours tell, and what networks have reached."""

import math

import numpy as np

from fastnn.data.inputs import as_numbers
from fastnn.diagnosis.causes.nearest_neighbours import optimal_error
from fastnn.diagnosis.causes.uneven import shares_of
from fastnn.diagnosis.evidence.intervals import Bracket

# Fewer examples have no neighbours to speak of.
LEAST_EXAMPLES = 10


def bracket_of(network, train, reached, confidence, least, varies):
    """Bounds on the optimal error: by nearest neighbours, and by dev errors that were reached.

    `reached` has the errors of this network, and of the best one that was tried beside it, each
    with the number of networks that it is the best of. `least` is the error that twins force on any
    network: only error above it is bias. Without training rows, where classes have weights, only
    dev errors are a bound. `varies` is the Estimate of what errors are a share of.
    """
    # One answer to all rows has this error: the mean of the targets, or the most frequent class.
    share = None if train is None else shares_of(network, train[1])
    most = 1.0 if share is None else float(1 - share.max())
    high = min(most, *(reached_bound(*each, confidence, varies) for each in reached))
    if train is None:
        return Bracket(0.0, high)
    y = as_numbers(train[1], "y")
    soft = not network.regression and bool((y != np.rint(y)).any())
    # Neighbours tell nothing of several outputs, of shares, or where there are few of them.
    if y.size != len(y) or len(y) < LEAST_EXAMPLES or soft:
        return Bracket(0.0, high)
    bound = optimal_error(
        *train, kind="values" if network.regression else "labels", confidence=confidence
    )
    low, high = bound.limits[0], min(high, bound.limits[1])
    # Where neighbours are far from an example, the network can be better than this lower bound.
    low = max(low if low <= high else 0.0, least)
    return Bracket(low, max(low, high))


def reached_bound(estimates, tried, confidence, varies):
    """The upper bound that the dev error of a network gives; without one, that of one answer.

    The best of several on the dev set has had luck there: the bounds of all `tried` have to hold
    at once (Bonferroni). Errors are shares of a variance that few targets may have made, and of
    which the dev rows may have none: `varies` is the Estimate of that variance, in its own unit.
    """
    train, dev = estimates["train_error"], estimates["dev_error"]
    confidence = 1 - (1 - confidence) / tried
    high = dev.limits(confidence)[1]
    # Dev rows that are easier than the training rows tell nothing of the error of these.
    if high < train.limits(confidence)[0]:
        return 1.0
    high = max(high, train.limits(confidence)[1])
    unsure = varies.limits(confidence)[1] - varies.value
    return dev.value + math.hypot(high - dev.value, dev.value * unsure)

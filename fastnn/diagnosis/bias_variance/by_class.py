"""The error of each class, where classes are uneven: a rare class hardly counts in the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastnn.diagnosis.causes.uneven import labels_of, shares_of
from fastnn.diagnosis.evidence.intervals import estimate_of
from fastnn.text.names import UNNAMED
from fastnn.text.words import percent

# Classes are uneven where the rarest has less than this part of its even share.
UNEVEN = 0.5
# Of more classes than this, only the classes of the highest errors are shown.
SHOWN = 10


@dataclass(frozen=True)
class ClassError:
    """The error of the dev examples of one class.

    Attributes
    ----------
    label : int
    name : str
        Such as "class 1"; for a table, with the name of the class in it.
    error : float
        Share of its examples that are given another label.
    count : int
        Its dev examples.
    limits : (float, float)
        Confidence limits of the error.
    """

    label: int
    name: str
    error: float
    count: int
    limits: tuple[float, float]


def errors_by_class(network, train, dev, confidence, names=UNNAMED, groups=None):
    """A `ClassError` of each class in dev; none where classes are even, or there are no labels.

    Parameters
    ----------
    network : Network
    train, dev : (X, y)
    confidence : float
    names : Names
        Of the classes.
    groups : (m,) array, optional
        Of the dev examples; None: each is independent of the others.
    """
    shares, labels = shares_of(network, train[1]), labels_of(network, dev[1])
    if shares is None or labels is None:
        return ()
    shares = shares[shares > 0]
    if len(shares) > 1 and shares.min() >= UNEVEN / len(shares):
        return ()
    wrong = network.predict(dev[0]).reshape(-1) != labels
    found = []
    for label in np.unique(labels):
        here = labels == label
        mine = wrong[here]
        estimate = estimate_of(mine, None if groups is None else groups[here], shares=True)
        limits, name = estimate.limits(confidence), names.of_classes([label])
        found.append(ClassError(int(label), name, estimate.value, len(mine), limits))
    return tuple(found)


def rows_by_class(by_class):
    """A list of (class, error, interval, count) as text, of the classes with the highest errors."""
    worst = sorted(by_class, key=lambda each: -each.error)[:SHOWN]
    rows = []
    for each in by_class:
        if each in worst:
            low, high = each.limits
            interval = f"{100 * low:.3g} to {percent(high)}"
            rows.append((each.name, percent(each.error), interval, f"of {each.count:,}"))
    return rows

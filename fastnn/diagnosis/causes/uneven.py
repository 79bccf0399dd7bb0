"""Uneven classes: a rare one counts little in the error."""

import numpy as np

from fastnn.data.inputs import as_numbers
from fastnn.diagnosis.causes.cause import Cause
from fastnn.diagnosis.causes.losses import is_lower
from fastnn.text.names import UNNAMED
from fastnn.text.words import percent

# A class is rare below this share.
RARE = 0.2

# Fewer examples outside the most frequent class do not show whether X tells classes apart.
LEAST = 30


def labels_of(network, y):
    """Labels (m,) as whole numbers; None of values, of shares, and of several labels a row."""
    y = as_numbers(y, "y")
    if network.regression or y.size != len(y) or (y != np.rint(y)).any():
        return None
    return y.reshape(-1).astype(np.int64)


def shares_of(network, y):
    """The share of each class; None where there are no labels."""
    labels = labels_of(network, y)
    return None if labels is None else np.bincount(labels) / len(labels)


def has_enough(network, train):
    """Whether enough examples are outside the most frequent class to learn from them."""
    share = shares_of(network, train[1])
    return share is None or (1 - share.max()) * len(train[1]) >= LEAST


def never_predicted(network, train, names=UNNAMED):
    """A Cause where the network answers with one class only, and the others are rare."""
    share = shares_of(network, train[1])
    if share is None:
        return None
    given = np.unique(network.predict(train[0]))
    missing = [k for k in np.flatnonzero(share > 0) if k not in given]
    if len(given) > 1 or not missing or share[missing].max() >= RARE:
        return None
    threshold = ": a threshold below a half" if len(share) == 2 else ""
    return Cause(
        "one answer is given to every example",
        f"{names.of_classes(given)}, the most frequent one ({percent(share[given[0]])}); "
        f"never {names.of_classes(missing)}",
        f"decide by the probabilities{threshold}; or weigh the rare classes higher "
        "by sample_weight: what comes out is then no probability any more",
    )


def against_one_answer(network, train, dev, names=UNNAMED):
    """A sentence if always answering the most frequent class has no higher dev error.

    None if its error is higher beyond chance, or if no class is rare.
    """
    share, labels = shares_of(network, train[1]), labels_of(network, dev[1])
    if share is None or labels is None or 1 - share.max() >= RARE or share.max() == 1:
        return None
    most = int(share.argmax())
    wrong = (network.predict(dev[0]) != labels).astype(float)
    always = (labels != most).astype(float)
    if is_lower(wrong, always, 2.0):
        return None
    return (
        f"always answering {names.of_classes([most])} has a dev error of "
        f"{percent(always.mean())}, this model {percent(wrong.mean())}: so rare classes hardly "
        "count in the error; judge by the error of each class, by the area under the ROC curve or "
        "by what a mistake costs, and decide by the probabilities"
    )

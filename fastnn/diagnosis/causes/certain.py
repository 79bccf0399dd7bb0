"""Causes that show in the sets and in theta, without any training."""

import numpy as np

from fastnn.data.inputs import as_numbers
from fastnn.diagnosis.causes.cause import Cause
from fastnn.diagnosis.causes.inputs import counters, scale_of
from fastnn.diagnosis.causes.uneven import labels_of
from fastnn.diagnosis.evidence.symmetry import equal_units
from fastnn.diagnosis.evidence.two_sets import class_apart, copies
from fastnn.text.words import percent

# The least share of the dev set in classes that training lacks, for a word on them.
LACKING = 0.02


def certain_causes(network, train, dev, names):
    """Causes in the labels, in the columns of X and in equal units, in this order."""
    constant = list(_targets(network, train))
    if constant:
        yield from constant
        return
    yield from _classes_of_dev(network, train, dev, names)
    yield from _inputs(train, names)
    yield from _symmetry(network)


def _targets(network, train):
    y = as_numbers(train[1], "y")
    if not (y == y[0]).all():
        return
    labels = not network.regression
    value = ", ".join(f"{each:g}" for each in y[0].reshape(-1))
    yield Cause(
        f"all training {'labels' if labels else 'targets'} are the same",
        f"{len(y):,} {'labels' if labels else 'targets'} of {value}",
        "look at how y was made: there is nothing to learn from "
        + ("one class" if labels else "one value"),
    )


def _classes_of_dev(network, train, dev, names):
    labels, known = labels_of(network, dev[1]), labels_of(network, train[1])
    if labels is None or known is None:
        return
    lacking = ~np.isin(labels, known)
    if lacking.mean() >= LACKING:
        classes = np.unique(labels[lacking])
        one = len(classes) == 1
        yield Cause(
            f"training has no example of {names.of_classes(classes)}",
            f"{percent(lacking.mean())} of the dev set {'is' if one else 'are'} of "
            f"{'it' if one else 'them'}",
            "split anew, with every class in each set: fastnn.split(X, y, stratify=True)",
        )


def _inputs(train, names):
    scale = scale_of(train[0])
    if len(scale.constant) == scale.mean.size:
        what = "0 in every row" if not scale.mean.any() else "constant"
        yield Cause(
            f"X is {what}",
            f"all {scale.mean.size} columns have one value each",
            "look at how X was made (whole numbers divided by // become 0): it tells examples "
            "apart by nothing",
        )
        return
    found = counters(train[0])
    if found:
        one = len(found) == 1
        yield Cause(
            f"{names.of_columns(found)} of X number{'s' if one else ''} the rows",
            "whole numbers, all different, at equal steps with few gaps",
            f"leave {'it' if one else 'them'} out: a number that a row got by its place says "
            "nothing of new examples",
        )


def _symmetry(network):
    layers = equal_units(network)
    if layers:
        one = len(layers) == 1
        units = " and ".join(str(network.layer_sizes[l]) for l in layers)
        init = network.spec["init"]
        yield Cause(
            "hidden units are copies of each other (symmetry)",
            f"the {units} units of layer{'' if one else 's'} {' and '.join(map(str, layers))} have "
            "equal weights, equal gradients, and stay equal: together they are worth one unit",
            "use new weights"
            + (f" with init='auto' (now {init!r})" if init != "auto" else "")
            + ": random ones make the units different",
            {"init": "auto"},
        )


def between_sets(network, train, dev, names):
    """Causes that lie between the sets: dev has training rows, or other shares of the classes."""
    found = copies(*train, *dev)
    m = len(as_numbers(dev[1], "y"))
    if found:
        yield Cause(
            "dev has training rows in it",
            f"{found:,} of {m:,} dev rows have the X and y of a training row",
            "split anew, with each row in one set only: the dev error is too low by these rows",
        )
    labels, dev_labels = labels_of(network, train[1]), labels_of(network, dev[1])
    if labels is None or dev_labels is None or not np.isin(dev_labels, labels).all():
        return  # a class that training lacks is a cause of its own
    apart = class_apart(labels, dev_labels)
    if apart:
        k, of_train, of_dev = apart
        yield Cause(
            "the classes have other shares in dev than in training",
            f"{names.of_classes([k])} is {percent(of_train)} of training and {percent(of_dev)} of "
            "dev",
            "draw both sets from the same rows, as fastnn.split(X, y) does; where dev has to be "
            "different, give train_dev, unseen examples like those of training",
        )

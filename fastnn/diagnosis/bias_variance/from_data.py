"""Diagnosis of a network by its errors on given sets."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.arguments import boolean, number
from fastnn.data.inputs import as_numbers
from fastnn.data.parts import Examples
from fastnn.diagnosis.bias_variance.advice import (
    BIGGER,
    REGULARIZE,
    Known,
    Words,
    against_variance_change,
    bigger,
)
from fastnn.diagnosis.bias_variance.by_class import errors_by_class
from fastnn.diagnosis.bias_variance.differing import differing
from fastnn.diagnosis.bias_variance.from_errors import check_thresholds, conclude
from fastnn.diagnosis.bias_variance.optimum import bracket_of
from fastnn.diagnosis.bias_variance.result import Diagnosis
from fastnn.diagnosis.causes.certain import between_sets
from fastnn.diagnosis.causes.followed import followed
from fastnn.diagnosis.causes.inputs import giving_away
from fastnn.diagnosis.causes.search import look_for_causes
from fastnn.diagnosis.causes.trials import Trials, tried_in_words
from fastnn.diagnosis.causes.twins import SHARE, Twins, twins_alone, twins_of
from fastnn.diagnosis.causes.uneven import against_one_answer, labels_of, shares_of
from fastnn.diagnosis.evidence.intervals import Bracket, Estimate, estimate_of
from fastnn.diagnosis.evidence.resizing import resized
from fastnn.diagnosis.evidence.unrelated import is_related, unrelated_in_words
from fastnn.engine.base_network import BaseNetwork
from fastnn.engine.sets import check_set, hard_labels
from fastnn.layers.initializers import initial_std
from fastnn.text.alarm import Notice
from fastnn.text.names import Names, columns_in_words, names_of

# Defaults of `fastnn.diagnose`.
TOLERANCE, CONFIDENCE = 0.02, 0.95
# Errors, in variances of the targets, that a network after a divergence may be beyond.
MOST = 1e12

_WEIGHTED = "share of wrong labels, weighted by class"
_AS_MANY = (
    "the counts of examples are those of equal weight that would tell as much as the weighted ones"
)
_OWN_LOSS = (
    "errors are squared ones, which the loss of this network does not minimize: what separates the "
    "two, as a high quantile from the mean, counts as bias here. Compare net.cost of training and "
    "dev, and of a larger network, for what the loss says"
)
_NO_OPTIMUM = (
    "classes have weights, so that training does not aim at the least share of wrong rows: the "
    "errors are not compared with the optimal one of nearest neighbours, which is such a share"
)


def diagnose_network(
    network: BaseNetwork,
    train: Examples,
    dev: Examples,
    words: Words | None = None,
    class_weights: NDArray[np.floating[Any]] | None = None,
    /,
    *,
    test: Examples | None = None,
    train_dev: Examples | None = None,
    optimal_error: float | None = None,
    try_advice: bool = False,
    by_trials: bool = True,
    names: Names | None = None,
    **thresholds: float,
) -> Diagnosis:
    """See `Network.diagnose`, which documents the arguments; `words` are names for the advice.

    With `class_weights`, one for each label, errors are weighted means; an optimal error, too.
    Without `by_trials` there are no short fits to find causes, which take most of the time. `names`
    are names of columns and classes; None: the names of train, if it is a part of a table. Where a
    part has `groups`, the groups count instead of the rows: rows of one group are not independent.
    """
    check_thresholds(thresholds)
    names = names_of(train) if names is None else names
    if optimal_error is not None:
        optimal_error = number(optimal_error, "optimal_error", "[0, 1]")
    try_advice = boolean(try_advice, "try_advice")
    sets = {"train": train, "train_dev": train_dev, "dev": dev, "test": test}
    pairs = {
        name: check_set(network, part, name, plain=True, shares=True)
        for name, part in sets.items()
        if part is not None or name in ("train", "dev")
    }
    groups = {name: _groups_of(sets[name]) for name in pairs}
    estimates = {"optimal_error": Estimate(optimal_error or 0.0)}
    scale = _variance(pairs["train"][1]) if network.regression else None
    estimates |= _errors_of(network, pairs, groups, scale, class_weights)
    weighted = class_weights is not None
    unit = _WEIGHTED if weighted else _unit(network, pairs["train"][1])
    trained, causes, best, tried = not _is_as_drawn(network), [], None, 0
    tolerance = thresholds.get("tolerance", TOLERANCE)
    confidence = thresholds.get("confidence", CONFIDENCE)
    sets = pairs["train"][:2], pairs["dev"][:2]
    # Below this error there is nothing to look for, and no noise worth a word.
    worth = tolerance if weighted else _worth_a_word(network, sets[0], tolerance)
    aim = (optimal_error or 0.0) + worth
    high = estimates["train_error"].value > aim
    if trained:
        high_dev = estimates["dev_error"].value > aim
        error = "training" if high else "dev" if high_dev else None
        twins = _twins(network, *sets[0])
        alone = (
            high and not weighted and twins_alone(twins, estimates["train_error"].value, tolerance)
        )
        by_trials_too = by_trials and not alone
        causes, best, tried = look_for_causes(
            network, *sets, error, by_trials=by_trials_too, names=names, weighted=weighted
        )
        causes += [alone] if alone and not causes else []
        if train_dev is None and names.columns is None:  # tables have notices of their own
            # All else is judged by dev.
            causes = [*between_sets(network, *sets, names), *causes]
    if high and trained and optimal_error is None:
        rows = None if weighted else sets[0]
        reached = [(estimates, 1)]
        if best is not None and not weighted:
            reached.append((_errors_of(best, pairs, groups, scale), tried))
        varies = Estimate(1.0)
        if network.regression:
            y = _targets(pairs["train"][1])
            squares = np.square(y - y.mean(axis=0)).sum(axis=1) / scale
            varies = estimate_of(squares, groups["train"], shares=False)
        estimates["optimal_error"] = bracket_of(
            network, rows, reached, confidence, twins.least, varies
        )
    related, unrelated = True, ""
    if trained:
        related = is_related(network.forward(sets[1][0]), sets[1][1], groups["dev"], confidence)
    if not related and not causes:
        unrelated = unrelated_in_words(
            "of the dev examples", names.target, pairs["dev"][2], groups["dev"]
        )
    known = Known(
        network,
        network.history,
        pairs["train"][2],
        estimates["train_error"].of_groups(),
        trained,
        words or Words(),
        tuple(causes),
        unrelated,
    )

    def differ(gap, *two):
        # Groups are not divided row by row: parts of other groups differ without a drift.
        if any(groups[name] is not None for name in two):
            return ""
        return differing(gap, {name: pairs[name][0] for name in two}, names, known.words.alike)

    diagnosis = conclude(estimates, known, unit=unit, differ=differ, **thresholds)
    by_class = errors_by_class(network, *sets, confidence, names, groups["dev"])
    diagnosis = replace(diagnosis, by_class=by_class)
    if not trained:
        return diagnosis
    if network.regression and network.loss is not None:
        diagnosis.notes.append(_OWN_LOSS)
    if weighted:
        diagnosis.notes.append(_AS_MANY)
    if weighted and isinstance(estimates["optimal_error"], Bracket):
        diagnosis.notes.append(_NO_OPTIMUM)
    # Sets that differ, and the advice against variance, say it already.
    if unrelated and not diagnosis.gaps["variance"].why and not diagnosis.high_variance:
        diagnosis.notes.append(unrelated)
    one_answer = related and not weighted
    diagnosis.notes.extend(_on_the_data(network, *sets, names, one_answer=one_answer))
    if twins.share >= SHARE and not alone:
        diagnosis.notes.append(twins.words())
    if known.words.instead is None:
        diagnosis = _with_change(diagnosis, network, sets, pairs["train"][2], by_trials)
    if try_advice and diagnosis.change:
        diagnosis.notes.append(tried_in_words(network, *sets, diagnosis.change))
    return diagnosis


def _errors_of(network, pairs, groups, scale, class_weights=None):
    """The `Estimate` of the error on each set, by name."""
    return {
        f"{name}_error": estimate_of(_unexplained(network, X, y, scale), groups[name], shares=False)
        if network.regression
        else _share_wrong(network, X, y, m, class_weights, groups[name])
        for name, (X, y, m) in pairs.items()
    }


def _share_wrong(network, X, y, m, class_weights, groups):
    """The share of wrong labels; weighted ones count as fewer examples of equal weight."""
    y = hard_labels(network, y)
    if class_weights is None and groups is None:
        return Estimate(min(1.0, network.error(X, y)), m)
    if class_weights is None:
        return estimate_of(_wrong(network, X, y), groups, shares=True)
    weight = class_weights[labels_of(network, y)]
    if not weight.any():
        raise ValueError("expected a class of positive weight in each set, got none in one of them")
    value = min(1.0, network.error(X, y, weight))
    if groups is None:
        worth = int(weight.sum() ** 2 / np.square(weight).sum())
        return Estimate(value, max(worth, 1))
    # The mean of these numbers is the ratio of the weighted sums, and has its variance.
    errors = value + weight / weight.mean() * (_wrong(network, X, y) - value)
    return estimate_of(errors, groups, shares=False)


def _groups_of(part):
    """The groups that a part of a table may have."""
    groups = getattr(part, "groups", None)
    return groups if isinstance(groups, np.ndarray) else None


def _unit(network, y):
    """The unit of the errors, in words."""
    if not network.regression:
        soft = hard_labels(network, y) is not y
        return "share of wrong labels" + (", against the most probable class" if soft else "")
    if _targets(y).var(axis=0).any():
        return "share of the training targets' variance left unexplained"
    return "mean squared error over the mean square of the targets, which do not vary"


def _with_change(diagnosis, network, sets, n_train, by_trials):
    """The diagnosis with the first advice as arguments, if it stands a trial."""
    if diagnosis.causes:
        return replace(diagnosis, change=diagnosis.causes[0].change)
    if diagnosis.high_bias:
        now = network.layer_sizes
        text, change = BIGGER, resized(network.spec, now, bigger(now))
    elif diagnosis.high_variance:
        text, change = REGULARIZE, against_variance_change(network, n_train)
    else:
        return diagnosis
    words = ""
    if by_trials:
        change, words = followed(change, Trials(network, *sets))
    advice = [each + words if each.startswith(text) else each for each in diagnosis.advice]
    return replace(diagnosis, change=change, advice=advice)


def _on_the_data(network, train, dev, names, one_answer):
    """Notes on facts of the data that need not be wrong."""
    told = against_one_answer(network, train, dev, names) if one_answer else None
    if told:
        yield told
    y = as_numbers(train[1], "y")
    if y.size == len(y):
        found = giving_away(train[0], y.reshape(-1), not network.regression)
        if found:
            columns = names.of_sources(found)  # bins, and parts of a date, are of one column
            one = len(columns) == 1
            yield Notice.on(
                columns,
                f"{columns_in_words(columns)} of X alone {'gives' if one else 'give'} "
                f"{names.target}: leave {'it' if one else 'them'} out, unless known "
                f"before {names.target} is",
            )


def _twins(network, X, y):
    """Training rows with the same X and another label or value."""
    y = as_numbers(y, "y")
    if y.size != len(y):
        return Twins(0.0, 0.0)
    return twins_of(X, y, network.regression)


def _worth_a_word(network, train, tolerance):
    """The least error above the optimal one; or half the share of rare classes, if that is less."""
    share = shares_of(network, train[1])
    return tolerance if share is None else min(tolerance, (1 - share.max()) / 2)


def _is_as_drawn(network):
    """Whether theta looks initial: biases of 0, and weights as large as the initializer's."""
    if network.history is not None:
        return False
    params = network.params
    if any(value.any() for name, value in params.items() if name[0] == "b"):
        return False
    for p in network.layout.weights:
        W = params[p.name].astype(np.float64)
        std = initial_std(network.spec, int(p.name[1:]), W.shape)
        # Of n normal numbers, the root mean square lies within 5 / sqrt(2 n) of 1.
        if abs(np.sqrt(np.square(W).mean()) - std) > 5 * std / np.sqrt(2 * W.size):
            return False
    return True


def _targets(y):
    y = as_numbers(y, "y").astype(np.float64)
    return y[:, np.newaxis] if y.ndim == 1 else y


def _variance(y):
    """Variance of the targets, summed over outputs: the error of predicting their mean.

    Where all targets are equal, so that it is 0: their mean square, or 1.
    """
    y = _targets(y)
    total = y.var(axis=0).sum()
    return total if total > 0 else np.square(y).sum(axis=1).mean() or 1.0


def _unexplained(network, X, y, scale):
    """(m,) squared errors over `scale`, or MOST where an output is not finite."""
    with np.errstate(over="ignore"):
        errors = np.square(_targets(y) - network.forward(X).astype(np.float64)).sum(axis=1) / scale
    return np.where(errors < MOST, errors, MOST)


def _wrong(network, X, y):
    """(m,) 1 where an example gets a wrong label, 0 elsewhere; with several labels, their mean."""
    y = _targets(hard_labels(network, y))
    return (network.predict(X).reshape(y.shape) != y).mean(axis=1)

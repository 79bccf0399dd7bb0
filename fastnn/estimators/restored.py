"""An estimator from its network and the JSON values of state.py. Every value is checked."""

import math
import reprlib
from itertools import pairwise
from typing import Any

import numpy as np

from fastnn.errors import ModelFormatError
from fastnn.estimators.classifier import MLPClassifier
from fastnn.estimators.regressor import MLPRegressor
from fastnn.estimators.state import (
    COUNTS,
    CURVES,
    LABEL_DTYPES,
    NOT_FINITE,
    NUMBERS,
    RATIO,
    REASONS,
    STOPPED,
    check_parameters,
)
from fastnn.estimators.stopping import Progress
from fastnn.estimators.targets import Labels
from fastnn.layers.outputs import LOSSES
from fastnn.network import Network

_KEYS = {"class", "params", "labels", "feature_names", "fitted"}
_CLASSES = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}


def from_dict(state: Any, network: Network) -> MLPClassifier | MLPRegressor:
    """The estimator that `to_dict` described, with its network.

    Raises
    ------
    ModelFormatError
        `state` is not a result of `to_dict`, or does not fit the network.
    """
    _check(
        isinstance(state, dict) and state.keys() == _KEYS,
        "model",
        state,
        f"an object with {sorted(_KEYS)}",
    )
    name, params = state["class"], state["params"]
    _check(isinstance(name, str) and name in _CLASSES, "class", name, " or ".join(_CLASSES))
    kind = _CLASSES[name]
    expected = set(kind._get_param_names())
    _check(
        isinstance(params, dict) and params.keys() == expected,
        "params",
        params,
        f"an object with {sorted(expected)}",
    )
    estimator = kind(**{name: from_json(value, name) for name, value in params.items()})
    try:
        check_parameters(estimator)
    except (TypeError, ValueError) as error:
        raise ModelFormatError(f"a stored parameter is not sound: {error}") from error
    estimator.network_ = network
    sizes = network.layer_sizes
    estimator.n_features_in_, estimator.n_outputs_ = sizes[0], sizes[-1]
    estimator.n_layers_ = len(sizes)
    _restore_names(estimator, state["feature_names"])
    if kind is MLPClassifier:
        estimator._labels = _labels(state["labels"], network)
        estimator.classes_ = estimator._labels.classes
    else:
        _check(
            state["labels"] is None and network.output in LOSSES.values(),
            "labels",
            state["labels"],
            f"null, and an output of a regression; it is {network.output}",
        )
        estimator._units = sizes[-1]
    _restore_fitted(estimator, state["fitted"])
    estimator._progress, estimator._optimizer = Progress(), None
    return estimator


# --- Parts ---


def _restore_names(estimator, names):
    if names is None:
        return
    _check(
        isinstance(names, list)
        and len(names) == estimator.n_features_in_
        and all(isinstance(name, str) for name in names),
        "feature_names",
        names,
        f"null, or {estimator.n_features_in_} texts",
    )
    estimator.feature_names_in_ = np.array(names, dtype=object)


def _restore_fitted(estimator, fitted):
    expected = {*COUNTS, *NUMBERS, RATIO, STOPPED, *CURVES}
    _check(
        isinstance(fitted, dict) and fitted.keys() == expected,
        "fitted",
        fitted,
        f"an object with {sorted(expected)}",
    )
    for name in COUNTS:
        _check(
            type(fitted[name]) is int and 0 <= fitted[name] < 2**63, name, fitted[name], "a count"
        )
        setattr(estimator, name, fitted[name])
    for name in NUMBERS:
        value = None if fitted[name] is None else _number(fitted[name], name)
        # There is no loss_ if the first epoch diverged.
        if value is not None or name != "loss_":
            setattr(estimator, name, value)
    ratio = _number(fitted[RATIO], RATIO)
    _check(0 < ratio < math.inf, RATIO, ratio, "a positive number")
    setattr(estimator, RATIO, ratio)
    stopped = fitted[STOPPED]
    _check(isinstance(stopped, str) and stopped in REASONS, STOPPED, stopped, "a known reason")
    setattr(estimator, STOPPED, stopped)
    for name in CURVES:
        curve = fitted[name]
        _check(
            isinstance(curve, list) or (curve is None and name != "loss_curve_"),
            name,
            curve,
            "a list of numbers",
        )
        setattr(
            estimator, name, None if curve is None else [_number(value, name) for value in curve]
        )


def _labels(state, network):
    _check(
        isinstance(state, dict) and state.keys() == {"dtype", "classes", "multilabel"},
        "labels",
        state,
        "an object with dtype, classes and multilabel",
    )
    dtype, values, multilabel = state["dtype"], state["classes"], state["multilabel"]
    texts = dtype in ("str", "object")
    _check(
        texts or (isinstance(dtype, str) and dtype in LABEL_DTYPES),
        "dtype",
        dtype,
        "str, object or the name of a type of numbers",
    )
    kind = str if texts else bool if dtype == "bool" else float if "float" in dtype else int
    _check(
        isinstance(values, list)
        and values
        and {type(value) for value in values} == {kind}
        and all(a < b for a, b in pairwise(values)),
        "classes",
        values,
        f"sorted values of type {kind.__name__}",
    )
    if dtype == "str":  # each text takes the memory of the longest
        _check(max(map(len, values)) * len(values) < 2**24, "classes", values, "shorter texts")
    try:
        with np.errstate(over="raise"):
            classes = np.array(values, dtype=dtype)
    except (ArithmeticError, ValueError) as error:
        raise ModelFormatError(f"the stored classes are not of type {dtype}: {error}") from error
    _check(isinstance(multilabel, bool), "multilabel", multilabel, "true or false")
    labels = Labels(classes, multilabel)
    _check(
        (labels.output, labels.n_outputs) == (network.output, network.layer_sizes[-1]),
        "classes",
        values,
        f"as many as fit {network.layer_sizes[-1]} {network.output} outputs",
    )
    return labels


# --- Values ---


def _number(value, name):
    if isinstance(value, str) and value in NOT_FINITE:
        return NOT_FINITE[value]
    _check(
        type(value) is float or (type(value) is int and abs(value) < 2**63), name, value, "a number"
    )
    return value


def from_json(state: Any, name: str) -> Any:
    """A parameter from the result of `as_json`; ModelFormatError if it is none."""
    if state is None or isinstance(state, bool | int | float | str):
        return state
    _check(isinstance(state, dict) and len(state) == 1, name, state, "a stored value")
    ((kind, content),) = state.items()
    if kind == "float" and isinstance(content, str) and content in NOT_FINITE:
        return NOT_FINITE[content]
    _check(isinstance(content, list), name, state, "a stored value")
    if kind in ("list", "tuple"):
        return (list if kind == "list" else tuple)(from_json(part, name) for part in content)
    _check(
        kind == "dict"
        and all(
            isinstance(pair, list) and len(pair) == 2 and not isinstance(pair[0], dict)
            for pair in content
        ),
        name,
        state,
        "a stored value",
    )
    return {from_json(key, name): from_json(part, name) for key, part in content}


def _check(sound, what, got, expected):
    if not sound:
        raise ModelFormatError(
            f"the estimator's {what} is {reprlib.repr(got):.200}, expected "
            f"{expected}: save it again"
        )

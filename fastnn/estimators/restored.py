"""An estimator beside its network as JSON, and back: nothing that is read is believed."""

import math
import reprlib
from itertools import pairwise

import numpy as np

from fastnn.errors import ModelFormatError
from fastnn.estimators.classifier import MLPClassifier
from fastnn.estimators.parameters import check_settings, hidden_activations, hidden_layers
from fastnn.estimators.regressor import LOSSES, MLPRegressor
from fastnn.estimators.stopping import Progress
from fastnn.estimators.targets import Labels

_CLASSES = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}
_COUNTS = ("n_iter_", "t_")
_NUMBERS = ("loss_", "best_loss_", "best_validation_score_")
_RATIO = "_l2_per_alpha"
_CURVES = ("loss_curve_", "validation_scores_", "validation_loss_curve_")
_KEYS = {"class", "params", "labels", "feature_names", "fitted"}
# Numbers that JSON does not have; a curve may have them.
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_LABELS = {
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
}


def to_dict(estimator):
    """Everything of a fitted estimator but its network, in types that JSON knows."""
    _check_parameters(estimator)
    labels = vars(estimator).get("_labels")
    names = vars(estimator).get("feature_names_in_")
    fitted = {name: vars(estimator).get(name) for name in (*_COUNTS, *_NUMBERS)}
    fitted = {
        name: None if value is None else _number_state(value) for name, value in fitted.items()
    }
    fitted[_RATIO] = estimator._l2_per_alpha
    for name in _CURVES:
        curve = getattr(estimator, name)
        fitted[name] = None if curve is None else [_number_state(value) for value in curve]
    return {
        "class": _class_name(estimator),
        "params": {
            name: _state(value, name) for name, value in estimator.get_params(deep=False).items()
        },
        "labels": None if labels is None else _labels_state(labels),
        "feature_names": None if names is None else names.tolist(),
        "fitted": fitted,
    }


def from_dict(state, network):
    """The estimator of a `to_dict` and its network.

    Raises
    ------
    ModelFormatError
        `state` is not such a dict, or does not fit the network.
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
    estimator = kind(**{name: _value(value, name) for name, value in params.items()})
    try:
        _check_parameters(estimator)
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


# --- Parts of it ---


def _check_parameters(estimator):
    check_settings(estimator)
    hidden_activations(estimator, len(hidden_layers(estimator)))


def _class_name(estimator):
    for name, kind in _CLASSES.items():
        if type(estimator) is kind:
            return name
    raise TypeError(
        f"expected to save a fastnn MLPClassifier or MLPRegressor, got "
        f"{type(estimator).__name__}, whose class a file cannot keep: save network_"
    )


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
    expected = {*_COUNTS, *_NUMBERS, _RATIO, *_CURVES}
    _check(
        isinstance(fitted, dict) and fitted.keys() == expected,
        "fitted",
        fitted,
        f"an object with {sorted(expected)}",
    )
    for name in _COUNTS:
        _check(
            type(fitted[name]) is int and 0 <= fitted[name] < 2**63, name, fitted[name], "a count"
        )
        setattr(estimator, name, fitted[name])
    for name in _NUMBERS:
        value = None if fitted[name] is None else _number(fitted[name], name)
        if value is not None or name != "loss_":  # which there is not if the first epoch diverged
            setattr(estimator, name, value)
    ratio = _number(fitted[_RATIO], _RATIO)
    _check(0 < ratio < math.inf, _RATIO, ratio, "a positive number")
    setattr(estimator, _RATIO, ratio)
    for name in _CURVES:
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


def _labels_state(labels):
    dtype = labels.classes.dtype
    values = labels.classes.tolist()
    texts = all(isinstance(value, str) for value in values)
    if dtype.name not in _LABELS and not texts:
        raise ValueError(
            f"expected classes that are text, numbers or booleans, got dtype {dtype}; "
            "encode them, then fit again"
        )
    name = dtype.name if not texts else "object" if dtype.kind == "O" else "str"
    return {"dtype": name, "classes": values, "multilabel": labels.multilabel}


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
        texts or (isinstance(dtype, str) and dtype in _LABELS),
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
    if dtype == "str":  # all take the room of the longest
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


def _number_state(value):
    value = value.item() if isinstance(value, np.generic) else value
    return value if math.isfinite(value) else str(value)


def _number(value, name):
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    _check(
        type(value) is float or (type(value) is int and abs(value) < 2**63), name, value, "a number"
    )
    return value


def _state(value, name):
    """A parameter in types that JSON knows; what it has not is an object of one entry."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_state(part, name) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[_state(key, name), _state(part, name)] for key, part in value.items()]}
    raise ValueError(
        f"cannot save the parameter {name}={str(value)[:80]} of type {type(value).__name__}: a "
        "file keeps numbers, text, lists and dicts. Set it to another value before saving, as with "
        f"set_params({name}={'()' if name == 'callbacks' else 'None'})"
    )


def _value(state, name):
    if state is None or isinstance(state, bool | int | float | str):
        return state
    _check(isinstance(state, dict) and len(state) == 1, name, state, "a stored value")
    ((kind, content),) = state.items()
    if kind == "float" and isinstance(content, str) and content in _NOT_FINITE:
        return _NOT_FINITE[content]
    _check(isinstance(content, list), name, state, "a stored value")
    if kind in ("list", "tuple"):
        return (list if kind == "list" else tuple)(_value(part, name) for part in content)
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
    return {_value(key, name): _value(part, name) for key, part in content}


def _check(sound, what, got, expected):
    if not sound:
        raise ModelFormatError(
            f"the estimator's {what} is {reprlib.repr(got):.200}, expected "
            f"{expected}: save it again"
        )

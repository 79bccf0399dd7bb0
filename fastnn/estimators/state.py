"""A fitted estimator without its network, as values that JSON has."""

import math
from typing import Any

import numpy as np

from fastnn.estimators.parameters import check_settings, hidden_activations, hidden_layers

# Attributes that a file keeps. Counts of epochs and examples; single numbers; the ratio of the
# network's l2 to alpha; and one number for each epoch.
COUNTS = ("n_iter_", "t_")
NUMBERS = ("loss_", "best_loss_", "best_validation_score_")
RATIO = "_l2_per_alpha"
# The reason for the end of the fit, as in `History.stopped`.
STOPPED = "_ended_by"
REASONS = (
    "epochs",
    "early stopping",
    "converged",
    "no further descent",
    "limit of evaluations",
    "callback",
    "interrupted",
    "diverged",
    "error",
    "",
)
CURVES = ("loss_curve_", "validation_scores_", "validation_loss_curve_")
# JSON does not have these numbers, but a curve can.
NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
# Types of class labels, beside text.
LABEL_DTYPES = {
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


def to_dict(estimator: Any) -> dict[str, Any]:
    """A fitted estimator without its network, in types that JSON has."""
    check_parameters(estimator)
    labels = vars(estimator).get("_labels")
    names = vars(estimator).get("feature_names_in_")
    fitted = {name: vars(estimator).get(name) for name in (*COUNTS, *NUMBERS)}
    fitted = {
        name: None if value is None else _number_state(value) for name, value in fitted.items()
    }
    fitted[RATIO], fitted[STOPPED] = estimator._l2_per_alpha, estimator._ended_by
    for name in CURVES:
        curve = getattr(estimator, name)
        fitted[name] = None if curve is None else [_number_state(value) for value in curve]
    return {
        "class": _class_name(estimator),
        "params": {
            name: as_json(value, name) for name, value in estimator.get_params(deep=False).items()
        },
        "labels": None if labels is None else _labels_state(labels),
        "feature_names": None if names is None else names.tolist(),
        "fitted": fitted,
    }


def check_parameters(estimator: Any) -> None:
    """Check every parameter that does not need data."""
    check_settings(estimator)
    hidden_activations(estimator, len(hidden_layers(estimator)))


def _class_name(estimator):
    """The name of the estimator's class, which has to be one of this package."""
    kind = type(estimator)
    if kind.__module__.startswith(f"{__package__}."):
        return kind.__name__
    raise TypeError(
        f"expected to save a fastnn MLPClassifier or MLPRegressor, got "
        f"{kind.__name__}: a file cannot keep its class; save network_"
    )


def _labels_state(labels):
    dtype = labels.classes.dtype
    values = labels.classes.tolist()
    texts = all(isinstance(value, str) for value in values)
    if dtype.name not in LABEL_DTYPES and not texts:
        raise ValueError(
            f"expected classes that are text, numbers or booleans, got dtype {dtype}; "
            "encode them, then fit again"
        )
    name = dtype.name if not texts else "object" if dtype.kind == "O" else "str"
    return {"dtype": name, "classes": values, "multilabel": labels.multilabel}


def _number_state(value):
    value = value.item() if isinstance(value, np.generic) else value
    return value if math.isfinite(value) else str(value)


def as_json(value: Any, name: str) -> Any:
    """A parameter in types that JSON has. Other types become an object of one entry."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [as_json(part, name) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[as_json(key, name), as_json(part, name)] for key, part in value.items()]}
    raise ValueError(
        f"cannot save the parameter {name}={str(value)[:80]} of type {type(value).__name__}: a "
        "file keeps numbers, text, lists and dicts. Set it to another value before saving, as with "
        f"set_params({name}={'()' if name == 'callbacks' else 'None'})"
    )

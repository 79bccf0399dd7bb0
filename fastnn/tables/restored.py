"""An estimator of tables from its network and the JSON values of `to_dict`; all are checked."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from fastnn.errors import ModelFormatError
from fastnn.estimators.restored import from_json
from fastnn.network import Network
from fastnn.tables.classifier import TableClassifier
from fastnn.tables.fitting import ADDED, take_over
from fastnn.tables.preparation import Prepared
from fastnn.tables.recipe import check_parameters
from fastnn.tables.regressor import TableRegressor
from fastnn.tabular import TableSchema

_KEYS = {"class", "params", "features", "schema", "run"}
_CLASSES = {"TableClassifier": TableClassifier, "TableRegressor": TableRegressor}


def from_dict(state: Any, network: Network) -> TableClassifier | TableRegressor:
    """The estimator that `to_dict` described, with its network.

    Raises
    ------
    ModelFormatError
        `state` is not a result of `to_dict`, or does not fit the network.
    """
    sound = isinstance(state, dict) and state.keys() - {"notices"} == _KEYS
    _check(sound, state, f"an object with {', '.join(sorted(_KEYS))}")
    name, params, run = state["class"], state["params"], state["run"]
    _check(isinstance(name, str) and name in _CLASSES, name, " or ".join(_CLASSES))
    _check(isinstance(run, dict), run, "an object")
    notices = state.get("notices", [])  # a file has them if there are any
    texts = isinstance(notices, list) and all(isinstance(text, str) for text in notices)
    _check(texts and bool(notices) == ("notices" in state), notices, "notices")
    kind = _CLASSES[name]
    expected = set(kind._get_param_names())
    if isinstance(params, dict):
        params = dict.fromkeys(ADDED) | params
    _check(isinstance(params, dict) and params.keys() == expected, params, f"parameters {expected}")
    estimator = kind(**{key: from_json(value, key) for key, value in params.items()})
    schema = TableSchema.from_dict(state["schema"])
    _check(schema.task == estimator.task, schema.task, estimator.task)
    try:
        check_parameters(estimator)
        _check_network(schema, network)
    except (TypeError, ValueError) as error:
        raise ModelFormatError(f"the stored model is not sound: {error}") from error
    take_over(estimator, Prepared(schema, {}, run, notices), network)
    _restore_features(estimator, state["features"])
    return estimator


def _restore_features(estimator, features):
    """Their names, or their number where they had none."""
    if isinstance(features, list):
        _check(all(isinstance(name, str) for name in features), features, "names of features")
        estimator.feature_names_in_ = np.array(features, dtype=object)
        features = len(features)
    _check(type(features) is int and 0 < features < 2**31, features, "a number of features")
    estimator.n_features_in_ = features


def _check_network(schema, network):
    n_in, n_out = network.layer_sizes[0], network.layer_sizes[-1]
    if (n_in, n_out, network.output) != (schema.n_inputs, schema.n_outputs, schema.output):
        raise ValueError(
            f"expected a network of {schema.n_inputs} inputs and {schema.n_outputs} outputs with "
            f"{schema.output!r}, got {n_in} and {n_out} with {network.output!r}"
        )


def _check(sound, got, expected):
    if not sound:
        raise ModelFormatError(
            f"the model of a table has {reprlib.repr(got):.200}, expected {expected}: save it again"
        )

"""The first step of a fit: everything is checked, and the network and optimizer are made."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight

from fastnn._kernels import Rows
from fastnn.data.inputs import as_features, as_targets
from fastnn.estimators.parameters import (
    activation_names,
    check_settings,
    hidden_activations,
    hidden_layers,
    network_options,
)
from fastnn.estimators.solvers import OptimizerState, usual_batch_size
from fastnn.estimators.stopping import Progress
from fastnn.estimators.validation_set import Examples, Validation, hold_out
from fastnn.network import Network
from fastnn.training.lbfgs import check_lbfgs

# Sums and quotients of weights beyond these can overflow.
_SMALLEST, _LARGEST = 1e-200, 1e200


@dataclass
class Task:
    """The network and the data of a fit, all of them checked.

    Parameters
    ----------
    network : Network
        The one that is trained, even if a callback sets `network_` to another.
    X, y : Rows
    weight : (m,) array, positive, or None
    constants : (m,) array or None
        The parts of each example's loss that the core leaves out.
    targets : array
        The targets of the network before they became the Rows y.
    validation : Validation or None
    random_state : function
        It gives the numpy.random.RandomState, which is made when something is drawn from it.
    incremental : bool
        Whether this is one epoch of a stream, by `partial_fit`.
    """

    network: Network
    X: Rows
    y: Rows
    weight: NDArray[np.float64] | None
    constants: NDArray[np.float64] | None
    targets: NDArray[Any]
    validation: Validation | None
    random_state: Callable[[], np.random.RandomState]
    incremental: bool


def prepare(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    given: tuple[Any, Any, Any],
    incremental: bool,
) -> Task:
    """The `Task` of a call of `fit` or `partial_fit`. It sets the estimator's attributes, too.

    Parameters
    ----------
    given : (X_val, y_val, sample_weight_val)
        The user's validation set, or None three times.
    incremental : bool
        Whether the call is of `partial_fit`.
    """
    check_settings(estimator)
    first = not hasattr(estimator, "network_") or not (estimator.warm_start or incremental)
    examples = _examples(estimator, X, y, first)
    if not first and not incremental:
        estimator._check_same_classes(examples.y)
    weight = _weights(estimator, examples, sample_weight, incremental)
    random_state = _on_demand(estimator.random_state)
    if first:
        _initialize(estimator, examples.X.dtype, random_state())
    else:
        _check_same_network(estimator)
    network = estimator.network_
    stochastic = estimator.solver != "lbfgs"
    if stochastic:
        _ready_optimizer(estimator, first, incremental, random_state)
    else:
        check_lbfgs(network, other="solver")
    if weight is not None:  # examples of weight 0 are left out
        examples = examples._replace(weight=weight)
        examples = examples if weight.all() else examples.at(np.flatnonzero(weight))
    validation = None
    if any(part is not None for part in given[:2]):
        validation = _given_validation(estimator, *given)
    elif estimator.early_stopping and stochastic:
        examples, validation = _hold_out(estimator, examples, random_state(), incremental)
    if validation is not None and estimator.validation_scores_ is None:
        estimator.validation_scores_, estimator.validation_loss_curve_ = [], []
    m = examples.X.shape[0]
    share = _share(estimator, m)
    if examples.weight is not None:
        share *= m / float(examples.weight.sum())
    task = Task(
        network,
        as_features(examples.X, network.layer_sizes[0], network.dtype),
        as_targets(examples.targets, m, network.output, network.layer_sizes[-1], network.dtype),
        examples.weight,
        estimator._loss_constants(examples.targets),
        examples.targets,
        validation,
        random_state,
        incremental,
    )
    network.l2, network.l1 = estimator.alpha * share, estimator.l1 * share
    estimator._l2_per_alpha = share
    return task


def _on_demand(random_state):
    """A function that gives the RandomState of a `random_state`, the same one at each call.

    A seed becomes one at the first call: to make it takes a quarter of a `partial_fit` of few rows.
    """
    if type(random_state) is int and 0 <= random_state < 2**32:
        return functools.cache(lambda: check_random_state(random_state))
    made = check_random_state(random_state)
    return lambda: made


def for_network(
    estimator: Any, X: Any, y: Any, X_val: Any, y_val: Any
) -> tuple[list[int], dict[str, Any], tuple[Any, Any], tuple[Any, Any, Any]]:
    """Layer sizes, options, training and dev set for networks in place of the estimator's `fit`.

    The dev set has the weights of its classes, or None.

    The estimator is as at the beginning of `fit`: it knows classes and columns, and has a network
    that is not trained.
    """
    check_settings(estimator)
    examples = _examples(estimator, X, y, first=True)
    _initialize(estimator, examples.X.dtype, check_random_state(estimator.random_state))
    held = _examples(estimator, X_val, y_val, first=False)
    output, units = estimator._output()
    m = examples.X.shape[0]
    options = network_options(estimator, _share(estimator, m))
    options |= {"output": output, "dtype": examples.X.dtype.name}
    if estimator.solver != "lbfgs":
        options["batch_size"] = min(usual_batch_size(estimator), m)
    weight = estimator._class_weights(examples.y, incremental=False)
    if weight is not None:
        options["sample_weight"] = weight
    return (
        [estimator.n_features_in_, *hidden_layers(estimator), units],
        options,
        (examples.X, np.asarray(examples.targets)),
        (held.X, np.asarray(held.targets), estimator._class_weights(held.y, incremental=False)),
    )


def take_over(estimator: Any, network: Network, m: int, **parameters: Any) -> None:
    """Give the estimator a trained network, as if it had fitted the network to m examples.

    Parameters
    ----------
    parameters
        New values of parameters; alpha and l1 follow from the network.
    """
    estimator.set_params(**parameters)
    history, share = network.history, _share(estimator, m)
    estimator.set_params(alpha=max(network.l2) / share, l1=max(network.l1) / share)
    estimator.network_, estimator._l2_per_alpha = network, share
    estimator.n_outputs_ = network.layer_sizes[-1]
    estimator.n_layers_ = len(network.layer_sizes)
    estimator.n_iter_ = len(history)
    estimator.t_ = history.examples
    estimator.loss_curve_ = list(history.cost)
    estimator.loss_ = history.cost[-1]
    estimator.best_loss_ = float(np.nanmin(history.cost))


def _share(estimator, m):
    """The l2 of a network for an alpha of 1.

    The penalty of a mini-batch of n examples is divided by n here, and by m in `Network`.
    """
    return 1.0 if estimator.solver == "lbfgs" else max(1.0, m / usual_batch_size(estimator))


def _examples(estimator, X, y, first):
    """X and y validated. In the `first` fit they determine the network's inputs and outputs."""
    table = X
    X, y = estimator._check_targets(X, y, first)
    # A scorer predicts on a table with the column names of the fit.
    table = table if hasattr(estimator, "feature_names_in_") else X
    return Examples(X, estimator._encode(y), None, table, y)


def _weights(estimator, examples, sample_weight, incremental):
    """The weight of each example: its class's times the user's. None: every weight is 1."""
    weight = estimator._class_weights(examples.y, incremental)
    if sample_weight is not None:
        given = _check_sample_weight(sample_weight, examples.X, dtype=np.float64)
        bad = np.flatnonzero(given < 0)
        if bad.size:
            raise ValueError(
                f"expected sample_weight not to be negative, got {given[bad[0]]} at index {bad[0]}"
            )
        weight = given if weight is None else weight * given
    if weight is None:
        return None
    if not weight.any():
        raise ValueError("expected a positive sum of sample_weight, got 0")
    with np.errstate(over="ignore"):
        total = weight.sum()
    if not _SMALLEST <= total <= _LARGEST:
        raise ValueError(
            f"expected weights with a sum from {_SMALLEST:g} to {_LARGEST:g}, got {total:g}; scale "
            "sample_weight or class_weight, and alpha and l1 with them"
        )
    return weight


def _given_validation(estimator, X, y, weight):
    for name, part, other in (("X_val", X, "y_val"), ("y_val", y, "X_val")):
        if part is None:
            raise ValueError(f"expected {name} with {other}, got None")
    examples = _examples(estimator, X, y, first=False)
    if weight is not None:
        weight = _check_sample_weight(weight, examples.X, dtype=np.float64)
    return Validation(estimator, examples._replace(weight=weight))


def _hold_out(estimator, examples, random_state, incremental):
    """The examples to train on, and a validation set of the other examples."""
    if incremental:
        raise ValueError(
            "partial_fit cannot hold out examples of a stream for early stopping: "
            "pass X_val and y_val, or set early_stopping=False"
        )
    training, held = hold_out(
        examples.X.shape[0],
        estimator.validation_fraction,
        random_state,
        examples.targets if estimator._stratified() else None,
    )
    return examples.at(training), Validation(estimator, examples.at(held))


def _initialize(estimator, dtype, random_state):
    """Make a new network, and clear the record of earlier fits."""
    hidden = hidden_layers(estimator)
    output, units = estimator._output()
    estimator.network_ = Network(
        [estimator.n_features_in_, *hidden, units],
        keep_prob=estimator.keep_prob,
        max_norm=estimator.max_norm,
        activation=hidden_activations(estimator, len(hidden)),
        output=output,
        init="zeros",
        dtype=dtype,
        rng=0,
    )
    names = activation_names(estimator, len(hidden))
    logistic = [name == "logistic" for name in names]
    _draw_initial_weights(estimator.network_, random_state, logistic)
    estimator.n_outputs_, estimator.n_layers_ = units, len(hidden) + 2
    estimator.n_iter_ = estimator.t_ = 0
    estimator.loss_curve_ = []
    estimator.validation_scores_ = estimator.validation_loss_curve_ = None
    estimator.best_loss_ = estimator.best_validation_score_ = None
    estimator._progress, estimator._optimizer, estimator._ended_by = Progress(), None, ""


def _draw_initial_weights(network, random_state, logistic):
    """Draw weights and biases by Glorot and Bengio (2010).

    scikit-learn draws the same numbers from the same random_state.

    Parameters
    ----------
    logistic : list of bool
        Whether the activation is "logistic", for each hidden layer.
    """
    views = network.layout.views(network.theta)
    for l in range(1, len(network.layer_sizes)):
        W, b = views[f"W{l}"], views[f"b{l}"]
        hidden = min(l, len(logistic)) - 1
        factor = 2.0 if logistic and logistic[hidden] else 6.0
        bound = np.sqrt(factor / sum(W.shape))
        W[...] = random_state.uniform(-bound, bound, W.shape)
        b[...] = random_state.uniform(-bound, bound, b.shape)


def _check_same_network(estimator):
    """Refuse a change of layers or activations. Take over a change of other settings."""
    network, hidden = estimator.network_, hidden_layers(estimator)
    was = list(network.layer_sizes)
    if hidden != was[1:-1]:
        raise ValueError(
            f"expected hidden_layer_sizes as in the previous call, {was[1:-1]}, got {hidden}; "
            "fit anew with warm_start=False"
        )
    sizes = [estimator.n_features_in_, *hidden, estimator.n_outputs_]
    if sizes != was:
        raise ValueError(
            f"expected layers of {sizes}, got network_ with layers of {was}; fit "
            "anew with warm_start=False"
        )
    if tuple(hidden_activations(estimator, len(hidden))) != network.activation:
        raise ValueError(
            f"expected activation as in the previous call, {list(network.activation)}, got "
            f"{estimator.activation!r}; fit anew with warm_start=False"
        )
    network.keep_prob, network.max_norm = estimator.keep_prob, estimator.max_norm


def _ready_optimizer(estimator, first, incremental, random_state):
    """Keep the optimizer's state of the last call if the user wants it, or make a new one."""
    goes_on = not first and (incremental or estimator.warm_start == "optimizer")
    before = estimator._optimizer
    if not (goes_on and before and before.fits(estimator, estimator.network_)):
        estimator._optimizer = OptimizerState.fresh(estimator, estimator.network_, random_state)

"""The parameters of an estimator, checked when `fit` begins, never before (scikit-learn's rule)."""

import math
from numbers import Integral
from typing import Any, Literal, get_args

import numpy as np

from fastnn.arguments import boolean, integer, lookup, number
from fastnn.estimators.callbacks import check_callbacks
from fastnn.layers.activations import ACTIVATIONS, ActivationName
from fastnn.training.early_stopping import EarlyStopping
from fastnn.training.optimizers import Adam, GradientDescent, Momentum, Nesterov, Optimizer

# scikit-learn's names beside fastnn's.
ACTIVATION_NAMES = {entry.sklearn or name: name for name, entry in ACTIVATIONS.items()} | {
    name: name for name in ACTIVATIONS
}
# Names, for type checkers.
HiddenActivationName = ActivationName | Literal["logistic"]
SolverName = Literal["sgd", "adam", "lbfgs"]
LearningRateName = Literal["constant", "invscaling", "adaptive"]

_INTERVALS = {
    "alpha": "[0, inf)",
    "l1": "[0, inf)",
    "learning_rate_init": "(0, inf)",
    "power_t": "[0, 10]",  # beyond 10, the learning rate is almost 0 after the first epoch
    "tol": "[0, inf)",
    "momentum": "[0, 1]",
    "validation_fraction": "[0, 1)",
    "beta_1": "[0, 1)",
    "beta_2": "[0, 1)",
    "epsilon": "(0, inf)",
}


def check_settings(estimator: Any) -> None:
    """Check every parameter with a range that does not depend on the data."""
    for name, interval in _INTERVALS.items():
        number(getattr(estimator, name), name, interval)
    for name in ("max_iter", "max_fun"):
        integer(getattr(estimator, name), name, 1)
    for name in ("shuffle", "nesterovs_momentum", "early_stopping"):
        boolean(getattr(estimator, name), name)
    if not isinstance(estimator.warm_start, str) or estimator.warm_start != "optimizer":
        boolean(estimator.warm_start, "warm_start (which can also be 'optimizer')")
    if not isinstance(estimator.verbose, Integral):
        boolean(estimator.verbose, "verbose")
    if not isinstance(estimator.n_iter_no_change, float) or estimator.n_iter_no_change != math.inf:
        integer(estimator.n_iter_no_change, "n_iter_no_change", 1)
    if not isinstance(estimator.batch_size, str) or estimator.batch_size != "auto":
        integer(estimator.batch_size, "batch_size (which can also be 'auto')", 1)
    if estimator.n_threads is not None:
        integer(estimator.n_threads, "n_threads", 1, 1024)
    check_callbacks(estimator.callbacks)
    lookup(dict.fromkeys(get_args(SolverName)), estimator.solver, "solver")
    lookup(dict.fromkeys(get_args(LearningRateName)), estimator.learning_rate, "learning_rate")
    if estimator.solver == "lbfgs" and estimator.early_stopping and estimator.scoring is not None:
        raise ValueError(
            "expected solver 'sgd' or 'adam' with scoring, got 'lbfgs', which stops "
            "by its gradient alone"
        )


def hidden_layers(estimator: Any) -> list[int]:
    """hidden_layer_sizes as a list of int."""
    sizes = estimator.hidden_layer_sizes
    if isinstance(sizes, str | bytes) or not np.iterable(sizes):
        sizes = [sizes]
    return [integer(n, f"hidden_layer_sizes[{l}]", 1, 2**31 - 1) for l, n in enumerate(sizes)]


def activation_names(estimator: Any, hidden: int) -> list[str]:
    """The user's names of the activations of `hidden` layers; one name if there is no layer."""
    names = estimator.activation
    if isinstance(names, str):
        return [names] * max(hidden, 1)
    if not np.iterable(names):
        raise TypeError(f"expected activation to be a name or a sequence of them, got {names!r}")
    return list(names)


def hidden_activations(estimator: Any, hidden: int) -> list[ActivationName]:
    """fastnn's name of the activation of each hidden layer."""
    names = activation_names(estimator, hidden)
    names = [lookup(ACTIVATION_NAMES, name, "activation") for name in names]
    if hidden and len(names) != hidden:
        raise ValueError(
            f"expected one activation, or one for each of the {hidden} hidden layers; "
            f"got {len(names)}"
        )
    return names[:hidden]


def update_rule(estimator: Any) -> tuple[type[Optimizer], dict[str, Any]]:
    """The optimizer's class, and the numbers of its update by their names in native/kernels.h."""
    none = {"beta1": 0.0, "beta2": 0.0, "epsilon": 0.0, "weight_decay": 0.0}
    if estimator.solver == "adam":
        return Adam, {
            **none,
            "beta1": float(estimator.beta_1),
            "beta2": float(estimator.beta_2),
            "epsilon": float(estimator.epsilon),
            "epsilon_hat": True,
        }
    momentum = float(estimator.momentum)
    rule = (
        GradientDescent
        if not momentum
        else (Nesterov if estimator.nesterovs_momentum else Momentum)
    )
    return rule, {**none, "beta1": momentum}


def network_options(estimator: Any, share: float) -> dict[str, Any]:
    """The parameters as options of `Network` and `Network.fit`.

    Schedules other than "constant" and the end of training by `tol` have no counterpart.

    Parameters
    ----------
    share : float
        The l2 of a network for an alpha of 1.
    """
    hidden = len(hidden_layers(estimator))
    rule, numbers = update_rule(estimator)
    optimizer: Any = "lbfgs"
    if estimator.solver == "adam":
        optimizer = Adam(beta1=numbers["beta1"], beta2=numbers["beta2"], epsilon=numbers["epsilon"])
    elif estimator.solver == "sgd":
        optimizer = rule(momentum=numbers["beta1"]) if issubclass(rule, Momentum) else rule()
    options = {
        "activation": hidden_activations(estimator, hidden) or "relu",
        "keep_prob": estimator.keep_prob,
        "l2": estimator.alpha * share,
        "l1": estimator.l1 * share,
        "max_norm": estimator.max_norm,
        "optimizer": optimizer,
        "learning_rate": estimator.learning_rate_init,
        "epochs": estimator.max_iter,
        "shuffle": estimator.shuffle,
    }
    if estimator.early_stopping and estimator.solver != "lbfgs":
        patience = min(estimator.n_iter_no_change, estimator.max_iter)
        options["early_stopping"] = EarlyStopping(int(patience), min_delta=estimator.tol)
    return options

"""Weights that keep training from going on: dead and saturated units, unusual initial weights."""

import numpy as np

from fastnn.data.inputs import is_sparse
from fastnn.data.parts import rows_of, take
from fastnn.derivatives.layer_values import forward_values
from fastnn.diagnosis.causes.cause import Cause
from fastnn.diagnosis.causes.trials import compared, helps

# Rows that show the state of a unit.
MOST_ROWS = 500
# The ends of the range, and the distance from them at which the slope is below 4 % of the largest.
ENDS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
NEAR = 0.01
# A layer is saturated if this share of its activations is.
SHARE = 0.8


def saturated_layers(network, X):
    """Numbers of the layers of tanh or sigmoid with most activations at an end of the range."""
    found = []
    for l, A in _hidden(network, X):
        low, high = ENDS.get(network.activation[l - 1], (-np.inf, np.inf))
        near = NEAR * (high - low)
        if ((A - low < near) | (high - A < near)).mean() >= SHARE:
            found.append(l)
    return found


def dead_layers(network, X):
    """Numbers of the layers of relu with no unit above 0 for any example."""
    return [
        l for l, A in _hidden(network, X) if network.activation[l - 1] == "relu" and not A.any()
    ]


def layers_in_words(layers):
    """As the subject of a sentence: the units of layer 1 are."""
    some = " and ".join(map(str, layers))
    return f"the units of layer{'s' if len(layers) > 1 else ''} {some} are"


def _hidden(network, X):
    """(l, activations) of each hidden layer for some rows of X."""
    m = rows_of(X, "X")
    X = take(X, np.arange(0, m, -(-m // MOST_ROWS)))
    X = np.asarray(X.toarray() if is_sparse(X) else X, np.float64)
    if network.normalizer is not None:
        X = (X - network.normalizer.mean_) * network.normalizer.scale
    values = forward_values(network, X)
    for l in range(1, len(network.layer_sizes) - 1):
        yield l, values[l].A


def saturated(trials):
    """A Cause of hidden units at an end of their range, where the gradient is nearly 0."""
    network = trials.network
    found = saturated_layers(network, trials.train[0])
    if not found:
        return None
    fresh, same = trials.best_anew({"init": "auto", "init_gain": 1.0}), trials.best_on()
    if not helps(fresh, min((same, trials.now), key=lambda trial: trial.train)):
        return None
    return Cause(
        "hidden units are saturated",
        f"{layers_in_words(found)} at an end of the range of {network.activation[found[0] - 1]} "
        f"for nearly every example, where gradients are nearly 0; {compared(fresh, same)}",
        f"use new weights{_now(network)}",
        {"init": "auto", "init_gain": 1.0},
    )


def stuck(trials, same):
    """A Cause if new weights of the usual size do better."""
    network = trials.network
    fresh = trials.best_anew({"init": "auto", "init_gain": 1.0})
    as_is = min((same, trials.now), key=lambda trial: trial.train)
    if not helps(fresh, as_is):
        return None
    dead = dead_layers(network, trials.train[0])
    said = f"{layers_in_words(dead)} dead: they give 0 for every example; " if dead else ""
    return Cause(
        "training is stuck at these weights",
        said + compared(fresh, as_is),
        f"use new weights{_now(network)}",
        {"init": "auto", "init_gain": 1.0},
    )


def _now(network):
    """The initial weights to take, and the present ones, where these are unusual."""
    init, gain = network.spec["init"], network.spec["init_gain"]
    now = [f"init={init!r}"] if init != "auto" else []
    now += [f"init_gain={gain:g}"] if gain != 1 else []
    return f" with init='auto' (now {', '.join(now)})" if now else ""

"""Checks of a network and a set of examples that the user gives."""

import numpy as np

from fastnn.arguments import errors_in
from fastnn.data.inputs import as_numbers
from fastnn.data.parts import as_pair
from fastnn.engine.base_network import BaseNetwork
from fastnn.engine.examples import check_data, normalizer_for


def check_network(network, name):
    """Refuse anything but a `Network`; for an estimator the error says how to pass its network."""
    if isinstance(network, BaseNetwork):
        return
    got = f"{network!r} of type {type(network).__name__}"
    if isinstance(getattr(network, "network_", None), BaseNetwork):
        got = f"{type(network).__name__}; pass its network_"
        if hasattr(network, "classes_"):
            got += (
                ", which knows labels by their places, 0 .. C-1: "
                "np.searchsorted(estimator.classes_, y)"
            )
    raise TypeError(f"expected {name} to be a fastnn.Network, got {got}")


def hard_labels(network, y):
    """y itself, or the labels (m,) of the most probable classes where y holds probabilities."""
    if network.output != "softmax":
        return y
    given = as_numbers(y, "y")
    return given.argmax(axis=1) if given.ndim == 2 and given.shape[1] > 1 else y


def check_set(network, part, name, *, plain=False, shares=False):
    """X, y and the number of examples; an error names the set.

    `plain` asks for labels, or for a target of each output. It refuses probabilities, and any y
    that only a loss of the user's own takes. `shares` lets the probabilities of a softmax pass.
    """
    check_network(network, "net")
    X, y = as_pair(part, name)
    if y is None:
        raise ValueError(f"expected {name} to have a y, the labels or targets; got y=None")
    with errors_in(f"in {name}"):
        rows, targets, _ = check_data(network, X, y, None, normalizer_for(network, X))
        softmax = network.output == "softmax"
        units = network.layer_sizes[-1]
        known = (1, units) if softmax and shares else (1,) if softmax else (units,)
        if plain and targets.shape[1] not in known:
            expected = "class labels (m,)" if softmax else "a target for each output"
            hint = ", as with y.argmax(axis=1)" if softmax else ""
            instead = (
                ". Only the loss tells what it means for the outputs. Compare net.cost of training "
                "and dev: a dev cost far above that of training is variance; a training cost that "
                "a larger or longer trained network lowers is bias. Or judge a network of one "
                "output, as of one quantile"
                if network.loss is not None
                else ""
            )
            raise ValueError(
                f"expected y to hold {expected}{hint}, got y of shape {np.shape(y)}, which can be "
                f"trained on, but not judged in this way{instead}"
            )
    return X, y, rows.shape[0]

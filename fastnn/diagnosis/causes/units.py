"""Hidden layers of dead or saturated units: little or no gradient goes through them."""

import numpy as np

from fastnn.data.inputs import is_sparse
from fastnn.data.parts import rows_of, take
from fastnn.derivatives.layer_values import forward_values

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

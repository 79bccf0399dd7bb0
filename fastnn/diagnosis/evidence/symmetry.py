"""Hidden layers of equal units, which training cannot tell apart."""

import numpy as np

# A smaller difference of two units, relative to the layer's largest weight, can be rounding.
ROUNDING = 1e-5


def equal_units(network):
    """Numbers of the hidden layers with all units equal, which stay so in training.

    Units with equal weights in and out have equal gradients. Only dropout of the layer itself
    tells them apart: its masks differ from unit to unit.
    """
    params, sizes = network.params, network.layer_sizes
    return [
        l
        for l in range(1, len(sizes) - 1)
        if sizes[l] > 1
        and network.keep_prob[l] == 1
        and _equal(np.vstack([params[f"W{l}"], params[f"b{l}"]]).T)
        and _equal(params[f"W{l + 1}"])
    ]


def _equal(rows):
    return bool((np.ptp(rows, axis=0) <= ROUNDING * np.abs(rows).max()).all())

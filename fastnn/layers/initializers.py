"""Initial weights: normal with mean 0 and a variance that keeps signals alive through layers.

With `W = 1.5 I` the activations of L layers grow as 1.5^L and with `0.5 I` they vanish as 0.5^L;
a variance of about 1/n_in keeps them level. Biases start at 0.
"""

import math
from typing import Literal

from fastnn import _kernels
from fastnn.layers.activations import ACTIVATIONS

# Standard deviation of W (n_in, n_out), by name.
INITIALIZERS = {
    "he": lambda n_in, n_out: math.sqrt(2 / n_in),  # He et al. (2015), for ReLU
    "xavier": lambda n_in, n_out: math.sqrt(1 / n_in),  # for tanh
    "glorot": lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)),  # Glorot and Bengio (2010)
    "lecun": lambda n_in, n_out: math.sqrt(1 / n_in),  # LeCun et al. (1998)
    "normal": lambda n_in, n_out: 1.0,  # scale it with init_gain
    "zeros": lambda n_in, n_out: 0.0,  # breaks no symmetry
}

# The keys of INITIALIZERS and "auto", for type checkers.
InitializerName = Literal["auto", "he", "xavier", "glorot", "lecun", "normal", "zeros"]


def initialize(theta, layout, activations, init, gain, rng):
    """Fill theta: W[l] ~ N(0, (gain * std)^2), b[l] = 0.

    Parameters
    ----------
    theta : (layout.size,) array of zeros, written to
    activations : sequence of str
        Of the hidden layers. init="auto" chooses by them, and takes xavier for the output layer.
    init : str
        A name in INITIALIZERS, or "auto".
    gain : float
        Multiplies the standard deviation.
    rng : numpy.random.Generator
        Drawn from in float64, layer by layer, so that both dtypes start from the same weights.
    """
    for l, W in enumerate(layout.weights, start=1):
        std = gain * _std(init, activations, l, W.shape)
        if std:
            _kernels.scale_into(theta, W.start, rng.standard_normal(W.size), std)


def initial_std(spec, l, shape):
    """Standard deviation of W[l] in a new network with the settings `Network.spec`."""
    return spec["init_gain"] * _std(spec["init"], spec["activation"], l, shape)


def _std(init, activations, l, shape):
    if init == "auto":
        init = ACTIVATIONS[activations[l - 1]].init if l <= len(activations) else "xavier"
    return INITIALIZERS[init](*shape)

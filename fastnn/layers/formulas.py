"""The activations and outputs in NumPy, in float64: value and slope, by the names of the tables.

They share nothing with the compiled core, which gradient checking judges by them. Diagnosis needs
every Z, A and dA, which the core never keeps. Both are free to be slow.
"""

import numpy as np
from scipy.special import expit, ndtr, softmax

from fastnn.layers.activations import LEAK


def normal_density(z):
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def tanh_slope(z):
    """1 - tanh(z)^2, written so that nothing cancels."""
    e = np.exp(-2 * np.abs(z))
    return 4 * e / (1 + e) ** 2


# name -> (value, slope), both functions of z
FORMULAS = {
    "identity": (lambda z: z, np.ones_like),
    "relu": (lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "leaky_relu": (lambda z: np.where(z > 0, z, LEAK * z), lambda z: np.where(z > 0, 1.0, LEAK)),
    "elu": (
        lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        lambda z: np.exp(np.minimum(z, 0)),
    ),
    "gelu": (lambda z: z * ndtr(z), lambda z: ndtr(z) + z * normal_density(z)),
    "silu": (lambda z: z * expit(z), lambda z: expit(z) * (1 + z * expit(-z))),
    "tanh": (np.tanh, tanh_slope),
    "sigmoid": (expit, lambda z: expit(z) * expit(-z)),
    "softplus": (lambda z: np.logaddexp(0, z), expit),
}

# Output activations, functions of the logits (m, n[L]).
OUTPUT_FORMULAS = {
    "softmax": lambda z: softmax(z, axis=1),
    "sigmoid": expit,
    "identity": lambda z: z,
    "exp": np.exp,
    "identity_absolute": lambda z: z,
    "identity_huber": lambda z: z,
}

# dL/dZ as a function of A - y, where it is not A - y itself.
LOSS_SLOPES = {
    "identity_absolute": np.sign,
    "identity_huber": lambda r: np.clip(r, -1, 1),
}

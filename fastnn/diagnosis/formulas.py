"""The activations and their slopes in NumPy float64, by the names of fastnn.activations.

A diagnosis looks at every Z, A and dA, which the compiled core never keeps; it is free to be slow.
"""

import numpy as np
from scipy.special import expit, ndtr, softmax


def _density(z):
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


# name -> (value, slope), both functions of z
FORMULAS = {
    "identity": (lambda z: z, np.ones_like),
    "relu": (lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1.0, 0.01)),
    "elu": (lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
            lambda z: np.exp(np.minimum(z, 0))),
    "gelu": (lambda z: z * ndtr(z), lambda z: ndtr(z) + z * _density(z)),
    "silu": (lambda z: z * expit(z), lambda z: expit(z) * (1 + z * expit(-z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (expit, lambda z: expit(z) * expit(-z)),
    "softplus": (lambda z: np.logaddexp(0, z), expit),
}

# Of the logits; with its loss each has dL/dZ = A - y.
OUTPUT_FORMULAS = {
    "softmax": lambda z: softmax(z, axis=1),
    "sigmoid": expit,
    "identity": lambda z: z,
}

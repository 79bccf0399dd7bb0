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
    "elu": (
        lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        lambda z: np.exp(np.minimum(z, 0)),
    ),
    "gelu": (lambda z: z * ndtr(z), lambda z: ndtr(z) + z * _density(z)),
    "silu": (lambda z: z * expit(z), lambda z: expit(z) * (1 + z * expit(-z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (expit, lambda z: expit(z) * expit(-z)),
    "softplus": (lambda z: np.logaddexp(0, z), expit),
}

# Of the logits.
OUTPUT_FORMULAS = {
    "softmax": lambda z: softmax(z, axis=1),
    "sigmoid": expit,
    "identity": lambda z: z,
    "exp": np.exp,
    "identity_absolute": lambda z: z,
    "identity_huber": lambda z: z,
}

# dL/dZ of A - y, where it is not that itself.
LOSS_SLOPES = {
    "identity_absolute": np.sign,
    "identity_huber": lambda r: np.clip(r, -1, 1),
}

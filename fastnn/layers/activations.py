"""The hidden activations by name; their formulas are in native/activation.h.

A new one is an entry here, one in native/activation.h and a code in native/kernels.h; the tests
read this table and check it against `tests/reference.py`.
"""

from typing import Literal, NamedTuple


class Activation(NamedTuple):
    code: int  # enum Activation in native/kernels.h
    init: str  # the initializer that keeps the variance of its signals: see initializers.py


ACTIVATIONS = {
    "relu": Activation(1, "he"),
    "leaky_relu": Activation(2, "he"),  # slope 0.01 for z <= 0
    "elu": Activation(3, "he"),  # alpha = 1
    "gelu": Activation(4, "he"),  # z Phi(z), exact
    "silu": Activation(5, "he"),  # z sigmoid(z)
    "tanh": Activation(6, "xavier"),
    "sigmoid": Activation(7, "xavier"),
    "softplus": Activation(8, "he"),  # log(1 + e^z)
    "identity": Activation(0, "xavier"),
}

# The keys of ACTIVATIONS, for type checkers.
ActivationName = Literal[
    "relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus", "identity"
]

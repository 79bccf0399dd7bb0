"""The hidden activations by name: one entry each, with all that Python knows of them.

The formulas in NumPy are in formulas.py; those that train networks are in native/activation.h.
tests/layers/test_activations_complete.py lists every further place that must know an activation,
and fails with the name of one that was forgotten.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

# Slope of leaky_relu for z <= 0.
LEAK = 0.01


class Activation(NamedTuple):
    """An activation g: its code, its names in other libraries, its rounding and its kink."""

    code: int  # enum Activation in native/kernels.h
    init: str  # the initializer that keeps the variance of its signals: see initializers.py
    torch: str  # class in torch.nn
    torch_settings: Mapping[str, Any] = MappingProxyType({})  # that make the class this g
    onnx: str | None = None  # operator; None: export/onnx_graph.py composes it of several
    sklearn: str | None = None  # name in scikit-learn, where there is one
    ulps: float = 0.0  # largest error of the core's g(z), in units in the last place
    jump: float = 0.0  # of the slope at z = 0; not 0 makes z = 0 a kink
    one_sign: bool = False  # g > 0 everywhere, so that the means of signals grow


ACTIVATIONS = {
    "relu": Activation(1, "he", "ReLU", onnx="Relu", sklearn="relu", jump=1.0),
    "leaky_relu": Activation(  # LEAK z for z <= 0
        2, "he", "LeakyReLU", {"negative_slope": LEAK}, ulps=1.0, jump=1.0 - LEAK
    ),
    "elu": Activation(3, "he", "ELU", {"alpha": 1.0}, ulps=1.7),  # e^z - 1 for z <= 0
    "gelu": Activation(4, "he", "GELU", {"approximate": "none"}, ulps=4.7),  # z Phi(z), exact
    "silu": Activation(5, "he", "SiLU", ulps=2.4),  # z sigmoid(z)
    "tanh": Activation(6, "xavier", "Tanh", onnx="Tanh", sklearn="tanh", ulps=2.6),
    "sigmoid": Activation(
        7, "xavier", "Sigmoid", onnx="Sigmoid", sklearn="logistic", ulps=1.9, one_sign=True
    ),
    "softplus": Activation(  # log(1 + e^z)
        8, "he", "Softplus", {"beta": 1.0, "threshold": 20.0}, ulps=1.8, one_sign=True
    ),
    "identity": Activation(0, "xavier", "Identity", onnx="Identity", sklearn="identity"),
}

# The keys of ACTIVATIONS, for type checkers.
ActivationName = Literal[
    "relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus", "identity"
]

"""Checks of layer sizes and of settings that may be one for each layer."""

import math
from numbers import Real

import numpy as np

from fastnn.arguments import integer, lookup, number, per_layer
from fastnn.layers.activations import ACTIVATIONS

_MOST_UNITS = 2**31 - 1


def check_layer_sizes(layer_sizes):
    """`layer_sizes`, n[0] .. n[L], as a tuple of int."""
    try:
        sizes = list(layer_sizes)
    except TypeError:
        sizes = []
    if len(sizes) < 2 or isinstance(layer_sizes, str):
        raise ValueError(
            "expected layer_sizes to be at least two integers, the features and the outputs, "
            f"as in [64, 128, 10]; got {layer_sizes!r}"
        )
    if all(type(n) is int and 1 <= n <= _MOST_UNITS for n in sizes):
        return tuple(sizes)
    return tuple(integer(n, f"layer_sizes[{l}]", 1, _MOST_UNITS) for l, n in enumerate(sizes))


def check_activation(activation, hidden):
    """`activation` as a tuple of names, one for each hidden layer."""
    names = [activation] * hidden if isinstance(activation, str) else activation
    if isinstance(activation, str) and not hidden:
        lookup(ACTIVATIONS, activation, "activation")
    try:
        names = tuple(names)
    except TypeError:
        raise TypeError(
            f"expected activation to be a name or a sequence of names, got {activation!r}"
        ) from None
    if len(names) != hidden:
        raise ValueError(
            f"expected one activation, or one for each of the {hidden} hidden layers; "
            f"got {len(names)}"
        )
    for name in names:
        lookup(ACTIVATIONS, name, "activation")
    return names


def check_keep_prob(keep_prob, depth):
    """keep_prob of the layers 0 .. L-1 as a tuple; one number is for the hidden layers."""
    if type(keep_prob) is float or isinstance(keep_prob, Real):
        return (1.0,) + (number(keep_prob, "keep_prob", "(0, 1]"),) * (depth - 1)
    layers = f"the layers 0 .. {depth - 1}, the input first"
    return per_layer(keep_prob, "keep_prob", depth, "(0, 1]", layers)


def check_penalty(value, name, depth):
    """lambda of the layers 1 .. L as a tuple."""
    return per_layer(value, name, depth, "[0, inf)", f"the layers 1 .. {depth}")


def check_max_norm(value, depth):
    """max_norm of the layers 1 .. L as a tuple; infinity stands for None, no limit."""
    if value is not None and np.iterable(value) and not isinstance(value, str):
        value = [math.inf if norm is None else norm for norm in value]
    elif value is None:
        value = math.inf
    return per_layer(value, "max_norm", depth, "(0, inf]", f"the layers 1 .. {depth}")

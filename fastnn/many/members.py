"""Checks of the members of an ensemble and of their weights."""

import numpy as np

from fastnn.data.inputs import as_numbers
from fastnn.engine.sets import check_network


def as_networks(networks):
    """The networks as a list, each checked; `networks` is what users pass."""
    try:
        networks = list(networks)
    except TypeError:
        raise TypeError(
            f"expected a sequence of networks, got {type(networks).__name__}; a list may have one"
        ) from None
    if not networks:
        raise ValueError("expected at least one network, got none")
    for k, network in enumerate(networks):
        check_network(network, f"networks[{k}]")
    return networks


def kind_of(network):
    """The properties that all networks of an ensemble have in common."""
    sizes, loss = network.layer_sizes, repr(network.loss or network.output)
    return sizes[0], sizes[-1], network.output, network.dtype, loss


def in_words(network):
    """Its `kind_of` in words."""
    features, units, _, dtype, loss = kind_of(network)
    return f"{features} features, {units} outputs ({loss}) and dtype {dtype}"


def check_weights(weights, count):
    """Weights that add up to 1."""
    if weights is None:
        return np.full(count, 1 / count)
    weights = as_numbers(weights, "weights").astype(np.float64)
    if weights.shape != (count,):
        raise ValueError(
            f"expected {count} weights, one for each network, got shape {weights.shape}"
        )
    if not ((weights > 0) & (weights < np.inf)).all():
        raise ValueError(
            f"expected weights to be positive and finite, got {weights.tolist()}; leave a network "
            "out that has none"
        )
    if abs(weights.sum() - 1) < 1e-12:  # weights of a file keep their bits
        return weights
    weights = weights / weights.max()  # so that the sum does not overflow
    return weights / weights.sum()


def kept_by(result):
    """The networks of a sweep that kept them, without those that failed, and its dev set."""
    networks = getattr(result, "networks", None)
    if networks is None:
        raise ValueError(
            "expected a list of networks or the result of fastnn.sweep(..., keep=True), got "
            f"{type(result).__name__} without networks: sweep again with keep=True"
        )
    return [network for trial in networks for network in trial if network is not None], result.dev

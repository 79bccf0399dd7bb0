"""`Network.forward` of a few rows, by buffers that the network keeps."""

import numpy as np

from fastnn import _kernels
from fastnn.engine.examples import current_normalizer
from fastnn.engine.passes import description
from fastnn.engine.threads import choose_threads


def forward_small(network, X):
    """`Network.forward`, or None if X needs the general way.

    X must be a plain array of the network's dtype with finite numbers, and the work must be little
    enough for one thread.
    """
    return forward_by(small_forward(network), network.layer_sizes, X)


def forward_by(kept, layer_sizes, X):
    """The outputs by a `SmallForward`, or None if X needs the general way."""
    A = kept.forward(X)
    if (
        A is None
        and type(X) is np.ndarray
        and X.ndim == 2
        and choose_threads(layer_sizes, len(X), steps=False) == 1
    ):
        A = kept.forward(X, alone=True)
    return A


def small_forward(network):
    """The `SmallForward` that the network keeps, made now where there is none that fits."""
    kept = vars(network).get("_small_forward")
    if kept is None or kept.variant is not _kernels.variant:
        normalizer = current_normalizer(network)
        kept = _kernels.SmallForward(*description(network), *moments(normalizer))
        vars(network)["_small_forward"] = kept
    return kept


def moments(normalizer):
    """The last arguments of a `SmallForward`, where a Normalizer or None is applied to X."""
    return () if normalizer is None else (normalizer.mean_, normalizer.scale)

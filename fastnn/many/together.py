"""Outputs of several networks for the same rows: their mean and spread, in one compiled call."""

import numpy as np

from fastnn import _kernels
from fastnn.data.inputs import as_numbers, is_sparse
from fastnn.engine.examples import current_normalizer, features
from fastnn.engine.passes import TURN, open_session
from fastnn.engine.small_forward import small_forward
from fastnn.engine.threads import choose_threads


def mean_outputs(networks, weights, X, *, spread=False):
    """The weighted mean of A[L] (m, n[L]) of networks of one kind, or their standard deviation.

    The sum is in float64, in the order of the networks, and is rounded once. A few rows of a plain
    array go through buffers that the networks keep.

    Parameters
    ----------
    networks : list of Network
        Of the same features, outputs and dtype.
    weights : list of float
    X : as users pass it
    spread : bool
    """
    kept = [small_forward(network) for network in networks]
    A = _kernels.forward_together(kept, weights, X, spread=spread)
    if A is not None:
        return A
    X = X if is_sparse(X) else as_numbers(X, "X")
    # Networks without a normalizer have their rows in common.
    kinds = [id(current_normalizer(network)) for network in networks]
    read = {kind: features(net, X) for kind, net in dict(zip(kinds, networks, strict=True)).items()}
    rows = [read[kind] for kind in kinds]
    # As many as for the largest network by itself: the threads meet in the pass of each.
    threads = max(
        choose_threads(sizes, rows[0].shape[0], steps=False)
        for sizes in {network.layer_sizes for network in networks}
    )
    A = _kernels.forward_together(kept, weights, X, spread=spread, rows=rows, threads=threads)
    return _by_sessions(networks, rows, threads, weights, spread) if A is None else A


def _by_sessions(networks, rows, threads, weights, spread):
    shape = rows[0].shape[0], networks[0].layer_sizes[-1]
    mean, squares = np.zeros(shape), np.zeros(shape) if spread else None
    sessions = [
        open_session(network, X, threads=threads) for network, X in zip(networks, rows, strict=True)
    ]
    _kernels.start_together(sessions, weights, mean, squares)
    while _kernels.evaluate_together(sessions, TURN):
        pass
    return (np.sqrt(squares / sum(weights)) if spread else mean).astype(networks[0].dtype)

"""Compiled sessions that are told X and y by each call: a trainer's, and the network's own, for
gradients of small batches."""

import numpy as np

from fastnn import _kernels
from fastnn.engine.examples import current_normalizer
from fastnn.engine.passes import add_penalty, description
from fastnn.engine.threads import choose_threads

# Rows times units up to which the buffers are kept: with all that belongs to a unit, some 2 MB.
_MOST_KEPT = 1 << 17


def open_steps(network, rows, threads=None, theta=None, criterion=None, columns=None):
    """A `StepSession` of `network` for calls of up to so many rows.

    Parameters
    ----------
    network : BaseNetwork
    rows : int
    threads : int, optional
        None: as many as the work of one call is worth.
    theta : array, optional
        In the place of the network's.
    criterion : Criterion, optional
        None: the loss of the output.
    columns : int, optional
        Of every y; None: `usual_columns`.
    """
    sizes, codes, output, own_theta = description(network)
    if threads is None:
        threads = choose_threads(sizes, rows, steps=False)
    normalizer = current_normalizer(network)
    moments = {} if normalizer is None else {"mean": normalizer.mean_, "scale": normalizer.scale}
    X = np.broadcast_to(np.zeros((), network.dtype), (rows, sizes[0]))
    columns = columns or usual_columns(network)
    y = np.broadcast_to(np.zeros(()), (rows, columns))
    return _kernels.StepSession(
        sizes,
        codes,
        output,
        own_theta if theta is None else theta,
        _kernels.Rows(X, X.shape, **moments),
        _kernels.Rows(y, y.shape),
        np.empty(rows),
        batch_size=rows,
        threads=threads,
        training=True,
        inputs=True,
        **({} if criterion is None else criterion.for_core(network.dtype)),
    )


def usual_columns(network):
    """The columns of y for the loss of the output: one of labels, or a target for each unit."""
    return 1 if network.output == "softmax" else network.layer_sizes[-1]


def session_settings(network):
    """The settings that a `StepSession` rests on; after a change of one, it must be opened anew."""
    return network._normalizer, network._keep_prob, network._l2, network._l1, network._max_norm


def differentiate_small(network, X, y, dropout=None):
    """`Network.value_and_grad`, or None if X or y needs the general way.

    They must be plain arrays, X and real targets of float32 or float64 and labels of int64, and the
    work must be little enough for one thread.
    """
    if type(X) is not np.ndarray or X.ndim != 2 or not len(X):
        return None
    m, kept = len(X), vars(network)
    name = "_small_gradient" if dropout is None else "_small_dropout_gradient"
    # Taken out while it is in use: another thread then makes its own.
    session = kept.pop(name, None)
    if session is None or m > session.batch_size or session.variant is not _kernels.variant:
        session = open_small(network, m)
        if session is None:
            return None
    if dropout is not None:
        session.set_dropout(network.keep_prob, *dropout)
    gradient = np.empty_like(network.theta)
    result = session.gradients(X, y, None, gradient, False)
    kept[name] = session
    return None if result is None else (add_penalty(network, m, result[0], gradient), gradient)


def open_small(network, m):
    """A session for batches of up to m rows or somewhat more; None if they are not small."""
    units, rows = sum(network.layer_sizes), 1 << (m - 1).bit_length()
    if rows * units + 2 * network.theta.size > _MOST_KEPT:
        return None
    if choose_threads(network.layer_sizes, rows, steps=False) > 1:
        return None
    session = open_steps(network, rows, threads=1)
    # In one chunk, so that no sum depends on the number of rows that the buffers are for.
    return session if session.chunk_rows == rows else None

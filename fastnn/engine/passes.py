"""Passes of a network over data, by the compiled core: outputs, cost, gradient and updates.

Each runs for some 50 ms at a time, so that Python can react to Ctrl-C in between.
"""

import time

import numpy as np

from fastnn import _kernels
from fastnn.engine.examples import criterion_for
from fastnn.engine.threads import choose_threads
from fastnn.errors import DivergenceError
from fastnn.layers.activations import ACTIVATIONS
from fastnn.layers.outputs import OUTPUTS

TURN = 0.05  # seconds that the core runs before Python may react to Ctrl-C
_VISITED_AT_ONCE = 1024  # rows


def open_session(
    network,
    X,
    y=None,
    weight=None,
    *,
    batch_size=None,
    threads=None,
    training=False,
    criterion=None,
):
    """A `Session` of `network`; X, y and weight are as fastnn.data.inputs gives them.

    The `Criterion` is the network's if it is None.
    """
    m = max(X.shape[0], 1)
    batch_size = min(batch_size or m, m)
    loss = {}
    if y is not None:
        criterion = criterion or criterion_for(network)
        loss = criterion.for_core(network.dtype)
        if criterion.by_batches:
            threads = threads or 1  # others would only wait for the function
    if threads is None:
        threads = choose_threads(network.layer_sizes, batch_size, steps=training and batch_size < m)
    return _kernels.Session(
        *description(network),
        X,
        y,
        weight,
        batch_size=batch_size,
        threads=threads,
        training=training,
        **loss,
    )


def outputs(network, X, layers=None):
    """A[L] (m, n[L]), dropout off; of layers (first, last): A[last], where X is A[first]."""
    return outputs_of(description(network, layers), network.dtype, X)


def outputs_of(described, dtype, X):
    """A[L] (m, n[L]) of a network, or a part of one, with this `description`; dropout off."""
    sizes, m = described[0], X.shape[0]
    out = np.empty((m, sizes[-1]), dtype)
    threads, m = choose_threads(sizes, m, steps=False), max(m, 1)
    session = _kernels.Session(
        *described, X, None, None, batch_size=m, threads=threads, training=False
    )
    session.start(out=out)
    while session.evaluate(TURN):
        pass
    return out


def evaluate(session, network, m):
    """J, with the penalty of m examples, and the error on a session's X and y; dropout off."""
    session.start()
    while session.evaluate(TURN):
        pass
    rows = session.rows
    error = session.error / rows
    if network.regression:
        error = np.sqrt(error)
    return session.loss / rows + penalty(network, m), float(error)


def differentiate(network, X, y, weight, dropout=None, threads=None, criterion=None):
    """J and dtheta, both with the penalty; `dropout` is None or the (seed, step) of the masks."""
    m = X.shape[0]
    gradient = np.zeros_like(network.theta)
    session = open_session(
        network, X, y, weight, threads=threads, training=True, criterion=criterion
    )
    if dropout is not None:
        session.set_dropout(network.keep_prob, *dropout)
    session.start(gradient=gradient)
    while session.differentiate(TURN):
        pass
    return add_penalty(network, m, session.loss / m, gradient), gradient


def add_penalty(network, m, loss, gradient):
    """J of a mean loss over m examples; the gradient of the penalty is added to `gradient`."""
    if not any(network.l2) and not any(network.l1):
        return loss
    for l2, l1, parameter in zip(network.l2, network.l1, network.layout.weights, strict=True):
        if l2 or l1:
            at = parameter.slice
            _kernels.add_penalty_gradient(
                network.theta, gradient, at.start, at.stop - at.start, l2 / m, l1 / m
            )
    return loss + penalty(network, m)


def visit(network, X, y, function, *, logits):
    """Call function(A, Y) with output activations, or logits, and targets of pieces of the data."""
    sizes, codes, output, theta = description(network)

    def look(A, Y):
        function(A, Y)
        return np.zeros(len(A), A.dtype), A

    session = _kernels.Session(
        sizes,
        codes,
        OUTPUTS["identity"].code if logits else output,
        theta,
        X,
        y,
        None,
        batch_size=min(X.shape[0], _VISITED_AT_ONCE),
        threads=1,
        training=False,
        loss=look,
    )
    session.start()
    while session.evaluate(TURN):
        pass


def train_epoch(
    session, tuner, epoch, rates, *, index=None, divisors=None, batch=0, epochs_before=0
):
    """Update theta by every mini-batch of an epoch; yields the seconds that each turn took.

    Parameters
    ----------
    session : Session
        Opened for training, with an optimizer.
    tuner : ThreadTuner
        Of the session.
    epoch : int
    rates : array
        A learning rate for each mini-batch.
    index : array, optional
        The order of the rows.
    divisors : array, optional
        Divide the sums of each mini-batch. None: the number of its examples, or the sum of their
        weights.
    batch : int
        The first mini-batch to train on.
    epochs_before : int
        Epochs of earlier fits: augmentation counts on from them.

    Raises
    ------
    DivergenceError
        theta is as the last finished mini-batch has left it.
    """
    session.start(
        index=index, rates=rates, epoch=epochs_before + epoch, divisors=divisors, batch=batch
    )
    going = True
    while going:
        began = time.perf_counter()
        going = tuner.turn(TURN)
        yield time.perf_counter() - began
    if session.failed:
        raise divergence(session, epoch, rates)


def divergence(session, epoch, rates):
    """The error after a failure within an epoch: its next update would not be finite."""
    return DivergenceError(epoch, session.batch, float(rates[session.batch]), failure(session))


def failure(session):
    """The reason for which a session has refused an update, in words."""
    if session.overflowed:
        return "the update would overflow"
    return "the loss or its gradient is not finite"


def penalty(network, m):
    """(1/m) sum_l (l2[l]/2 ||W[l]||_F^2 + l1[l] ||W[l]||_1), in float64."""
    total = 0.0
    if not any(network.l2) and not any(network.l1):
        return total
    for l2, l1, parameter in zip(network.l2, network.l1, network.layout.weights, strict=True):
        if l2 or l1:
            total += _kernels.penalty_of(
                network.theta, parameter.start, parameter.size, l2 / m, l1 / m
            )
    return total


def description(network, layers=None):
    """Layer sizes, codes of the activations of layers 0 .. L and of the output, and theta.

    The input and the logits have the identity as activation. With `layers`, a pair (first, last),
    it describes the part of the network between A[first] and A[last].
    """
    sizes, theta, output = network.layer_sizes, network.theta, network.output
    identity = ACTIVATIONS["identity"].code
    codes = [identity, *(ACTIVATIONS[name].code for name in network.activation), identity]
    if layers is not None:
        first, last = layers
        if last < len(sizes) - 1:
            output = "identity"
        begin, end = network.layout[f"W{first + 1}"], network.layout[f"b{last}"]
        theta = theta[begin.slice.start : end.slice.stop]
        sizes = sizes[first : last + 1]
        codes = [identity, *codes[first + 1 : last + 1]]
    return sizes, codes, OUTPUTS[output].code, theta

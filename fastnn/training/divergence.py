"""Causes of a divergence that no learning rate can help: y, or theta as it was before the fit."""

import math

import numpy as np

from fastnn._kernels import Rows
from fastnn.engine import passes
from fastnn.engine.examples import criterion_for
from fastnn.losses.faults import Faults


def cause_of_divergence(network, X, y, weight, criterion=None, *, at_start):
    """What `DivergenceError.cause` says; "" where neither y nor the first theta is to blame.

    A trial tells: the loss of the same network with new weights, and the same with y = 0.

    Parameters
    ----------
    network : BaseNetwork
    X, y : Rows
    weight : array or None
    criterion : Criterion, optional
        None: the network's.
    at_start : bool
        Whether theta is still that of the beginning of the fit.
    """

    criterion = criterion or criterion_for(network)
    if criterion.loss is not None:
        faults = Faults(criterion)
        passes.visit(network, X, y, faults.look, logits=not criterion.by_batches)
        if faults.first or criterion.by_batches:
            return faults.first

    def is_finite(net, y):
        session = passes.open_session(net, X, y, weight, criterion=criterion)
        return math.isfinite(passes.evaluate(session, net, X.shape[0])[0])

    fresh = network.like(rng=0)
    if is_finite(fresh, y):
        if not at_start or is_finite(network, y):
            return ""
        return (
            "The learning rate is not the cause: theta was already so large before the first "
            f"update, up to {np.abs(network.theta).max():.2g}, that the loss is not finite. "
            "Begin with new weights, as net.like() has them, or assign others to net.theta."
        )
    zeros = np.zeros(y.shape, np.int8)
    if not is_finite(fresh, Rows(zeros, zeros.shape)):
        return ""
    wider = ", or use dtype float64" if network.dtype == np.float32 else ""
    return (
        f"The targets y are the cause: their squares are too large for {network.dtype}, whose "
        f"largest number is {np.finfo(network.dtype).max:.2g}. Divide y by a constant, such as "
        f"its standard deviation{wider}."
    )

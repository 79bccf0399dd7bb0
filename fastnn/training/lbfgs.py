"""L-BFGS by SciPy, on theta: full batch, in float64 whatever the network's dtype.

A float32 cost is too rough for its line search, so the passes run on a float64 twin of the
network. L1 is not differentiable at 0; W = P - Q with P, Q >= 0 makes it the linear
lambda/m (P + Q) under bounds, which L-BFGS-B takes and which also gives exact zeros.
"""

import math
import time

import numpy as np

from fastnn.engine import passes
from fastnn.errors import DivergenceError


def minimize(network, optimizer, X, y, weight, monitor, threads):
    """Minimize J from the present theta; one epoch is one iteration."""
    # SciPy's optimizers are a slow import, and only this needs them.
    from scipy.optimize import minimize as scipy_minimize
    from threadpoolctl import threadpool_limits

    twin = network.like(dtype="float64", init="zeros", l1=0.0, normalizer=network.normalizer)
    split, threshold = _split_weights(network, X.shape[0])
    n, history = network.theta.size, monitor.history

    def joined(z):
        theta = z[:n].copy()
        theta[split] -= z[n:]
        return theta

    def objective(z):
        began = time.perf_counter()
        twin.theta[...] = joined(z)
        J, dtheta = passes.differentiate(twin, X, y, weight, threads=threads)
        history.training_seconds += time.perf_counter() - began
        history.examples += X.shape[0]
        gradient = np.concatenate([dtheta, threshold - dtheta[split]])
        gradient[split] += threshold
        return J + float(threshold @ (z[:n][split] + z[n:])), gradient

    def iteration_done(intermediate_result):
        nonlocal epoch
        theta = joined(intermediate_result.x)
        with np.errstate(over="ignore"):
            if not np.isfinite(theta.astype(network.dtype)).all():
                raise DivergenceError(epoch, 0, math.nan, "an iteration overflowed")
        network.theta[...] = theta
        monitor.objective = float(intermediate_result.fun)
        try:
            stop = monitor.epoch_done(epoch)
        except StopIteration as error:  # a callback's own
            raise _Stopped from error
        epoch += 1
        if stop:
            raise _Stopped

    start = network.theta.astype(np.float64)
    z = np.concatenate([start, np.maximum(-start[split], 0)])
    z[split] = np.maximum(start[split], 0)
    bounds = np.tile([-np.inf, np.inf], (z.size, 1))
    bounds[split, 0] = bounds[n:, 0] = 0
    epoch = 0
    options = {
        "maxiter": monitor.epochs,
        "maxfun": optimizer.max_evaluations or 1000 * monitor.epochs,
        "maxcor": optimizer.memory,
        "gtol": optimizer.tolerance,
        "ftol": optimizer.cost_tolerance,
    }
    try:
        # Its vectors are short: BLAS threads only wait for each other, and spin against ours.
        with threadpool_limits(1, user_api="blas"):
            result = scipy_minimize(
                objective,
                z,
                jac=True,
                method="L-BFGS-B",
                callback=iteration_done,
                bounds=bounds if split.size else None,
                options=options,
            )
    except _Stopped as stopped:
        if stopped.__cause__:
            raise stopped.__cause__ from None
        return
    if not np.isfinite(result.fun):
        raise DivergenceError(epoch, 0, math.nan, f"the cost is {result.fun}")
    if epoch == 0:
        monitor.objective = float(result.fun)
        monitor.epoch_done(0)  # the minimum was where it began
    monitor.finish()
    if not history.stopped and result.nit < monitor.epochs:
        why = {0: "converged", 1: "limit of evaluations"}  # of iterations: not fewer than epochs
        history.stopped = why.get(result.status, "no further descent")


class _Stopped(Exception):
    """Carries a stop out of SciPy, which would take a user's StopIteration for its own."""


def _split_weights(network, m):
    """Positions in theta of the weights with an L1 penalty, and lambda/m of each."""
    at = [
        np.arange(p.slice.start, p.slice.stop) if l1 else np.arange(0)
        for p, l1 in zip(network.layout.weights, network.l1, strict=True)
    ]
    threshold = [np.full(a.size, l1 / m) for a, l1 in zip(at, network.l1, strict=True)]
    return np.concatenate(at), np.concatenate(threshold)

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
from fastnn.training.monitor import cause_of_divergence


def check_lbfgs(network, augment=None, clipping=(), other="optimizer"):
    """Refuse settings under which J differs from call to call, or its gradient is cut down.

    `other` is what the caller calls an optimizer.
    """
    if any(clipping):
        raise ValueError(
            "lbfgs minimizes J by whole gradients: leave clip_norm and clip_value out, or choose "
            "another optimizer"
        )
    if min(network.keep_prob) < 1:
        raise ValueError(
            "lbfgs minimizes J, which is not defined with dropout: set keep_prob to 1, "
            f"or choose another {other}; got keep_prob {network.keep_prob}"
        )
    if min(network.max_norm) < math.inf:
        raise ValueError(
            "lbfgs changes theta within SciPy, where max_norm cannot scale it: set max_norm to "
            f"None, or choose another {other}; got max_norm {network.max_norm}"
        )
    if augment is not None:
        raise ValueError(
            "lbfgs minimizes J, which is not the same twice with augmentation: set augment to "
            "None, or choose another optimizer"
        )


def minimize(
    network,
    optimizer,
    X,
    y,
    weight,
    *,
    iterations,
    iteration_done,
    evaluation_done=None,
    threads=None,
    criterion=None,
):
    """Minimize J from the present theta.

    Parameters
    ----------
    network : BaseNetwork
    optimizer : LBFGS
    X, y, weight : as `check_data` gives them
    iterations : int
        At most so many.
    iteration_done : function
        Called as ``iteration_done(iteration, J)`` after each iteration, and at least once; True
        ends the minimization.
    evaluation_done : function, optional
        Called with the seconds that each evaluation of J and its gradient took.
    threads : int, optional
    criterion : Criterion, optional
        None: the network's.

    Returns
    -------
    str
        Why it ended, as in `History.stopped`; "" if `iteration_done` ended it or all iterations
        are done.
    """
    # SciPy's optimizers are a slow import, and only this needs them.
    from scipy.optimize import minimize as scipy_minimize
    from threadpoolctl import threadpool_limits

    twin = network.like(dtype="float64", init="zeros", l1=0.0, normalizer=network.normalizer)
    split, threshold = _split_weights(network, X.shape[0])
    n = network.theta.size

    def joined(z):
        theta = z[:n].copy()
        theta[split] -= z[n:]
        return theta

    def objective(z):
        began = time.perf_counter()
        twin.theta[...] = joined(z)
        J, dtheta = passes.differentiate(twin, X, y, weight, threads=threads, criterion=criterion)
        if evaluation_done is not None:
            evaluation_done(time.perf_counter() - began)
        gradient = np.concatenate([dtheta, threshold - dtheta[split]])
        gradient[split] += threshold
        return J + float(threshold @ (z[:n][split] + z[n:])), gradient

    def take_over(intermediate_result):
        nonlocal iteration
        theta = joined(intermediate_result.x)
        with np.errstate(over="ignore"):
            if not np.isfinite(theta.astype(network.dtype)).all():
                raise DivergenceError(iteration, 0, math.nan, "an iteration overflowed")
        network.theta[...] = theta
        try:
            stop = iteration_done(iteration, float(intermediate_result.fun))
        except StopIteration as error:  # a callback's own
            raise _Stopped from error
        iteration += 1
        if stop:
            raise _Stopped

    start = network.theta.astype(np.float64)
    z = np.concatenate([start, np.maximum(-start[split], 0)])
    z[split] = np.maximum(start[split], 0)
    bounds = np.tile([-np.inf, np.inf], (z.size, 1))
    bounds[split, 0] = bounds[n:, 0] = 0
    iteration = 0
    options = {
        "maxiter": iterations,
        "maxfun": optimizer.max_evaluations or 1000 * iterations,
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
                callback=take_over,
                bounds=bounds if split.size else None,
                options=options,
            )
    except _Stopped as stopped:
        if stopped.__cause__:
            raise stopped.__cause__ from None
        return ""
    if not np.isfinite(result.fun):
        error = DivergenceError(iteration, 0, math.nan, f"the cost is {result.fun}")
        error.cause = cause_of_divergence(network, X, y, weight, criterion, at_start=iteration == 0)
        raise error
    # Without an iteration, the minimum is where it began.
    if (iteration == 0 and iteration_done(0, float(result.fun))) or result.nit >= iterations:
        return ""
    reasons = {0: "converged", 1: "limit of evaluations"}
    return reasons.get(result.status, "no further descent")


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

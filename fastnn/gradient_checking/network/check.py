"""The gradient of a `Network` from the compiled core, beside a numerical one.

The numerical side shares only the dropout masks with the core. Numba compiles it from formulas of
its own (cost_changes.py), in float64 whatever the network's dtype.
"""

import time

import numpy as np

from fastnn import _kernels
from fastnn.arguments import boolean, generator, integer, lookup, number
from fastnn.data.inputs import as_numbers
from fastnn.engine import passes
from fastnn.engine.dropout import check_dropout
from fastnn.engine.examples import check_data, check_finite, criterion_for, current_normalizer
from fastnn.engine.threads import available_processors
from fastnn.gradient_checking.function.arguments import choose
from fastnn.gradient_checking.function.check import gradcheck
from fastnn.gradient_checking.network import cost_changes, formulas, rounding
from fastnn.gradient_checking.network.pieces import differentiate
from fastnn.gradient_checking.result.gradient_check import GradientCheck
from fastnn.losses.faults import wrong_slope
from fastnn.text.slow_work import slow_work

# Steps in units of epsilon: the two sides, and a third step that estimates the truncation.
STEPS = np.array([1.0, -1.0, 2.0])
_METHODS = {"two-sided": 2, "one-sided": 1}


def check(
    network,
    X,
    y,
    *,
    dropout=False,
    sample_weight=None,
    epsilon=1e-7,
    method="two-sided",
    indices=None,
    sample=None,
    rng=0,
    threads=None,
    loss=None,
):
    """See `Network.gradcheck`, which documents the arguments."""
    epsilon = number(epsilon, "epsilon", "(0, 0.01]")
    lookup(_METHODS, method, "method")
    threads = available_processors() if threads is None else integer(threads, "threads", 1, 1024)
    dropout = _masks_of(dropout, rng)
    chosen = choose(network.layout.values(), indices, sample, generator(rng))
    check_finite(network)
    criterion = criterion_for(network, loss)
    data = check_data(network, X, y, sample_weight, criterion=criterion)
    probabilities = network.output == "softmax" and data[1].shape[1] > 1
    if network.output not in formulas.OUTPUTS or criterion.loss is not None or probabilities:
        result = _check_by_core(
            network, X, y, sample_weight, dropout, epsilon, method, indices, sample, rng, loss
        )
        if criterion.loss is not None and not criterion.by_batches:
            result.note = _fault_of_slope(criterion.loss, network, data) or result.note
        return result
    compile_seconds = warm_up()

    began = time.perf_counter()
    _, analytic = passes.differentiate(network, *data, dropout)
    problem = pose(network, X, y, sample_weight, dropout)
    changes, crossed = differentiate(problem, chosen, epsilon * STEPS, threads)
    numeric, truncation, excluded = (
        np.full(network.theta.size, fill) for fill in (np.nan, 0.0, False)
    )
    numeric[chosen], truncation[chosen] = _derivative(changes, epsilon, method)
    excluded[chosen] = crossed > 0
    m = data[0].shape[0]
    rates = [(l2 / m, l1 / m) for l2, l1 in zip(network.l2, network.l1, strict=True)]
    own = rounding.uncertainty(problem, network.dtype, rates)
    uncertainty = own + truncation
    penalties = {}
    for parameter, (l2, l1) in zip(network.layout.weights, rates, strict=True):
        at = parameter.slice
        slope, error, kink = _penalty_derivative(problem.theta[at], l2, l1, epsilon, method)
        numeric[at] += slope
        uncertainty[at] += error
        excluded[at] |= kink
        penalties[parameter.name] = l2, l1
    checked = np.zeros(network.theta.size, bool)
    checked[chosen] = True
    return GradientCheck(
        problem.theta,
        analytic.astype(np.float64),
        numeric,
        uncertainty,
        network.layout.values(),
        excluded=excluded & checked,
        checked=checked,
        epsilon=epsilon,
        method=method,
        dtype=network.dtype.name,
        penalties=penalties,
        evaluations=len(STEPS) * chosen.size,
        seconds=time.perf_counter() - began,
        compile_seconds=compile_seconds,
        own=own,
        sizes=data[0].shape,
    )


def _check_by_core(
    network, X, y, sample_weight, dropout, epsilon, method, indices, sample, rng, loss
):
    """Check a network with a loss that cost_changes.py lacks: differences of the core's J.

    They are computed in float64.
    """
    twin = network.like(dtype="float64", init="zeros", normalizer=network.normalizer)

    def at(theta):
        twin.theta = theta
        return twin.value_and_grad(X, y, sample_weight, dropout, loss=loss)

    return gradcheck(
        lambda theta: at(theta)[0],
        lambda theta: at(theta)[1],
        network.theta,
        epsilon=epsilon,
        method=method,
        layout=network.layout,
        indices=indices,
        sample=sample,
        rng=rng,
    )


def _fault_of_slope(loss, network, data):
    """Words about the wrong slope of a `Loss` at the network's logits; "" if it is right."""
    found = []

    def look(Z, Y):
        found.append(wrong_slope(loss, Z, Y))

    passes.visit(network, *data[:2], look, logits=True)
    return next(filter(None, found), "")


def pose(network, X, y, sample_weight, dropout):
    """The `formulas.Problem` of a network and valid data, rounded as in the network's dtype."""
    sizes, depth = network.layer_sizes, len(network.layer_sizes) - 1
    if hasattr(X, "toarray"):
        X = X.toarray()
    X, normalizer = as_numbers(X, "X"), current_normalizer(network)
    if normalizer is not None:
        X = (X.astype(np.float64) - normalizer.mean_) * normalizer.scale
    X = X.astype(network.dtype).astype(np.float64)
    y, m = as_numbers(y, "y"), X.shape[0]
    weight = (
        np.ones(m)
        if sample_weight is None
        else as_numbers(sample_weight, "sample_weight").astype(np.float64)
    )
    weight = weight / weight.max()  # so that no sum overflows
    masks = [None] * depth
    if dropout is not None:
        masks = [
            None
            if keep_prob == 1
            else np.ascontiguousarray(_kernels.dropout_mask(*dropout, l, m, sizes[l], keep_prob).T)
            / keep_prob
            for l, keep_prob in enumerate(network.keep_prob)
        ]
    if network.output == "softmax":
        y = y.reshape(m).astype(np.int64)
    else:
        y = y.reshape(m, -1).T.astype(network.dtype).astype(np.float64)
    return formulas.Problem(
        sizes,
        (*network.activation, "identity"),
        network.output,
        network.theta.astype(np.float64),
        tuple(p.slice.start for p in network.layout.weights),
        np.ascontiguousarray(X.T),
        np.ascontiguousarray(y),
        weight / weight.sum(),
        masks,
    )


def warm_up():
    """Compile the loops, or load them from disk; the seconds this took, 0 if already done."""
    if cost_changes.cost_changes.signatures:
        return 0.0
    began = time.perf_counter()
    one = np.ones((1, 1))
    problem = formulas.Problem(
        (1, 1), ("identity",), "identity", np.zeros(2), (0,), one, one, np.ones(1), [None]
    )
    with slow_work(
        "The first gradient check on this machine compiles its formulas, for some 15 s; later ones "
        "find them on disk."
    ):
        rounding.uncertainty(problem, np.float64, [(0.0, 0.0)])
        differentiate(problem, np.arange(2), STEPS, 1)
    return time.perf_counter() - began


def _derivative(changes, epsilon, method):
    """The numerical derivative, and a bound on its truncation error."""
    up, down, twice = changes.T
    # With changes from J(0): J(+2e) - 3 J(+e) - J(-e) is e^3 J''' + ..., and J(+e) + J(-e) is
    # e^2 J''. The two-sided formula is off by e^2 J''' / 6, or by three times that where an elu
    # crosses 0. For large steps the next terms can cancel J''': hence J'' beside it.
    third = np.abs(twice - 3 * up - down) / epsilon + np.abs(up + down)
    if method == "two-sided":
        return (up - down) / (2 * epsilon), third
    return up / epsilon, third + np.abs(up + down) / epsilon


def _penalty_derivative(W, l2, l1, epsilon, method):
    """The difference of l2/2 w^2 + l1 |w|, its truncation error, and where |w| has its kink."""
    near = np.abs(W) < epsilon
    if method == "two-sided":
        slope, error, kink = l2 * W, 0.0, near & (W != 0)
        across = W / epsilon
    else:
        slope, error, kink = l2 * (W + epsilon / 2), l2 * epsilon, near
        across = (np.abs(W + epsilon) - np.abs(W)) / epsilon
    return slope + l1 * np.where(near, across, np.sign(W)), error, kink & (l1 > 0)


def _masks_of(dropout, rng):
    if isinstance(dropout, tuple | list):
        return check_dropout(dropout)
    if not boolean(False if dropout is None else dropout, "dropout"):
        return None
    return int(generator(rng).integers(2**63)), 0

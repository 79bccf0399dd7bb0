"""Bounds on the rounding error of each component of an analytic gradient.

A running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 2002, ch. 3) of
the forward and the backward pass in the dtype under check, of unit roundoff u. Worst cases would
grow as the product of all fan-ins and hide real errors in float32. Instead the variance of the
error is followed, as roundings are independent (ch. 2.8; Higham and Mary, 2019), and a multiple of
the standard deviation is allowed at the end. Errors that are not independent are treated apart:

* equal rows, and units with equal weights, round alike: their errors add up without a root, so the
  variance is multiplied by the number of equals;
* rows that are nearly equal round alike in part: one standard deviation of each is added up without
  a root;
* constants (1/m, 1/keep_prob) are rounded once for all components: they add up without a root;
* a ReLU with an input within its error of 0 may be on the other side in the core: the whole jump
  of its slope counts.

Arrays are (units, rows), as in formulas.py.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from fastnn.gradient_checking.network import formulas
from fastnn.gradient_checking.network.cost_changes import jit
from fastnn.layers.activations import ACTIVATIONS
from fastnn.layers.formulas import FORMULAS

DEVIATIONS = 6.0  # standard deviations that are allowed


@dataclass
class Uncertain:
    """Numbers and the variances of their errors."""

    value: np.ndarray
    variance: np.ndarray


def uncertainty(problem, dtype, penalties):
    """Bounds on the errors of dJ/dtheta in `dtype` and of its numerical derivative in float64.

    Parameters
    ----------
    problem : Problem
    dtype : numpy dtype
    penalties : sequence of (float, float)
        (lambda_2 / m, lambda_1 / m) of W1 .. WL.

    Returns
    -------
    (N,) array
    """
    u, tiny = _roundoff(dtype)
    # The numerical side rounds much as the analytic one would in float64.
    deviations = DEVIATIONS * np.hypot(1, 2 * _roundoff(np.float64)[0] / u)
    constants = 4 * u * (1 + sum(mask is not None for mask in problem.masks))
    A, Z, alike = _forward(problem, u, tiny)
    dZ = _loss_gradient(problem, Z[-1], u, tiny)
    result = np.empty(problem.theta.size)
    for l in range(problem.depth, 0, -1):
        below, W = A[l - 1], problem.W(l)
        # A^T dZ, its last row with ones in the place of A: the bias.
        inputs = np.vstack([below.value, np.ones(alike.size)])
        gradient, running = _product(inputs.T, dZ.value.T)
        variance = u**2 * running + inputs**2 @ (dZ.variance * alike).T
        variance[:-1] += (below.variance * alike) @ (dZ.value**2).T
        shared = np.abs(inputs) @ np.sqrt(dZ.variance).T
        shared[:-1] += np.sqrt(below.variance) @ np.abs(dZ.value).T
        error = deviations * np.sqrt(variance) + shared + constants * np.abs(gradient)
        l2, l1 = penalties[l - 1]
        error[:-1] += 6 * u * (l2 * np.abs(W) + l1)
        start = problem.starts[l - 1]
        result[start : start + error.size] = error.ravel()
        if l > 1:
            dZ = _backward(problem, l, dZ, A[l - 1], Z[l - 1], u, tiny)
    return result + tiny


def _roundoff(dtype):
    info = np.finfo(dtype)
    # Numbers that underflow are lost; below 1e-150 the squares computed here underflow.
    return float(info.eps) / 2, max(float(info.smallest_normal), 1e-150)


def _forward(problem, u, tiny):
    """A[0] .. A[L-1], Z[0] .. Z[L], and for each row the largest number of rows equal to it."""
    X, mask = problem.X, problem.masks[0]
    A = [Uncertain(*_dropped(X, np.zeros_like(X), mask, u))]
    Z, alike = [None], _repeats(X.T)
    for l in range(1, problem.depth + 1):
        W, b, below = problem.W(l), problem.b(l), A[-1]
        z, running = _product(W, below.value, b)
        variance = (W**2).T @ below.variance + u**2 * running + W.shape[0] * tiny**2
        if problem.masks[l - 1] is not None:  # 1 / keep_prob is off for all units alike
            variance += (u * (z - b[:, np.newaxis])) ** 2
        # Equal units have equal errors, which add up in the next layer.
        variance *= _repeats(np.vstack([W, b]).T)[:, np.newaxis]
        Z.append(Uncertain(z, variance))
        if l == problem.depth:
            return A, Z, alike
        kind = problem.kinds[l - 1]
        value, slope = (function(z) for function in FORMULAS[kind])
        slope = np.where(_near_kink(kind, Z[-1]), 1.0, slope)
        variance = slope**2 * variance + (2 * u * ACTIVATIONS[kind].ulps * value) ** 2 + tiny**2
        A.append(Uncertain(*_dropped(value, variance, problem.masks[l], u)))
        alike = np.maximum(alike, _repeats(value.T))


def _dropped(value, variance, mask, u):
    if mask is None:
        return value, variance
    value = value * mask
    return value, variance * mask**2 + (2 * u * value) ** 2


def _backward(problem, l, dZ, below, Z, u, tiny):
    """dZ[l-1] = W dZ[l] * mask * g'(Z[l-1])"""
    W, kind, mask = problem.W(l), problem.kinds[l - 2], problem.masks[l - 1]
    dA, running = _product(W.T, dZ.value)
    variance = W**2 @ dZ.variance + u**2 * running + W.shape[1] * tiny**2
    slope, slope_variance = _uncertain_slope(kind, Z, u)
    scale = 1.0 if mask is None else mask
    value = dA * slope * scale
    variance = ((slope**2 + slope_variance) * variance + dA**2 * slope_variance) * scale**2
    variance += (4 * u * value) ** 2
    variance *= _repeats(np.vstack([problem.W(l - 1), problem.b(l - 1)]).T)[:, np.newaxis]
    return Uncertain(value, variance)


def _near_kink(kind, Z):
    return _near_zero(Z) & (ACTIVATIONS[kind].jump > 0)


def _near_zero(Z):
    # Where z is exactly 0 without rounding (a row of zeros), it is exactly 0 in the core, too.
    return (np.abs(Z.value) <= DEVIATIONS * np.sqrt(Z.variance)) & (Z.variance > 0)


def _uncertain_slope(kind, Z, u):
    """g' and the variance of its error.

    Where the core computes it from a = g(z) (native/activation.h), the error of a counts as well,
    and so does the error of the scale of dropout and its inverse.
    """
    z = Z.value
    a, slope = (function(z) for function in FORMULAS[kind])
    p, q = formulas.ingredients(kind, z)
    error_a = u * (2 * ACTIVATIONS[kind].ulps + 4) * np.abs(a)
    curvature, own = {
        "identity": (0, 0),
        "relu": (0, 0),
        "leaky_relu": (0, u),
        "elu": (slope * ((z <= 0) | _near_zero(Z)), error_a * (z <= 0) + u),
        "gelu": (q * (2 - z * z), u * (10 * p + 8 * np.abs(z) * q)),
        "silu": (q * (2 + z * (1 - 2 * p)), u * (5 * p + 5 * np.abs(z) * (q + p * p))),
        "tanh": (-2 * a * q, 2 * np.abs(a) * error_a + 2 * u),
        "sigmoid": (q * (1 - 2 * p), np.abs(1 - 2 * p) * error_a + 4 * u * p),
        "softplus": (q, (1 - p) * error_a + 5 * u * p),
    }[kind]
    jump = np.where(_near_kink(kind, Z), ACTIVATIONS[kind].jump, 0.0)
    variance = curvature**2 * Z.variance + own**2 + jump**2
    return slope, variance


def _loss_gradient(problem, Z, u, tiny):
    """dZ[L] with the weights of examples, from the logits and their variances."""
    z, output = Z.value, problem.output
    p, q = formulas.loss_ingredients(output, z, problem.y)
    if output == "identity":
        dZ, variance = p, Z.variance + (u * p) ** 2
    elif output == "sigmoid":
        dZ, tail = p - problem.y, np.minimum(p, q)
        # 1 - y loses nothing where y is 0 or 1.
        variance = (
            (p * q) ** 2 * Z.variance
            + (u * (5 * tail + 2 * np.abs(dZ))) ** 2
            + (u * problem.y * (1 - problem.y)) ** 2
        )
    else:
        columns = np.arange(z.shape[1])
        p_y = p[problem.y, columns]
        others = np.where(np.arange(z.shape[0])[:, np.newaxis] == problem.y, 0, p).sum(axis=0)
        # 1 - p_y would cancel where the label is almost certain.
        rest = np.where(p_y > 0.5, others, 1 - p_y)
        dZ = p.copy()
        dZ[problem.y, columns] = -rest
        total = (p**2 * Z.variance).sum(axis=0)
        variance = p**2 * (Z.variance * (1 - 2 * p).clip(0) + total)
        steps = np.abs(z - z.max(axis=0)) + 6 + np.sqrt(z.shape[0])
        # The error of p_y comes from all others, each relative to its own size.
        spread = np.sqrt(((p * steps) ** 2).sum(axis=0))
        local = p * np.hypot(steps, spread)
        local[problem.y, columns] = rest * (steps.max(axis=0) + 2)
        variance += (u * local) ** 2
    weight = problem.weight
    return Uncertain(dZ * weight, (variance + (3 * u * dZ) ** 2 + tiny**2) * weight**2)


@jit
def _running_product(B, A, C, squares):
    for o in range(B.shape[1]):
        for k in range(B.shape[0]):
            b = B[k, o]
            for r in range(A.shape[1]):
                term = b * A[k, r]
                total = C[o, r] + term
                C[o, r] = total
                squares[o, r] += term * term + total * total


def _product(B, A, start=None):
    """start + B^T A, summed in ascending order as in the core, and a sum of squares.

    The sum is over the squares of all products and partial sums; u^2 times it is the variance of
    the error.
    """
    C = np.zeros((B.shape[1], A.shape[1]))
    squares = np.zeros_like(C)
    if start is not None:
        C += start[:, np.newaxis]
    _running_product(np.ascontiguousarray(B), np.ascontiguousarray(A), C, squares)
    return C, squares


def _repeats(rows):
    """For each row, the number of rows that are equal to it."""
    keys = [row.tobytes() for row in np.ascontiguousarray(rows)]
    counts = Counter(keys)
    return np.array([counts[key] for key in keys], float)

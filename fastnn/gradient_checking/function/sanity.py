"""Checks of a cost and a gradient at theta: are they finite and repeatable, in which precision?"""

import numpy as np

from fastnn.arguments import check_dtype
from fastnn.gradient_checking.function.adapters import hint_at_adapter
from fastnn.gradient_checking.function.derivatives import root_mean_square


def first_cost(cost, theta):
    J = float(cost(theta))
    if not np.isfinite(J):
        raise ValueError(f"expected J to be finite at theta, got {J}")
    check_repeats(cost, theta, J)
    return J


def check_repeats(cost, theta, J, noise=0.0):
    """Refuse a cost that is not J again at the same theta."""
    again = float(cost(theta))
    eps = eps_of(cost.dtype in (np.float32, np.float16))
    # Sums over threads may differ in their last digits from call to call.
    if not abs(J - again) <= 64.0 * eps * max(abs(J), abs(again)) + 10.0 * noise:
        raise ValueError(
            f"expected fun to give the same J at the same theta, got {J!r} and then {again!r}. "
            "Dropout or a random mini-batch is the likely cause: turn it off, or fix its seed in "
            "every call"
        )


def analytic_gradient(grad, args, structure, theta, rng):
    """The gradient, its dtype, and how far rounding theta moves it."""

    def flat(x):
        try:
            result = grad(structure.unpack(x), *args) if callable(grad) else grad
        except Exception as error:
            hint_at_adapter(error)
            raise
        vector = structure.flatten(result)
        return vector, _dtype_of(result)

    x = theta.copy()
    analytic, dtype = flat(x)
    if x.tobytes() != theta.tobytes():
        raise ValueError(
            "expected grad to leave theta as it is, but it changed it; let it work "
            "on a copy, and look for +=, -= and [...] = on theta"
        )
    bad = np.flatnonzero(~np.isfinite(analytic))
    if bad.size:
        raise ValueError(
            f"expected a finite gradient, got {analytic[bad[0]]} in "
            f"{structure.describe(bad[0])} and {bad.size} such in all"
        )
    if not callable(grad):
        return analytic, dtype, np.zeros(theta.size)
    eps = eps_of(dtype == np.float32)
    again = flat(theta.copy())[0]
    tolerance = 64.0 * eps * (np.abs(analytic) + np.abs(analytic).max())
    if not (np.abs(again - analytic) <= tolerance).all():
        where = structure.describe(int(np.argmax(np.abs(again - analytic) - tolerance)))
        raise ValueError(
            f"expected grad to give the same gradient at the same theta, got another {where} at "
            "the second call. Dropout or a random mini-batch is the likely cause, or a sum that "
            "is not set to 0 before each call"
        )
    wobble = np.zeros(theta.size)
    for _ in range(2):
        nearby = theta * (1.0 + 2.0 * eps * rng.choice([-1.0, 1.0], theta.size))
        moved = np.abs(flat(nearby)[0] - analytic)
        # A jump across a kink is no rounding.
        small = moved <= 1e4 * eps * (np.abs(analytic) + np.abs(analytic).max())
        wobble = np.maximum(wobble, np.where(small, 8.0 * moved, 0.0))
    return analytic, dtype, wobble


def _dtype_of(result):
    """float32 where all arrays of a gradient are float32, else float64."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, list | tuple):
        dtypes = {_dtype_of(entry) for entry in result}
        return np.dtype(np.float32) if dtypes == {np.dtype(np.float32)} else np.dtype(np.float64)
    dtype = getattr(np.asarray(result), "dtype", None)
    return np.dtype(np.float32 if dtype in (np.float32, np.float16) else np.float64)


def is_single(dtype, cost, theta, J, rng):
    if dtype is not None:
        return check_dtype(dtype) == np.float32
    if cost.dtype in (np.float32, np.float16):
        return True
    # loss.item() is a float64 with the digits of a float32. Five such numbers are no accident,
    # unless they have few digits.
    direction = rng.standard_normal(theta.size) * np.maximum(np.abs(theta), 1.0)
    values = [J] + [float(cost(theta + 1e-3 * k * direction)) for k in range(1, 5)]
    return len(set(values)) == 5 and all(v == float(np.float32(v)) for v in values)


def typical_of(analytic, structure):
    """Root mean square of each array's gradient, at each of its components."""
    typical = np.empty(analytic.size)
    for parameter in structure.parameters:
        typical[parameter.slice] = root_mean_square(analytic[parameter.slice])
    return typical


def eps_of(single):
    return float(np.finfo(np.float32 if single else np.float64).eps)

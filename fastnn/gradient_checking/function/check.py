"""`fastnn.gradcheck`: is the gradient of a function right and, if not, where is it wrong?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fastnn.arguments import Rng, generator, integer, lookup
from fastnn.gradient_checking.function import adapters, derivatives
from fastnn.gradient_checking.function.arguments import check_callable, check_epsilon, choose
from fastnn.gradient_checking.function.cost import Cost
from fastnn.gradient_checking.function.kinks import kinks_at_theta
from fastnn.gradient_checking.function.sanity import (
    analytic_gradient,
    check_repeats,
    eps_of,
    first_cost,
    is_single,
    typical_of,
)
from fastnn.gradient_checking.function.structure import Structure
from fastnn.gradient_checking.result.components import judged
from fastnn.gradient_checking.result.gradient_check import GradientCheck
from fastnn.layers.layout import Parameter

# An error of so many times its bound is not chance.
_DOUBTFUL = 100.0

Method = Literal["two-sided", "one-sided", "complex-step"]


@adapters.with_adapters
def gradcheck(
    fun: Callable[..., Any],
    grad: Callable[..., Any] | ArrayLike | Mapping[str, Any] | Sequence[Any],
    theta: ArrayLike | Mapping[str, Any] | Sequence[Any],
    args: tuple[Any, ...] = (),
    *,
    epsilon: ArrayLike | None = None,
    method: Method = "two-sided",
    layout: Mapping[str, Parameter | int | Sequence[int]] | None = None,
    indices: ArrayLike | None = None,
    sample: int | None = None,
    directional: int = 0,
    rng: Rng = 0,
    threads: int | None = None,
    dtype: DTypeLike | None = None,
) -> GradientCheck:
    """Check the gradient of any function against numerical derivatives.

    Parameters
    ----------
    fun : callable ``(theta, *args) -> float``
        The cost J. A function that Numba has compiled runs compiled, over threads.
    grad : callable ``(theta, *args)``, or array-like
        The gradient of J, in the form of theta or as one vector over all of it.
    theta : array-like, or a nested dict, list or tuple of arrays and numbers
        The parameters at which the gradient is checked. `fun` and `grad` get float64 copies in the
        same form. The report uses the names of a dict, such as "W1" or "hidden.b".
    args : tuple
        Further arguments of both functions.
    epsilon : float or array-like, optional
        One for all, or one for each component: the plain difference of the method. None: chosen
        for each component, with Richardson extrapolation and an estimate of the error.
    method : {"two-sided", "one-sided", "complex-step"}
        ``(J(theta + eps) - J(theta - eps)) / (2 eps)``, ``(J(theta + eps) - J(theta)) / eps``, or
        ``Im J(theta + i h) / h``, for which fun must be analytic and take complex numbers.
    layout : Layout or dict of str to shape, optional
        Names of the slices of a theta that is one vector, in their order.
    indices : array-like of int or bool, optional
        The components to check, counted through all of theta.
    sample : int, optional
        Check this number of components, drawn at random, some from each array.
    directional : int, default 0
        First compare the derivative along this number of random directions. Check the components
        only if one direction is off or cannot be judged.
    rng : int, numpy.random.Generator or None
        Draws the sample, the directions and the points that estimate rounding.
    threads : int, optional
        None: one for a Python function, which may not be safe in several; all processors for a
        compiled one.
    dtype : {"float64", "float32"}, optional
        Precision in which `fun` and `grad` compute. None: found out.

    Returns
    -------
    GradientCheck

    Raises
    ------
    ValueError, TypeError
        fun, grad or theta is not as above: J is not one finite number, fun changes theta or gives
        another J at the next call, the gradient is not finite or of another size. An error that fun
        raises passes through, with a note that says where theta was.

    Notes
    -----
    `fun` and `grad` get NumPy arrays. For functions of tensors there are two adapters, which return
    (fun, grad, theta):

    * ``gradcheck.from_torch(module, loss)``: ``loss = lambda module: criterion(module(X), y)``,
      X in float64, and ``print(gradcheck(*gradcheck.from_torch(module, loss)))``.
    * ``gradcheck.from_jax(fun, theta)``: ``loss = lambda params: jnp.mean(model(params, X)**2)``
      and ``print(gradcheck(*gradcheck.from_jax(loss, params)))``.

    Examples
    --------
    >>> import fastnn
    >>> check = fastnn.gradcheck(lambda t: t**3, lambda t: 3 * t**2, 1.0, epsilon=0.01)
    >>> round(check.numeric.item(), 6), check.verdict
    (3.0001, 'correct')
    >>> def cost(theta):
    ...     return theta["w"] @ theta["w"] + theta["b"] ** 3
    >>> def grad(theta):
    ...     return {"w": 2 * theta["w"], "b": 2 * theta["b"]}
    >>> check = fastnn.gradcheck(cost, grad, {"w": np.array([1.0, -2.0]), "b": 2.0})
    >>> check.findings[0].text
    'db is 0.3333 times what it should be; everything else agrees'
    """
    started = time.perf_counter()
    check_callable(fun, grad)
    lookup(dict.fromkeys(get_args(Method)), method, "method")
    if not isinstance(args, tuple):
        raise TypeError(
            f"expected args to be a tuple, as in args=(X, y), got {type(args).__name__}"
        )
    directional = integer(directional, "directional", 0)
    if threads is not None:
        threads = integer(threads, "threads", 1)
    rng = generator(rng)
    structure = Structure(theta, layout)
    theta = structure.pack()
    index = choose(structure.parameters, indices, sample, rng)
    epsilon = check_epsilon(epsilon, method, theta)

    cost = Cost(fun, args, structure, threads)
    with np.errstate(all="ignore"):  # errors below name the place of a number that is not finite
        J = first_cost(cost, theta)
        analytic, given, wobble = analytic_gradient(grad, args, structure, theta, rng)
        single = is_single(dtype, cost, theta, J, rng)
        noise = derivatives.noise_level(cost, theta, J, eps_of(single), rng)
        # Rounding in the gradient itself, which is independent of the rounding of J.
        own = eps_of(single or given == np.float32)
        wobble = wobble + 16.0 * own * (np.abs(analytic) + typical_of(analytic, structure))
        rates = directions = None
        fails = True
        if directional:
            directions, rates, fails = _screen(
                cost, theta, J, analytic, wobble, noise, directional, single, rng
            )
        checked = np.zeros(theta.size, bool)
        value, uncertainty = np.full(theta.size, np.nan), np.zeros(theta.size)
        kink, used = np.zeros(theta.size, bool), np.full(theta.size, np.nan)
        nearby = np.zeros(theta.size)
        if fails:
            found = _components(
                cost,
                theta,
                index,
                J,
                noise,
                method,
                epsilon,
                single,
                structure,
                analytic[index],
                wobble[index],
                rng,
            )
            if method == "complex-step":
                _cross_check(cost, theta, index, J, noise, found, rng)
            checked[index] = True
            value[index], uncertainty[index] = found.value, found.uncertainty + wobble[index]
            kink[index], used[index] = found.kink, found.epsilon
            nearby[index] = found.curvature * derivatives.reach(theta[index])
        check_repeats(cost, theta, J, noise)
    return GradientCheck(
        theta,
        analytic,
        value,
        uncertainty,
        structure.parameters,
        excluded=kink,
        checked=checked,
        epsilon=used if epsilon is None else epsilon,
        method=method,
        dtype="float32" if single or given == np.float32 else "float64",
        rates=rates,
        directions=directions,
        evaluations=cost.evaluations,
        seconds=time.perf_counter() - started,
        compile_seconds=cost.compile_seconds,
        note=cost.note,
        own=wobble,
        cost=J,
        noise=noise,
        nearby=nearby,
        sizes={n for array in args for n in np.shape(array)} if _are_arrays(args) else (),
    )


def _are_arrays(args):
    return all(hasattr(array, "shape") for array in args)


def _screen(cost, theta, J, analytic, wobble, noise, count, single, rng):
    """Compare derivatives along random directions.

    Returns (analytic, numeric, uncertainty) for each, the rates, and whether a direction fails or
    none can be judged.
    """
    directions = rng.standard_normal((count, theta.size)) * np.maximum(np.abs(theta), 1.0)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    table, origin = cost.along_directions(theta, directions), np.zeros(count)
    slopes = directions @ analytic
    found = derivatives.differentiate(table, origin, J, noise, "two-sided", single=single)
    uncertainty = found.uncertainty + np.abs(directions) @ wobble
    off = ~found.kink & ~(np.abs(slopes - found.value) <= uncertainty)
    value = np.where(found.kink, np.nan, found.value)
    rates = derivatives.taylor_rates(table, origin, J, slopes, noise)
    return (
        np.stack([slopes, value, uncertainty], axis=1),
        rates,
        bool(off.any() or not judged(slopes, value, uncertainty).any()),
    )


def _components(
    cost, theta, index, J, noise, method, epsilon, single, structure, analytic, wobble, rng
):
    table, origin = cost.along_components(theta, index), theta[index]
    if method == "complex-step":
        found = _complex(cost, table, origin)
    else:
        fixed = None if epsilon is None else np.broadcast_to(epsilon, theta.shape)[index].copy()
        if fixed is not None:
            _check_that_it_moves(origin, fixed, single, structure, index)
        found = derivatives.differentiate(table, origin, J, noise, method, fixed, single)
        bound = found.uncertainty + wobble + 1e-300
        excess = np.abs(analytic - found.value) / bound
        doubt = (excess > 1.0) & (excess < _DOUBTFUL)
        # Where all components are off by one factor, doubt those that this factor does not explain.
        c = _common_factors(analytic, found.value, bound, structure, index)
        apart = np.abs(analytic - c * found.value) / (1.0 + np.abs(c)) / bound
        doubt |= (excess > 1.0) & (apart > 0.5) & (apart < _DOUBTFUL)
        doubtful = np.flatnonzero(~found.kink & doubt)
        if doubtful.size:
            derivatives.look_again(
                table, doubtful, origin, found, J, noise, method, fixed is not None, single
            )
        apart = np.abs(analytic - found.value) > found.uncertainty + wobble
        off = np.flatnonzero(~found.kink & apart)
        if off.size and not single:  # the steps of float32 are too long to look beside theta
            found.kink[off] = kinks_at_theta(
                cost, theta, index[off], found.value[off], analytic[off], noise, rng
            )
    bad = np.flatnonzero(~np.isfinite(found.value))
    if bad.size:
        raise ValueError(
            f"expected J to be finite near theta, but it is not when "
            f"{structure.describe(index[bad[0]])} is moved from {origin[bad[0]]:g} by "
            f"{found.epsilon[bad[0]]:g}; choose a theta away from the edge of where J is defined"
        )
    return found


def _common_factors(analytic, numeric, bound, structure, index):
    """For each component, the median of analytic / numeric over its array."""
    factors = np.ones(index.size)
    for parameter in structure.parameters:
        mine = (index >= parameter.start) & (index < parameter.start + parameter.size)
        known = mine & (np.abs(numeric) > 3.0 * bound)
        if known.any():
            factors[mine] = np.median(analytic[known] / numeric[known])
    return factors


def _check_that_it_moves(origin, epsilon, single, structure, index):
    dtype = np.float32 if single else np.float64
    still = np.zeros(origin.size, bool)
    for half in (epsilon / 2, -epsilon / 2):
        still |= (origin + half).astype(dtype) == origin.astype(dtype)
    still = np.flatnonzero(still)
    if still.size:
        i = still[0]
        needed = 8.0 * float(np.spacing(dtype(np.abs(origin[i]))))
        raise ValueError(
            f"expected an epsilon that moves theta, but half of {epsilon[i]:g} vanishes beside "
            f"{structure.describe(index[i])} = {origin[i]:g} in {np.dtype(dtype).name}; choose "
            f"{needed:.1g} or much more, or leave epsilon out"
        )


def _complex(cost, table, origin):
    remedy = (
        "use method='two-sided', or functions of NumPy that take complex numbers; abs, "
        "norms, .real and float() do not let them through"
    )
    cost.compile_for_complex()
    try:
        found = derivatives.complex_step(table, origin)
    except (TypeError, np.exceptions.ComplexWarning) as error:
        raise TypeError(
            f"fun does not take complex numbers ({error}), which "
            f"method='complex-step' needs; {remedy}"
        ) from error
    # A compiled function shows only values; `_cross_check` finds a lost imaginary part.
    if not cost.is_compiled and cost.dtype.kind != "c":
        raise TypeError(
            f"fun drops the imaginary part, which method='complex-step' reads the "
            f"derivative from; {remedy}"
        )
    return found


def _cross_check(cost, theta, index, J, noise, found, rng):
    """Compare with a two-sided difference: an abs in fun makes complex steps wrong, silently."""
    direction = np.zeros((1, theta.size))
    direction[0, index] = rng.standard_normal(index.size)
    direction /= np.linalg.norm(direction)
    along = derivatives.differentiate(
        cost.along_directions(theta, direction), np.zeros(1), J, noise, "two-sided"
    )
    step = direction[0, index] @ found.value
    if not along.kink[0] and abs(step - along.value[0]) > (
        along.uncertainty[0] + np.abs(direction[0, index]) @ found.uncertainty
    ):
        raise ValueError(
            f"complex-step and two-sided derivative differ along a random direction: {step:.6g} "
            f"and {along.value[0]:.6g}; fun is not analytic (abs, a norm, .real, .conj, vdot?); "
            "use method='two-sided'"
        )

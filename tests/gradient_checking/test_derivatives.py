"""Numerical derivatives keep within their bounds, on hard and on noisy functions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnn import gradcheck
from fastnn.gradient_checking.function import derivatives

SMOOTH = {
    "exp": (math.exp, math.exp),
    "sin": (math.sin, math.cos),
    "fast sine": (lambda t: math.sin(1e4 * t), lambda t: 1e4 * math.cos(1e4 * t)),
    "slow sine": (lambda t: math.sin(1e-3 * t), lambda t: 1e-3 * math.cos(1e-3 * t)),
    "sharp": (lambda t: 1.0 / (1e-6 + t * t), lambda t: -2.0 * t / (1e-6 + t * t) ** 2),
    "large offset": (lambda t: 1e8 + t * t, lambda t: 2.0 * t),
    "seventh power": (lambda t: t**7, lambda t: 7 * t**6),
    "softplus": (lambda t: math.log1p(math.exp(t)), lambda t: 1.0 / (1.0 + math.exp(-t))),
}


def lines(f, counter=None):
    """`table` of a function of one variable."""

    def table(rows, points):
        if counter is not None:
            counter.append(points.size)
        return np.vectorize(f, otypes=[float])(points)

    return table


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("method", ["two-sided", "one-sided"])
def test_the_error_is_within_its_bound(name, method):
    f, slope = SMOOTH[name]
    for t in (-2.1, -0.3, 1e-3, 0.0, 0.01, 1.7, 4.0):
        with np.errstate(all="raise"):
            noise = derivatives.noise_level(
                lambda x: f(x[0]), np.array([t]), f(t), derivatives.EPS, np.random.default_rng(0)
            )
            found = derivatives.differentiate(lines(f), np.array([t]), f(t), noise, method)
        error = abs(found.value[0] - slope(t))
        assert error <= found.uncertainty[0], f"{name} at {t}"
        assert not found.kink[0]
        assert found.uncertainty[0] <= 1e-4 * max(abs(slope(t)), abs(f(t)), 1e-9)


@settings(max_examples=100, deadline=None)
@given(st.floats(-3, 3), st.floats(-4, 3), st.floats(1e-6, 1e6))
def test_no_step_is_badly_chosen(t, log_length, size):
    """The bound holds for any length over which the function bends, and for any size."""
    k = 10.0**-log_length

    def f(x):
        return size * math.sin(k * (x - t) + 0.7)

    found = derivatives.differentiate(
        lines(f), np.array([t]), f(t), derivatives.EPS * size, "two-sided"
    )
    error = abs(found.value[0] - size * k * math.cos(0.7))
    # x itself is rounded before it is multiplied by k.
    blur = 1e-15 * max(abs(t), 1.0) * size * k * k
    assert error <= found.uncertainty[0] + blur / found.epsilon[0] or found.kink[0]


def test_it_takes_few_costs():
    counter = []
    t, cost = np.full(50, 0.3), math.sin(0.3)
    derivatives.differentiate(lines(math.sin, counter), t, cost, 1e-16, "two-sided")
    assert sum(counter) == 4 * 50
    counter.clear()
    derivatives.differentiate(
        lines(math.sin, counter), t, cost, 1e-16, "two-sided", np.full(50, 1e-5)
    )
    assert sum(counter) == 4 * 50


def test_a_fixed_epsilon_gives_the_plain_formula():
    for epsilon in (0.5, 0.01, 1e-5):
        e = np.array([epsilon])
        two = derivatives.differentiate(lines(math.exp), np.zeros(1), 1.0, 1e-16, "two-sided", e)
        one = derivatives.differentiate(lines(math.exp), np.zeros(1), 1.0, 1e-16, "one-sided", e)
        assert two.value[0] == pytest.approx(math.sinh(epsilon) / epsilon, rel=1e-10)
        assert one.value[0] == pytest.approx(math.expm1(epsilon) / epsilon, rel=1e-10)
        assert abs(two.value[0] - 1.0) <= two.uncertainty[0] / 2
        assert abs(one.value[0] - 1.0) <= one.uncertainty[0] / 2


@pytest.mark.parametrize("distance", [0.0, 1e-13, 1e-10, 1e-8, 1e-6, 3e-6, 1e-5, 4.1e-5, 1e-4, 1])
@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("jump", [1e-2, 1.0])
def test_a_kink_is_left_out_or_does_no_harm(distance, side, jump):
    def f(t):
        return math.sin(t + 0.3) + jump * max(t - side * distance, 0.0)

    slope = math.cos(0.3) + (jump if side * distance < 0.0 else 0.0)
    for method in ("two-sided", "one-sided"):
        for epsilon in (None, 1e-7, 1e-4):
            found = derivatives.differentiate(
                lines(f),
                np.zeros(1),
                f(0.0),
                1e-16,
                method,
                None if epsilon is None else np.array([epsilon]),
            )
            good = abs(found.value[0] - slope) <= found.uncertainty[0]
            assert found.kink[0] or good
            if distance == 0.0:
                assert found.kink[0]
            if distance == 1.0:
                assert not found.kink[0]
                assert good


def test_noise_level():
    rng = np.random.default_rng(0)
    theta = rng.standard_normal(20)
    for sigma in (1e-12, 1e-8, 1e-4):

        def cost(x, sigma=sigma, noise=np.random.default_rng(1)):  # noqa: B008
            return x @ x + sigma * noise.standard_normal()

        level = derivatives.noise_level(cost, theta, theta @ theta, derivatives.EPS, rng)
        assert sigma / 5 < level < 5 * sigma
    exact = derivatives.noise_level(lambda x: x @ x, theta, theta @ theta, derivatives.EPS, rng)
    assert exact < 1e-14
    single = derivatives.noise_level(
        lambda x: float((x.astype(np.float32) ** 2).sum()),
        theta,
        theta @ theta,
        derivatives.EPS,
        rng,
    )
    assert 1e-8 < single < 1e-4
    assert derivatives.noise_level(lambda x: 3.0, theta, 3.0, derivatives.EPS, rng) < 1e-15


def test_complex_step_is_exact():
    x = np.linspace(-2, 2, 9)

    def table(rows, points):
        return np.exp(np.sin(points))

    found = derivatives.complex_step(table, x)
    np.testing.assert_allclose(found.value, np.exp(np.sin(x)) * np.cos(x), rtol=1e-14)


def test_taylor_rates():
    def table(rows, points):
        return np.exp(points)

    rates = derivatives.taylor_rates(table, np.zeros(3), 1.0, np.array([1.0, 1.0005, 2.0]), 1e-16)
    assert rates[0] == pytest.approx(2.0, abs=0.01)
    assert rates[1:] == pytest.approx([1.0, 1.0], abs=0.1)
    straight = derivatives.taylor_rates(
        lambda rows, points: 1.0 + 2.0 * points, np.zeros(1), 1.0, np.array([2.0]), 1e-16
    )
    assert np.isnan(straight[0])


def test_a_noisy_cost_raises_no_false_alarm():
    """A cost from an iteration is only as accurate as its tolerance."""
    A = np.diag([1.0, 4.0, 9.0])

    def cost(x):
        return round(x @ A @ x, 8)

    x = np.array([0.3, -1.2, 2.0])
    check = gradcheck(cost, lambda x: 2 * A @ x, x)
    assert check.verdict == "correct", check
    assert gradcheck(cost, lambda x: 2.02 * A @ x, x).verdict == "wrong"


def test_float32_is_found_out():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((30, 5)).astype(np.float32)
    theta = rng.standard_normal(5).astype(np.float32)

    def single(x):
        return float(np.sum(np.tanh(A @ x.astype(np.float32)) ** 2, dtype=np.float32))

    def either(x):
        return np.sum(np.tanh(A.astype(x.dtype) @ x) ** 2)

    def grad(x, dtype):
        T = np.tanh(A.astype(dtype) @ x.astype(dtype))
        return A.T.astype(dtype) @ (2 * T * (1 - T * T))

    check = gradcheck(single, lambda x: grad(x, np.float32), theta)
    assert (check.dtype, check.verdict) == ("float32", "correct"), check
    check = gradcheck(single, lambda x: 1.05 * grad(x, np.float32), theta)
    assert check.verdict == "wrong"
    check = gradcheck(either, lambda x: grad(x, np.float64), theta)
    assert (check.dtype, check.verdict) == ("float64", "correct")
    assert check.difference < 1e-8
    # Rounding of the analytic gradient itself is no error.
    check = gradcheck(either, lambda x: grad(x, np.float32), theta)
    assert (check.dtype, check.verdict) == ("float32", "correct"), check
    assert (
        gradcheck(either, lambda x: np.float32(1.0005) * grad(x, np.float32), theta).verdict
        != "correct"
    )

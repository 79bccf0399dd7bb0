"""The compiled differences of costs: every formula against values of more digits."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import erfc

from fastnn.gradient_checking.network import cost_changes, formulas, pieces
from fastnn.gradient_checking.network.check import STEPS
from fastnn.layers.activations import ACTIVATIONS, LEAK

# Enough digits that the difference of two values still has 15 of them.
LONG = np.longdouble
MORE_DIGITS = np.finfo(LONG).eps < 1e-18


def long_value(kind, z):
    """g(z) in long double, by formulas that are good enough on both sides of 0."""
    e = np.exp(-np.abs(z))
    s = np.where(z > 0, 1 / (1 + e), e / (1 + e))
    return {
        "identity": z,
        "relu": np.maximum(z, 0),
        "leaky_relu": np.where(z > 0, z, LONG(LEAK) * z),
        "elu": np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        "silu": z * s,
        "tanh": np.tanh(z),
        "sigmoid": s,
        "softplus": np.maximum(z, 0) + np.log1p(e),
    }[kind]


def changes(kind, z, d):
    """scale (g(z + d) - g(z)) and the kinks, by the compiled code; one unit, one step."""
    D = d.reshape(1, 1, -1).copy()
    z = z.reshape(1, -1)
    p, q = (np.ascontiguousarray(part) for part in formulas.ingredients(kind, z))
    crossed = cost_changes.through_activation(
        ACTIVATIONS[kind].code, 0, 1, D, z, p, q, np.ones_like(z)
    )
    return D.ravel(), crossed


@pytest.mark.skipif(not MORE_DIGITS, reason="long double has no more digits here")
@pytest.mark.parametrize("size", [1e-9, 1e-5, 2e-4, 1e-3, 0.3, 5.0])
@pytest.mark.parametrize("kind", [kind for kind in ACTIVATIONS if kind != "gelu"])
def test_change_of_an_activation(kind, size):
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(size=300) * 4, [0.0, 30.0, -30.0]])
    d = rng.choice([-1, 1], z.size) * size * rng.uniform(0.5, 1, z.size)
    exact = long_value(kind, LONG(z) + LONG(d)) - long_value(kind, LONG(z))
    # The digits that long double itself loses in the difference.
    lost = np.finfo(LONG).eps * 8 * (np.abs(long_value(kind, LONG(z))) + 1)
    if size > 1:  # a difference of values after all
        lost = 1e-15 * size
    error = np.abs(changes(kind, z, d)[0] - exact)
    assert (error <= 4e-15 * np.abs(exact) + 4e-15 * size * 1e-4 + lost).all()


@pytest.mark.parametrize("size", [1e-9, 1e-5, 2e-4])
def test_change_of_gelu(size):
    """The change of gelu as an integral of its slope (Gauss), in which nothing cancels."""
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(size=300) * 3, [0.0, 12.0, -12.0]])
    d = rng.choice([-1, 1], z.size) * size
    nodes, weights = np.polynomial.legendre.leggauss(8)
    at = z[:, None] + d[:, None] * (nodes + 1) / 2
    slope = erfc(-at / np.sqrt(2)) / 2 + at * np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    exact = d * (slope @ weights) / 2
    np.testing.assert_allclose(changes("gelu", z, d)[0], exact, rtol=1e-12, atol=1e-15 * size)


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_near_and_far_formulas_meet(kind):
    z = np.linspace(-6, 6, 101)
    near, far = np.full(z.size, 2.0**-12), np.full(z.size, 2.0**-12 * (1 + 1e-9))
    np.testing.assert_allclose(
        changes(kind, z, far)[0], changes(kind, z, near)[0], rtol=3e-9, atol=1e-15
    )


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_not_a_number_stays_one(kind):
    for d in (np.array([np.nan, 1e-9]), np.array([np.nan, 1.0])):
        assert np.isnan(changes(kind, np.array([0.5, 0.5]), d)[0]).tolist() == [True, False]


@pytest.mark.parametrize(
    ("kind", "z", "d", "crossed"),
    [
        ("relu", 1e-8, -2e-8, 1),
        ("relu", -1e-8, 2e-8, 1),
        ("relu", 1e-8, 2e-8, 0),
        ("relu", 0.0, 1e-8, 1),
        ("relu", 0.0, -1e-8, 1),
        ("relu", 0.0, 0.0, 0),
        ("leaky_relu", 1e-8, -2e-8, 1),
        ("elu", 1e-8, -2e-8, 0),
        ("tanh", 0.0, 1e-8, 0),
    ],
)
def test_kinks_are_counted(kind, z, d, crossed):
    assert changes(kind, np.array([z]), np.array([d]))[1] == crossed


def test_a_dropped_unit_crosses_no_kink():
    D, z, zero = np.full((1, 1, 1), 1e-7), np.zeros((1, 1)), np.zeros((1, 1))
    assert cost_changes.through_activation(ACTIVATIONS["relu"].code, 0, 1, D, z, z, z, zero) == 0
    assert D[0, 0, 0] == 0


@pytest.mark.skipif(not MORE_DIGITS, reason="long double has no more digits here")
@pytest.mark.parametrize("size", [1e-9, 1e-4, 1e-3, 1.0, 30.0])
@pytest.mark.parametrize("output", formulas.OUTPUTS)
def test_change_of_a_loss(output, size):
    rng = np.random.default_rng(1)
    n, m = 5, 40
    z = rng.normal(size=(n, m)) * 6
    d = rng.normal(size=(n, m)) * size
    y = {
        "softmax": rng.integers(n, size=m),
        "sigmoid": rng.random((n, m)).round(1),
        "identity": rng.normal(size=(n, m)),
    }[output]
    weight = rng.random(m)

    def loss(z):
        if output == "softmax":
            top = z.max(axis=0)
            return np.log(np.exp(z - top).sum(axis=0)) + top - z[y, np.arange(m)]
        if output == "sigmoid":
            return (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))) - LONG(1) * y * z).sum(axis=0)
        return ((z - y) ** 2).sum(axis=0) / 2

    exact = (weight * (loss(LONG(z) + LONG(d)) - loss(LONG(z)))).sum()
    p, q = (np.ascontiguousarray(part) for part in formulas.loss_ingredients(output, z, y))
    total = np.zeros(1)
    label = y if output == "softmax" else np.zeros(m, np.int64)
    target = np.zeros((n, m)) if output == "softmax" else y
    cost_changes.loss_changes(
        formulas.OUTPUTS.index(output),
        0,
        n,
        d.reshape(n, 1, m).copy(),
        p,
        q,
        target,
        label,
        weight,
        np.empty((1, m)),
        total,
    )
    # Relative to the sum of the sizes of all rows; and the digits that long double loses.
    assert abs(total[0] - exact) <= 1e-14 * np.abs(d).sum() * max(1, size) + 1e-16


def problem_of(sizes, kinds, output="softmax", m=23, seed=0):
    rng = np.random.default_rng(seed)
    pairs = list(pairwise(sizes))
    starts = np.cumsum([0, *((a + 1) * b for a, b in pairs)])
    y = rng.integers(sizes[-1], size=m) if output == "softmax" else rng.random((sizes[-1], m))
    return formulas.Problem(
        tuple(sizes),
        (*kinds, "identity"),
        output,
        rng.normal(size=starts[-1]) / 2,
        tuple(starts[:-1].tolist()),
        rng.normal(size=(sizes[0], m)),
        y,
        rng.dirichlet(np.ones(m)),
        [None] * len(pairs),
    )


@pytest.mark.parametrize("size", [0.5, 0.05, 0.002])
@pytest.mark.parametrize("kinds", [("gelu", "tanh"), ("relu", "leaky_relu"), ("identity", "relu")])
def test_large_steps_are_differences_of_costs(kinds, size):
    """With large steps a plain difference of two costs is accurate enough to compare with.

    In the piecewise linear networks some components cross kinks and some do not.
    """
    problem = problem_of([4, 6, 5, 3], kinds)
    steps = np.array([size, -size])
    changes, _ = pieces.differentiate(problem, np.arange(problem.theta.size), steps, 1)

    def cost(theta):
        moved = formulas.Problem(**{**vars(problem), "theta": theta})
        z = formulas.propagate(moved)[1][-1]
        z = z - z.max(axis=0)
        own = z[problem.y, np.arange(z.shape[1])]
        return problem.weight @ (np.log(np.exp(z).sum(axis=0)) - own)

    for i in range(problem.theta.size):
        for s, step in enumerate(steps):
            theta = problem.theta.copy()
            theta[i] += step
            assert changes[i, s] == pytest.approx(cost(theta) - cost(problem.theta), abs=1e-14)


def test_order_and_company_do_not_matter():
    problem = problem_of([7, 9, 8, 3], ["relu", "silu"], "sigmoid")
    every, kinks = pieces.differentiate(problem, np.arange(problem.theta.size), STEPS, 1)
    some = np.random.default_rng(0).permutation(problem.theta.size)[:40]
    part, met = pieces.differentiate(problem, some, STEPS, 1)
    assert (part == every[some]).all()
    assert (met == kinks[some]).all()


def test_many_rows_go_in_blocks(monkeypatch):
    problem = problem_of([5, 6, 3], ["tanh"], m=50)
    index = np.arange(problem.theta.size)
    whole, _ = pieces.differentiate(problem, index, STEPS, 1)
    monkeypatch.setattr(pieces, "_MOST_ROWS", 7)
    blocks, _ = pieces.differentiate(problem, index, STEPS, 1)
    np.testing.assert_allclose(blocks, whole, rtol=1e-11, atol=1e-21)


@pytest.mark.parametrize("threads", [2, 3])
def test_bits_do_not_depend_on_threads(threads, monkeypatch):
    monkeypatch.setattr(pieces, "_PIECE", 1 << 12)  # many pieces
    problem = problem_of([20, 15, 10, 4], ["relu", "elu"])
    index = np.arange(problem.theta.size)
    one, _ = pieces.differentiate(problem, index, STEPS, 1)
    assert (pieces.differentiate(problem, index, STEPS, threads)[0] == one).all()

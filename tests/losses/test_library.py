"""The losses of fastnn.losses, against formulas in NumPy and against finite differences."""

import numpy as np
import pytest
from reference import numeric_gradient
from scipy.special import log_expit, log_softmax

import fastnn
from fastnn import losses


def pinball(levels):
    def loss(z, y):
        q, r = np.broadcast_to(levels, z.shape), y - z
        return np.maximum(q * r, (q - 1) * r).sum(axis=1)

    return loss


def tweedie(p):
    def loss(z, y):
        if p == 1:
            return (np.exp(z) - y * z).sum(axis=1)
        if p == 2:
            return (z + y * np.exp(-z)).sum(axis=1)
        mean = np.exp(z)
        return (mean ** (2 - p) / (2 - p) - y * mean ** (1 - p) / (1 - p)).sum(axis=1)

    return loss


def focal(gamma):
    def loss(z, y):
        log_p = np.take_along_axis(log_softmax(z, axis=1), y.astype(int), axis=1)
        return (-((-np.expm1(log_p)) ** gamma) * log_p)[:, 0]

    return loss


def binary_focal(gamma):
    def loss(z, y):
        log_p = log_expit(np.where(y > 0.5, z, -z))
        return (-((-np.expm1(log_p)) ** gamma) * log_p).sum(axis=1)

    return loss


def crammer_singer(z, y):
    own = np.take_along_axis(z, y.astype(int), axis=1)
    others = z.copy()
    np.put_along_axis(others, y.astype(int), -np.inf, axis=1)
    return np.maximum(0, 1 + others.max(axis=1) - own[:, 0])


def binary_hinge(z, y):
    return np.maximum(0, 1 - (2 * y - 1) * z).sum(axis=1)


def distillation(T):
    return lambda z, y: -(T**2) * (y * log_softmax(z / T, axis=1)).sum(axis=1)


# name: (Loss, the same in NumPy for (m, n) logits, units, kind of y)
LOSSES = {
    "median": (losses.quantile(), pinball(0.5), (1, 3), "real"),
    "quantiles": (losses.quantile([0.1, 0.5, 0.9]), pinball([0.1, 0.5, 0.9]), (3,), "one"),
    "poisson": (losses.tweedie(1), tweedie(1), (1, 2), "positive"),
    "tweedie": (losses.tweedie(1.5), tweedie(1.5), (1, 17), "positive"),
    "gamma": (losses.tweedie(2), tweedie(2), (1, 2), "positive"),
    "inverse gaussian": (losses.tweedie(3), tweedie(3), (1, 2), "positive"),
    "cross-entropy by focal": (losses.focal(0), focal(0), (2, 3), "labels"),
    "focal": (losses.focal(), focal(2), (2, 3, 17, 33), "labels"),
    "flat focal": (losses.focal(0.5), focal(0.5), (2, 3), "labels"),
    "binary focal": (losses.focal(2, "sigmoid"), binary_focal(2), (1, 3), "binary"),
    "hinge": (losses.hinge(), crammer_singer, (2, 3, 17), "labels"),
    "binary hinge": (losses.hinge("sigmoid"), binary_hinge, (1, 3), "binary"),
    "soft": (losses.cross_entropy(), distillation(1), (2, 33), "shares"),
    "distillation": (losses.cross_entropy(4), distillation(4), (2, 3), "shares"),
}
CASES = [(name, units) for name, (_, _, sizes, _) in LOSSES.items() for units in sizes]


def targets(kind, m, units):
    rng = np.random.default_rng(units)
    return {
        "real": lambda: rng.standard_normal((m, units)),
        "one": lambda: rng.standard_normal((m, 1)),
        "positive": lambda: rng.gamma(2, size=(m, units)) + 0.01,
        "labels": lambda: rng.integers(0, units, (m, 1)).astype(float),
        "binary": lambda: rng.integers(0, 2, (m, units)).astype(float),
        "shares": lambda: rng.dirichlet(np.ones(units), m),
    }[kind]()


@pytest.mark.parametrize(("name", "units"), CASES)
def test_value_and_slope_of_a_row(name, units):
    loss, formula, _, kind = LOSSES[name]
    value, slope = loss.functions
    rng = np.random.default_rng(0)
    y = targets(kind, 20, units)
    for spread in (0.3, 5.0):
        z = spread * rng.standard_normal((20, units))
        expected = formula(z, y)
        for r in range(20):
            assert value(z[r], y[r]) == pytest.approx(expected[r], rel=1e-10, abs=1e-14)
            dz = np.full(units, np.nan)
            slope(z[r], y[r], dz)
            row = y[r : r + 1]
            numeric = numeric_gradient(lambda at, row=row: formula(at[None], row)[0], z[r])
            np.testing.assert_allclose(dz, numeric, rtol=1e-5, atol=1e-5 * max(1, expected[r]))


def test_focal_of_a_certain_row():
    value, slope = losses.focal(0.5).functions
    dz = np.empty(2)
    for z in ([800.0, 0.0], [0.0, 800.0]):
        slope(np.array(z), np.zeros(1), dz)
        assert np.isfinite(dz).all()
    assert value(np.array([800.0, 0.0]), np.zeros(1)) == 0
    assert value(np.array([0.0, 800.0]), np.zeros(1)) == 800


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_compiled_in_a_network(name, dtype):
    loss, formula, sizes, kind = LOSSES[name]
    units = sizes[-1]
    net = fastnn.Network([4, 7, units], output=loss, activation="tanh", dtype=dtype, rng=0)
    X = np.random.default_rng(1).standard_normal((40, 4))
    y = targets(kind, len(X), units)
    p = {name: array.astype(float) for name, array in net.params.items()}
    z = np.tanh(X @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    assert net.cost(X, y) == pytest.approx(formula(z, y).mean(), rel=tolerance)
    check = net.gradcheck(X, y)
    assert check.verdict == "correct", check
    assert not check.note
    history = net.fit(X, y, dev=(X, y), epochs=30, learning_rate=0.01, early_stopping=5)
    assert history.cost[-1] < history.cost[0]


def test_bad_settings():
    for make in (
        lambda: losses.quantile(1),
        lambda: losses.quantile([]),
        lambda: losses.tweedie(0.5),
        lambda: losses.focal(-1),
        lambda: losses.focal(output="identity"),
        lambda: losses.hinge("exp"),
        lambda: losses.cross_entropy(0),
    ):
        with pytest.raises(ValueError, match=r"expected|unknown"):
            make()


@pytest.mark.slow
def test_bad_targets():
    net = fastnn.Network([1, 2], output=losses.quantile([0.1, 0.5, 0.9]), rng=0)
    with pytest.raises(fastnn.DivergenceError, match="expected an output for each level"):
        net.fit([[1.0], [2.0]], [1.0, 2.0])
    net = fastnn.Network([1, 1], output=losses.tweedie(2), rng=0)
    with pytest.raises(fastnn.DivergenceError, match="positive from power 2 on"):
        net.fit([[1.0], [2.0]], [1.0, 0.0])

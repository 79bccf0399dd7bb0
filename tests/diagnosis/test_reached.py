"""Noise is not seen where there is none, by neighbours at a distance or by what a fit reached."""

import numpy as np
import pytest

import fastnn

R = np.random.default_rng(0)
WIDE = R.standard_normal((3000, 20))
DEEP = (np.maximum(WIDE @ R.standard_normal((20, 16)), 0) @ R.standard_normal((16, 3))).argmax(1)
BITS = R.integers(0, 2, (3000, 12)).astype(float)
PARITY = BITS[:, :8].sum(axis=1).astype(int) % 2


def diagnosed(X, y, sizes, output=None, **options):
    train, dev = (X[:2000], y[:2000]), (X[2000:], y[2000:])
    net = fastnn.Network(sizes, output=output, rng=0)
    net.fit(*train, **options)
    return net.diagnose(train, dev)


@pytest.mark.parametrize(
    ("X", "y", "sizes", "output", "options"),
    [
        (BITS, PARITY, [12, 16, 1], None, {"epochs": 100}),
        (WIDE, DEEP, [20, 2, 3], None, {"epochs": 100, "learning_rate": 0.01}),
        (WIDE, DEEP, [20, 64, 3], None, {"epochs": 60, "learning_rate": 1e-6}),
        (WIDE, WIDE[:, 0] * 1.0, [20, 32, 1], "identity", {"epochs": 3, "learning_rate": 1e-4}),
    ],
    ids=["parity", "small", "slow", "values"],
)
def test_labels_without_noise_are_not_called_noisy(X, y, sizes, output, options):
    """Of these rows the nearest neighbours err in a third; none of it is noise."""
    d = diagnosed(X, y, sizes, output, **options)
    assert d.errors["train_error"] > 0.2
    assert d.high_bias
    assert d.errors["optimal_error"] == 0
    assert d.intervals["optimal_error"][1] < d.errors["train_error"]


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
@pytest.mark.parametrize(("features", "rows"), [(1, 500), (2, 2000), (5, 600), (10, 2000)])
def test_the_optimal_error_is_bracketed_in_any_dimension(features, rows, noise, values):
    r = np.random.default_rng(features)
    X = r.standard_normal((rows, features))
    signal = X @ r.standard_normal(features)
    signal /= signal.std()
    if values:
        y = signal + noise * r.standard_normal(rows)
        truth = noise**2 / y.var()
    else:
        y = (signal > 0) ^ (r.random(rows) < noise)
        truth = noise
    bound = fastnn.optimal_error(X, y)
    assert bound.limits[0] <= truth + 0.02
    assert truth <= bound.limits[1]
    assert abs(bound.low - truth) < 0.05  # the line through the neighbours is near it


def test_equal_distances_have_no_line():
    X = np.eye(60)  # each row is as far from every other
    y = np.arange(60) % 2
    bound = fastnn.optimal_error(X, y)
    assert 0 <= bound.limits[0] <= bound.low <= bound.high <= bound.limits[1] <= 1
    same = fastnn.optimal_error(np.zeros((60, 2)), y)
    assert 0.3 < same.low <= same.high


def test_noise_bounds_the_optimal_error_as_before():
    r = np.random.default_rng(0)
    X = r.standard_normal((3000, 2))
    y = ((X[:, 0] > 0) ^ (r.random(3000) < 0.2)).astype(int)
    d = diagnosed(X, y, [2, 16, 1], epochs=60)
    assert not d.high_bias
    assert 0.13 < d.errors["optimal_error"] < 0.2

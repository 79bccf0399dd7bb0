"""What a short fit reached on dev refutes a bound on the optimal error by far neighbours."""

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
    """Of these rows the nearest neighbours say that a quarter is noise; none is."""
    assert fastnn.optimal_error(X[:2000], y[:2000]).limits[0] > 0.1
    d = diagnosed(X, y, sizes, output, **options)
    assert d.errors["train_error"] > 0.2
    assert d.high_bias
    assert d.errors["optimal_error"] == 0
    assert d.intervals["optimal_error"][1] < d.errors["train_error"]


def test_noise_bounds_the_optimal_error_as_before():
    r = np.random.default_rng(0)
    X = r.standard_normal((3000, 2))
    y = ((X[:, 0] > 0) ^ (r.random(3000) < 0.2)).astype(int)
    d = diagnosed(X, y, [2, 16, 1], epochs=60)
    assert not d.high_bias
    assert 0.15 < d.errors["optimal_error"] < 0.2

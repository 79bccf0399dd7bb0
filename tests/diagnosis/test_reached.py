"""Noise is not seen where there is none, by neighbours at a distance or by what a fit reached."""

import numpy as np
import pytest

import fastnn
from fastnn.diagnosis.bias_variance.optimum import reached_bound
from fastnn.diagnosis.causes import trials
from fastnn.diagnosis.causes.search import look_for_causes
from fastnn.diagnosis.evidence.intervals import Estimate, estimate_of

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
    assert bound.resolved or features > 2
    # The line through the neighbours is near it; where they are far apart they tell nothing.
    assert abs(bound.low - truth) < 0.06 if bound.resolved else bound.low == 0


@pytest.mark.parametrize("noise", [0.0, 0.2])
@pytest.mark.parametrize(("rows", "features", "pace"), [(60, 1, 20), (150, 1, 200), (600, 2, 20)])
def test_what_changes_between_neighbours_is_not_called_noise(rows, features, pace, noise):
    """A line through the losses of 15 neighbours said that half of this and more is noise."""
    for seed in range(5):
        r = np.random.default_rng(seed)
        X = r.standard_normal((rows, features))
        noisy = noise * r.standard_normal(rows)
        y = np.sin(pace * X[:, 0]) + noisy
        bound = fastnn.optimal_error(X, y)
        assert bound.limits[0] <= np.square(noisy).mean() / y.var() <= bound.limits[1]
        assert ("is an estimate" in str(bound)) == bound.resolved


def test_rows_at_random_tell_no_noise_from_a_fast_change():
    """By these rows alone y may be noise, or a function that is faster than their distances."""
    r = np.random.default_rng(0)
    bound = fastnn.optimal_error(r.standard_normal((500, 8)), r.standard_normal(500))
    assert not bound.resolved
    assert bound.limits == (0.0, 1.0)
    assert "there is no lower value but 0" in str(bound)


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


@pytest.mark.parametrize("values", [False, True])
def test_the_best_of_many_bounds_the_error_as_often_as_a_single_one(values):
    """Fifteen networks of an error of 0.2 each: the luckiest on 300 dev rows is not better."""
    held = {1: 0, 15: 0}
    for seed in range(400):
        r = np.random.default_rng(seed)
        errors = r.random((15, 300)) < 0.2
        if values:
            errors = 0.2 * r.standard_normal((15, 300)) ** 2
        luckiest = errors[errors.mean(axis=1).argmin()]
        reached = {
            "train_error": Estimate(0.15),
            "dev_error": estimate_of(luckiest.astype(float), shares=not values),
        }
        for tried in held:
            held[tried] += reached_bound(reached, tried, 0.95, Estimate(1.0)) >= 0.2
    assert held[1] < 0.85 * 400
    assert held[15] > (0.9 if values else 0.96) * 400  # means of squares are skewed


def test_the_trials_are_counted(monkeypatch):
    fits = []
    fit = trials.fit

    def counted(*args, **options):
        fits.append(options)
        return fit(*args, **options)

    monkeypatch.setattr(trials, "fit", counted)
    train, dev = (WIDE[:500], DEEP[:500]), (WIDE[500:800], DEEP[500:800])
    net = fastnn.Network([20, 4, 3], rng=0)
    net.fit(*train, epochs=2)
    found = look_for_causes(net, train, dev)
    assert found.best is not None
    assert found.tried == len(fits) > 1

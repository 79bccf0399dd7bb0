"""Learning curves: known laws are found, intervals cover the truth, verdicts are right."""

import matplotlib as mpl
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import fastnn
from fastnn.diagnosis.curves.learning_curves import _check_sizes, _scatter
from fastnn.diagnosis.curves.power_law import fit_power_law

mpl.use("Agg")

SIZES = np.array([95, 171, 309, 556, 1000])


def problem(m, seed, noise=0.0, features=20):
    """Labels of a linear rule, some of them wrong."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, features))
    y = (X.sum(axis=1) > 0).astype(int)
    return X, np.where(rng.random(m) < noise, 1 - y, y)


@pytest.mark.parametrize(("a", "b", "c"), [(0.02, 0.08, 0.5), (0.0, 0.1, 0.3), (0.05, 0.04, 1.0)])
def test_a_law_without_noise_is_found(a, b, c):
    law = fit_power_law(SIZES, a + b * (SIZES / 1000) ** -c, np.full(5, 1e-6))
    assert (law.a, law.b, law.c) == pytest.approx((a, b, c), abs=1e-3)
    assert law(4000) == pytest.approx(a + b * 4**-c, rel=1e-3)
    low, high = law.limits(4000)
    assert high - low < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("repeats", [1, 2, 5])
@pytest.mark.parametrize(
    ("a", "b", "c"), [(0.02, 0.08, 0.5), (0.0, 0.1, 0.3), (0.01, 0.2, 0.2), (0.1, 0.0, 0.5)]
)
def test_the_interval_covers(a, b, c, repeats):
    """The error expected at twice the data is within 95 % limits nine times out of ten, or more,
    also for the slow laws that are hardest to tell from a floor."""
    rng = np.random.default_rng(0)
    mean = a + b * (SIZES / 1000) ** -c
    std = 0.06 * mean if repeats > 1 else np.sqrt(mean * (1 - mean) / 1000)
    held = 0
    for _ in range(60):
        errors = mean[:, np.newaxis] + std[:, np.newaxis] * rng.standard_normal((5, repeats))
        law = fit_power_law(SIZES, errors.mean(axis=1), _scatter(errors, 1000, True))
        low, high = law.limits(2000)
        held += low <= a + b * 2**-c <= high
    assert held >= 54


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=6), st.floats(1e-4, 0.1))
def test_any_errors_give_a_law_that_falls_and_is_not_negative(errors, std):
    m = 100 * 2 ** np.arange(len(errors))
    law = fit_power_law(m, errors, np.full(len(errors), std))
    values = [law(v) for v in (100, 1000, 10_000, 10**9)]
    assert all(np.isfinite(values))
    assert values == sorted(values, reverse=True)
    assert values[-1] >= 0
    low, high = law.limits(10_000)
    assert 0 <= low <= high


def test_more_data_helps_a_starved_network():
    train, dev = problem(800, 0), problem(4000, 1)
    net = fastnn.Network([20, 16, 2], rng=0)
    theta = net.theta.copy()
    curve = fastnn.learning_curve(net, train, dev, repeats=4, epochs=20, learning_rate=0.01)
    assert list(curve.sizes) == [76, 137, 247, 444, 800]
    assert curve.dev_errors.shape == (5, 4)
    assert (np.diff(curve.dev_error) < 0).all()
    assert curve.more_data_helps is True
    assert curve.verdict.startswith("more data would help")
    assert "at 800 examples" in curve.verdict
    assert "at 1,600" in curve.verdict
    expected, (low, high) = curve.predict(1600)
    assert low < expected < high
    assert expected < curve.dev_error[-1]
    # The prediction holds for more of the same data.
    more = fastnn.learning_curve(
        net, problem(1600, 0), dev, [1600], repeats=4, epochs=20, learning_rate=0.01
    )
    assert low * 0.9 <= more.dev_error[0] <= high * 1.1
    assert (net.theta == theta).all()
    assert net.history is None


def test_more_data_does_not_help_a_biased_network():
    """Labels that no linear rule can tell: high bias in the notes."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6000, 2))
    y = ((X[:, 0] > 0) & (X[:, 1] > 0)).astype(int)
    net = fastnn.Network([2, 1], rng=0)
    curve = fastnn.learning_curve(
        net, (X[:2000], y[:2000]), (X[2000:], y[2000:]), repeats=5, optimizer="lbfgs", epochs=50
    )
    assert curve.more_data_helps is False
    assert "bias, not variance" in curve.verdict


def test_repeatable_and_nested():
    train, dev = problem(200, 0), problem(100, 1)
    net = fastnn.Network([20, 8, 2], keep_prob=0.9, rng=0)
    curves = [
        fastnn.learning_curve(net, train, dev, [50, 100, 200], epochs=5, rng=seed)
        for seed in (3, 3, 4)
    ]
    assert (curves[0].dev_errors == curves[1].dev_errors).all()
    assert (curves[0].dev_errors != curves[2].dev_errors).any()
    part = fastnn.learning_curve(net, train, dev, [100, 200], epochs=5, rng=3)
    assert (part.dev_errors == curves[0].dev_errors[1:]).all()


def test_equal_updates():
    train, dev = problem(256, 0), problem(50, 1)
    seen = []

    def note(net, history):
        seen.append(len(history))

    net = fastnn.Network([20, 2], rng=0)
    for equal, expected in ((True, [8, 4]), (False, [4, 4])):
        seen.clear()
        fastnn.learning_curve(
            net,
            train,
            dev,
            [128, 256],
            epochs=4,
            batch_size=64,
            callbacks=note,
            equal_updates=equal,
        )
        assert [n for n, after in zip(seen, [*seen[1:], 1], strict=True) if after == 1] == expected


def test_lbfgs_takes_as_many_iterations_at_every_size():
    lengths = []
    net = fastnn.Network([20, 2], l2=1.0, rng=0)
    fastnn.learning_curve(
        net,
        problem(1000, 0, 0.2),
        problem(50, 1),
        [100, 1000],
        epochs=4,
        optimizer="lbfgs",
        callbacks=lambda net, h: lengths.append(len(h)),
    )
    assert lengths == [1, 2, 3, 4] * 2


def test_networks_that_have_barely_trained_say_nothing_of_data():
    from sklearn.datasets import load_digits

    train, dev, _ = fastnn.split(*load_digits(return_X_y=True))
    net = fastnn.Network([64, 32, 10], normalize=True, rng=0)
    curve = fastnn.learning_curve(net, train, dev, epochs=2)
    assert curve.more_data_helps is None
    assert curve.verdict.startswith("train longer first")
    assert "bias" not in curve.verdict
    assert "train longer first" in fastnn.learning_curve(net, train, dev, [500], epochs=5).verdict
    trained = fastnn.learning_curve(net, train, dev, [300, 1000], epochs=60)
    assert "train longer" not in trained.verdict


def test_an_error_names_the_size():
    net = fastnn.Network([20, 2], normalize=True, rng=0)
    with pytest.raises(ValueError, match=r"at size 1: .*at least 2 examples"):
        fastnn.learning_curve(net, problem(100, 0), problem(50, 1), [1], epochs=1)


def test_sparse_objects_weights_and_early_stopping():
    X, y = problem(200, 0)
    dev = problem(100, 1)
    net = fastnn.Network([20, 8, 2], rng=0)
    options = {"epochs": 10, "sample_weight": np.where(y, 2.0, 1.0), "early_stopping": 2}
    dense = fastnn.learning_curve(net, (X, y), dev, [0.25, 0.5, 1.0], **options)
    sparse = fastnn.learning_curve(net, (sp.coo_matrix(X), list(y)), dev, [50, 100, 200], **options)
    np.testing.assert_array_equal(dense.dev_errors, sparse.dev_errors)


def test_regression_and_few_sizes():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 4))
    y = X @ [1, 2, 3, 4] + rng.standard_normal(300)
    net = fastnn.Network([4, 1], output="identity", rng=0)
    curve = fastnn.learning_curve(
        net, (X[:150], y[:150]), (X[150:], y[150:]), [20, 150], optimizer="lbfgs"
    )
    assert curve.dev_error[1] == pytest.approx(1, abs=0.15)
    assert "%" not in str(curve)
    assert curve.more_data_helps is None
    with pytest.raises(ValueError, match="at least 3 sizes"):
        curve.predict(300)


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 10**6))
def test_default_sizes(m):
    sizes = _check_sizes(None, m)
    assert sizes[-1] == m
    assert sizes[0] >= 2
    assert (np.diff(sizes) > 0).all()


@pytest.mark.parametrize(
    ("options", "error", "pattern"),
    [
        ({"sizes": [10, 300]}, ValueError, "sizes to be at least 1 and at most 200, got 300"),
        ({"sizes": [0.5, 1.5]}, ValueError, r"sizes \(shares, unless integers\) in \(0, 1\]"),
        ({"sizes": []}, ValueError, "at least one size"),
        ({"sizes": 100}, TypeError, "sequence of numbers, got 100"),
        ({"repeats": 0}, ValueError, "repeats to be at least 1"),
        ({"X": None}, TypeError, "no 'X' among the options of fit"),
        ({"epochs": 0}, ValueError, "epochs to be at least 1"),
        ({"sample_weight": [1.0]}, ValueError, r"sample_weight to have shape \(200,\)"),
        ({"rng": "seed"}, TypeError, "rng to be a seed"),
        ({"learning_speed": 1}, TypeError, "learning_speed"),
    ],
)
def test_bad_input(options, error, pattern):
    net = fastnn.Network([20, 2], rng=0)
    train, dev = problem(200, 0), problem(50, 1)
    with pytest.raises(error, match=pattern):
        fastnn.learning_curve(net, train, dev, **options)


def test_picture():
    from matplotlib import pyplot

    train, dev = problem(200, 0), problem(100, 1)
    net = fastnn.Network([20, 2], rng=0)
    for sizes, lines in (([50, 100, 200], 3), ([200], 2)):
        curve = fastnn.learning_curve(net, train, dev, sizes, repeats=2, epochs=3)
        display = curve.plot()
        assert len(display.ax_.lines) == lines
        np.testing.assert_array_equal(display.ax_.lines[1].get_ydata(), curve.dev_error)
        display.figure_.canvas.draw()
        assert curve.plot(display.ax_).figure_ is display.figure_
    pyplot.close("all")

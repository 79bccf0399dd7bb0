"""Paths of regularization: weights shrink, L1 makes zeros, the best is found."""

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastnn
from fastnn.diagnosis.curves.penalty_paths import _not_converged

mpl.use("Agg")


def problem(m, seed, features=30):
    """Two features of thirty tell the label, with noise."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, features))
    return X, (X[:, 0] - X[:, 1] + 0.5 * rng.standard_normal(m) > 0).astype(int)


TRAIN, DEV = problem(100, 0), problem(1000, 1)
CONVEX = {"optimizer": "lbfgs", "epochs": 300}


def logistic():
    return fastnn.Network([30, 1], dtype="float64", rng=0)


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("name", ["l2", "l1"])
def test_laws_of_the_path(name, warm):
    """In a convex problem the weights shrink, and the training loss and J rise, as lambda grows."""
    grid = [0, 0.1, 1, 3, 10, 30]
    path = fastnn.penalty_path(logistic(), TRAIN, DEV, **{name: grid}, warm=warm, **CONVEX)
    assert path.values == grid
    assert (np.diff(path.weight_norm) < 0).all()
    assert (np.diff(path.cost) > 0).all()
    assert path.best == grid[np.flatnonzero(path.dev_error == path.dev_error.min())[-1]]
    assert path.dev_error.min() < path.dev_error[0]  # regularization reduces variance
    gaps = path.dev_error - path.train_error
    assert gaps[path.values.index(path.best)] < gaps[0]
    assert path.network.error(*DEV) == path.dev_error.min()
    assert getattr(path.network, name) == (path.best,)


def test_warm_and_cold_paths_of_a_convex_problem_agree():
    paths = [
        fastnn.penalty_path(logistic(), TRAIN, DEV, l2=[0.5, 5, 50], warm=warm, **CONVEX)
        for warm in (True, False)
    ]
    np.testing.assert_allclose(paths[0].weight_norm, paths[1].weight_norm, rtol=1e-4)
    np.testing.assert_allclose(paths[0].cost, paths[1].cost, rtol=1e-6)


def test_l1_makes_exact_zeros_and_keeps_what_matters():
    path = fastnn.penalty_path(logistic(), TRAIN, DEV, l1=[20, 0, 5, 1], **CONVEX)
    assert path.values == [0, 1, 5, 20]  # from weak to strong, in whatever order they are given
    assert path.sparsity[0] == 0
    assert (np.diff(path.sparsity) >= 0).all()
    assert path.sparsity[-1] >= 0.8
    path = fastnn.penalty_path(logistic(), TRAIN, DEV, l1=[10], **CONVEX)
    W = path.network.params["W1"][:, 0]
    assert W[0] > 0 > W[1]


def test_costs_are_those_of_the_network():
    net = fastnn.Network([30, 8, 2], l1=0.1, rng=0)
    path = fastnn.penalty_path(net, TRAIN, DEV, l2=[0.5], epochs=5)
    best = path.network
    assert path.cost[0] == best.cost(*TRAIN)
    assert path.train_error[0] == best.error(*TRAIN)
    history = best.fit(*TRAIN, dev=DEV, epochs=1, learning_rate=0)
    assert path.dev_cost[0] == pytest.approx(history.dev_cost[0], rel=1e-6)
    assert best.l1 == (0.1, 0.1)


def test_dropout_per_layer_on_the_grid():
    grid = [(0.8, 0.5), 1.0, np.float64(0.9)]
    net = fastnn.Network([30, 32, 2], rng=0)
    path = fastnn.penalty_path(net, TRAIN, DEV, keep_prob=grid, epochs=40, learning_rate=0.01)
    assert path.values == [1.0, 0.9, (0.8, 0.5)]
    assert path.dev_error[2] <= path.dev_error[0]
    assert path.network.keep_prob in ((1, 1), (1, 0.9), (0.8, 0.5))
    assert "(0.8, 0.5)" in str(path)


def test_nothing_is_changed_and_repeatable():
    net = fastnn.Network([30, 8, 2], l2=1.0, rng=0)
    theta = net.theta.copy()
    paths = [
        fastnn.penalty_path(net, TRAIN, DEV, l2=[0.1, 1], epochs=5, early_stopping=2, rng=4)
        for _ in range(2)
    ]
    assert (net.theta == theta).all()
    assert net.l2 == (1, 1)
    assert net.history is None
    assert (paths[0].network.theta == paths[1].network.theta).all()


def test_the_verdict_speaks_of_the_noise_and_the_end_of_the_grid():
    path = fastnn.penalty_path(
        logistic(), TRAIN, (DEV[0][:60], DEV[1][:60]), l2=[1, 1.01, 1.02], **CONVEX
    )
    assert "3 of the 3 values, 1 to 1.02, are within the noise of 60 dev examples" in path.verdict
    assert path.verdict.endswith("try stronger ones")  # the best of equal values is the strongest
    assert path.verdict in str(path)


def digits():
    from sklearn.datasets import load_digits

    return fastnn.split(*load_digits(return_X_y=True))[:2]


@pytest.mark.parametrize("warm", [True, False])
def test_every_value_gets_the_same_training(warm):
    """Very weak penalties before a value do not change its result, however many they are."""
    net = fastnn.Network([64, 32, 10], normalize=True, rng=0)
    path = fastnn.penalty_path(net, *digits(), l2=[0, 1e-6, 2e-6, 3e-6], epochs=10, warm=warm)
    assert np.ptp(path.cost) < 0.01 * path.cost[0]
    assert np.ptp(path.dev_error) <= 1 / 359 + 1e-9
    assert not path.converged
    assert "not converged" in path.verdict
    assert "train longer" in path.verdict
    assert "stronger" not in path.verdict
    alone = fastnn.penalty_path(net, *digits(), l2=[0, 3e-6], epochs=10, warm=warm)
    assert alone.cost[-1] == path.cost[-1]  # the values between have no effect


def test_a_path_that_was_trained_long_enough_is_judged():
    net = fastnn.Network([64, 32, 10], normalize=True, rng=0)
    path = fastnn.penalty_path(net, *digits(), l2=[0, 10, 100], epochs=60, learning_rate=0.01)
    assert path.converged
    assert "has the lowest dev error" in path.verdict
    assert fastnn.penalty_path(logistic(), TRAIN, DEV, l2=[0.1, 10], **CONVEX).converged
    short = fastnn.penalty_path(net, *digits(), keep_prob=[1, 0.8], epochs=3)
    assert short.verdict.startswith("not converged")


def test_early_stopping_is_not_taken_for_too_short_a_fit():
    net = fastnn.Network([64, 32, 10], normalize=True, rng=0)
    path = fastnn.penalty_path(
        net, *digits(), l2=[0, 1, 10], epochs=60, learning_rate=0.01, early_stopping=3
    )
    assert path.converged
    assert not _not_converged("l2", [0, 1], [None] * 2, np.empty(0))


def test_a_loss_that_falls_as_the_penalty_grows_is_no_minimum():
    assert _not_converged("l2", [0, 1, 2], [None] * 3, np.array([0.5, 0.3, 0.4])).startswith(
        "from l2=0 to 1 the loss without the penalty falls"
    )
    assert not _not_converged("l2", [0, 1, 2], [None] * 3, np.array([0.5, 0.49, 0.6]))
    assert not _not_converged("keep_prob", [1, 0.9], [None] * 2, np.array([0.5, 0.3]))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=4, unique=True))
def test_any_grid(grid):
    path = fastnn.penalty_path(logistic(), TRAIN, DEV, l2=grid, optimizer="gd", epochs=2)
    assert path.values == sorted(grid)
    assert path.best in grid
    assert len(path.cost) == len(path.sparsity) == len(grid)


@pytest.mark.parametrize(
    ("options", "error", "pattern"),
    [
        ({}, TypeError, "one of l2, l1 and keep_prob to be a grid, got 0"),
        ({"l2": [1], "l1": [1]}, TypeError, "got 2 of them"),
        ({"l2": 3}, TypeError, "l2 to be a sequence of values to try, got 3"),
        ({"l2": []}, ValueError, "at least one value of l2"),
        ({"l2": [1, -1]}, ValueError, r"l2 in \[0, inf\), got -1"),
        ({"keep_prob": [0.5, 0]}, ValueError, r"keep_prob in \(0, 1\], got 0"),
        ({"l2": [1, 0, 1.0]}, ValueError, "different values of l2, got 1 twice"),
        ({"keep_prob": [1, (1,)]}, ValueError, r"different values of keep_prob, got \(1\) twice"),
        ({"l2": [[1, 2]]}, ValueError, "l2 to be one number or 1"),
        ({"l2": [1], "X": 3}, TypeError, "no 'X' among the options"),
        ({"l2": [1], "warm": "yes"}, TypeError, "warm to be True or False"),
    ],
)
def test_bad_input(options, error, pattern):
    with pytest.raises(error, match=pattern):
        fastnn.penalty_path(logistic(), TRAIN, DEV, **options)


def test_picture_of_a_path():
    from matplotlib import pyplot

    net = fastnn.Network([30, 8, 2], rng=0)
    for grid in ({"l1": [0, 1, 10]}, {"keep_prob": [1, (0.9, 0.8)]}):
        path = fastnn.penalty_path(net, TRAIN, DEV, **grid, epochs=2)
        display = path.plot()
        np.testing.assert_array_equal(display.ax_[0].lines[1].get_ydata(), path.dev_error)
        np.testing.assert_array_equal(display.ax_[1].lines[1].get_ydata(), path.sparsity)
        display.figure_.canvas.draw()
        with pytest.raises(TypeError, match="pair of axes"):
            path.plot(3)
    pyplot.close("all")

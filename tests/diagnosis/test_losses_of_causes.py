"""Trials of regressions are compared by the loss that trains the network."""

import numpy as np
import pytest

import fastnn
from fastnn.diagnosis.causes.losses import baseline, losses, losses_of
from fastnn.diagnosis.causes.trials import Trials

OUTPUTS = ("identity", "exp", "identity_absolute", "identity_huber")


def of_a_constant(output, y):
    """The formulas, written once more: mean loss of a constant c."""
    return {
        "identity": lambda c: np.mean((y - c) ** 2),
        "exp": lambda c: np.mean(
            [2 * ((v * np.log(v / c) if v else 0.0) - v + c) for v in y.tolist()]
        ),
        "identity_absolute": lambda c: np.mean(np.abs(y - c)),
        "identity_huber": lambda c: np.mean(
            np.where(np.abs(y - c) <= 1, (y - c) ** 2 / 2, np.abs(y - c) - 0.5)
        ),
    }[output]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_differences_of_losses_are_those_of_the_core(output, dtype):
    """The core leaves out what does not depend on the network, and halves two of them."""
    r = np.random.default_rng(0)
    X, y = r.normal(size=(60, 4)), r.poisson(2.0, (60, 2)).astype(float)
    a, b = (fastnn.Network([4, 5, 2], output=output, dtype=dtype, rng=seed) for seed in (0, 1))
    factor = 1.0 if output in ("identity_absolute", "identity_huber") else 0.5
    ours = factor * (losses_of(a, X, y).mean() - losses_of(b, X, y).mean())
    assert ours == pytest.approx(a.cost(X, y) - b.cost(X, y), rel=1e-4)
    assert (losses_of(a, X, y) >= 0).all()
    assert losses(output, np.maximum(y, 1e-6), y) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_baseline_is_the_best_constant(output):
    r = np.random.default_rng(1)
    y = r.poisson(1.5, 301) * r.choice([1.0, 8.0], 301, p=[0.9, 0.1])
    constants = np.linspace(0.05, 8, 4_000)
    lowest = min(map(of_a_constant(output, y), constants))
    assert baseline(output, y, y).mean() == pytest.approx(lowest, rel=1e-3)


@pytest.mark.parametrize("output", ["identity", "identity_absolute", "identity_huber"])
def test_a_trial_of_standard_targets_is_judged_by_the_targets_themselves(output):
    r = np.random.default_rng(2)
    X = r.normal(size=(400, 3))
    y = 5_000 + 200 * X[:, 0]
    net = fastnn.Network([3, 16, 1], output=output, rng=0)
    net.fit(X[:300], y[:300], epochs=3)
    trials = Trials(net, (X[:300], y[:300]), (X[300:], y[300:]))
    tried = trials.of_standard_targets(y[:300].mean(), y[:300].std())
    known = baseline(output, y[:300], y[300:])
    assert tried.dev.mean() < 0.1 * known.mean() < 0.01 * trials.now.dev.mean()
    cause = net.diagnose((X[:300], y[:300]), (X[300:], y[300:])).causes[0]
    assert cause.name == "the targets are far from 0 and 1"


def test_a_few_outliers_do_not_decide_which_trial_is_better():
    """By squared errors a handful of rows of 1,000 decides; by the network's own loss, all do."""
    r = np.random.default_rng(3)
    X = r.normal(size=(900, 3))
    y = X[:, 0] + np.abs(X[:, 1])
    y[::100] += r.normal(size=9) * 300
    net = fastnn.Network([3, 32, 1], output="identity_absolute", rng=0)
    net.fit(X[:600], y[:600], epochs=20, learning_rate=1e-7)
    cause = net.diagnose((X[:600], y[:600]), (X[600:], y[600:])).causes[0]
    assert cause.name == "the learning rate, 1e-07, is too small"

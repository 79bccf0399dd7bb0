"""Facts of the data that no training changes: equal targets, twins, counters, shares as labels."""

import numpy as np
import pytest

import fastnn
from fastnn.diagnosis.causes.inputs import counters
from fastnn.diagnosis.causes.losses import baseline, losses
from fastnn.diagnosis.causes.twins import Twins, twins_alone, twins_of

R = np.random.default_rng(0)
X = R.normal(size=(800, 4))


def halves(X, y):
    return (X[:500], y[:500]), (X[500:], y[500:])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("value", [0.0, 7.0])
@pytest.mark.parametrize("outputs", [1, 2])
def test_equal_targets_are_the_first_finding(outputs, value, dtype):
    y = np.full((800, outputs) if outputs > 1 else 800, value)
    train, dev = halves(X, y)
    net = fastnn.Network([4, 8, outputs], output="identity", dtype=dtype, rng=0)
    net.fit(*train, epochs=2)
    d = net.diagnose(train, dev)
    assert [cause.name for cause in d.causes] == ["all training targets are the same"]
    assert f"500 targets of {value:g}" in d.advice[0]
    assert "which do not vary" in str(d)
    assert d.errors["train_error"] == pytest.approx(
        np.square(net.forward(X[:500]) - value).sum(axis=1).mean() / (outputs * value**2 or 1),
        rel=1e-5,
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("first", "step"), [(0, 1), (10, 10), (-3500, 7), (20_000, 1), (86_400, 86_400)]
)
def test_counters_at_any_step_in_part_of_the_rows(first, step, dtype):
    column = first + step * R.permutation(800)
    assert counters(np.c_[X, column].astype(dtype)[:500]) == [4]


@pytest.mark.parametrize(
    "column",
    [
        10 * R.integers(0, 800, 800),  # measured in tens: values repeat
        np.cumsum(R.integers(1, 90, 800)),  # numbers with gaps of any width
        np.linspace(0, 1, 800),  # the places where a function was measured
        R.integers(0, 10**6, 800),
        np.repeat(np.arange(400), 2),
    ],
)
def test_other_whole_numbers_are_no_counters(column):
    assert counters(np.c_[X, column]) == []
    assert counters(np.arange(800)[:, np.newaxis]) == []  # nothing would be left


def test_twins_against_a_definition():
    X = R.integers(0, 3, size=(300, 2)).astype(float)
    X[X == 0] = R.choice([0.0, -0.0], size=(X == 0).sum())
    y = R.integers(0, 3, 300)
    values = R.normal(size=300)
    groups = [np.flatnonzero((row == X).all(axis=1)) for row in np.unique(X + 0.0, axis=0)]
    found = twins_of(X, y, values=False)
    assert found.share == 1
    right = sum(np.bincount(y[g]).max() for g in groups)
    assert found.least == pytest.approx(1 - right / 300)
    within = sum(np.square(values[g] - values[g].mean()).sum() for g in groups)
    assert twins_of(X, values, values=True).least == pytest.approx(within / values.var() / 300)
    X[:, 0] = np.arange(300)
    assert twins_of(X, y, values=False) == (0, 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity"])
def test_twins_that_explain_the_error_come_first(output, dtype):
    """Three columns of yes and no, and y of chances: no network gets below the twins."""
    r = np.random.default_rng(0)
    X = r.integers(0, 2, size=(800, 3)).astype(dtype)
    chance = 0.1 + 0.3 * X[:, 0] + 0.2 * X[:, 1]
    y = (r.random(800) < chance).astype(int)
    if output == "identity":
        y = chance + r.normal(size=800)
    train, dev = halves(X, y)
    net = fastnn.Network([3, 16, 1 + (output == "softmax")], output=output, dtype=dtype, rng=0)
    net.fit(*train, epochs=60)
    d = net.diagnose(train, dev)
    assert d.causes[0].name == "rows with the same X have different y"
    assert d.change == {}
    assert d.high_bias is not True
    assert not any(text.startswith("bias") for text in d.advice)
    far = fastnn.Network([3, 16, 1 + (output == "softmax")], output=output, dtype=dtype, rng=0)
    far.params[f"b{2}"][0] = 5
    d = far.diagnose(train, dev)  # far from what twins allow
    assert all("same X" not in cause.name for cause in d.causes)
    assert any("have the same X as another row" in note for note in d.notes)


def test_twins_have_to_explain_most_of_the_error():
    assert twins_alone(Twins(0.02, 0.018), 0.022, 0.02)
    assert twins_alone(Twins(0.02, 0.005), 0.022, 0.02) is None  # other causes are three quarters
    assert twins_alone(Twins(0.5, 0.2), 0.23, 0.02) is None
    assert twins_alone(Twins(0.005, 0.005), 0.005, 0.02) is None  # a few rows


def test_a_few_twins_are_not_worth_a_word():
    y = (X[:, 0] + R.normal(size=800) > 0).astype(int)
    Z = X.copy()
    Z[1], y[:2] = Z[0], (0, 1)
    train, dev = halves(Z, y)
    net = fastnn.Network([4, 8, 1], rng=0)
    net.fit(*train, epochs=20)
    d = net.diagnose(train, dev)
    assert "same X" not in str(d)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shares_are_diagnosed_by_the_most_probable_class(dtype):
    y = np.digitize(X[:, 0] + 0.3 * R.normal(size=800), [-0.5, 0.5])
    soft = 0.8 * np.eye(3)[y] + 0.2 / 3
    train, dev = halves(X, soft)
    net = fastnn.Network([4, 1, 3], dtype=dtype, rng=0)
    net.fit(*train, epochs=2)
    d = net.diagnose(train, dev)
    assert d.errors["dev_error"] == net.error(X[500:], y[500:])
    assert "against the most probable class" in str(d)
    assert d.causes
    assert d.causes[0].name.startswith("the network is not trained long enough")
    better = fastnn.improve(net, train, dev, seconds=None, trials=3, seeds=1)
    assert better.dev_error == better.network.error(X[500:], y[500:])
    assert better.dev_error < d.errors["dev_error"]


def test_losses_of_shares():
    A = R.dirichlet(np.ones(3), size=5)
    y = R.dirichlet(np.ones(3), size=5)
    assert losses("softmax", A, y) == pytest.approx(-(y * np.log(A)).sum(axis=1))
    labels = np.array([0, 2, 1, 1, 0])
    assert losses("softmax", A, np.eye(3)[labels]) == pytest.approx(losses("softmax", A, labels))
    mean = y.mean(axis=0)
    assert baseline("softmax", y, y) == pytest.approx(-(y * np.log(mean)).sum(axis=1))

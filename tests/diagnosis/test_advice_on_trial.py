"""The first advice is followed on trial for a whole fit: it stands only where dev gains."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import fastnn
from fastnn.diagnosis.causes.followed import followed
from fastnn.diagnosis.causes.trials import Trials

TRAIN, DEV, _ = (
    (part.X, part.y)
    for part in fastnn.split(*load_digits(return_X_y=True), sizes=(0.6, 0.3, 0.1), rng=0)
)


def digits(dtype="float32", **options):
    net = fastnn.Network([64, 32, 10], normalize=True, dtype=dtype, rng=0)
    net.fit(*TRAIN, **{"epochs": 40, "batch_size": 32, **options})
    return net


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_advice_that_gains_stands(dtype):
    trials = Trials(digits(dtype, epochs=1, batch_size=512), TRAIN, DEV)
    stands = followed({"epochs": 60}, trials)
    assert stands.change.keys() - {"early_stopping"} == {"epochs"}
    assert "keep this network" not in stands.words


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("change", [{"init": "zeros"}, {"l2": 1e4}, {"learning_rate": 1e-9}])
def test_advice_that_does_not_gain_keeps_the_network(change, dtype):
    change, words = followed(change, Trials(digits(dtype), TRAIN, DEV))
    assert change == {}
    assert "but keep this network unless the new one has a lower dev error" in words
    assert "no gain beyond chance" in words
    assert "probabilities" not in words


def test_a_lower_loss_is_told_where_the_error_is_no_lower():
    """One answer is right for 90 %, and its probabilities are learnt; no X tells more."""
    r = np.random.default_rng(0)
    X, y = r.normal(size=(3000, 2)), (r.random(3000) < 0.1).astype(int)
    train, dev = (X[:2000], y[:2000]), (X[2000:], y[2000:])
    net = fastnn.Network([2, 8, 1], rng=0)
    net.fit(*train, epochs=40)
    net.params["b2"][...] -= 5  # far too sure of no
    change, words = followed({"init": "auto"}, Trials(net, train, dev))
    assert change == {}
    assert "or unless its probabilities matter to you: its dev loss was" in words


@pytest.mark.parametrize(("seed", "gains"), [(0, False), (1, True), (2, True), (3, False)])
def test_a_penalty_that_gains_and_one_that_does_not(seed, gains):
    """A fifth of the variance is signal: of 450 dev examples a penalty saves a few at most."""
    r = np.random.default_rng(seed)
    X = r.normal(size=(600, 20))
    y = (X[:, 0] + 2 * r.normal(size=600) > 0).astype(int)
    train, dev = (X[:150], y[:150]), (X[150:], y[150:])
    net = fastnn.Network([20, 64, 1], rng=0)
    net.fit(*train, epochs=300)
    d = net.diagnose(train, dev)
    assert d.high_variance
    assert d.causes == ()
    text = next(text for text in d.advice if text.startswith("variance: regularize"))
    assert ("but keep this network unless" in text) is not gains
    assert d.change == ({"l2": 0.8, "early_stopping": 30} if gains else {})


def test_a_penalty_weighs_the_same_in_a_part_of_the_rows():
    """A trial has 5,000 rows; the penalty is divided by the number of rows."""
    r = np.random.default_rng(0)
    X = r.normal(size=(50_000, 5))
    y = X @ r.normal(size=5)
    net = fastnn.Network([5, 1], output="identity", l2=50_000.0, rng=0)
    net.fit(X, y, optimizer="lbfgs", epochs=50)
    trials = Trials(net, (X, y), (X[:500], y[:500]))
    for trial in (trials.anew(epochs=100, learning_rate=0.01), trials.on(learning_rate=0.001)):
        np.testing.assert_allclose(trial.network.theta, net.theta, atol=0.06)
        assert trial.network.l2 == (5_000.0,)
    assert trials.anew({"l2": 10.0}).network.l2 == (1.0,)

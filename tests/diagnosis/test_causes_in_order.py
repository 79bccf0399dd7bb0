"""Causes by small examples: what a teacher would say first, and what must not be said."""

import contextlib

import numpy as np
import pytest
import scipy.sparse

import fastnn
from fastnn.diagnosis.causes.inputs import giving_away
from fastnn.diagnosis.causes.units import dead_layers, saturated_layers

R = np.random.default_rng(0)
X = R.normal(size=(1000, 6))
Y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)


def halves(X, y):
    return (X[:700], y[:700]), (X[700:], y[700:])


def diagnosed(X, y, sizes=(16, 16), outputs=1, theta=None, fit=None, **settings):
    train, dev = halves(X, y)
    net = fastnn.Network([X.shape[1], *sizes, outputs], rng=0, **settings)
    if theta:
        theta(net)
    with contextlib.suppress(fastnn.DivergenceError):
        net.fit(*train, **{"epochs": 30, "batch_size": 64, **(fit or {})})
    return net, net.diagnose(train, dev)


# --- units -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("normalize", [False, True])
def test_saturated_units_come_before_the_learning_rate(activation, dtype, normalize):
    net, d = diagnosed(
        X, Y, activation=activation, dtype=dtype, init_gain=100.0, normalize=normalize
    )
    cause = d.causes[0]
    assert cause.name == "hidden units are saturated"
    assert f"layers 1 and 2 are at an end of the range of {activation}" in cause.evidence
    assert "init='auto' (now init_gain=100)" in cause.advice
    assert cause.change["init_gain"] == 1.0
    assert saturated_layers(net, scipy.sparse.csr_matrix(X)) == [1, 2]


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu"])
def test_healthy_units_are_neither_saturated_nor_dead(activation):
    net, d = diagnosed(X, Y, activation=activation)
    assert saturated_layers(net, X) == []
    assert dead_layers(net, X) == []
    assert all("saturated" not in cause.name for cause in d.causes)


def test_a_large_rate_comes_before_the_units_that_it_saturates():
    _, d = diagnosed(X, Y, activation="tanh", fit={"learning_rate": 1.0})
    assert d.causes[0].name == "the learning rate, 1, is too large"


def test_dead_units_are_the_evidence_of_a_fit_that_is_stuck():
    def dead(net):
        net.params["b1"][...] = -50

    _, d = diagnosed(X, Y, theta=dead)
    assert d.causes[0].name == "training is stuck at these weights"
    assert "the units of layers 1 and 2 are dead" in d.causes[0].evidence


# --- the fit -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("optimizer", "rate"), [("gd", 50.0), ("momentum", 10.0), ("adam", 1.0)])
def test_a_rate_at_which_even_new_weights_diverge_is_too_large(optimizer, rate):
    _, d = diagnosed(X, Y, (32,), fit={"optimizer": optimizer, "learning_rate": rate})
    assert d.causes[0].name == f"the learning rate, {rate:g}, is too large"


@pytest.mark.parametrize("outputs", [1, 3])
def test_advice_whose_trial_diverges_is_told_all_the_same(outputs):
    """All weights are equal, and at this rate other ones do not last an epoch."""
    y = 1e3 * X[:, :outputs]
    _, d = diagnosed(
        1e3 * X,
        y,
        outputs=outputs,
        output="identity",
        init="zeros",
        fit={"epochs": 1, "optimizer": "gd", "learning_rate": 0.1},
    )
    assert "copies of each other" in d.causes[0].name
    assert d.causes[0].change == {"init": "auto"}


def test_early_stopping_without_patience():
    train, dev = halves(X, Y)
    net = fastnn.Network([6, 32, 32, 1], rng=0)
    net.fit(*train, dev=dev, epochs=500, early_stopping=1)
    assert net.history.stopped == "early stopping"
    cause = net.diagnose(train, dev).causes[0]
    assert cause.name.startswith("early stopping ended the fit too soon after")
    assert cause.change["early_stopping"] >= 10


@pytest.mark.parametrize("settings", [{}, {"keep_prob": [0.9], "l2": [1.0], "l1": [0.01]}])
def test_logistic_regression_of_what_no_line_parts(settings):
    """What is given for each layer must fit the hidden layer that is advised."""
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    train, dev = halves(X, y)
    net = fastnn.Network([6, 1], rng=0, **settings)
    net.fit(*train, epochs=30)
    d = net.diagnose(train, dev, try_advice=True)
    assert d.causes[0].name == "the network is too small"
    change = {name: value for name, value in d.change.items() if name != "early_stopping"}
    bigger = net.like(rng=0, **change)
    assert bigger.layer_sizes == (6, 32, 1)
    bigger.fit(*train, epochs=60)
    assert bigger.error(*dev) < net.error(*dev) / 2


# --- labels, and columns that tell them ----------------------------------------------------------


@pytest.mark.parametrize("outputs", [3, 4])
def test_a_class_that_training_lacks(outputs):
    y = np.digitize(X[:, 0] + X[:, 1], [-1, 1])
    y[:700] = np.minimum(y[:700], 1)
    _, d = diagnosed(X, y, outputs=outputs)
    assert d.causes[0].name == "training has no example of class 2"
    assert "of the dev set" in d.causes[0].evidence


def test_a_rare_class_that_training_lacks_by_chance_is_no_cause():
    y = Y.copy()
    y[-3:] = 2  # 1 % of dev
    _, d = diagnosed(X, y, outputs=3)
    assert all("has no example" not in cause.name for cause in d.causes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_a_column_that_gives_the_classes_away(classes, dtype):
    r = np.random.default_rng(classes)
    y = r.integers(0, classes, 1000)
    order = r.permutation(classes)
    leak = np.c_[X, 5 * order[y] + r.random(1000)].astype(dtype)
    assert giving_away(leak, y, True) == [6]
    _, d = diagnosed(leak, y, outputs=classes if classes > 2 else 1, fit={"epochs": 5})
    assert "column 6 of X alone gives y: leave it out, unless known before y is" in d.notes


def test_a_column_that_gives_values_away():
    y = 2 * X[:, 0] + X[:, 1]
    assert giving_away(np.c_[X, 3 - 100 * y, np.ones(1000)], y, False) == [6]
    assert giving_away(np.c_[X, y + 1e-3 * X[:, 2]], y, False) == []


def test_no_column_is_suspected_without_need():
    assert giving_away(X, Y, True) == []
    wrong = (X[:, 0] > 0).astype(int)
    assert giving_away(X, wrong, True) == [0]
    wrong[500] = 1 - wrong[500]  # one label of 1,000
    assert giving_away(X, wrong, True) == []
    assert giving_away(X[:20], (X[:20, 0] > 0).astype(int), True) == []  # chance
    assert giving_away(scipy.sparse.csr_matrix(X), (X[:, 0] > 0).astype(int), True) == []
    ties = np.repeat([0.0, 1.0, 2.0, 3.0], 250)[:, None]  # a label changes within equal values
    assert giving_away(ties, (np.arange(1000) > 600).astype(int), True) == []

"""Results for examples: score, probabilities, and parts of a split in the place of X and y."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, r2_score

import fastnn
from fastnn import Network
from fastnn.training.fitting import FitOptions

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
WEIGHT = RNG.integers(0, 4, 60) / 2
TARGETS = {
    "softmax": (3, RNG.integers(0, 3, 60)),
    "sigmoid": (1, RNG.integers(0, 2, 60)),
    "several sigmoids": (2, RNG.integers(0, 2, (60, 2))),
    "identity": (1, RNG.standard_normal(60)),
    "several identities": (2, RNG.standard_normal((60, 2))),
    "exp": (1, RNG.poisson(2, 60)),
    "identity_huber": (1, RNG.standard_normal((60, 1))),
}
OUTPUT = {"several sigmoids": "sigmoid", "several identities": "identity"}


def network_and_targets(name, **options):
    units, y = TARGETS[name]
    net = Network([4, 8, units], output=OUTPUT.get(name, name), rng=0, **options)
    net.fit(X, y, epochs=5)
    return net, y


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TARGETS)
def test_score_is_that_of_scikit_learn(name, dtype, weight):
    net, y = network_and_targets(name, dtype=dtype)
    if net.regression:
        expected = r2_score(y, net.predict(X), sample_weight=weight)
    elif np.ndim(y) == 1:
        expected = accuracy_score(y, net.predict(X), sample_weight=weight)
    else:  # each output counts
        expected = np.average((y == net.predict(X)).mean(axis=1), weights=weight)
    assert net.score(X, y, weight) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_probabilities(dtype):
    net, _ = network_and_targets("softmax", dtype=dtype)
    np.testing.assert_array_equal(net.predict_proba(X), net.forward(X))
    net, _ = network_and_targets("several sigmoids", dtype=dtype)
    np.testing.assert_array_equal(net.predict_proba(X), net.forward(X))
    net, _ = network_and_targets("sigmoid", dtype=dtype)
    P = net.predict_proba(X)
    assert P.dtype == dtype
    assert P.shape == (60, 2)
    np.testing.assert_array_equal(P[:, 1:], net.forward(X))
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(P.argmax(axis=1), net.predict(X))


@pytest.mark.parametrize("name", ["identity", "exp", "identity_huber"])
def test_real_values_have_no_probabilities(name):
    net, _ = network_and_targets(name)
    with pytest.raises(ValueError, match=f"softmax or sigmoid output, got '{name}'.*predict"):
        net.predict_proba(X)


@pytest.mark.parametrize("call", ["score", "cost", "error", "value_and_grad"])
@pytest.mark.parametrize("y", [[0, 1, 2], np.zeros((60, 2)), ["a"] * 60])
def test_bad_targets(call, y):
    net, _ = network_and_targets("identity")
    with pytest.raises((ValueError, TypeError), match="expected y"):
        getattr(net, call)(X, y)


PARTS = fastnn.split(X, TARGETS["softmax"][1], sizes=(0.5, 0.3, 0.2), rng=0)


@pytest.mark.parametrize(
    "wrap", [lambda part: part, lambda part: SimpleNamespace(X=part.X, y=part.y)]
)
def test_a_part_stands_for_X_and_y(wrap):
    train, dev, _ = PARTS
    given, plain = (Network([4, 8, 3], rng=0) for _ in range(2))
    history = given.fit(wrap(train), dev=wrap(dev), epochs=4)
    expected = plain.fit(train.X, train.y, dev=(dev.X, dev.y), epochs=4)
    assert given.theta.tobytes() == plain.theta.tobytes()
    assert history.dev_cost == expected.dev_cost
    weight = np.arange(len(dev.y))
    for name in ("cost", "error", "score"):
        call = getattr(given, name)
        assert call(wrap(dev)) == call(dev.X, dev.y)
        assert call(wrap(dev), sample_weight=weight) == call(dev.X, dev.y, weight)
    J, gradient = given.value_and_grad(wrap(dev))
    assert given.cost(dev) == J
    np.testing.assert_array_equal(gradient, given.value_and_grad(dev.X, dev.y)[1])


def test_a_part_is_checkpointed_and_checked_like_its_arrays(tmp_path):
    train, dev, _ = PARTS
    path = tmp_path / "run.safetensors"
    net = Network([4, 8, 3], rng=0)
    net.fit(train, dev=dev, epochs=2, checkpoint=path, gradcheck_at=1)
    assert net.history.gradchecks[1].verdict == "correct"
    again = Network([4, 8, 3], rng=1)
    again.fit(train.X, train.y, dev=(dev.X, dev.y), epochs=2, resume=path)
    assert again.theta.tobytes() == net.theta.tobytes()


@pytest.mark.parametrize("name", ["fit", "cost", "error", "score", "value_and_grad"])
def test_a_part_comes_alone(name):
    call = getattr(Network([4, 8, 3], rng=0), name)
    train, dev, _ = PARTS
    for y in (train.y, dev):
        with pytest.raises(TypeError, match="part of a split alone"):
            call(train, y)
    with pytest.raises(TypeError, match=r"expected X and y.* got ndarray and no y"):
        call(train.X)
    with pytest.raises(TypeError, match=r"expected X and y.* got DataFrame and no y"):
        call(pd.DataFrame({"X": [1.0], "y": [0]}))
    with pytest.raises(ValueError, match="got y=None"):
        call(fastnn.Split(X, None, np.arange(5)))


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_dev_may_have_weights(optimizer):
    train, dev, _ = PARTS
    weight = WEIGHT[: len(dev.y)]
    net, plain = (Network([4, 8, 3], rng=0, dtype="float64") for _ in range(2))
    history = net.fit(train, dev=(dev.X, dev.y, weight), epochs=3, optimizer=optimizer)
    plain.fit(train, dev=dev, epochs=3, optimizer=optimizer)
    assert net.theta.tobytes() == plain.theta.tobytes()
    assert history.dev_cost[-1] == pytest.approx(net.cost(dev, sample_weight=weight), rel=1e-12)
    assert history.dev_error[-1] == pytest.approx(net.error(dev, sample_weight=weight), rel=1e-12)
    assert history.dev_cost != plain.history.dev_cost


def test_other_weights_of_dev_do_not_resume(tmp_path):
    train, dev, _ = PARTS
    path = tmp_path / "run.safetensors"
    weight = WEIGHT[: len(dev.y)]
    options = {"epochs": 2, "checkpoint": path, "resume": True}
    Network([4, 8, 3], rng=0).fit(train, dev=(dev.X, dev.y, weight), **options)
    with pytest.raises(ValueError, match="sample_weight of dev"):
        Network([4, 8, 3], rng=0).fit(train, dev=dev, **options)


def test_type_checkers_know_the_options_of_fit():
    assert FitOptions.__annotations__.keys() == Network.fit.__kwdefaults__.keys()


def test_the_score_of_a_quantile_band_says_what_it_compares():
    net = fastnn.Network([2, 4, 3], output=fastnn.losses.quantile([0.1, 0.5, 0.9]), rng=0)
    X = np.random.default_rng(0).standard_normal((20, 2))
    with pytest.raises(ValueError, match=r"a y of 3 columns.*got shape \(20,\).*use cost"):
        net.score(X, X[:, 0])
    assert net.score(X, np.repeat(X[:, :1], 3, axis=1)) <= 1

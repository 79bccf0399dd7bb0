"""Steps by a loss of one's own, and by probabilities."""

import copy

import numpy as np
import pytest

import fastnn


def value(z, y):
    return (z[0] - y[0]) ** 2 / 2


def slope(z, y, dz):
    dz[0] = z[0] - y[0]


def batch(A, y):
    return ((A - y) ** 2).sum(axis=1) / 2, A - y


SQUARED = fastnn.Loss(value, slope)


def problem(dtype="float64"):
    rng = np.random.default_rng(0)
    net = fastnn.Network([3, 6, 1], output="identity", dtype=dtype, keep_prob=0.8, rng=0)
    return net, rng.standard_normal((40, 3)).astype(dtype), rng.standard_normal(40).astype(dtype)


@pytest.mark.parametrize("loss", [SQUARED, batch], ids=["compiled", "batch"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_are_those_of_the_built_in_loss(loss, dtype):
    thetas, costs = [], []
    for options in ({}, {"loss": loss}):
        net, X, y = problem(dtype)
        trainer = net.trainer(learning_rate=0.01)
        costs.append([trainer.step(X, y, **options) for _ in range(5)])
        trainer.forward(X)
        trainer.backward(np.ones((40, 1)) / 40)
        trainer.update()
        costs[-1].append(trainer.step(X.tolist(), y.tolist(), **options))
        thetas.append(net.theta)
    tolerance = {"rtol": 1e-9, "atol": 1e-12} if dtype == "float64" else {"rtol": 1e-3}
    np.testing.assert_allclose(*thetas, **tolerance)
    np.testing.assert_allclose(*costs, **tolerance)


def test_bits_of_fit():
    net, X, y = problem()
    net.fit(X, y, loss=SQUARED, epochs=3, batch_size=10, shuffle=False)
    other, _, _ = problem()
    trainer = other.trainer(batch_size=10)
    for _ in range(3):
        for first in range(0, 40, 10):
            trainer.step(X[first : first + 10], y[first : first + 10], loss=SQUARED)
    np.testing.assert_array_equal(net.theta, other.theta)


def test_one_loss_after_the_other():
    net, X, y = problem()
    net.loss = SQUARED
    trainer = net.trainer(optimizer="gd", learning_rate=0.0)
    J = [trainer.step(X, y, loss=loss) for loss in (None, batch, SQUARED, None, batch)]
    net.keep_prob = 1.0
    assert trainer.steps == 5
    assert trainer.step(X, y) == pytest.approx(net.cost(X, y), rel=1e-12)
    copy.deepcopy(trainer).step(X, y)
    assert np.isfinite(J).all()


def test_labels_and_probabilities():
    rng = np.random.default_rng(0)
    net = fastnn.Network([3, 6, 4], dtype="float64", rng=0)
    X, P = rng.standard_normal((20, 3)), rng.dirichlet(np.ones(4), 20)
    trainer = net.trainer(optimizer="gd", learning_rate=0.0)
    for y in (P.argmax(axis=1), P, P.argmax(axis=1), P.astype(np.float32)):
        assert trainer.step(X, y) == pytest.approx(net.cost(X, y), rel=1e-12)
    with pytest.raises(ValueError, match="not negative and of sum 1"):
        trainer.step(X, 2 * P)


def test_faults():
    net, X, y = problem()
    trainer = net.trainer()
    before = net.theta.copy()

    def raises(A, y):
        raise ZeroDivisionError("here")

    def nan(A, y):
        return np.full(len(A), np.nan), A

    with pytest.raises(ZeroDivisionError, match="here"):
        trainer.step(X, y, loss=raises)
    with pytest.raises(fastnn.DivergenceError):
        trainer.step(X, y, loss=nan)
    with pytest.raises(TypeError, match="expected loss to be None"):
        trainer.step(X, y, loss="hinge")
    np.testing.assert_array_equal(net.theta, before)
    trainer.step(X, y, loss=batch)
    assert trainer.steps == 1


def nan_value(z, y):
    return np.nan


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (fastnn.Loss(nan_value, slope), "The loss .*nan_value is the cause: the value is nan"),
        (lambda A, y: (np.full(len(A), np.nan), A - y), "The loss .*lambda.* is the cause"),
    ],
    ids=["compiled", "batch"],
)
@pytest.mark.parametrize("call", ["step", "differentiate"])
def test_a_loss_that_is_not_finite_is_named_as_the_cause(call, loss, words):
    net, X, y = problem()
    trainer = net.trainer()
    before = net.theta.copy()
    with pytest.raises(fastnn.DivergenceError, match=words):
        getattr(trainer, call)(X, y, loss=loss)
    np.testing.assert_array_equal(net.theta, before)
    trainer.step(X, y)
    assert trainer.steps == 1


@pytest.mark.parametrize(
    ("factor", "change", "words"),
    [(1e30, 1, "targets y are the cause"), (1, 1e30, "theta was already so large")],
)
def test_a_cause_that_no_learning_rate_can_help_is_told(factor, change, words):
    net, X, y = problem("float32")
    net.theta *= change
    with pytest.raises(fastnn.DivergenceError, match=words):
        net.trainer().step(X, factor * y)


def test_input_gradient_and_layers_of_a_loss_of_ones_own():
    net, X, y = problem()
    own = net.like(output=SQUARED)
    own.theta = net.theta
    np.testing.assert_allclose(own.input_gradient(X, y), net.input_gradient(X, y), rtol=1e-12)
    for own_layer, layer in zip(own.layers(X, y), net.layers(X, y), strict=True):
        np.testing.assert_allclose(own_layer.dA, layer.dA, rtol=1e-12)

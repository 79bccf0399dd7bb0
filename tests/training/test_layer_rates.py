"""A learning rate for each layer, and frozen layers."""

import numpy as np
import pytest

import fastnn

OPTIMIZERS = [
    fastnn.GradientDescent,
    fastnn.Momentum,
    fastnn.Nesterov,
    fastnn.RMSprop,
    fastnn.Adam,
    fastnn.AdamW,
]


def problem(**settings):
    rng = np.random.default_rng(0)
    net = fastnn.Network([4, 7, 5, 2], activation="tanh", dtype="float64", rng=0, **settings)
    return net, rng.standard_normal((60, 4)), rng.integers(0, 2, 60)


def layer(net, l):
    return np.concatenate([net.params[f"W{l}"].ravel(), net.params[f"b{l}"]])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("clip", [{}, {"clip_norm": 0.01}])
def test_nothing_moves_a_frozen_layer(optimizer, clip):
    net, X, y = problem(l2=3.0, l1=0.5)
    before = [layer(net, l) for l in (1, 2, 3)]
    net.fit(X, y, optimizer=optimizer(layer_rates=[0, 1, 0]), epochs=5, batch_size=20, **clip)
    np.testing.assert_array_equal(layer(net, 1), before[0])
    np.testing.assert_array_equal(layer(net, 3), before[2])
    assert (layer(net, 2) != before[1]).any()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_of_a_layer_has_its_own_rate(optimizer):
    rates, moved = [0.5, 1.0, 3.0], {}
    for factor in {1.0, *rates}:
        net, X, y = problem(l2=1.0)
        net.fit(X, y, optimizer=optimizer(), learning_rate=0.01 * factor, epochs=1, batch_size=None)
        moved[factor] = net
    net, X, y = problem(l2=1.0)
    own = optimizer(layer_rates=rates)
    net.fit(X, y, optimizer=own, learning_rate=0.01, epochs=1, batch_size=None)
    for l, rate in enumerate(rates, start=1):
        np.testing.assert_allclose(layer(net, l), layer(moved[rate], l), rtol=1e-12)


def test_ones_change_no_bit_and_threads_neither():
    thetas = set()
    for rates, threads in ((None, 1), ([1, 1, 1], 1), ([1, 1, 1], 3)):
        net, X, y = problem(keep_prob=0.8)
        net.fit(X, y, optimizer=fastnn.Adam(layer_rates=rates), epochs=3, threads=threads)
        thetas.add(net.theta.tobytes())
    assert len(thetas) == 1


def test_the_norm_of_a_gradient_leaves_frozen_layers_out():
    net, X, y = problem()
    _, gradient = net.value_and_grad(X, y)
    before, part = net.theta.copy(), net.layout["W3"].slice.start
    net.fit(
        X,
        y,
        optimizer=fastnn.GradientDescent(layer_rates=[0, 0, 1]),
        learning_rate=1.0,
        clip_norm=1e-3,
        batch_size=None,
        epochs=1,
    )
    step = before - net.theta
    assert np.linalg.norm(step) == pytest.approx(1e-3, rel=1e-2)
    direction = gradient[part:] / np.linalg.norm(gradient[part:])
    np.testing.assert_allclose(step[part:], 1e-3 * direction, rtol=1e-2)


def test_a_trainer_freezes_too():
    net, X, y = problem()
    before = layer(net, 1)
    trainer = net.trainer(optimizer=fastnn.Adam(layer_rates=[0, 1, 1]))
    for _ in range(3):
        trainer.step(X, y)
        A = trainer.forward(X)
        trainer.backward(A / len(X))
        trainer.update()
    np.testing.assert_array_equal(layer(net, 1), before)


def test_bad_rates():
    net, X, y = problem()
    for call in (net.fit, lambda X, y, optimizer: net.trainer(optimizer=optimizer)):
        with pytest.raises(ValueError, match=r"layer_rates of Adam to be 3 numbers.*got 2"):
            call(X, y, optimizer=fastnn.Adam(layer_rates=[0, 1]))
    with pytest.raises(ValueError, match=r"layer_rates of layer 2 in \[0, 1e6\], got -1"):
        fastnn.Adam(layer_rates=[0, -1])

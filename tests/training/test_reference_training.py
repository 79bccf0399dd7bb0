"""The reference's optimizers: by hand, where they coincide, and what L1 must do."""

import math

import numpy as np
import pytest
from problems import draw_problem
from reference import ReferenceNetwork, relative_difference
from reference_training import DEFAULTS, consecutive_batches, soft_threshold, train


def last_theta(problem, optimizer, steps=20, learning_rate=0.05, settings=None, **changes):
    net = ReferenceNetwork(problem.sizes, **(problem.options | changes))
    batches = consecutive_batches(len(problem.X), None, steps)
    data = problem.theta, problem.X, problem.y
    *_, last = train(net, *data, optimizer, batches, learning_rate, settings)
    return last


SCALAR = ReferenceNetwork([1, 1], output="identity")


@pytest.mark.parametrize(
    ("optimizer", "settings", "expected"),
    [
        # x = 1, y = 0, from (1, 0): J = (w + b)^2 / 2, so w and b share the gradient w + b
        ("gd", {}, [0.9, 0.9 - 0.1 * 0.8]),
        ("momentum", {"momentum": 0.5}, [0.9, 0.9 - 0.1 * (0.5 + 0.8)]),
        ("nesterov", {"momentum": 0.5}, [0.85, 0.85 - 0.1 * (0.7 + 0.5 * 1.2)]),
        (
            "rmsprop",
            {"rho": 0.75, "epsilon": 0.0},
            [0.8, 0.8 - 0.06 / math.sqrt(0.75 * 0.25 + 0.25 * 0.36)],
        ),
        (
            "adam",
            {"epsilon": 0.0},
            [0.9, 0.9 - 0.1 * (0.17 / 0.19) / math.sqrt(0.001639 / 0.001999)],
        ),
        (
            "adamw",
            {"epsilon": 0.0, "weight_decay": 0.5},
            [0.85, 0.95 * 0.85 - 0.1 * (0.165 / 0.19) / math.sqrt(0.0015615 / 0.001999)],
        ),
    ],
)
def test_first_updates_by_hand(optimizer, settings, expected):
    thetas = train(
        SCALAR,
        [1.0, 0.0],
        np.ones((1, 1)),
        np.zeros(1),
        optimizer,
        [slice(0, 1)] * 2,
        0.1,
        settings,
    )
    np.testing.assert_allclose([theta[0] for theta in thetas], expected, rtol=1e-12)


def test_soft_threshold():
    w = np.array([3.0, -3.0, 0.5, -0.5, 1.0, 0.0])
    np.testing.assert_array_equal(soft_threshold(w, 1.0), [2, -2, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("one", "other", "settings"),
    [
        ("gd", "momentum", {"momentum": 0.0}),
        ("gd", "nesterov", {"momentum": 0.0}),
        ("adam", "adamw", {"weight_decay": 0.0}),
    ],
)
@pytest.mark.parametrize("l1", [0.0, 0.5])
def test_optimizers_that_coincide(one, other, settings, l1):
    problem = draw_problem(4, [3, 5, 2], 8, l2=0.3, l1=l1)
    np.testing.assert_allclose(
        last_theta(problem, one),
        last_theta(problem, other, settings=settings),
        rtol=1e-12,
        atol=1e-14,
    )


@pytest.mark.parametrize("optimizer", DEFAULTS)
def test_proximal_form_tends_to_the_plain_one(optimizer):
    """As l1 goes to 0 the proximal rules must become the plain ones, with momentum too."""
    problem = draw_problem(5, [3, 5, 2], 8)
    assert (
        relative_difference(
            last_theta(problem, optimizer, l1=1e-12), last_theta(problem, optimizer)
        )
        < 1e-9
    )


def test_gd_with_l2_is_weight_decay():
    """W := (1 - alpha lambda / m) W - alpha dW_backprop, b without decay."""
    problem = draw_problem(6, [3, 2], 8, l2=0.8)
    plain = ReferenceNetwork([3, 2]).value_and_grad(problem.theta, problem.X, problem.y)[1]
    decay = np.where(np.arange(8) < 6, 1 - 0.05 * 0.8 / 8, 1)
    np.testing.assert_allclose(
        last_theta(problem, "gd", steps=1), decay * problem.theta - 0.05 * plain, rtol=1e-13
    )


@pytest.mark.parametrize("optimizer", DEFAULTS)
def test_l1_gives_exact_zeros_at_weights_only(optimizer):
    problem = draw_problem(7, [3, 5, 2], 8, l1=1.0)
    theta = last_theta(problem, optimizer, steps=300, learning_rate=0.02)
    W, b = problem.reference().unpack(theta)
    zeros = [(w == 0).mean() for w in W]
    assert max(zeros) > 0.2, f"fraction of zeros by layer {zeros}"
    assert all((v != 0).all() for v in b)


def test_consecutive_batches():
    assert consecutive_batches(7, 3, 2) == [slice(0, 3), slice(3, 6), slice(6, 7)] * 2
    assert consecutive_batches(7, None, 1) == consecutive_batches(7, 100, 1) == [slice(0, 7)]

"""Correct gradients of networks whose biases are zero, as at initialization, by the black box.

A unit whose inputs are all zero has its kink exactly at theta. No step is small enough to avoid
it, so no numerical derivative can judge the component: it must not be called wrong.
"""

import numpy as np
import pytest

import fastnn
from fastnn.layers.layout import Layout

pytestmark = pytest.mark.slow


def networks(count, seed, activations=("relu",)):
    """(J, the gradient, theta, layout) of random networks at initialization."""
    rng = np.random.default_rng(seed)
    for k in range(count):
        widths = [int(rng.integers(2, 6)), *(int(rng.integers(3, 8)) for _ in range(3)), 3]
        net = fastnn.Network(
            widths,
            activation=[str(name) for name in rng.choice(activations, 3)],
            output="identity",
            l2=float(rng.random()),
            dtype="float64",
            rng=k,
        )
        X, Y = rng.standard_normal((20, widths[0])), rng.standard_normal((20, 3))
        theta = net.theta.copy()

        def cost(t, net=net, X=X, Y=Y):
            net.theta = t
            return net.cost(X, Y)

        yield cost, net.value_and_grad(X, Y)[1], theta, net.layout


def false_alarms(count, seed, activations=("relu",), **options):
    checks = (
        fastnn.gradcheck(cost, gradient, theta, layout=layout, **options)
        for cost, gradient, theta, layout in networks(count, seed, activations)
    )
    return [check for check in checks if check.off.any() or check.verdict == "wrong"]


def test_no_false_alarm_at_zero_biases():
    assert false_alarms(40, seed=1) == []


@pytest.mark.parametrize("options", [{"epsilon": 1e-7}, {"epsilon": 1e-4}])
def test_no_false_alarm_at_a_fixed_epsilon(options):
    assert false_alarms(20, seed=2, **options) == []


@pytest.mark.slow
@pytest.mark.parametrize("activations", [("relu",), ("relu", "leaky_relu")])
def test_no_false_alarm_in_a_thousand_networks(activations):
    assert false_alarms(1000, 3, activations) == []


@pytest.mark.parametrize("options", [{}, {"epsilon": 1e-5}, {"method": "one-sided"}])
def test_a_smooth_cost_whose_units_are_at_their_kinks(options):
    """With b = c = 0 and w < 0, the slope by b is 0.01 w on both sides of 0.

    leaky(w leaky(b) + c): one of the two units is on its steep side. At 0 itself backpropagation
    multiplies both flat slopes.
    """

    def leaky(z):
        return z if z > 0 else 0.01 * z

    def cost(t):
        return leaky(-2.0 * leaky(t["b"]) + t["c"]) + t["w"] ** 2

    theta = {"b": 0.0, "c": 0.0, "w": 3.0}
    gradient = {"b": -2e-4, "c": 0.01, "w": 6.0}
    check = fastnn.gradcheck(cost, gradient, theta, **options)
    assert check.verdict == "correct"
    assert check.parameters["b"].excluded == 1
    wrong = fastnn.gradcheck(cost, gradient | {"w": 9.0}, theta, **options)
    assert wrong.verdict == "wrong"
    assert wrong.findings[0].names == ("w",)


def check_of(error, uncertainty):
    """A check of ten components of 1, with errors given in uncertainties."""
    error = np.resize(np.array([*error, *np.zeros(10)], float), 10)
    return fastnn.GradientCheck(
        np.ones(10),
        1.0 + error * uncertainty,
        np.ones(10),
        np.full(10, uncertainty),
        Layout({"W": (10,)}).values(),
        epsilon=None,
        method="two-sided",
        dtype="float64",
        evaluations=0,
        seconds=0.0,
    )


def test_wrong_is_said_only_beyond_doubt():
    assert check_of([0.9], 0.05).verdict == "correct"
    assert check_of([2.0], 0.05).verdict == "suspect"
    assert check_of([2.0] * 4, 0.05).verdict == "suspect"
    assert check_of([2.0] * 5, 0.05).verdict == "wrong"
    assert check_of([4.0], 0.05).verdict == "wrong"
    assert check_of([np.nan], 0.05).verdict == "wrong"
    assert check_of([4.0], 1e-6).verdict == "suspect"


def test_a_kink_at_theta_is_not_lost_in_the_rounding_of_smaller_steps():
    """J has the slope 1 and a small jump of it at 0; the analytic gradient is the left one's."""
    for jump in 10.0 ** np.arange(-8, 0):

        def cost(t, jump=jump):
            return 3.0 + t @ t + jump * max(t[0], 0.0) + t[0]

        check = fastnn.gradcheck(cost, lambda t: 2 * t + [1.0, 0.0], np.array([0.0, 1.0]))
        assert not check.off.any(), jump


def test_planted_bugs_are_found_beside_kinks():
    for cost, gradient, theta, layout in networks(20, seed=4):
        wrong = gradient.copy()
        wrong[layout["W1"].slice] *= 1.01
        check = fastnn.gradcheck(cost, wrong, theta, layout=layout)
        assert check.verdict == "wrong"
        assert {name for finding in check.findings for name in finding.names} == {"W1"}

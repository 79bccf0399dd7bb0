"""Correct gradients of networks whose biases are zero, as at initialization, by the black box.

A unit whose inputs are all zero has its kink exactly at theta. No step is small enough to avoid
it, so no numerical derivative can judge the component: it must not be called wrong.
"""

import numpy as np
import pytest

import fastnn


def networks(count, seed):
    """(J, the gradient, theta, layout) of random ReLU networks at initialization."""
    rng = np.random.default_rng(seed)
    for k in range(count):
        widths = [int(rng.integers(2, 6)), *(int(rng.integers(3, 8)) for _ in range(3)), 3]
        net = fastnn.Network(
            widths, output="identity", l2=float(rng.random()), dtype="float64", rng=k
        )
        X, Y = rng.standard_normal((20, widths[0])), rng.standard_normal((20, 3))
        theta = net.theta.copy()

        def cost(t, net=net, X=X, Y=Y):
            net.theta = t
            return net.cost(X, Y)

        yield cost, net.value_and_grad(X, Y)[1], theta, net.layout


def false_alarms(count, seed, **options):
    checks = (
        fastnn.gradcheck(cost, gradient, theta, layout=layout, **options)
        for cost, gradient, theta, layout in networks(count, seed)
    )
    return [check for check in checks if check.off.any() or check.verdict == "wrong"]


def test_no_false_alarm_at_zero_biases():
    assert false_alarms(40, seed=1) == []


@pytest.mark.parametrize("options", [{"epsilon": 1e-7}, {"epsilon": 1e-4}])
def test_no_false_alarm_at_a_fixed_epsilon(options):
    assert false_alarms(20, seed=2, **options) == []


@pytest.mark.slow
def test_no_false_alarm_in_a_thousand_networks():
    assert false_alarms(1000, seed=3) == []


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

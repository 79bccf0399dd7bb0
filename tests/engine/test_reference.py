"""The reference itself: against numeric gradients, and facts that can be worked out by hand."""

import itertools
import math

import numpy as np
import pytest
from problems import ACTIVATIONS, OUTPUTS, PENALTIES, draw_problem, problem_off_kinks
from reference import ACTIVATIONS as FORMULAS
from reference import ReferenceNetwork, numeric_gradient, relative_difference


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_is_the_numeric_one(activation, output, penalty):
    for dropped, weighted in itertools.product((False, True), repeat=2):
        rng = np.random.default_rng(3)
        masks = (
            [rng.random((7, units)) < p for units, p in ((3, 0.9), (5, 0.8), (4, 0.6))]
            if dropped
            else None
        )

        def cost_and_gradient(problem, net, theta=None, masks=masks):
            theta = problem.theta if theta is None else theta
            return net.value_and_grad(theta, problem.X, problem.y, problem.sample_weight, masks)

        problem, (_, gradient) = problem_off_kinks(
            cost_and_gradient,
            5,
            [3, 5, 4, 2],
            7,
            activation=activation,
            output=output,
            keep_prob=[0.9, 0.8, 0.6],
            weighted=weighted,
            **PENALTIES[penalty],
        )
        net = problem.reference()
        numeric = numeric_gradient(
            lambda theta, *given: cost_and_gradient(*given, theta)[0],
            problem.theta,
            1e-6,
            (problem, net),
        )
        difference = relative_difference(gradient, numeric)
        assert difference < 2e-8, f"dropout {dropped}, weights {weighted}: {difference:.1e}"


@pytest.mark.parametrize(
    ("name", "z", "value", "slope"),
    [
        ("relu", 0.0, 0.0, 0.0),
        ("relu", 2.0, 2.0, 1.0),
        ("relu", -2.0, 0.0, 0.0),
        ("leaky_relu", 0.0, 0.0, 0.01),
        ("leaky_relu", -2.0, -0.02, 0.01),
        ("elu", 0.0, 0.0, 1.0),
        ("elu", -1.0, math.exp(-1) - 1, math.exp(-1)),
        ("elu", 800.0, 800.0, 1.0),
        ("gelu", 0.0, 0.0, 0.5),
        ("gelu", 1.0, 0.8413447460685429, 1.0833154705876864),
        ("gelu", -50.0, 0.0, 0.0),
        ("silu", 0.0, 0.0, 0.5),
        ("silu", 1.0, 0.7310585786300049, 0.9276705118714867),
        ("tanh", 0.0, 0.0, 1.0),
        ("tanh", 50.0, 1.0, 0.0),
        ("sigmoid", 0.0, 0.5, 0.25),
        ("sigmoid", 800.0, 1.0, 0.0),
        ("sigmoid", -800.0, 0.0, 0.0),
        ("softplus", 0.0, math.log(2), 0.5),
        ("softplus", 800.0, 800.0, 1.0),
        ("softplus", -800.0, 0.0, 0.0),
        ("identity", -3.0, -3.0, 1.0),
    ],
)
def test_activation_values(name, z, value, slope):
    f, df = FORMULAS[name]
    assert f(np.array([z]))[0] == pytest.approx(value, rel=1e-14, abs=1e-300)
    assert df(np.array([z]))[0] == pytest.approx(slope, rel=1e-14, abs=1e-300)


def test_one_example_of_logistic_regression():
    """w = b = 0: J = ln 2 and dJ/dz = 1/2 - y, so dw = -x/2 for y = 1."""
    net = ReferenceNetwork([1, 1], output="sigmoid")
    J, gradient = net.value_and_grad(np.zeros(2), [[3.0]], [1])
    assert pytest.approx(math.log(2), rel=1e-15) == J
    np.testing.assert_allclose(gradient, [-1.5, -0.5], rtol=1e-15)


def test_logistic_regression_gradient():
    """dw = X' (sigmoid(Xw + b) - y) / m + (l2 w + l1 sign w) / m."""
    problem = draw_problem(0, [4, 1], 9, output="sigmoid", l2=0.5, l1=0.2)
    w, b = problem.theta[:4], problem.theta[4]
    residual = 1 / (1 + np.exp(-(problem.X @ w + b))) - problem.y[:, 0]
    expected = np.append((problem.X.T @ residual + 0.5 * w + 0.2 * np.sign(w)) / 9, residual.mean())
    gradient = problem.reference().value_and_grad(problem.theta, problem.X, problem.y[:, 0])[1]
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


def test_softmax_of_two_classes_is_a_sigmoid_of_the_difference():
    problem = draw_problem(1, [4, 2], 9, output="softmax")
    W, b = problem.reference().unpack(problem.theta)
    theta = np.append(W[0][:, 1] - W[0][:, 0], b[0][1] - b[0][0])
    logistic = ReferenceNetwork([4, 1], output="sigmoid")
    J, gradient = problem.reference().value_and_grad(problem.theta, problem.X, problem.y)
    J1, gradient1 = logistic.value_and_grad(theta, problem.X, problem.y)
    assert pytest.approx(J1, rel=1e-13) == J
    np.testing.assert_allclose(np.append(gradient[1:8:2], gradient[9]), gradient1, rtol=1e-11)
    np.testing.assert_allclose(
        problem.reference().forward(problem.theta, problem.X)[:, 1],
        logistic.forward(theta, problem.X)[:, 0],
    )


@pytest.mark.parametrize(
    ("output", "y", "J"),
    [
        ("softmax", [1], 2000.0),
        ("softmax", [0], 0.0),
        ("sigmoid", [[0.0, 1.0]], 2000.0),
        ("sigmoid", [[1.0, 0.0]], 0.0),
    ],
)
def test_cost_from_huge_logits_is_exact(output, y, J):
    """Logits are (1000, -1000); a loss from probabilities would be -log 0."""
    net = ReferenceNetwork([1, 2], output=output)
    value, gradient = net.value_and_grad(np.array([1000.0, -1000.0, 0.0, 0.0]), [[1.0]], y)
    assert value == J
    assert np.isfinite(gradient).all()


def test_deep_identity_network_grows_as_the_power_of_its_weights():
    net = ReferenceNetwork([2] * 11, activation="identity", output="identity")
    theta = np.zeros(net.size)
    for W in net.unpack(theta)[0]:
        W[:] = 1.5 * np.eye(2)
    np.testing.assert_allclose(
        net.forward(theta, [[1.0, -2.0]]), [[1.5**10, -2 * 1.5**10]], rtol=1e-14
    )


def test_half_squared_error_is_summed_over_outputs():
    net = ReferenceNetwork([1, 3], output="identity")
    assert (
        net.cost(np.zeros(6), [[1.0], [1.0]], [[1.0, 2.0, 2.0], [0.0, 0.0, 1.0]]) == (4.5 + 0.5) / 2
    )


def test_sigmoid_outputs_are_summed():
    net = ReferenceNetwork([1, 3], output="sigmoid")
    assert net.cost(np.zeros(6), [[1.0]], [[1.0, 0.0, 0.25]]) == pytest.approx(3 * math.log(2))


@pytest.mark.parametrize("output", OUTPUTS)
def test_integer_weights_are_repeated_rows(output):
    problem = draw_problem(2, [3, 4, 2], 5, output=output)
    repeats = np.array([1, 0, 3, 2, 1])
    rows = np.repeat(np.arange(5), repeats)
    net = problem.reference()
    J, gradient = net.value_and_grad(problem.theta, problem.X, problem.y, repeats)
    J2, gradient2 = net.value_and_grad(problem.theta, problem.X[rows], problem.y[rows])
    assert pytest.approx(J2, rel=1e-13) == J
    np.testing.assert_allclose(gradient, gradient2, rtol=1e-11, atol=1e-15)


def test_dropout_keeps_the_expected_activation():
    """The mean over all masks, each with its probability, is the forward pass without dropout."""
    net = ReferenceNetwork([4, 2], output="identity", keep_prob=[0.75])
    theta, x = np.linspace(-1, 1, net.size), np.array([[1.0, -2.0, 0.5, 3.0]])
    mean = 0
    for mask in itertools.product((False, True), repeat=4):
        mean = mean + 0.75 ** sum(mask) * 0.25 ** (4 - sum(mask)) * net.forward(
            theta, x, [np.array([mask])]
        )
    np.testing.assert_allclose(mean, net.forward(theta, x), rtol=1e-14)

"""The exercises of the course on initialization, L2 and debugging, done with the library."""

import functools
import math

import numpy as np
import pytest
from problems import draw_problem
from reference import ReferenceNetwork
from sklearn.datasets import make_circles

ITERATIONS = 15_000
RATE = 0.01
SIZES = [2, 10, 5, 1]
STARTS = ("zeros", "large", "he")


@functools.cache
def circles():
    return make_circles(n_samples=300, noise=0.05, random_state=1)


def initial_theta(start):
    """Given weights, the same whatever the library's generator draws; the biases are 0.

    From weights of standard deviation 10, most draws (20 of 25, and the ones of the course) start
    with steps so large that gradient descent is chaotic: the reference departs from itself by more
    than 1e-9, mostly within 200 iterations, if nothing but the order of its examples changes. From
    this draw the same change ends in 1e-12.
    """
    judge = ReferenceNetwork(SIZES)
    theta = np.zeros(judge.size)
    rng = np.random.default_rng({"zeros": 0, "large": 12, "he": 3}[start])
    for W, fan_in in zip(judge.unpack(theta)[0], SIZES, strict=False):
        W[:] = {"zeros": 0.0, "large": 10.0, "he": math.sqrt(2 / fan_in)}[start] * rng.normal(
            size=W.shape
        )
    return theta


def circles_network(theta=None, **options):
    import fastnn

    net = fastnn.Network(
        SIZES, activation="relu", output="sigmoid", dtype="float64", rng=3, **options
    )
    if theta is not None:
        net.theta = theta
    return net


@functools.cache
def trained(start):
    """(the net after full-batch gd, J before, J after every iteration)."""
    X, y = circles()
    net = circles_network(initial_theta(start))
    cost = net.cost(X, y)
    history = net.fit(X, y, optimizer="gd", learning_rate=RATE, epochs=ITERATIONS, batch_size=None)
    return net, cost, history.cost


def follow(theta, iterations):
    """J before every iteration of the reference and after the last one, and the last theta."""
    judge = ReferenceNetwork(SIZES, activation="relu", output="sigmoid")
    X, y = circles()
    costs = []
    for _ in range(iterations):
        cost, gradient = judge.value_and_grad(theta, X, y)
        costs.append(cost)
        theta = theta - RATE * gradient
    return np.array([*costs, judge.cost(theta, X, y)]), theta


@pytest.mark.slow
@pytest.mark.parametrize("start", STARTS)
def test_fifteen_thousand_iterations_follow_the_reference(start):
    net, first, costs = trained(start)
    expected, theta = follow(initial_theta(start), ITERATIONS)
    worst = np.abs(np.array([first, *costs]) / expected - 1)
    assert worst.max() < 1e-9, f"J is off by {worst.max():.1e} at iteration {worst.argmax()}"
    # From zeros, theta stays at rounding errors around 0: no relative difference makes sense.
    difference = np.linalg.norm(net.theta - theta) / max(1, np.linalg.norm(theta))
    assert difference < 1e-9, f"theta is off by {difference:.1e}"


def test_zeros_stay_at_ln_2_and_half_right():
    """With relu every slope is 0 at z = 0: only the last bias could learn, and y is balanced."""
    net, first, costs = trained("zeros")
    X, y = circles()
    assert first == pytest.approx(math.log(2), rel=1e-14)
    np.testing.assert_allclose(costs, math.log(2), rtol=1e-12)
    assert np.mean(net.predict(X).ravel() == y) == 0.5
    assert all((net.params[f"W{layer}"] == 0).all() for layer in (1, 2, 3))


def test_large_weights_start_at_a_large_but_finite_cost():
    """Saturated wrong outputs: -log of a rounded probability would be inf."""
    _, first, costs = trained("large")
    assert 100 < first < 1e6
    assert np.isfinite(costs).all()
    assert costs[-1] < first / 100


def test_he_weights_learn_the_circles():
    net, first, costs = trained("he")
    X, y = circles()
    assert first < 5
    assert costs[-1] < 0.1
    assert np.mean(net.predict(X).ravel() == y) > 0.95


@pytest.mark.parametrize(
    ("init", "low", "high"),
    [
        ({"init": "zeros"}, math.log(2), math.log(2)),
        ({"init": "normal", "init_gain": 10.0}, 10, 1e6),
        ({"init": "he"}, 0.3, 5),
        ({"init": "auto"}, 0.3, 5),
    ],
    ids=["zeros", "normal-x10", "he", "auto"],
)
def test_first_cost_of_the_initializers(init, low, high):
    """The same three lessons on the library's own draws, without following them."""
    X, y = circles()
    net = circles_network(**init)
    first = net.cost(X, y)
    assert low * (1 - 1e-12) <= first <= high * (1 + 1e-12)
    assert np.isfinite(
        net.fit(X, y, optimizer="gd", learning_rate=RATE, epochs=500, batch_size=None).cost
    ).all()


@pytest.mark.parametrize("penalty", ["none", "l2", "l1", "both"])
def test_J_decreases_at_every_iteration_of_gd(penalty):
    """120 random networks: the penalty counts in J, dropout is off, the rate is small."""
    activations = [
        "relu",
        "tanh",
        "sigmoid",
        "gelu",
        "elu",
        "silu",
        "softplus",
        "leaky_relu",
        "identity",
    ]
    options = {"none": {}, "l2": {"l2": 3.0}, "l1": {"l1": 2.0}, "both": {"l2": 2.0, "l1": 1.0}}[
        penalty
    ]
    rng = np.random.default_rng(0)
    for trial in range(120):
        hidden = [int(n) for n in rng.integers(1, 12, size=rng.integers(0, 4))]
        sizes = [int(rng.integers(1, 6)), *hidden, int(rng.integers(2, 5))]
        activation = [str(name) for name in rng.choice(activations, size=len(hidden))]
        output = ("softmax", "sigmoid", "identity")[trial % 3]
        rows = int(rng.integers(5, 40))
        problem = draw_problem(trial, sizes, rows, activation=activation, output=output, **options)
        net = problem.network("float64")
        J = [net.cost(problem.X, problem.y)]
        J += net.fit(
            problem.X, problem.y, optimizer="gd", learning_rate=0.003, epochs=40, batch_size=None
        ).cost
        rises = np.flatnonzero(np.diff(J) >= 0)
        assert rises.size == 0, (
            f"J rises after iterations {rises} of {sizes}, {activation}, {output}, trial {trial}"
        )


def test_penalized_J_falls_although_the_data_part_rises():
    """A strong l2 trades fit for small weights: J without the penalty would look like a bug."""
    X, y = circles()
    problem = draw_problem(1, [2, 10, 1], 300, activation="tanh", output="sigmoid")
    net = problem.network("float64")
    net.fit(X, y, optimizer="lbfgs", epochs=200)
    problem.options["l2"], problem.theta = 30.0, net.theta.copy()
    penalized = problem.network("float64")
    J = [penalized.cost(X, y)]
    J += penalized.fit(X, y, optimizer="gd", learning_rate=0.01, epochs=300, batch_size=None).cost
    assert (np.diff(J) < 0).all()
    assert net.cost(X, y) < 0.1
    assert ReferenceNetwork(problem.sizes, "tanh", "sigmoid").cost(penalized.theta, X, y) > 0.2

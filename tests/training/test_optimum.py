"""Where training ends: the conditions of an optimum, and scipy's minimizer on the reference."""

import numpy as np
import pytest
import scipy.optimize
from problems import OUTPUTS, draw_problem
from reference import ReferenceNetwork, relative_difference
from small_fits import X, Y, blobs, classifier

import fastnn


def sparse_logistic_problem(output):
    """Labels that depend on 3 of 10 features, and the net that is to find them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 10))
    logits = 2 * X[:, 0] - 1.5 * X[:, 3] + X[:, 7] + 0.5 + rng.logistic(size=200)
    y = (logits > 0).astype(int)
    return X, y, [10, 1 if output == "sigmoid" else 2]


def decay(epoch):
    return 1 / (1 + epoch / 100) ** 1.5


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize(
    ("optimizer", "learning_rate", "schedule", "tolerance"),
    [
        ("gd", 1.0, None, 1e-6),
        ("momentum", 0.3, None, 1e-6),
        ("nesterov", 0.3, None, 1e-6),
        ("rmsprop", 0.03, decay, 1e-3),
        ("adam", 0.03, decay, 1e-3),
        ("lbfgs", 1e-3, None, 1e-5),
    ],
)
def test_l1_logistic_regression_meets_the_optimality_conditions(
    optimizer, learning_rate, schedule, tolerance, output
):
    """|dL/dw| <= l1/m where w = 0, dL/dw = -l1/m sign(w) elsewhere, and dL/db = 0."""
    X, y, sizes = sparse_logistic_problem(output)
    strength = 12.0
    net = fastnn.Network(sizes, output=output, l1=strength, dtype="float64", rng=0)
    net.fit(
        X,
        y,
        optimizer=optimizer,
        learning_rate=learning_rate,
        schedule=schedule,
        epochs=3000,
        batch_size=None,
    )
    judge = ReferenceNetwork(sizes, output=output)
    theta = np.array(net.theta)
    slope = judge.value_and_grad(theta, X, y)[1]
    limit = judge.spread([strength / len(X)])
    violation = np.where(
        theta != 0, np.abs(slope + limit * np.sign(theta)), np.maximum(np.abs(slope) - limit, 0)
    )
    assert violation.max() < tolerance, f"violation {violation}"
    w = theta[: 10 * sizes[-1]].reshape(10, -1)
    assert (w[[0, 3, 7]] != 0).any(axis=1).all(), f"a feature that matters was dropped: {w}"
    assert (w == 0).any(axis=1).sum() >= 4, f"the features that do not matter are still there: {w}"


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("output", OUTPUTS)
def test_lbfgs_finds_the_optimum_of_a_convex_problem(output, weighted):
    problem = draw_problem(1, [6, 3], 80, output=output, l2=2.0, weighted=weighted)
    data = problem.X, problem.y, problem.sample_weight
    judge = problem.reference()
    best = scipy.optimize.minimize(
        judge.value_and_grad,
        problem.theta,
        args=data,
        jac=True,
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 1000},
    )
    net = problem.network("float64")
    history = net.fit(
        problem.X, problem.y, optimizer="lbfgs", epochs=500, sample_weight=problem.sample_weight
    )
    J, gradient = judge.value_and_grad(np.array(net.theta), *data)
    assert pytest.approx(best.fun, rel=1e-8) == J
    assert np.abs(gradient).max() < 1e-3
    # The biases of a softmax are only determined up to a constant, so compare the predictions.
    outputs = judge.forward(np.array(net.theta), problem.X), judge.forward(best.x, problem.X)
    assert relative_difference(*outputs) < 1e-3
    assert history.cost[-1] == pytest.approx(J, rel=1e-12)
    assert len(history.cost) < 500, "did not stop at the optimum"


@pytest.mark.parametrize("activation", ["tanh", "softplus", "gelu"])
def test_lbfgs_descends_on_a_network(activation):
    """One entry of history an iteration, none above the one before, the last that of theta."""
    problem = draw_problem(2, [5, 9, 3], 60, activation=activation, l2=0.3)
    net = problem.network("float64")
    before = net.cost(problem.X, problem.y)
    history = net.fit(problem.X, problem.y, optimizer="lbfgs", epochs=30)
    assert len(history.cost) <= 30
    assert (np.diff([before, *history.cost]) <= 0).all()
    J = problem.reference().cost(np.array(net.theta), problem.X, problem.y)
    assert history.cost[-1] == pytest.approx(J, rel=1e-12)
    assert 0.6 * before > J


def test_one_output_and_two_agree():
    """A softmax of two classes with l2 is a sigmoid with l2 / 2 on the difference of weights."""
    X, y, _ = sparse_logistic_problem("sigmoid")
    one = fastnn.Network([10, 1], l2=1.0, dtype="float64", rng=0)
    two = fastnn.Network([10, 2], l2=2.0, dtype="float64", rng=0)
    for net in (one, two):
        net.fit(X, y, optimizer="lbfgs", epochs=500)
    np.testing.assert_allclose(two.forward(X)[:, 1], one.forward(X)[:, 0], atol=1e-4)


def test_sparsity():
    net = classifier()
    assert net.sparsity() == {"W1": 0, "W2": 0, "all": 0}
    net.params["W1"][:, :5] = 0
    net.params["b1"][:] = 0
    assert net.sparsity() == {"W1": 5 / 17, "W2": 0, "all": 6 * 5 / (6 * 17 + 17 * 3)}
    net.l1 = 1000
    net.fit(X, Y, epochs=200, learning_rate=0.01)
    assert net.sparsity() == {"W1": 1, "W2": 1, "all": 1}
    assert np.any(net.params["b2"])


@pytest.mark.parametrize(("units", "classes"), [(1, 2), (3, 3)])
def test_logistic_regression_agrees_with_scikit_learn(units, classes):
    """J m = the sum of losses + l2/2 ||W||^2: scikit-learn's objective at C = 1 / l2."""
    from sklearn.linear_model import LogisticRegression

    A, b = blobs(300, 5, classes)
    weights = np.random.default_rng(1).random(300) + 0.5
    net = fastnn.Network([5, units], l2=2.0, dtype="float64", rng=0)
    optimizer = fastnn.LBFGS(tolerance=1e-10)
    history = net.fit(A, b, epochs=1000, optimizer=optimizer)
    assert history.stopped == "converged"
    judge = LogisticRegression(C=0.5, tol=1e-10, max_iter=10_000).fit(A, b)
    np.testing.assert_allclose(net.params["W1"].T, judge.coef_, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(net.predict(A), judge.predict(A))
    # weights of mean 1 keep the balance of loss and penalty
    net.fit(A, b, epochs=1000, optimizer=optimizer, sample_weight=weights)
    judge.fit(A, b, sample_weight=weights / weights.mean())
    np.testing.assert_allclose(net.params["W1"].T, judge.coef_, rtol=1e-5, atol=1e-7)

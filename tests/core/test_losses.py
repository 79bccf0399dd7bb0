"""The losses that only estimators use by name: Poisson's, the absolute error and Huber's."""

import numpy as np
import pytest

import fastnn

# output -> (activation, loss of (z, y)).
LOSSES = {
    "exp": (np.exp, lambda z, y: np.exp(z) - y * z),
    "identity_absolute": (lambda z: z, lambda z, y: np.abs(z - y)),
    "identity_huber": (
        lambda z: z,
        lambda z, y: np.where(np.abs(z - y) <= 1, (z - y) ** 2 / 2, np.abs(z - y) - 0.5),
    ),
}


def problem(output, units, dtype):
    rng = np.random.default_rng(units)
    net = fastnn.Network(
        [3, 5, units], activation="tanh", output=output, dtype=dtype, l2=0.3, rng=0
    )
    return net, rng.standard_normal((37, 3)), 3 * rng.random((37, units)), rng.random(37)


def logits(net, X):
    p = {name: value.astype(float) for name, value in net.params.items()}
    return np.tanh(X @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]


@pytest.mark.parametrize("output", LOSSES)
@pytest.mark.parametrize("units", [1, 2, 7, 70])  # rows side by side, and rows gone along
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_outputs_and_cost(output, units, dtype):
    net, X, y, weight = problem(output, units, dtype)
    activation, loss = LOSSES[output]
    z = logits(net, X)
    tolerance = {"rtol": 1e-10} if dtype == "float64" else {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(net.forward(X), activation(z), **tolerance)
    np.testing.assert_allclose(net.forward(X[:1].astype(dtype)), activation(z[:1]), **tolerance)
    penalty = 0.3 / 2 / len(X) * sum((net.params[W].astype(float) ** 2).sum() for W in ("W1", "W2"))
    expected = np.average(loss(z, y).sum(axis=1), weights=weight) + penalty
    assert net.cost(X, y, weight) == pytest.approx(expected, rel=1e-5)
    error = np.sqrt(np.average(((activation(z) - y) ** 2).mean(axis=1), weights=weight))
    assert net.error(X, y, weight) == pytest.approx(error, rel=1e-5)


@pytest.mark.parametrize("output", LOSSES)
@pytest.mark.parametrize("units", [1, 7, 70])
def test_gradient(output, units):
    net, X, y, weight = problem(output, units, "float64")
    _, gradient = net.value_and_grad(X, y, weight)
    theta, h = net.theta.copy(), 1e-6
    for at in np.random.default_rng(0).integers(theta.size, size=12):
        J = []
        for step in (h, -h):
            net.theta = theta
            net.theta[at] += step
            J.append(net.cost(X, y, weight))
        assert gradient[at] == pytest.approx((J[0] - J[1]) / 2 / h, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("output", LOSSES)
def test_training_saving_and_practice(output, tmp_path):
    net, X, y, _ = problem(output, 1, "float32")
    assert net.regression
    assert net.gradcheck(X, y).verdict == "correct"
    before = net.cost(X, y)
    net.fit(X, y, epochs=50, learning_rate=0.01, batch_size=10)
    assert net.cost(X, y) < before
    assert net.signal_flow(X, y).layers
    net.save(tmp_path / "m.safetensors")
    loaded = fastnn.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict(X), net.predict(X))
    assert net.predict(X).shape == (37,)


@pytest.mark.parametrize("output", LOSSES)
def test_what_is_not_finite_is_noticed(output):
    net, X, y, _ = problem(output, 1, "float32")
    net.params["W2"][...] = 1e38
    with pytest.raises(fastnn.DivergenceError):
        net.fit(1e3 * X, y * 0 + 1, epochs=20, optimizer="gd", learning_rate=1e30)


def test_counts_are_not_negative():
    net, X, y, _ = problem("exp", 1, "float32")
    with pytest.raises(ValueError, match="at least 0 for an exp output"):
        net.fit(X, -y)

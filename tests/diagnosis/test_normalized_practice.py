"""Gradient checking and diagnosis of networks that normalize their inputs."""

import numpy as np
import pytest
from scipy import sparse

import fastnn


@pytest.fixture(params=["float32", "float64"])
def fitted(request):
    """A network, the raw data, and the data normalized by hand."""
    rng = np.random.default_rng(0)
    X = rng.normal(1e3, 5.0, (200, 4)) * [1, 10, 0.1, 1]
    y = (X[:, 0] > 1e3).astype(int)
    net = fastnn.Network([4, 8, 2], normalize=True, l2=0.1, dtype=request.param, rng=0)
    net.fit(X, y, epochs=3)
    return net, X, y, fastnn.Normalizer(dtype="float64").fit(X).transform(X)


def plain(net):
    twin = fastnn.Network(**{**net.spec, "normalize": False, "normalizer": None}, rng=0)
    twin.theta = net.theta
    return twin


def test_gradcheck(fitted):
    net, X, y, Z = fitted
    check = net.gradcheck(X, y)
    assert check.verdict == "correct"
    np.testing.assert_allclose(
        check.numeric, plain(net).gradcheck(Z, y).numeric, rtol=1e-4, atol=1e-6
    )
    assert net.gradcheck(sparse.csr_matrix(X.astype(net.dtype)), y).verdict == "correct"


def test_gradcheck_during_fit(fitted):
    _, X, y, _ = fitted
    net = fastnn.Network([4, 8, 2], normalize=True, rng=0)
    history = net.fit(X, y, epochs=2, gradcheck_at=(0, 2))
    assert [check.verdict for check in history.gradchecks.values()] == ["correct"] * 2


def test_signal_flow(fitted):
    net, X, y, Z = fitted
    flow, expected = net.signal_flow(X, y), plain(net).signal_flow(Z, y)
    np.testing.assert_allclose(flow.forward_growth, expected.forward_growth, rtol=1e-6)
    # Before the first fit: it would use mu and sigma of the same X.
    unfitted = fastnn.Network([4, 8, 2], normalize=True, rng=0)
    assert unfitted.signal_flow(X, y).layers[0].z_std < 10


def test_fresh_networks_take_their_own_moments(fitted):
    net, X, y, _ = fitted
    dev = (X[150:] + 50, y[150:])
    path = fastnn.penalty_path(net, (X[:150], y[:150]), dev, l2=[0.0, 1.0], epochs=3)
    expected = fastnn.Normalizer(dtype=net.dtype).fit(X[:150])
    np.testing.assert_array_equal(path.network.normalizer.mean_, expected.mean_)
    unfitted = fastnn.Network([4, 8, 2], normalize=True, rng=0)
    curve = fastnn.learning_curve(unfitted, (X[:150], y[:150]), dev, sizes=[50, 150], epochs=3)
    assert np.isfinite(curve.dev_error).all()


def test_diagnose(fitted):
    net, X, y, Z = fitted
    parts = (X[:150], y[:150]), (X[150:], y[150:])
    d = net.diagnose(*parts)
    expected = plain(net).diagnose((Z[:150], y[:150]), (Z[150:], y[150:]))
    assert d.bias == pytest.approx(expected.bias)

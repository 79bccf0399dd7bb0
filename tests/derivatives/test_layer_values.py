"""`Network.layers` against the passes of the compiled core and by hand."""

import numpy as np
import pytest
from problems import ACTIVATIONS, TOLERANCE, problem_off_kinks
from reference import relative_difference

import fastnn


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
def test_the_layers_are_those_of_the_network(output, dtype):
    for activation in ACTIVATIONS:
        problem, (expected, dX) = problem_off_kinks(
            lambda p, net: (
                net.data_gradient(p.theta, p.X, p.y, np.full(7, 1 / 7))[1],
                net.input_gradient(p.theta, p.X, p.y, np.full(7, 1 / 7)),
            ),
            3, [3, 5, 2], 7, activation=activation, output=output,
        )  # fmt: skip
        net, limit = problem.network(dtype), TOLERANCE[dtype]
        layers = net.layers(problem.X, problem.y)
        assert [layer.A.shape for layer in layers] == [(7, 3), (7, 5), (7, 2)]
        assert {v.dtype for layer in layers for v in layer if v is not None} == {np.dtype(dtype)}
        for l in (1, 2):
            Z = layers[l - 1].A @ net.params[f"W{l}"] + net.params[f"b{l}"]
            assert relative_difference(layers[l].Z, Z) < limit
            dW = layers[l - 1].A.T @ layers[l].dZ
            assert relative_difference(dW.ravel(), expected[net.layout[f"W{l}"].slice]) < limit
            assert (
                relative_difference(layers[l - 1].dA, layers[l].dZ @ net.params[f"W{l}"].T) < limit
            )
        assert relative_difference(layers[2].A, net.forward(problem.X)) < limit
        assert relative_difference(layers[0].dA, dX) < limit
        assert layers[0].Z is None
        assert layers[0].dZ is None


def test_dA_of_the_output_by_hand():
    """-1 / (m A) at the label for softmax, (A - y) / (A (1 - A) m) for sigmoid."""
    X, y = np.array([[1.0], [2.0]]), np.array([1, 0])
    net = fastnn.Network([1, 3], dtype="float64", rng=0)
    A, dA = net.forward(X), net.layers(X, y)[1].dA
    expected = np.zeros((2, 3))
    expected[0, 1], expected[1, 0] = -0.5 / A[0, 1], -0.5 / A[1, 0]
    assert np.allclose(dA, expected, rtol=1e-12)
    net = fastnn.Network([1, 1], dtype="float64", rng=0)
    A, dA = net.forward(X), net.layers(X, y)[1].dA
    assert np.allclose(dA, (A - y[:, None]) / (A * (1 - A)) / 2, rtol=1e-12)


def test_they_are_copies_and_without_y_there_are_no_derivatives():
    from scipy.sparse import csr_array

    net = fastnn.Network(
        [2, 3, 1], rng=0, keep_prob=0.5, normalizer=fastnn.Normalizer().fit([[0, 1], [4, 9]])
    )
    X = np.array([[1, 2], [3, 4]], np.float32)
    layers = net.layers(X)
    assert all(layer.dA is None and layer.dZ is None for layer in layers)
    assert np.allclose(layers[0].A, net.normalizer.transform(X))
    assert np.allclose(layers[2].A, net.forward(X), rtol=1e-6)
    before = X.copy(), net.theta.copy()
    for layer in layers:
        layer.A[...] = 7
    assert np.array_equal(X, before[0])
    assert np.array_equal(net.theta, before[1])
    assert np.array_equal(net.layers(csr_array(X))[1].Z, net.layers(X)[1].Z)

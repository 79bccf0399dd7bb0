"""Benchmarks of what a user calls: `pytest bench`."""

import pytest

OPTIMIZERS = ["gd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]


def test_epoch(benchmark, case):
    """16 updates with dropout and Adam, one thread, without evaluation."""
    net, X, y, batch_size = case
    history = benchmark(net.fit, X, y, epochs=1, batch_size=batch_size, evaluate_every=0, threads=1)
    assert history.examples == len(X)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizer(benchmark, case, optimizer):
    net, X, y, batch_size = case
    net.keep_prob = 1.0
    benchmark(
        net.fit,
        X,
        y,
        epochs=1,
        batch_size=batch_size,
        evaluate_every=0,
        threads=1,
        optimizer=optimizer,
        learning_rate=1e-4,
    )


def test_value_and_grad(benchmark, case):
    net, X, y, batch_size = case
    J, dtheta = benchmark(net.value_and_grad, X[:batch_size], y[:batch_size])
    assert J > 0
    assert dtheta.shape == net.theta.shape


@pytest.mark.parametrize("rows", [1, 1024])
def test_forward(benchmark, case, rows):
    net, X, _, _ = case
    rows = min(rows, len(X))
    assert benchmark(net.forward, X[:rows]).shape == (rows, net.layer_sizes[-1])

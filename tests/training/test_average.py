"""The exponential moving average of theta."""

import numpy as np
import pytest

import fastnn


def problem(dtype="float64"):
    rng = np.random.default_rng(0)
    net = fastnn.Network([4, 7, 2], keep_prob=0.8, dtype=dtype, rng=0)
    return net, rng.standard_normal((300, 4)).astype(dtype), rng.integers(0, 2, 300)


@pytest.mark.parametrize("batch_size", [60, 77, None])
@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_it_is_the_average_of_the_updates(batch_size, decay):
    net, X, y = problem()
    options = {"batch_size": batch_size, "epochs": 3, "shuffle": False}
    history = net.fit(X, y, dev=(X[:50], y[:50]), average=decay, **options)
    other, _, _ = problem()
    trainer = other.trainer(batch_size=batch_size or 300)
    average, costs = None, []
    for _ in range(3):
        for first in range(0, 300, batch_size or 300):
            rows = slice(first, first + (batch_size or 300))
            trainer.step(X[rows], y[rows])
            theta = other.theta.copy()
            average = theta if average is None else decay * average + (1 - decay) * theta
        judged = other.like()
        judged.theta = average
        costs.append((judged.cost(X, y), judged.cost(X[:50], y[:50]), judged.error(X, y)))
    np.testing.assert_allclose(net.theta, average, rtol=1e-12, atol=1e-15)
    recorded = zip(history.cost, history.dev_cost, history.train_error, strict=True)
    np.testing.assert_allclose(list(recorded), costs, rtol=1e-12)


def test_same_bits_for_any_number_of_threads():
    thetas = set()
    for threads in (1, 2, 3):
        net, X, y = problem("float32")
        net.fit(X, y, epochs=3, batch_size=64, average=0.99, threads=threads)
        thetas.add(net.theta.tobytes())
    assert len(thetas) == 1


def test_early_stopping_and_callbacks_have_the_average():
    net, X, y = problem()
    seen = []
    history = net.fit(
        X,
        y,
        dev=(X[:50], y[:50]),
        average=0.9,
        epochs=6,
        early_stopping=fastnn.EarlyStopping(monitor="dev_cost"),
        callbacks=lambda net, history: seen.append(net.theta.copy()),
    )
    np.testing.assert_array_equal(net.theta, seen[history.best_epoch])
    assert net.cost(X, y) == pytest.approx(history.cost[history.best_epoch], rel=1e-12)


def test_ctrl_c_leaves_the_average():
    net, X, y = problem()
    seen = []

    def interrupt(net, history):
        seen.append(net.theta.copy())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y, average=0.9, callbacks=interrupt)
    np.testing.assert_array_equal(net.theta, seen[0])


def test_refusals(tmp_path):
    net, X, y = problem()
    with pytest.raises(ValueError, match=r"average in \[0, 1\), got 1"):
        net.fit(X, y, average=1)
    net.keep_prob = 1.0
    for options in (
        {"optimizer": "lbfgs"},
        {"checkpoint": tmp_path / "state"},
        {"optimizer": net.trainer()},
    ):
        with pytest.raises(ValueError, match="average is not for lbfgs, checkpoint"):
            net.fit(X, y, average=0.9, **options)

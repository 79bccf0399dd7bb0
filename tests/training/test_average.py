"""The exponential moving average of theta."""

import copy
import pickle

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


def test_refusals():
    net, X, y = problem()
    with pytest.raises(ValueError, match=r"average in \[0, 1\), got 1"):
        net.fit(X, y, average=1)
    net.keep_prob = 1.0
    with pytest.raises(ValueError, match="average is not for lbfgs"):
        net.fit(X, y, average=0.9, optimizer="lbfgs")
    with pytest.raises(ValueError, match="average are the trainer's"):
        net.fit(X, y, average=0.9, optimizer=net.trainer())
    with pytest.raises(ValueError, match=r"average in \[0, 1\), got -1"):
        net.trainer(average=-1)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_trainer_keeps_it_to_the_bits_of_fit(threads):
    net, X, y = problem("float32")
    net.fit(X, y, average=0.9, batch_size=60, epochs=2, shuffle=False)
    one, other = (problem("float32")[0] for _ in range(2))
    stepped = one.trainer(average=0.9, examples=300, threads=threads)
    taken = other.trainer(average=0.9, examples=300, threads=threads)
    for first in [*range(0, 300, 60)] * 2:
        rows = slice(first, first + 60)
        stepped.step(X[rows], y[rows])
        A = taken.forward(X[rows])
        taken.backward(-np.eye(2)[y[rows]] / A / 60)
        taken.update()
    np.testing.assert_array_equal(stepped.average, net.theta)
    assert not np.array_equal(one.theta, stepped.average)
    np.testing.assert_allclose(taken.average, stepped.average, rtol=1e-3, atol=1e-5)
    assert not np.array_equal(other.theta, taken.average)
    assert net.trainer().average is None


def test_a_trainer_is_restored_with_it():
    net, X, y = problem()
    trainer = net.trainer(average=0.9, batch_size=300)
    trainer.step(X, y)
    before = trainer.state()
    twins = [copy.deepcopy(trainer), pickle.loads(pickle.dumps(trainer))]
    net.fit(X, y, optimizer=trainer, batch_size=100, epochs=2)
    average = trainer.average.copy()
    assert not np.array_equal(average, before["average"])
    assert not np.array_equal(net.theta, average)
    for twin in twins:
        twin.network.fit(X, y, optimizer=twin, batch_size=100, epochs=2)
        np.testing.assert_array_equal(twin.average, average)
    trainer.restore(before)
    net.fit(X, y, optimizer=trainer, batch_size=100, epochs=1)
    net.keep_prob = 0.8  # opens the session anew
    net.fit(X, y, optimizer=trainer, batch_size=100, epochs=1)
    np.testing.assert_array_equal(trainer.average, average)
    with pytest.raises(ValueError, match="expected the state of a trainer"):
        net.trainer().restore(before)


def test_a_step_that_opens_the_session_anew_goes_on_with_it():
    net, X, y = problem()
    trainer = net.trainer(average=0.5, optimizer="gd", batch_size=300)
    thetas = []
    for l2 in (0.0, 0.1, 0.2):
        net.l2 = l2
        trainer.step(X, y)
        thetas.append(net.theta.copy())
    expected = (thetas[0] / 2 + thetas[1] / 2) / 2 + thetas[2] / 2
    np.testing.assert_allclose(trainer.average, expected, rtol=1e-12)

"""`fit_many` within `joblib.parallel_config`: the workers of a backend train the networks."""

import _thread
import copy
import threading

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sent import X, Y, end_process, fail
from stopwatch import Stopwatch

import fastnn
from fastnn.sweeps.backends import choose_workers

pytestmark = pytest.mark.slow


@pytest.fixture
def loky():
    with parallel_config(backend="loky", n_jobs=2):
        yield


def networks(count=4, **options):
    return [fastnn.Network([64, 8, 10], rng=seed, **options) for seed in range(count)]


def check_equal(far, near):
    for one, other in zip(far, near, strict=True):
        np.testing.assert_array_equal(one.theta, other.theta)
        assert one.history.stopped == other.history.stopped
        for name in ("cost", "train_error", "dev_error", "best_epoch", "learning_rate"):
            np.testing.assert_equal(getattr(one.history, name), getattr(other.history, name))
        assert one.history.gradchecks == other.history.gradchecks
        assert one.rng.bit_generator.state == other.rng.bit_generator.state
        assert one.spec == other.spec


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_the_bits_are_those_of_threads(backend):
    options = {"epochs": 3, "dev": (X[:200], Y[:200]), "early_stopping": 1, "schedule": "cosine"}
    sets = [(X[k::4], Y[k::4], np.linspace(0, 1, len(Y[k::4]))) for k in range(4)]
    each = [{"loss": fastnn.losses.focal(2.0)}, {"optimizer": fastnn.Adam(beta1=0.8)}, {}, {}]
    far, near = (
        [*networks(2, normalize=True, keep_prob=0.8), *networks(2, dtype="float64")]
        for _ in range(2)
    )
    theta, row = far[2].theta, far[2].forward(X[:1])
    with parallel_config(backend=backend, n_jobs=2):
        histories = fastnn.fit_many(far, sets, each=each, **options)
    assert [net.history for net in far] == histories
    fastnn.fit_many(near, sets, each=each, **options)
    check_equal(far, near)
    assert far[2].theta is theta  # in place
    assert (far[2].forward(X[:1]) != row).any()
    check_equal([copy.deepcopy(net) for net in far], near)
    fastnn.fit_many(far, (X, Y), epochs=1)  # no lock is left
    fastnn.fit_many(near, (X, Y), epochs=1)
    check_equal(far, near)


def test_a_backend_is_used_only_if_it_was_asked_for():
    assert choose_workers(-1) == (-1, None)
    with parallel_config(n_jobs=2):
        assert choose_workers(-1) == (-1, None)
    with parallel_config(backend="loky", n_jobs=2):
        assert choose_workers(-1)[0] == 2
        assert choose_workers(3)[0] == 3
        assert choose_workers(-1)[1] is not None
        # A job of joblib trains on its own threads.
        assert Parallel()([delayed(choose_workers)(-1)] * 2) == [(-1, None)] * 2
    with parallel_config(backend="loky"):
        assert choose_workers(-1)[0] == -1


def test_divergence_and_errors_come_back(loky):
    nets = networks(activation="leaky_relu")
    each = [{}, {"optimizer": "gd", "learning_rate": 1e30}, {}, {}]
    with pytest.warns(RuntimeWarning, match=r"1 of 4 networks diverged; .*networks\[1\]"):
        fastnn.fit_many(nets, (X, Y), each=each, epochs=2)
    assert [net.history.stopped for net in nets] == ["epochs", "diverged", "epochs", "epochs"]
    nets, each = networks(), [{}, {"callbacks": fail}, {}, {}]
    with pytest.raises(RuntimeError, match="Peculiar: mine") as error:
        fastnn.fit_many(nets, (X, Y), each=each, epochs=2)
    assert "networks[1]" in error.value.__notes__[0]
    assert [net.history.stopped for net in nets] == ["epochs", "error", "epochs", "epochs"]


def test_a_worker_that_dies_is_an_error_and_the_others_are_trained(loky):
    nets, near = networks(), networks()
    before = nets[3].theta.copy()
    each = [{}, {}, {}, {"callbacks": end_process, "epochs": 300}]
    with pytest.raises(RuntimeError, match="LokyBackend of joblib has failed") as error:
        fastnn.fit_many(nets, (X, Y), each=each, epochs=1)
    trained = [net for net in nets if net.history is not None]
    assert f"{len(trained)} of 4 networks are trained" in error.value.__notes__[0]
    np.testing.assert_array_equal(nets[3].theta, before)
    fastnn.fit_many([net for net in nets if net.history is None], (X, Y), epochs=1)
    fastnn.fit_many(near, (X, Y), epochs=1)
    check_equal(nets, near)


def test_an_option_that_cannot_be_sent_is_named(loky):
    nets, lock = networks(), threading.Lock()
    stop = [lambda net, history: lock.locked()]
    with pytest.raises(TypeError, match=r"callbacks=.*threads, without joblib.parallel_config"):
        fastnn.fit_many(nets, (X, Y), epochs=1, callbacks=stop)
    assert all(net.history is None for net in nets)
    with pytest.raises(TypeError, match=r"networks\[1\]: expected an optimizer .*got a trainer"):
        fastnn.fit_many(nets[:2], (X, Y), each=[{}, {"optimizer": nets[1].trainer()}])
    with parallel_config(backend="threading"):
        fastnn.fit_many(nets, (X, Y), epochs=1, callbacks=stop)


def test_a_backend_that_would_wait_for_ever_is_refused():
    """The pool of multiprocessing never tells that a worker has died."""
    nets = networks(2)
    space, message = {"l2": [0.0, 1.0]}, "'multiprocessing', which then waits for ever: take 'loky'"
    with parallel_config(backend="multiprocessing", n_jobs=2):
        for call in (
            lambda: fastnn.fit_many(nets, (X, Y), epochs=1),
            lambda: fastnn.sweep([64, 4, 10], (X, Y), (X, Y), space, epochs=1),
            lambda: fastnn.improve([64, 4, 10], (X, Y), (X, Y)),
        ):
            with pytest.raises(ValueError, match=message):
                call()
    with pytest.raises(ValueError, match=message):
        fastnn.sweep([64, 4, 10], (X, Y), (X, Y), space, backend="multiprocessing", epochs=1)
    assert all(net.history is None for net in nets)


def test_a_network_in_a_fit_is_refused(loky):
    nets, refused = networks(2), []

    def meanwhile(net, history):
        with pytest.raises(RuntimeError, match=r"networks\[1\] is being fitted already") as error:
            fastnn.fit_many(nets, (X, Y))
        refused.append(error)

    nets[1].fit(X, Y, epochs=1, callbacks=meanwhile)
    assert len(refused) == 1
    assert nets[0].history is None


def test_ctrl_c_keeps_what_is_trained(loky):
    fastnn.fit_many(networks(2), (X, Y), epochs=1)  # the workers have begun
    nets, near = networks(), networks()[0]
    before = [net.theta.copy() for net in nets]
    stopwatch = Stopwatch()
    threading.Timer(1.0, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        fastnn.fit_many(nets, (X, Y), each=[{"epochs": 1 if k == 0 else 10**7} for k in range(4)])
    assert stopwatch.seconds() < 6
    near.fit(X, Y, epochs=1)
    check_equal(nets[:1], [near])
    for net, theta in zip(nets[1:], before[1:], strict=True):
        np.testing.assert_array_equal(net.theta, theta)
        assert net.history is None
    fastnn.fit_many(nets, (X, Y), epochs=1)  # other workers, no lock is left

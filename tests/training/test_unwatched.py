"""A fit that nobody watches has the bits of one that stops to look at each epoch."""

import _thread
import copy
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

import fastnn
from fastnn.training import descent

rng = np.random.default_rng(0)
X = rng.standard_normal((70, 5))
LABELS = rng.integers(0, 3, 70)
TARGETS = rng.standard_normal((70, 3))


def look(net, history):
    """A callback that does nothing: with it, Python sees each epoch."""


def both(make, **options):
    """Networks and histories of a fit without, and with a look at each epoch."""
    results = []
    for callbacks in ((), look):
        net = make()
        y = TARGETS if net.regression else LABELS
        history = net.fit(options.get("X", X), y, callbacks=callbacks, threads=1,
                          **{k: v for k, v in options.items() if k != "X"})  # fmt: skip
        results.append((net, history))
    return results


def assert_same(results):
    (net, history), (watched, seen) = results
    np.testing.assert_array_equal(net.theta, watched.theta)
    for name in ("cost", "train_error", "dev_cost", "dev_error", "learning_rate"):
        np.testing.assert_array_equal(getattr(history, name), getattr(seen, name), name)
    assert len(history) == len(seen)
    assert history.examples == seen.examples
    assert history.stopped == seen.stopped
    assert net.rng.random() == watched.rng.random()


@settings(max_examples=40, deadline=None)
@given(
    dtype=st.sampled_from(["float32", "float64"]),
    output=st.sampled_from(["softmax", "identity"]),
    optimizer=st.sampled_from(["gd", "nesterov", "rmsprop", "adam", "adamw"]),
    keep_prob=st.sampled_from([1.0, 0.7]),
    l2=st.sampled_from([0.0, 0.3]),
    l1=st.sampled_from([0.0, 0.1]),
    normalize=st.booleans(),
    epochs=st.sampled_from([1, 2, 7, 150]),
    batch_size=st.sampled_from([None, 16, 69]),
    shuffle=st.booleans(),
    schedule=st.sampled_from([None, "cosine", fastnn.schedules.Step(every=2, warmup=1)]),
    evaluate_every=st.sampled_from([0, 1, 3]),
    dev=st.booleans(),
    sparse=st.booleans(),
)
def test_the_bits_are_those_of_a_fit_that_looks_at_each_epoch(
    dtype, output, optimizer, keep_prob, l2, l1, normalize, sparse, dev, **options
):
    if dev:
        options["dev"] = (X[:31], (LABELS if output == "softmax" else TARGETS)[:31])
    if sparse and not dev:
        options["X"] = csr_array(X)
    results = both(
        lambda: fastnn.Network([5, 8, 3], output=output, dtype=dtype, keep_prob=keep_prob, l2=l2,
                               l1=l1, normalize=normalize, rng=1),
        optimizer=optimizer, **options,
    )  # fmt: skip
    assert_same(results)


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
@pytest.mark.parametrize("epochs", [1, 200])
def test_any_generator_is_drawn_from_alike(kind, epochs):
    def make():
        return fastnn.Network([5, 8, 3], rng=np.random.Generator(getattr(np.random, kind)(3)))

    assert_same(both(make, epochs=epochs, batch_size=16))


def test_only_fits_that_nobody_watches_take_this_way(monkeypatch):
    used = []
    monkeypatch.setattr(
        "fastnn.training.descent._descend_unwatched", lambda *task: used.append(task)
    )
    net = fastnn.Network([5, 8, 3], rng=0)
    net.fit(X, LABELS, epochs=2, threads=1)
    net.fit(X, LABELS, epochs=2, dev=(X, LABELS), schedule="cosine", progress=True)
    assert len(used) == 2
    for options in (
        {"callbacks": look},
        {"early_stopping": True, "dev": (X, LABELS)},
        {"threads": 2},
        {"schedule": lambda epoch: 1.0},
        {"gradcheck_at": 1},
    ):
        net.fit(X, LABELS, epochs=2, **options)
    assert len(used) == 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("schedule", [None, "cosine"])
@pytest.mark.parametrize("learning_rate", [3e2, 1e12, 1e30])
def test_a_divergence_is_the_same(dtype, learning_rate, schedule):
    ends = []
    for callbacks in ((), look):
        net = fastnn.Network([5, 8, 3], output="identity", dtype=dtype, rng=1)
        with pytest.raises(fastnn.DivergenceError) as error:
            net.fit(X, TARGETS, optimizer="gd", learning_rate=learning_rate, epochs=400,
                    batch_size=16, callbacks=callbacks, schedule=schedule,
                    threads=1)  # fmt: skip
        ends.append((str(error.value), net.history, net.theta, net.rng.random()))
    (text, history, theta, drawn), (text_seen, seen, theta_seen, drawn_seen) = ends
    assert text == text_seen
    assert history.stopped == seen.stopped == "diverged"
    assert history.cost == seen.cost
    assert len(history) == len(seen)
    assert history.examples == seen.examples
    assert drawn == drawn_seen
    np.testing.assert_array_equal(theta, theta_seen)


def test_a_long_epoch_is_not_taken_in_one_go():
    net = fastnn.Network([5, 300, 300, 3], rng=0)
    long = np.tile(X, (20, 1)), np.tile(LABELS, 20)
    session = type("Session", (), {"threads": 1})()
    monitor = type("Monitor", (), {"dev_session": None})()
    options = {**fastnn.Network.fit.__kwdefaults__, "threads": 1}
    assert not descent.is_unwatched(
        fastnn.training.preparation.prepare(net, *long, **options), session, monitor
    )
    few = fastnn.training.preparation.prepare(net, X[:10], LABELS[:10], **options)
    assert descent.is_unwatched(few, session, monitor)


def test_ctrl_c_ends_it_soon_with_a_record_of_every_epoch():
    net = fastnn.Network([5, 8, 3], rng=0)
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, LABELS, epochs=10**7, threads=1, evaluate_every=1)
    history = net.history
    assert history.stopped == "interrupted"
    assert len(history.cost) == len(history) > 0
    assert history.examples == 70 * len(history)
    assert history.cost[-1] == net.cost(X, LABELS)
    again = fastnn.Network([5, 8, 3], rng=0)
    again.fit(X, LABELS, epochs=len(history), threads=1)
    np.testing.assert_array_equal(net.theta, again.theta)
    assert copy.deepcopy(net).rng.random() == again.rng.random()


def test_the_seconds_of_the_epochs_rise():
    history = fastnn.Network([5, 8, 3], rng=0).fit(X, LABELS, epochs=300, threads=1)
    assert (np.diff(history.seconds) > 0).all()
    assert 0 < history.training_seconds < history.seconds[-1]

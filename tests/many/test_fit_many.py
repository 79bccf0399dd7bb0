"""`fit_many`: the same bits as `fit` in a loop, whatever happens to one of the networks."""

import _thread
import copy
import io
import os
import re
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from scipy.sparse import csr_array
from stopwatch import Stopwatch

import fastnn
from fastnn.many.progress_bar import ManyBar

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 4))
SETS = [(X[:40], X[:40, k % 4] > 0) for k in range(5)]


def networks(count=5, **options):
    return [fastnn.Network([4, 8, 1], rng=seed, **options) for seed in range(count)]


@settings(max_examples=12, deadline=None)
@given(
    n_jobs=st.sampled_from([1, 2, 4, -1]),
    dtype=st.sampled_from(["float32", "float64"]),
    shared=st.booleans(),
    optimizer=st.sampled_from(["adam", "gd", "lbfgs"]),
    watched=st.booleans(),
)
def test_the_bits_are_those_of_fits_in_a_loop(n_jobs, dtype, shared, optimizer, watched):
    options = {"epochs": 5, "batch_size": 16, "optimizer": optimizer, "dev": SETS[1]}
    if watched:
        options["callbacks"] = lambda net, history: None
    nets, alone = networks(dtype=dtype), networks(dtype=dtype)
    histories = fastnn.fit_many(nets, SETS[0] if shared else SETS, n_jobs, **options)
    for k, (net, one) in enumerate(zip(nets, alone, strict=True)):
        history = one.fit(*SETS[0 if shared else k], **options)
        np.testing.assert_array_equal(net.theta, one.theta)
        assert histories[k] is net.history
        assert histories[k].cost == history.cost
        assert histories[k].dev_error == history.dev_error
        assert net.rng.random() == one.rng.random()


def test_each_has_options_layers_and_weights_of_its_own():
    nets = [fastnn.Network([4, 3, 2], rng=0), fastnn.Network([2, 1], rng=1)]
    weight = np.arange(60.0)
    sets = [(csr_array(X), X[:, 0] > 0, weight), (X[:, :2], X[:, 1] > 0)]
    alone = copy.deepcopy(nets)
    fastnn.fit_many(nets, sets, 2, each=[{"epochs": 3}, {"schedule": "cosine"}], epochs=7)
    alone[0].fit(*sets[0][:2], sample_weight=weight, epochs=3)
    alone[1].fit(*sets[1], epochs=7, schedule="cosine")
    for net, one in zip(nets, alone, strict=True):
        np.testing.assert_array_equal(net.theta, one.theta)


def test_a_common_list_is_converted_once(monkeypatch):
    shapes = []
    as_numbers = fastnn.many.side_by_side.as_numbers
    monkeypatch.setattr(
        "fastnn.many.side_by_side.as_numbers",
        lambda array, name: shapes.append(name) or as_numbers(array, name),
    )
    fastnn.fit_many(networks(), (X.tolist(), (X[:, 0] > 0).tolist()), epochs=1)
    assert shapes == ["X", "y"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_diverging_network_loses_nothing_of_the_others(n_jobs):
    nets, alone = networks(), networks()
    each = [{"learning_rate": 1e30 if k == 2 else 0.01} for k in range(5)]
    with pytest.warns(RuntimeWarning, match=r"1 of 5 networks diverged; .* networks\[2\]"):
        histories = fastnn.fit_many(nets, SETS, n_jobs, each=each, optimizer="gd", epochs=3)
    assert [history.stopped for history in histories] == [
        "diverged" if k == 2 else "epochs" for k in range(5)
    ]
    assert np.isfinite(nets[2].theta).all()
    for k in (0, 1, 3, 4):
        alone[k].fit(*SETS[k], optimizer="gd", learning_rate=0.01, epochs=3)
        np.testing.assert_array_equal(nets[k].theta, alone[k].theta)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_in_a_callback_is_raised_when_the_others_are_trained(n_jobs):
    nets = networks()

    def fail(net, history):
        if net is nets[1]:
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine") as error:
        fastnn.fit_many(nets, SETS, n_jobs, epochs=2, callbacks=fail)
    assert "networks[1]" in error.value.__notes__[0]
    assert [net.history.stopped for net in nets] == ["epochs", "error", *["epochs"] * 3]


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_one_bar_shows_all_networks(n_jobs, capfd):
    fastnn.fit_many(networks(), SETS, n_jobs, epochs=3, progress=True)
    assert re.fullmatch(r"network 5/5  in [\d.]+ s\n", capfd.readouterr().err)


def test_a_bar_counts_epochs_and_networks_that_have_ended():
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with ManyBar([10, 20, 40], console) as bar:
        bar.look(1, 15)
        bar.look(2, 10)
        assert bar._bar._done == pytest.approx(0.75 + 0.25)
        bar.ended(0)  # early stopping
        assert (bar._bar.finished, bar._bar._done) == (1, pytest.approx(2.0))


def test_a_message_shows_no_whole_array():
    X, y = np.zeros((600, 3)), np.zeros(600, int)
    with pytest.raises(TypeError, match=r"n_jobs to be an integer, got an array of shape \(600,\)"):
        fastnn.fit_many([fastnn.Network([3, 2], rng=0)], X, y, epochs=1)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"sets": SETS[:4]}, ValueError, "5 sets, one for each network, got 4"),
        ({"sets": [*SETS[:4], (X, X[:3, 0])]}, ValueError, r"networks\[4\]: .*as many rows as X"),
        ({"sets": [*SETS[:4], 7]}, TypeError, r"expected sets\[4\] to be a pair"),
        ({"sets": tuple(SETS)}, TypeError, r"got a tuple of 5: use a list of \(X, y\)"),
        ({"sets": (X, None)}, ValueError, "expected sets to have a y"),
        ({"each": [{}] * 4}, TypeError, "each to be 5 dicts"),
        ({"each": [{}] * 4 + [{"epoch": 3}]}, TypeError, r"networks\[4\]: .*option 'epoch'"),
        ({"each": [{}] * 4 + [{"progress": True}]}, TypeError, r"networks\[4\]: .*progress bar"),
        ({"epoch": 3}, TypeError, "no option 'epoch'"),
        ({"epochs": 0}, ValueError, r"networks\[0\]: expected epochs to be at least 1"),
        ({"progress": 3}, TypeError, "progress"),
        ({"checkpoint": "file"}, TypeError, "no common option checkpoint.*each"),
        ({"n_jobs": 0}, ValueError, "n_jobs of at least 1"),
        ({"n_jobs": 1.5}, TypeError, "n_jobs to be an integer"),
        ({"networks": []}, ValueError, "at least one network"),
        ({"networks": [3] * 5}, TypeError, r"networks\[0\] to be a fastnn.Network"),
    ],
)
def test_bad_input_is_named_before_anything_changes(change, kind, message):
    nets = networks()
    before = [net.theta.copy() for net in nets]
    with pytest.raises(kind, match=message):
        fastnn.fit_many(**{"networks": nets, "sets": SETS, **change})
    for net, theta in zip(nets, before, strict=True):
        np.testing.assert_array_equal(net.theta, theta)
        assert net.history is None


def test_weights_come_from_one_place():
    weight = np.ones(40)
    with pytest.raises(ValueError, match="weights in its set or as an option, got both"):
        fastnn.fit_many(networks(1), [(*SETS[0], weight)], sample_weight=weight)


def test_networks_that_share_draws_are_refused():
    generator = np.random.default_rng(0)
    nets = [fastnn.Network([4, 1], rng=generator) for _ in range(2)]
    with pytest.raises(ValueError, match=r"one for networks\[0\] and networks\[1\].*spawn"):
        fastnn.fit_many(nets, SETS[0])
    nets = [fastnn.Network([4, 1], rng=own) for own in generator.spawn(2)]
    fastnn.fit_many(nets, SETS[0], epochs=1)
    with pytest.raises(ValueError, match=r"the same as networks\[0\] and networks\[1\]"):
        fastnn.fit_many([nets[0], nets[0]], SETS[0])


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("watched", [False, True])
def test_ctrl_c_stops_all_and_loses_nothing(n_jobs, watched):
    nets = networks()
    each = [{"epochs": 2 if k == 0 else 10**7} for k in range(5)]
    fastnn.fit_many(networks(), SETS, n_jobs, epochs=1)  # what is loaded once is loaded
    sent = []

    def interrupt_those_in_training():
        while not all(net.history for net in nets[1 : 1 + n_jobs]):  # an epoch is recorded
            time.sleep(0.01)
        sent.append(Stopwatch())
        _thread.interrupt_main()

    threading.Thread(target=interrupt_those_in_training, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        fastnn.fit_many(nets, SETS, n_jobs, each=each, callbacks=[lambda net, h: None] * watched)
    assert sent[0].seconds() < 5
    assert nets[0].history.stopped == "epochs"
    for net in nets[1 : 1 + n_jobs]:
        history = net.history
        assert history.stopped == "interrupted"
        assert history.examples >= 40 * len(history) > 0
    assert nets[4].history is None
    alone = networks()[1]
    alone.fit(*SETS[1], epochs=len(nets[1].history))
    if not watched:  # in whole epochs
        np.testing.assert_array_equal(nets[1].theta, alone.theta)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fastnn.fit_many(nets, SETS, n_jobs, epochs=2)  # no lock is left


def test_calls_from_several_threads_do_not_meet():
    def train(_):
        nets = networks(dtype="float64")
        fastnn.fit_many(nets, SETS, 2, epochs=20)
        return np.concatenate([net.theta for net in nets])

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(train, range(4)))
    for theta in results:
        np.testing.assert_array_equal(theta, results[0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_trains_too():
    fastnn.fit_many(networks(), SETS, 2, epochs=2)
    expected = networks()
    fastnn.fit_many(expected, SETS, 2, epochs=2)
    child = os.fork()
    if not child:
        status = 1
        try:
            nets = networks()
            fastnn.fit_many(nets, SETS, 2, epochs=2)
            same = all((a.theta == b.theta).all() for a, b in zip(nets, expected, strict=True))
            status = 0 if same else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

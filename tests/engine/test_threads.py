"""How many threads a fit runs on, where the user leaves it open."""

import numpy as np
import pytest

import fastnn
from fastnn import _kernels
from fastnn.engine import passes, threads
from fastnn.engine.examples import check_data
from fastnn.engine.thread_tuning import ThreadTuner
from fastnn.engine.threads import choose_threads


class Machine:
    """A training session on a made-up machine, where a row takes row_time[threads] seconds."""

    def __init__(self, row_time, most):
        self.row_time, self.threads, self.chunk_rows = row_time, most, 16
        self.now, self.rows_trained, self.spent = 0.0, 0, dict.fromkeys(row_time, 0.0)

    def train(self, seconds):
        # At least one mini-batch of 16 rows, as the core does.
        rows = max(self.chunk_rows, round(seconds / self.row_time[self.threads]))
        self.rows_trained += rows
        self.now += rows * self.row_time[self.threads]
        self.spent[self.threads] += rows * self.row_time[self.threads]
        return True

    def clock(self):
        return self.now


def run(machine, tuner, seconds):
    """The share of the time on each number of threads."""
    end = machine.now + seconds
    machine.spent = dict.fromkeys(machine.spent, 0.0)
    while machine.now < end:
        tuner.turn(0.05)
    return {n: spent / seconds for n, spent in machine.spent.items()}


@pytest.mark.parametrize("scale", [1e-7, 1e-5, 1e-3])
@pytest.mark.parametrize(
    ("row_time", "best"),
    [
        ({1: 1.0, 2: 0.6}, 2),
        ({1: 1.0, 2: 1.8}, 1),
        ({1: 1.0, 2: 0.6, 4: 0.4, 7: 0.3}, 7),
        ({1: 1.0, 2: 0.6, 4: 0.9, 7: 1.5}, 2),
        ({1: 1.0, 2: 1.1, 4: 1.2, 7: 1.3}, 1),
    ],
)
def test_the_fastest_number_of_threads_is_found(row_time, best, scale):
    machine = Machine({n: seconds * scale for n, seconds in row_time.items()}, max(row_time))
    tuner = ThreadTuner(machine, chosen=False, clock=machine.clock)
    run(machine, tuner, 3 + 3000 * scale)
    # A trial takes 16 rows at least: 16 ms of the largest scale.
    assert run(machine, tuner, 20)[best] > 0.95


def test_it_follows_the_machine():
    machine = Machine({1: 3e-7, 2: 2e-7}, 2)
    tuner = ThreadTuner(machine, chosen=False, clock=machine.clock)
    assert run(machine, tuner, 5)[2] > 0.95
    machine.row_time = {1: 3e-7, 2: 6e-7}  # another program takes one of the processors
    run(machine, tuner, 1)
    assert run(machine, tuner, 5)[1] > 0.98
    machine.row_time = {1: 3e-7, 2: 2e-7}
    run(machine, tuner, 1)
    assert run(machine, tuner, 5)[2] > 0.98


def test_equal_paces_do_not_change_hands_for_noise():
    rng = np.random.default_rng(0)
    machine = Machine({1: 2e-7, 2: 2e-7}, 2)
    machine_train = machine.train

    def train(seconds):
        machine.row_time = dict.fromkeys(machine.row_time, 2e-7 * rng.uniform(0.99, 1.01))
        return machine_train(seconds)

    machine.train = train
    tuner = ThreadTuner(machine, chosen=False, clock=machine.clock)
    assert run(machine, tuner, 10)[2] > 0.98


def test_a_given_number_is_kept():
    machine = Machine({1: 1e-7, 2: 2e-7}, 2)
    tuner = ThreadTuner(machine, chosen=True, clock=machine.clock)
    assert run(machine, tuner, 3) == {1: 0, 2: pytest.approx(1, abs=0.05)}


@pytest.mark.parametrize("batch_size", [64, 700])  # of one chunk, of two
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_changing_threads_between_turns_changes_no_bit(dtype, batch_size, monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((700, 64)), rng.integers(0, 10, 700)
    images = fastnn.augment.Images((8, 8), shift=1)

    def theta(**options):
        net = fastnn.Network([64, 64, 64, 10], keep_prob=0.8, l2=0.1, dtype=dtype, rng=0)
        net.fit(X, y, epochs=4, batch_size=batch_size, augment=images, **options)
        return net.theta.tobytes()

    one = theta(threads=1)
    used = []

    class Restless(ThreadTuner):
        def turn(self, seconds):
            used.append(self._session.threads)
            going = self._session.train(0.0)  # a chunk
            self._session.threads = len(used) % 5 + 1
            return going

    monkeypatch.setattr("fastnn.training.descent.ThreadTuner", Restless)
    assert theta(threads=5) == one
    assert set(used) == {1, 2, 3, 4, 5}


def test_fit_tries_other_numbers_only_if_none_is_given(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "available_processors", lambda: 2)
    turn, seen = ThreadTuner.turn, set()

    def seen_turn(tuner, seconds):
        seen.add(tuner._session.threads)
        return turn(tuner, seconds)

    monkeypatch.setattr(ThreadTuner, "turn", seen_turn)
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((6400, 64)).astype(np.float32), rng.integers(0, 10, 6400)

    def threads_used(given):
        seen.clear()
        fastnn.Network([64, 64, 64, 10], rng=0).fit(
            X, y, epochs=5, batch_size=64, threads=given, evaluate_every=0
        )
        return set(seen)

    assert threads_used(2) == {2}
    assert threads_used(1) == {1}
    assert threads_used(None) == {1, 2}  # for a moment at least


def test_a_session_keeps_to_the_threads_it_was_made_for():
    net = fastnn.Network([4, 3, 2], rng=0)
    X, y = np.zeros((10, 4), np.float32), np.zeros(10, int)
    session = passes.open_session(net, *check_data(net, X, y, None), threads=3)
    session.threads = 2
    assert session.threads == 2
    session.threads = 3
    for threads_ in (0, 4, -1):
        with pytest.raises(ValueError, match="made for 3 threads"):
            session.threads = threads_
    assert session.threads == 3


def test_small_work_gets_one_thread(monkeypatch):
    monkeypatch.setattr(threads, "available_processors", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert choose_threads([30, 32, 2], 32, steps=True) == 1
    assert choose_threads([784, 256, 128, 10], 128, steps=True) == 8


@pytest.mark.parametrize(
    ("given", "expected"),
    [("1", 1), ("3", 3), (" 2 , 1", 2), ("64", 8), ("", 8), ("0", 8), ("-1", 8), ("many", 8)],
)
def test_the_environment_limits_what_is_chosen(monkeypatch, given, expected):
    monkeypatch.setattr(threads, "available_processors", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert choose_threads([784, 256, 128, 10], 128, steps=True) == expected


def test_barrier_time():
    assert 0 < _kernels.barrier_time(1, 1000) < 1
    assert 0 < _kernels.barrier_time(2, 1000) < 1  # whatever else the machine does
    for bad in ((0, 1), (1025, 1), (2, 0), (2, 10**7)):
        with pytest.raises(ValueError, match="expected threads"):
            _kernels.barrier_time(*bad)

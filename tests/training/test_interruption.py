"""Ctrl-C during a fit or another long pass: soon heard, and nothing is left half done."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from small_fits import bits, wide_problem
from stopwatch import Stopwatch

from fastnn import Network

LATENCY = 1.0  # the promise is 0.2 s; the rest is for slow machines
GIVE_UP = 30  # seconds after which a fit that heard nothing ends by itself


class Interrupt:
    """A callback that after `epochs` epochs, or when called, sends Ctrl-C a moment later."""

    def __init__(self, epochs=None, delay=0.1):
        self.epochs, self.delay, self.sent = epochs, delay, None
        self.began = time.perf_counter()

    def __call__(self, net=None, history=None):
        if history is None or len(history) == self.epochs:
            threading.Timer(self.delay, self._send).start()
        return time.perf_counter() > self.began + GIVE_UP

    def _send(self):
        self.sent = Stopwatch()
        os.kill(os.getpid(), signal.SIGINT)

    def waited(self):
        return self.sent.seconds()


@pytest.fixture
def interrupt():
    # A job in the background of a shell is started with SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield Interrupt
    signal.signal(signal.SIGINT, before)


def check_interrupted(net, latency):
    assert latency < LATENCY, f"Ctrl-C took {1000 * latency:.0f} ms"
    assert net.history.stopped == "interrupted"
    lengths = {len(getattr(net.history, name)) for name in ("cost", "train_error", "learning_rate")}
    assert lengths == {len(net.history)}
    assert "_fitted_by" not in vars(net)


WIDE = [64, 512, 512, 10]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("delay", [0.03, 0.2])
def test_ctrl_c_leaves_a_whole_number_of_batches(interrupt, delay, threads):
    A, b = wide_problem(8 * 256)
    settings = {"optimizer": "gd", "batch_size": 256, "shuffle": False, "learning_rate": 0.1}
    net, again = Network(WIDE, rng=0), Network(WIDE, rng=0)
    stop = interrupt(epochs=2, delay=delay)
    with pytest.raises(KeyboardInterrupt):
        net.fit(A, b, epochs=10**9, threads=threads, callbacks=stop, **settings)
    check_interrupted(net, stop.waited())
    done = len(net.history)
    assert done >= 2
    again.fit(A, b, epochs=done, evaluate_every=0, threads=threads, **settings)
    reached = bits(again)
    for first in range(0, len(A), 256):  # gd keeps no state, so batches can be fits of their own
        batch = slice(first, first + 256)
        again.fit(A[batch], b[batch], epochs=1, evaluate_every=0, threads=threads, **settings)
        reached += bits(again)
    assert net.theta.tobytes() in reached
    net.fit(A, b, epochs=1, **settings)
    assert net.history.stopped == "epochs"


@pytest.mark.parametrize("dropout", [1.0, 0.5])
def test_ctrl_c_in_one_huge_step(interrupt, dropout):
    A, b = wide_problem(100_000)
    net = Network([64, 1024, 1024, 10], rng=0, keep_prob=dropout)
    before = bits(net)
    stop = interrupt(delay=0.3)
    stop()
    with pytest.raises(KeyboardInterrupt):
        net.fit(A, b, epochs=5, batch_size=None, optimizer="gd", threads=2)
    check_interrupted(net, stop.waited())
    assert len(net.history) == 0
    assert bits(net) == before
    net.fit(A[:100], b[:100], epochs=1)


def test_ctrl_c_during_lbfgs(interrupt):
    A, b = wide_problem(2000)
    net, settings = Network(WIDE, rng=0), {"optimizer": "lbfgs", "threads": 1}
    stop = interrupt(epochs=2, delay=0.1)
    with pytest.raises(KeyboardInterrupt):
        net.fit(A, b, epochs=10**9, callbacks=stop, **settings)
    check_interrupted(net, stop.waited())
    done, reached = len(net.history), []
    assert done >= 2
    Network(WIDE, rng=0).fit(
        A,
        b,
        epochs=done + 1,
        **settings,
        callbacks=lambda again, history: reached.append(*bits(again)),
    )
    assert net.theta.tobytes() in reached[done - 1 :]
    net.fit(A, b, epochs=1, **settings)


@pytest.mark.parametrize("call", ["forward", "cost", "value_and_grad"])
def test_ctrl_c_in_other_passes(interrupt, call):
    A, b = wide_problem(1000)
    net = Network([64, 1024, 1024, 10], rng=0)
    before = bits(net)
    A, b = np.broadcast_to(A[0], (10**6, 64)), np.broadcast_to(b[0], 10**6)
    stop = interrupt(delay=0.1)
    stop()
    with pytest.raises(KeyboardInterrupt):
        net.forward(A) if call == "forward" else getattr(net, call)(A, b)
    assert stop.waited() < LATENCY
    assert bits(net) == before
    assert net.history is None


@pytest.mark.parametrize("call", ["step", "forward"])
def test_ctrl_c_in_a_huge_step_of_a_trainer(interrupt, call):
    A, b = wide_problem(100_000)
    net = Network([64, 1024, 1024, 10], rng=0)
    trainer = net.trainer(optimizer="momentum", batch_size=100_000)
    before = trainer.state()
    stop = interrupt(delay=0.3)
    stop()
    with pytest.raises(KeyboardInterrupt):
        trainer.step(A, b) if call == "step" else trainer.forward(A)
    assert stop.waited() < LATENCY
    after = trainer.state()
    assert all(np.array_equal(after[name], before[name]) for name in before)
    with pytest.raises(RuntimeError, match="before backward"):
        trainer.backward(np.zeros((100_000, 10)))
    trainer.step(A[:100], b[:100])
    net.fit(A[:100], b[:100], epochs=1)  # the lock is free again
    assert trainer.steps == 1


def test_ctrl_c_in_a_process_of_its_own():
    program = """
        import signal, time
        signal.signal(signal.SIGINT, signal.default_int_handler)
        import numpy as np
        from fastnn import Network
        X = np.random.default_rng(0).normal(size=(2000, 64))
        net = Network([64, 128, 10], rng=0)
        began = time.perf_counter()
        def callback(net, history):
            if len(history) == 3:
                print("ready", flush=True)
            return time.perf_counter() > began + 30
        try:
            net.fit(X, np.arange(2000) % 10, epochs=10**9, callbacks=callback, progress=True)
        except KeyboardInterrupt:
            print(net.history.stopped, len(net.history) >= 3, np.isfinite(net.theta).all())
            raise
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert out == "interrupted True True\n"
    assert child.returncode == -signal.SIGINT
    assert err.rstrip().endswith("KeyboardInterrupt")

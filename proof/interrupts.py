"""Ctrl-C is answered within 0.2 s (the 99th percentile), at any moment of any long call.

SIGINT comes at random moments. Measured is the time until the call has returned, with
KeyboardInterrupt or with the best so far, or until the command line has ended. Other programs may
run: the time that a thread was ready and had no processor, as Linux counts it, is taken off, of the
thread that waited the longest. Any other wait counts. The time by the clock is told, too. A moment
in which the process was stopped (SIGSTOP) is tried again. Python itself loses some interrupts while
it starts, before fastnn can guard against that: they count as never answered. The short form has
too few moments for a percentile. Its bound is 1 s, and it tries such a moment again, once.
"""

import importlib
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

import fastnn
from proof import expect
from proof.parts import in_parts

_BOUND, _BOUND_OF_FEW = 0.2, 1.0  # seconds
_PATIENCE = 10  # seconds for the command line to end
_LOST = (math.inf, math.inf)  # in the place of what `_taken` gives
_PARTS = 10


def run(long):
    rng = np.random.default_rng(time.time_ns())
    # An interrupt within an import can leave a package of others half imported.
    for slow in (
        "joblib",
        "matplotlib.pyplot",
        "numba",
        "scipy.optimize",
        "sklearn.model_selection",
    ):
        importlib.import_module(slow)
    counts = {name: 1000 if long else few for name, (*_, few) in _KINDS.items()}

    def work(kind, first, count):
        prepare, most, _ = _KINDS[kind]
        answer, taken, again = prepare(), [], not long
        while len(taken) < count:
            continued.clear()
            one = answer(rng.uniform(0, most))
            if one == _LOST and again:
                again = False
            elif not continued:
                taken.append(one)
        return count, taken

    continued = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCONT, lambda number, frame: continued.append(number))
    try:
        if long:
            found = in_parts("interrupts", counts, work, _PARTS).found
        else:
            found = {kind: work(kind, 0, count)[1] for kind, count in counts.items()}
    finally:
        signal.signal(signal.SIGCONT, signal.SIG_DFL)
        signal.signal(signal.SIGINT, before)
    figures = [
        _percentile(name, taken, counts[name], _BOUND if long else _BOUND_OF_FEW)
        for name, taken in found.items()
        if taken
    ]
    return f"99th percentiles in ms (moments), of the process itself: {', '.join(figures)}"


def _percentile(name, taken, count, bound):
    """The 99th percentile of moments; each is (seconds by the clock, seconds without waits)."""
    clock, own = np.quantile(taken, 0.99, axis=0)
    expect(own <= bound, f"{name}: Ctrl-C was answered after {own:.2f} s; expected {bound}")
    moments = f"{count:,}" if len(taken) == count else f"{len(taken):,} of {count:,}"
    lost = sum(map(math.isinf, np.max(taken, axis=1)))
    moments += f", {lost} of them lost by Python" * bool(lost)
    return f"{name} {1000 * own:.0f}, by the clock {1000 * clock:.0f} ({moments})"


def _waits(process="self"):
    """Seconds that each thread of a process has waited for a processor; {} where nobody counts."""
    waits = {}
    for thread in Path(f"/proc/{process}/task").glob("*"):
        try:
            waits[thread.name] = int((thread / "schedstat").read_text().split()[1]) / 1e9
        except OSError:  # the thread has ended, or the system does not count
            continue
    return waits


def _taken(sent, before, process="self"):
    """Seconds since SIGINT was sent: by the clock, and without the longest wait of a thread."""
    clock = time.perf_counter() - sent
    after = _waits(process)
    waits = [after[thread] - before.get(thread, 0.0) for thread in after]
    return clock, clock - max(waits, default=0.0)


def _calls(prepare):
    """Interrupts of a call: a function that gives what `_taken` gives."""

    def prepared():
        call = prepare()

        def answer(delay):
            sent = []

            def send():
                before = _waits()
                sent.extend((time.perf_counter(), before))
                os.kill(os.getpid(), signal.SIGINT)

            timer = threading.Timer(delay, send)
            try:
                timer.start()
                call()
                while not sent:  # the call was over before: the next statement is interrupted
                    time.sleep(0.001)
                time.sleep(0.05)
            except KeyboardInterrupt:
                pass
            return _taken(*sent)

        return answer

    return prepared


def _data(m, features):
    X = np.random.default_rng(0).normal(size=(m, features)).astype(np.float32)
    return X, X[:, :3].argmax(axis=1)


def _fit():
    X, y = _data(5000, 64)
    net = fastnn.Network([64, 256, 256, 3], keep_prob=0.8, rng=0)
    return lambda: net.fit(X, y, epochs=10**9)


def _large_fit():
    X, y = _data(2000, 1024)
    net = fastnn.Network([1024, 4096, 4096, 3072, 3], rng=0)  # 34 million parameters
    return lambda: net.fit(X, y, epochs=10**9, batch_size=256)


def _sweep():
    X, y = _data(2000, 64)
    space = {"l2": np.geomspace(0.001, 1, 1000).tolist()}
    return lambda: fastnn.sweep([64, 64, 3], (X, y), (X, y), space, n_jobs=2, epochs=20)


def _improve():
    X, y = _data(1000, 64)

    def call():
        result = fastnn.improve([64, 2, 3], (X, y), (X, y), seconds=None, trials=10**6, n_jobs=2)
        expect(result.stopped == "interrupted", f"improve ended by {result.stopped}")

    return call


def _gradcheck():
    X, y = _data(200, 256)
    net = fastnn.Network([256, 256, 256, 3], rng=0, dtype="float64")
    net.gradcheck(X[:2], y[:2])  # Numba compiles
    return lambda: net.gradcheck(X, y)


def _black_box():
    matrix = np.random.default_rng(0).normal(size=(400, 400))
    theta = np.ones(400)

    def cost(theta):
        return float(theta @ matrix @ matrix @ theta)

    return lambda: [
        fastnn.gradcheck(cost, lambda theta: 2 * (matrix @ matrix) @ theta, theta)
        for _ in range(100)
    ]


def _report():
    X, y = _data(2000, 64)
    net = fastnn.Network([64, 32, 3], rng=0)
    history = net.fit(X, y, dev=(X, y), epochs=5)
    return lambda: [fastnn.report(net, history, (X, y), (X, y)) for _ in range(100)]


def _command():
    """Interrupts of `fastnn train`, which leaves no temporary file.

    Python writes a KeyboardInterrupt that it loses. Once fastnn guards against that, nobody does.
    """

    def answer(delay):
        with tempfile.TemporaryDirectory() as directory:
            errors = Path(directory, "errors.txt")
            with errors.open("w") as file:
                child = subprocess.Popen(
                    [sys.executable, "-m", "fastnn", "train", "--epochs", "1000000"],
                    cwd=directory,
                    stdout=subprocess.DEVNULL,
                    stderr=file,
                )
            try:
                time.sleep(delay)
                expect(child.poll() is None, "the command line ended by itself")
                before = _waits(child.pid)
                sent = time.perf_counter()
                child.send_signal(signal.SIGINT)
                # WNOWAIT: what Linux has counted of it goes when it is waited for.
                ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
                while os.waitid(os.P_PID, child.pid, ended) is None:
                    if time.perf_counter() - sent >= _PATIENCE:
                        said = errors.read_text()
                        lost = "KeyboardInterrupt" in said
                        expect(lost, f"the command line did not end, and wrote {said!r}")
                        return _LOST
                    time.sleep(0.001)
                taken = _taken(sent, before, child.pid)
                expect(child.wait() != 0, "an interrupted command reported success")
            finally:
                child.kill()  # it does nothing to one that has ended
                child.wait()
            strays = [file.name for file in Path(directory).glob(".fastnn*")]
            expect(not strays, f"temporary files stay: {strays}")
        return taken

    return answer


# How it is prepared, the latest moment in seconds, the moments of the short form: fewer of calls
# that take long to begin.
_KINDS = {
    "fit": (_calls(_fit), 0.3, 20),
    "fit of 34 million parameters": (_calls(_large_fit), 2.0, 5),
    "sweep": (_calls(_sweep), 0.5, 20),
    "improve": (_calls(_improve), 0.5, 20),
    "gradcheck of a network": (_calls(_gradcheck), 0.3, 20),
    "gradcheck of a function": (_calls(_black_box), 0.3, 20),
    "report": (_calls(_report), 0.5, 10),
    "command line": (_command, 2.0, 5),
    "its first 30 ms": (_command, 0.03, 5),
}

"""Memory does not grow: a long run of mixed work ends with the memory that its first third had.

A round has fits, trainers, predictions, a sweep, saved and loaded files, gradient checks, refused
calls and an interrupt. One before the others loads and compiles. The resident memory in the last
third of the rounds is compared with the memory at the end of the first third.
"""

import gc
import resource
import signal
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

import fastnn
from proof import expect

_GROWTH = 4.0  # MB: a page table, an arena of malloc or a cache of a library that has grown


def run(long):
    seconds = 600 if long else 15
    sizes = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as directory:
        try:
            _round(Path(directory), 0)  # Numba compiles, and libraries are loaded
            began = time.monotonic()
            while time.monotonic() - began < seconds:
                _round(Path(directory), len(sizes))
                gc.collect()
                sizes.append(_resident())
        finally:
            signal.signal(signal.SIGINT, before)
    third = len(sizes) // 3
    first, last = max(sizes[third // 2 : third + 1]), max(sizes[-third:])
    expect(last - first <= _GROWTH, f"memory grew from {first:.0f} to {last:.0f} MB")
    # Linux counts pages of each thread apart, and adds them to the most only now and then.
    most = max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, *sizes)
    return (
        f"{len(sizes):,} rounds: {first:.1f} MB after the first third, {last:.1f} MB after the "
        f"last, {most:.1f} MB at most"
    )


def _resident():
    """MB of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def _round(directory, number):
    rng = np.random.default_rng(number)
    X = rng.normal(size=(300, 20))
    y = X[:, :3].argmax(axis=1)
    for dtype in ("float32", "float64"):
        net = fastnn.Network([20, 32, 3], keep_prob=0.8, l2=0.1, dtype=dtype, rng=number)
        net.fit(X, y, dev=(X, y), epochs=5, batch_size=32, early_stopping=3, threads=2)
        net.like(keep_prob=1.0).fit(X, y, epochs=2, optimizer="lbfgs")
        trainer = net.trainer(batch_size=50)
        for _ in range(5):
            trainer.step(X[:50], y[:50])
        net.predict(X)
        net.gradcheck(X[:10], y[:10])
        net.save(directory / "model")
        fastnn.load(directory / "model")
        for wrong in (X[:, :3], X.astype(object), X[:0]):
            try:
                net.fit(wrong, y)
            except (TypeError, ValueError):
                pass
            else:
                expect(False, "wrong data were accepted")
    space = {"l2": [0.0, 0.1]}
    fastnn.sweep([20, 8, 3], (X, y), (X, y), space, epochs=3, n_jobs=2)
    timer = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])
    try:
        timer.start()
        net.fit(X, y, epochs=10**9)
    except KeyboardInterrupt:
        timer.join()
    (directory / "model").write_bytes(b"not a model")
    try:
        fastnn.load(directory / "model")
    except fastnn.ModelFormatError:
        pass
    else:
        expect(False, "a file that is no model was loaded")

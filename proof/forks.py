"""Processes may be forked and spawned at any moment of a fit: parent and child train on, alike.

A thread of the parent fits without end on two threads of the core. Meanwhile, and after it,
children are made. Each fits a network on two threads itself, and has to come to the bits of the
parent.
"""

import hashlib
import multiprocessing
import os
import signal
import threading
import time

import numpy as np

import fastnn
from proof import expect

_GIVE_UP = 60  # seconds after which a child that hangs is ended


def run(long):
    forks, spawns = (1000, 1000) if long else (50, 4)
    expected = _fit()
    rng = np.random.default_rng(time.time_ns())
    over = threading.Event()
    fitting = threading.Thread(target=_fit_until, args=(over,))
    fitting.start()
    try:
        for _half in range(2):  # during fits, and after them
            for _ in range(forks // 2):
                time.sleep(rng.uniform(0, 0.01))
                _fork(expected)
            for _ in range(spawns // 2):
                _spawn(expected)
            over.set()
            fitting.join()
    finally:
        over.set()
        fitting.join()
    expect(_fit() == expected, "the parent has other bits after its forks")
    return f"{forks:,} forks and {spawns:,} spawned, half of them during fits"


def _data():
    X = np.random.default_rng(0).normal(size=(600, 16)).astype(np.float32)
    return X, X[:, :3].argmax(axis=1)


def _fit():
    X, y = _data()
    net = fastnn.Network([16, 64, 3], keep_prob=0.8, rng=0)
    net.fit(X, y, epochs=3, batch_size=64, threads=2)
    return hashlib.sha256(net.theta.tobytes()).hexdigest()


def _fit_until(over):
    X, y = _data()
    net = fastnn.Network([16, 256, 256, 3], rng=0)
    net.fit(X, y, epochs=10**9, threads=2, callbacks=lambda net, history: over.is_set())


def _child(expected):
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_GIVE_UP)
    os._exit(_fit() != expected)


def _fork(expected):
    child = os.fork()
    if child == 0:
        _child(expected)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    expect(status != 1, "a forked child has other bits")
    expect(status == 0, f"a forked child ended with status {status}")


def _spawn(expected):
    child = multiprocessing.get_context("spawn").Process(target=_child, args=(expected,))
    child.start()
    child.join()
    expect(child.exitcode == 0, f"a spawned child ended with status {child.exitcode}")

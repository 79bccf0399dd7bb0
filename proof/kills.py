"""A process killed at any moment of a save, a checkpoint or a sweep loses nothing.

Children are killed (SIGKILL) after random times. Then the file is the old or the new one, whole,
and work that goes on from a checkpoint ends with the bits of work that nobody killed.
"""

import os
import signal
import tempfile
import time
from pathlib import Path

import numpy as np

import fastnn
from proof import expect
from proof.parts import in_parts

_RNG = np.random.default_rng(0)
_X = _RNG.normal(size=(200, 8))
_Y = _X[:, :3].argmax(axis=1)
_DEV = (_X[150:], _Y[150:])


def run(long):
    series = {"save": _saves, "checkpoint": _checkpoints, "sweep": _sweeps}
    rng = np.random.default_rng(time.time_ns())

    def work(kind, first, count):
        with tempfile.TemporaryDirectory() as directory:
            return series[kind](Path(directory), count, rng), []

    if long:
        return f"kills: {in_parts('kills', dict.fromkeys(series, 3334), work, 34).words}"
    return f"kills: {', '.join(f'{kind} {work(kind, 0, 34)[0]}' for kind in series)}"


def _killed(work, seconds):
    """Whether the work, in a child of its own, was killed before it ended."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    expect(status in (0, -signal.SIGKILL), f"a child ended with status {status}")
    return status != 0


def _without_strays(directory):
    strays = [file.name for file in directory.iterdir() if file.name.startswith(".fastnn-")]
    expect(not strays, f"temporary files stay in {directory}: {strays}")


def _saves(directory, kills, rng):
    path, networks = directory / "model", []
    for seed in range(2):
        networks.append(fastnn.Network([8, 64, 3], rng=seed))
        networks[seed].save(path)
    thetas = [net.theta.tobytes() for net in networks]

    def save_for_ever():
        while True:
            for net in networks:
                net.save(path)

    for _ in range(kills):
        expect(_killed(save_for_ever, rng.uniform(0, 0.02)), "a child ended by itself")
        expect(fastnn.load(path).theta.tobytes() in thetas, "another theta was loaded")
    networks[0].save(path)
    _without_strays(directory)
    return kills


def _checkpoints(directory, kills, rng):
    def fit(path, **options):
        net = fastnn.Network([8, 16, 3], keep_prob=0.8, rng=0)
        net.fit(_X[:150], _Y[:150], dev=_DEV, epochs=200, batch_size=32, **options)
        net.save(path)

    fit(directory / "whole")
    checkpoint = fastnn.Checkpoint(directory / "checkpoint", every_epochs=1)

    def work():
        fit(directory / "model", checkpoint=checkpoint, resume=True)

    def start_anew():
        for name in ("model", "checkpoint"):
            (directory / name).unlink(missing_ok=True)

    return _until_whole(directory, work, start_anew, kills, rng)


def _sweeps(directory, kills, rng):
    def sweep(path, **options):
        result = fastnn.sweep(
            [8, 8, 3],
            (_X[:150], _Y[:150]),
            _DEV,
            {"l2": [0.0, 0.1, 1.0], "keep_prob": [0.8, 1.0]},
            epochs=30,
            batch_size=32,
            n_jobs=1,
            **options,
        )
        result.best_network.save(path)

    sweep(directory / "whole")

    def work():
        sweep(directory / "model", checkpoint=directory / "sweep", resume=True)

    def start_anew():
        (directory / "model").unlink(missing_ok=True)
        if (directory / "sweep").exists():
            for file in (directory / "sweep").iterdir():
                file.unlink()
            (directory / "sweep").rmdir()

    return _until_whole(directory, work, start_anew, kills, rng)


def _until_whole(directory, work, start_anew, kills, rng):
    """Kill the work again and again; each time that it ends, compare, and start anew."""
    done = 0
    whole = (directory / "whole").read_bytes()
    while done < kills:
        start_anew()
        while _killed(work, rng.uniform(0, 0.15)):
            done += 1
        expect((directory / "model").read_bytes() == whole, "resumed work has other bits")
        for folder in (directory, directory / "sweep"):
            if folder.exists():
                _without_strays(folder)
    return done

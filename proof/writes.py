"""When a write, fsync, rename or open fails, at whatever call, the old file stays whole.

A shim before libc lets the n-th such call fail, for every n: with ENOSPC as a full disk does, with
EIO as a broken one does, or by writing only a part. The error reaches the caller, no temporary file
stays, and the same call again succeeds.
"""

import ctypes
import errno
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np

import fastnn
from proof import Broken, expect

_SHORT = 0  # the shim's failure of a write that writes a part
_FAILURES = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "a short write": _SHORT}
_RNG = np.random.default_rng(0)
_X = _RNG.normal(size=(60, 4))
_Y = (_X[:, 0] > 0).astype(int)


def run(long):
    """In a child, for the shim has to be there before Python; long and short are alike."""
    with tempfile.TemporaryDirectory() as directory:
        shim = Path(directory) / "shim.so"
        compiler = sysconfig.get_config_var("CC").split()
        source = Path(__file__).with_name("shim.c")
        subprocess.run(
            [*compiler, "-O1", "-Wall", "-Wextra", "-shared", "-fPIC", source, "-o", shim, "-ldl"],
            check=True,
        )
        child = subprocess.run(
            [sys.executable, "-m", "proof.writes", directory],
            env={**os.environ, "LD_PRELOAD": str(shim)},
            capture_output=True,
            text=True,
        )
    if child.returncode:
        raise Broken(child.stderr.strip().splitlines()[-1] if child.stderr else "the child died")
    return f"calls that failed: {', '.join(child.stdout.splitlines())}"


def _main(directory):
    shim = ctypes.CDLL(None)
    for name, prepare in (("save", _save), ("checkpoint", _checkpoint), ("sweep", _sweep)):
        folder = Path(os.path.realpath(directory)) / name
        folder.mkdir()
        for failure, number in _FAILURES.items():
            calls = 0
            while _fails(shim, folder, prepare(folder), calls, number):
                calls += 1
            expect(calls, f"{name}: {failure} was never met")
            print(f"{name} {calls} with {failure}")


def _fails(shim, folder, case, calls, number):
    """Whether the work has so many calls and one more, which fails; None of its promises breaks."""
    work, is_whole = case
    shim.shim_arm(os.fsencode(folder), calls, number)
    error = None
    try:
        work()
    except OSError as raised:
        error = raised
    met = shim.shim_disarm() < 0
    what = f"{folder.name}, failure {number} of call {calls}"
    if number == _SHORT or not met:
        expect(error is None, f"{what}: {error!r}")
    else:
        expect(error is not None and error.errno == number, f"{what}: got {error!r}")
    for file in folder.rglob(".fastnn-*"):
        raise Broken(f"{what}: {file.name} stays")
    expect(is_whole(), f"{what}: the file is damaged")
    work()
    expect(is_whole(), f"{what}: another try is damaged")
    return met


def _save(folder):
    path = folder / "model"
    networks = [fastnn.Network([4, 5, 2], rng=seed) for seed in range(2)]
    networks[0].save(path)
    thetas = [net.theta.tobytes() for net in networks]
    return (
        lambda: networks[1].save(path),
        lambda: fastnn.load(path).theta.tobytes() in thetas,
    )


def _checkpoint(folder):
    path = folder / "checkpoint"
    path.unlink(missing_ok=True)
    whole = []

    def fit(checkpoint):
        net = fastnn.Network([4, 5, 2], keep_prob=0.8, rng=0)
        net.fit(_X, _Y, epochs=3, checkpoint=checkpoint, resume=checkpoint is not None)
        return net.theta.tobytes()

    def work():
        whole.append(fit(fastnn.Checkpoint(path, every_epochs=1)))

    return work, lambda: all(theta == fit(None) for theta in whole)


def _sweep(folder):
    for file in folder.iterdir():
        file.unlink()
    whole = []

    def sweep(checkpoint):
        result = fastnn.sweep(
            [4, 3, 2],
            (_X, _Y),
            (_X, _Y),
            {"l2": [0.0, 0.1]},
            epochs=2,
            n_jobs=1,
            checkpoint=checkpoint,
            resume=checkpoint is not None,
        )
        for trial in result.trials:  # a sweep tells of it in its table, and goes on
            for run in trial.runs:
                if run.failure:
                    raise OSError(int(re.search(r"\[Errno (\d+)\]", run.failure)[1]), run.failure)
        return result.best_network.theta.tobytes()

    def work():
        whole.append(sweep(folder))

    return work, lambda: all(theta == sweep(None) for theta in whole)


if __name__ == "__main__":
    try:
        _main(sys.argv[1])
    except Broken as broken:
        sys.exit(str(broken))

"""When a write, fsync, rename or open fails, at whatever call, the old file stays whole.

A shim before libc lets the n-th such call fail, for every n: with ENOSPC as a full disk does, with
EIO as a broken one does, or by writing only a part. The error reaches the caller, no temporary file
stays, and the same call again succeeds. The same holds where the system itself refuses: files may
grow to so many bytes only, or the folder is read-only. A file that other processes replace, or save
to, meanwhile is always one of theirs or ours, whole; of two sweeps in one folder one is refused.
"""

import ctypes
import errno
import os
import re
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
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
    for proof_of in (_full, _read_only, _replaced, _shared):
        folder = Path(directory) / proof_of.__name__
        folder.mkdir()
        print(proof_of(folder))
        for file in folder.rglob(".fastnn-*"):
            raise Broken(f"{proof_of.__name__}: {file.name} stays")


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

    def work():
        whole.append(_sweep_in(folder))

    return work, lambda: all(theta == _sweep_in(None) for theta in whole)


def _sweep_in(folder):
    """The theta that a sweep with this directory, or none, finds the best."""
    result = fastnn.sweep(
        [4, 3, 2],
        (_X, _Y),
        (_X, _Y),
        {"l2": [0.0, 0.1]},
        epochs=2,
        n_jobs=1,
        checkpoint=folder,
        resume=folder is not None,
    )
    for trial in result.trials:  # a sweep tells of it in its table, and goes on
        for run in trial.runs:
            if run.failure:
                raise OSError(int(re.search(r"\[Errno (\d+)\]", run.failure)[1]), run.failure)
    return result.best_network.theta.tobytes()


def _refused(work, is_whole, number, what):
    """The work fails with this error, and leaves what was there."""
    try:
        work()
    except OSError as error:
        expect(error.errno == number, f"{what}: got {error!r}")
    else:
        expect(False, f"{what}: it was not refused")
    expect(is_whole(), f"{what}: the file is damaged")


def _full(folder):
    """No file may grow beyond so many bytes, for every length of the model's file."""
    work, is_whole = _save(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    lengths = range(0, (folder / "model").stat().st_size, 7)
    try:
        for length in lengths:
            resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
            _refused(work, is_whole, errno.EFBIG, f"full after {length} bytes")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    work()
    return f"disks full after {len(lengths)} lengths"


def _read_only(folder):
    work, is_whole = _save(folder)
    user = os.geteuid()
    folder.chmod(0o555)
    try:
        if user == 0:  # root may write everywhere
            os.chmod(folder.parent, 0o755)
            os.seteuid(65534)
        _refused(work, is_whole, errno.EACCES, "a read-only folder")
    finally:
        os.seteuid(user)
        folder.chmod(0o755)
    work()
    return "a read-only folder"


def _replaced(folder, seconds=1.0):
    """A file is loaded while two processes save to it, and a third puts others in its place."""
    path, networks = folder / "model", [fastnn.Network([4, 5, 2], rng=seed) for seed in range(3)]
    thetas = [net.theta.tobytes() for net in networks]
    networks[0].save(path)
    other = path.read_bytes()

    def replace():
        (folder / "other").write_bytes(other)
        os.replace(folder / "other", path)

    works = [lambda: networks[1].save(path), lambda: networks[2].save(path), replace]
    children, ends = [_forked(work, seconds) for work in works], time.monotonic() + seconds
    loads = 0
    while time.monotonic() < ends:
        expect(fastnn.load(path).theta.tobytes() in thetas, "another theta was loaded")
        loads += 1
    for child in children:
        expect(os.waitpid(child, 0)[1] == 0, "a process that saves meanwhile failed")
    return f"{loads} loads while 3 processes replace the file"


def _forked(work, seconds):
    """A child that does the work again and again, for so long."""
    child = os.fork()
    if child == 0:
        status, ends = 1, time.monotonic() + seconds
        try:
            while time.monotonic() < ends:
                work()
            status = 0
        finally:
            os._exit(status)
    return child


def _shared(folder, tries=20):
    """Two processes begin a sweep in one folder."""
    whole = _sweep_in(None)
    for number in range(tries):
        place, (read, write) = folder / str(number), os.pipe()
        children = []
        for _ in range(2):
            children.append(os.fork())
            if children[-1] == 0:
                try:
                    told = b"same" if _sweep_in(place) == whole else b"other"
                except RuntimeError as error:
                    told = b"refused" if "is at work" in str(error) else repr(error).encode()
                os.write(write, told + b" ")
                os._exit(0)
        os.close(write)
        for child in children:
            os.waitpid(child, 0)
        with open(read) as file:
            told = sorted(file.read().split())
        # One may begin when the other has ended already.
        expect(told in (["refused", "same"], ["same", "same"]), f"two sweeps in a folder: {told}")
        expect(_sweep_in(place) == whole, "two sweeps in a folder: its table is damaged")
    return f"{tries} folders with two sweeps"


if __name__ == "__main__":
    try:
        _main(sys.argv[1])
    except Broken as broken:
        sys.exit(str(broken))

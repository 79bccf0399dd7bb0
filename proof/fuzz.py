"""Whatever the input, there is no crash, no hang, no waste of memory, and no undocumented error.

Model files, checkpoints, directories of sweeps, tables, schemas, arrays and the compiled core get
inputs that are drawn at random. An execution follows from its target and its number alone:
``python -m proof.fuzz core 1234`` repeats one. The short form has the same numbers each time, so
that it fails by a change and not by chance. proof/corpus/ has a small input for each place in
fastnn where one was refused. They run first; ``--keep`` adds more.
"""

import contextlib
import io
import mmap
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
import tracemalloc
import warnings
from pathlib import Path

import click
import numpy as np

from proof import expect
from proof.parts import in_parts

_CORPUS = Path(__file__).with_name("corpus")
# Executions of each target, short and long: 10 million in all.
_COUNTS = {
    "model": (4_000, 200_000),
    "checkpoint": (1_500, 50_000),
    "sweep": (300, 10_000),
    "schema": (1_000, 30_000),
    "csv": (300, 7_000),
    "table": (100, 3_000),
    "arrays": (5_000, 500_000),
    "entries": (50_000, 8_000_000),
    "core": (10_000, 1_200_000),
}
_PARTS = 40
_SECONDS, _HANGS = 1.0, 60  # of processor time for an execution; of silence, until it is ended
_LARGEST_KEPT = 2500  # bytes of a file in the corpus
_MEMORY = 1e6  # bytes beside 10 times the input, for what Python itself needs


def run(long):
    if long:
        counts = {target: long for target, (_, long) in _COUNTS.items()}
        done = in_parts("fuzz", counts, lambda *part: (_batch(*part), []), _PARTS)
        return f"executions: {done.words}"
    done = {target: _batch(target, 0, short) for target, (short, _) in _COUNTS.items()}
    each = ", ".join(f"{target} {count:,}" for target, count in done.items())
    return f"executions: {sum(done.values()):,}: {each}"


def _batch(target, first, count):
    """Run so many executions in a child; Broken, with the one at fault, if any fails."""
    at = mmap.mmap(-1, 8)  # shared with the child: the number of its execution
    read, write = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(read)
        status = 1
        try:
            _executions(target, first, count, at)
            status = 0
        except BaseException:
            os.write(write, traceback.format_exc()[-3000:].encode())
        os._exit(status)
    os.close(write)
    before = None
    while not select.select([read], [], [], _HANGS)[0]:
        if at[:] == before:
            os.kill(child, signal.SIGABRT)
        before = at[:]
    with open(read) as file:
        told = file.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    number = int.from_bytes(at[:], "little")
    expect(
        status == 0, f"python -m proof.fuzz {target} {number} ended with status {status}:\n{told}"
    )
    return count


def _executions(name, first, count, at):
    with _made(name) as target:
        rng = random.Random()
        for file in sorted((_CORPUS / name).glob("*")):
            data = file.read_bytes()
            _one(target, lambda data=data: data)
        for number in range(first, first + count):
            at[:] = number.to_bytes(8, "little")

            def draw(number=number):
                rng.seed(number)
                return target.draw(rng)

            _one(target, draw)


@contextlib.contextmanager
def _made(name):
    """A target, ready to be used."""
    from proof.fuzzing import TARGETS

    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    memory = Path("/dev/shm")  # an execution writes files, and a disk would have to wait for it
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        yield TARGETS[name](Path(directory))


def _keep(name, first, count):
    """Add to the corpus what ends where nothing in it ends."""
    folder = _CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    with _made(name) as target:
        known = {_end(target, file.read_bytes()) for file in folder.iterdir()}
        for number in range(first, first + count):
            data = target.draw(random.Random(number))
            if len(data) <= _LARGEST_KEPT and (end := _end(target, data)) not in known:
                known.add(end)
                (folder / str(number)).write_bytes(data)


def _end(target, data):
    """Where fastnn refused it: the last lines for each error, from the last error to the first."""
    lines = []
    try:
        target.use(data)
    except target.documented as error:
        while error is not None:
            trace = traceback.extract_tb(error.__traceback__)
            lines += [(at.filename, at.lineno) for at in trace if "fastnn" in at.filename][-2:]
            error = error.__context__
    return tuple(lines)


def _one(target, draw):
    """Draw an input, and use it."""
    drawn = draw()
    measured = isinstance(drawn, bytes)
    if measured:
        tracemalloc.start()
    began = time.perf_counter()
    with contextlib.suppress(target.documented):
        target.use(drawn)
    if time.perf_counter() - began > _SECONDS:  # by itself, or because other programs ran?
        drawn, began = draw(), time.process_time()
        with contextlib.suppress(target.documented):
            target.use(drawn)
        seconds = time.process_time() - began
        expect(seconds < _SECONDS, f"it took {seconds:.1f} s of processor time")
    if measured:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        size = len(drawn)
        expect(most < _MEMORY + 10 * size, f"{most:,} bytes of memory for an input of {size:,}")


@click.command()
@click.argument("target", type=click.Choice(list(_COUNTS)))
@click.argument("number", type=int)
@click.argument("count", default=1)
@click.option("--keep", is_flag=True, help="Add inputs to the corpus instead; of files only.")
def _main(target, number, count, keep):
    """Repeat executions of a target, from a number on."""
    if keep:
        _keep(target, number, count)
        return
    _executions(target, number, count, bytearray(8))


if __name__ == "__main__":
    _main()

"""Whatever the input, there is no crash, no hang, no waste of memory, and no undocumented error.

Model files, checkpoints, directories of sweeps, tables, schemas, arrays and the compiled core get
inputs that are changed at random; files with a right checksum, so that what lies behind it is
reached. An execution follows from its target and number: ``python -m proof.fuzz core 1234`` repeats
one. Those that once failed are in the corpus, and run first.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import tracemalloc
import warnings
from pathlib import Path

import numpy as np

from proof import Broken, expect

_CORPUS = Path(__file__).with_name("corpus.json")
# Executions of each target, short and long: at least 10 million in all.
_COUNTS = {
    "model": (2_000, 500_000),
    "checkpoint": (500, 100_000),
    "sweep": (100, 20_000),
    "schema": (500, 100_000),
    "table": (300, 100_000),
    "arrays": (5_000, 2_000_000),
    "core": (15_000, 8_000_000),
}
_AT_ONCE = 50_000  # executions of one process
_SECONDS, _HANGS = 1.0, 60
_MEMORY = 2e6  # bytes beside 10 times the input, for what Python itself needs


def run(long):
    corpus = json.loads(_CORPUS.read_text())
    figures = {}
    for target, counts in _COUNTS.items():
        for number in corpus.get(target, ()):
            _in_a_child(target, number, 1)
        # The short form has the same inputs each time: it fails by a change, not by chance.
        first = int(time.time()) * 1000 if long else 0
        left = counts[bool(long)]
        while left:
            some = min(left, _AT_ONCE)
            _in_a_child(target, first, some)
            first, left = first + some, left - some
        figures[target] = counts[bool(long)] + len(corpus.get(target, ()))
    each = ", ".join(f"{target} {count:,}" for target, count in figures.items())
    return f"{sum(figures.values()):,} executions: {each}"


def _in_a_child(target, first, count):
    """Run so many executions; Broken, with the number of the one at fault, if any fails."""
    with tempfile.TemporaryDirectory() as directory:
        at = Path(directory) / "at"
        child = subprocess.run(
            [sys.executable, "-m", "proof.fuzz", target, str(first), str(count), directory],
            capture_output=True,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        if child.returncode:
            number = at.read_text() if at.exists() else first
            raise Broken(
                f"python -m proof.fuzz {target} {number} ended with {child.returncode}:\n"
                f"{(child.stdout + child.stderr)[-3000:]}"
            )


def _main(target, first, count=1, directory=None):
    from proof import fuzz_targets

    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    with contextlib.ExitStack() as stack:
        directory = Path(directory or stack.enter_context(tempfile.TemporaryDirectory()))
        prepare, documented, measures_memory = fuzz_targets.TARGETS[target](directory)
        with open(directory / "at", "w") as at, contextlib.redirect_stdout(io.StringIO()):
            for number in range(first, first + count):
                os.pwrite(at.fileno(), str(number).encode(), 0)
                signal.alarm(_HANGS)  # its default action ends this process
                _one(prepare, documented, measures_memory, np.random.default_rng(number))
    signal.alarm(0)


def _one(prepare, documented, measures_memory, rng):
    """Make an input of so many bytes, and run what is to bear it."""
    size, call = prepare(rng)
    if measures_memory:
        tracemalloc.start()
    began = time.process_time()
    with contextlib.suppress(documented):
        call()
    seconds = time.process_time() - began
    expect(seconds < _SECONDS, f"{seconds:.1f} s of processor time")
    if measures_memory:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        expect(most < _MEMORY + 10 * size, f"{most:,} bytes of memory for an input of {size:,}")


if __name__ == "__main__":
    _main(sys.argv[1], *map(int, sys.argv[2:4]), *sys.argv[4:])

"""`deterministic(across_cpus=True)` has the same bits on CPUs with other vectors, in emulation.

Kinds of fits of the proof `bits` run here and under qemu, as CPUs with AVX2 and without: NumPy and
the libraries of mathematics choose other code there, too. lbfgs and a loss in Python are left out,
for those compute a part themselves. Told is also how many of the fits have the same bits with the
fast kernels of this CPU. The tests that `aarch64` runs have digests of the same arithmetic in them.
"""

import itertools
import json
import platform
import shutil
import subprocess
import sys

import fastnn
from fastnn import _kernels
from proof import Broken, LeftOut, expect
from proof.bits import KINDS, digest

_QEMU = "qemu-x86_64-static"
_KINDS = {name: KINDS[name] for name in KINDS.keys() - {"lbfgs", "a loss in Python"}}
_DTYPES = ("float32", "float64")


def run(long):
    if platform.machine() != "x86_64" or not shutil.which(_QEMU):
        raise LeftOut(f"it needs x86-64 with {_QEMU}")
    cpus = ["Nehalem", "Westmere", "Haswell", "EPYC"] if long else ["Nehalem", "Haswell"]
    sizes = [[64, 300, 5], [64, 17, 33, 5]] if long else [[64, 17, 5]]
    here, shown = _portable(sizes), []
    for cpu in cpus:
        best, there = _emulated(cpu, sizes)
        other = [name for name in here if there[name] != here[name]]
        expect(not other, f"{cpu}: other bits of {', '.join(other)}")
        shown.append(f"{cpu} ({best})")
    return (
        f"{len(here)} fits as on {', '.join(shown)}; with fast kernels {_alike(sizes, len(here))}"
    )


def _digests(sizes):
    """Name of a fit -> digest."""
    return {
        f"{layer_sizes} {dtype} {name}": digest(layer_sizes, dtype, _KINDS[name], 2)
        for layer_sizes, dtype, name in itertools.product(sizes, _DTYPES, sorted(_KINDS))
    }


def _portable(sizes):
    with fastnn.deterministic(across_cpus=True):
        return _digests(sizes)


def _emulated(cpu, sizes):
    """The kernels that fastnn chooses on that CPU, and the digests there."""
    done = subprocess.run(
        [_QEMU, "-cpu", cpu, sys.executable, "-m", "proof.cpus", json.dumps(sizes)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Broken(f"{cpu}: {done.stderr[-4000:]}")
    return json.loads(done.stdout)


def _alike(sizes, fits):
    """How many fits have the same bits with two kinds of kernels, for each two of this CPU."""
    found, before = {}, _kernels.variant
    try:
        for variant in _kernels.variants():
            _kernels.choose(variant)
            found[variant] = _digests(sizes)
    finally:
        _kernels.choose(before)
    counts = {
        f"{one} and {two}": sum(found[one][name] == found[two][name] for name in found[one])
        for one, two in itertools.combinations(found, 2)
    }
    return ", ".join(f"{count} of {fits} by {pair}" for pair, count in counts.items() if count)


if __name__ == "__main__":
    print(json.dumps([_kernels.variant, _portable(json.loads(sys.argv[1]))]))

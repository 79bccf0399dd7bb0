"""The core computes on aarch64 with NEON what it computes on x86-64, in emulation.

`proof/aarch64.sh` cross-compiles the core, counts its vector instructions, and runs the tests of
the mathematics in an arm64 Python under qemu. The short form has those of the losses, of gradients
of wide layers, and of the bits that all CPUs have in common. In the long form each file of tests is
a part of its own. Times cannot be measured there. It needs Debian's packages
g++-aarch64-linux-gnu, qemu-user-static, file and lz4.
"""

import platform
import re
import shutil
import subprocess
from pathlib import Path

from proof import Broken, LeftOut
from proof.parts import in_parts

_ROOT = Path(__file__).parents[1]
_SHORT = [
    *("tests/engine/test_across_cpus.py", "tests/core/test_losses.py"),
    "tests/engine/test_parity.py::test_gradients_of_wide_layers",
]
_LONG = [
    *("tests/core/test_*.py", "tests/engine/test_*.py", "tests/data/test_inputs.py"),
    *("tests/training/test_trajectory.py", "tests/training/test_same_bits.py"),
    "tests/training/test_optimum.py",
]
# Emulation is too slow for the first, and has no compiler.
_LEFT_OUT = ["-k", "not ctrl_c and not downstream"]


def run(long):
    if platform.machine() != "x86_64" or not shutil.which("qemu-aarch64-static"):
        raise LeftOut("it needs x86-64 with a cross compiler and qemu")
    if not long:
        counts, ended = _tested(_SHORT)
        return f"{counts}; {re.sub(r' in .*', '', ended)}"
    found = [path for pattern in _LONG for path in sorted(_ROOT.glob(pattern))]
    files = {str(path.relative_to(_ROOT)): 1 for path in found}
    done = in_parts("aarch64", files, lambda file, first, count: (1, [_part(file)]), 1).found
    results = [result for results in done.values() for result in results]
    if broken := [said for failed, said in results if failed]:
        raise Broken("\n".join(broken))
    counts, ended = zip(*(said for _, said in results), strict=True)
    passed = sum(int(number) for line in ended for number in re.findall(r"(\d+) passed", line))
    return f"{counts[-1]}; {passed:,} passed, in {len(results)} of {len(files)} files"


def _part(file):
    """Whether a file's tests failed, and what was said."""
    try:
        return False, _tested([file, *_LEFT_OUT])
    except Broken as what:
        return True, f"{file}: {what}"


def _tested(tests):
    """The counts of vector instructions, and the last line of the tests."""
    done = subprocess.run(
        ["bash", Path(__file__).with_suffix(".sh"), "-s", _ROOT, "--", *tests],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # 5: none of a file's tests can be run there.
    if done.returncode not in (0, 5):
        raise Broken(done.stdout[-4000:])
    counts = next(line for line in done.stdout.splitlines() if line.startswith("packed multiply"))
    return counts, done.stdout.strip().splitlines()[-1]

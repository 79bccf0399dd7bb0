"""The core computes on aarch64 with NEON what it computes on x86-64, in emulation.

`proof/aarch64.sh` cross-compiles the core, counts its vector instructions, and runs the tests of
the mathematics in an arm64 Python under qemu. The short form has those of the losses, and of the
bits that all CPUs have in common. Times cannot be measured there. It needs Debian's packages
g++-aarch64-linux-gnu, qemu-user-static, file and lz4.
"""

import platform
import re
import shutil
import subprocess
from pathlib import Path

from proof import Broken, LeftOut

_ROOT = Path(__file__).parents[1]
_SHORT = ["tests/engine/test_across_cpus.py", "tests/core/test_losses.py"]


def run(long):
    if platform.machine() != "x86_64" or not shutil.which("qemu-aarch64-static"):
        raise LeftOut("it needs x86-64 with a cross compiler and qemu")
    tests = [] if long else ["--", *_SHORT]
    done = subprocess.run(
        ["bash", Path(__file__).with_suffix(".sh"), "-s", _ROOT, *tests],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise Broken(done.stdout[-4000:])
    counts = next(line for line in done.stdout.splitlines() if line.startswith("packed multiply"))
    passed = re.sub(r" in .*", "", done.stdout.strip().splitlines()[-1])
    return f"{counts}; {passed}"

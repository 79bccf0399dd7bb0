"""The core computes on aarch64 with NEON what it computes on x86-64, in emulation.

`proof/aarch64.sh` cross-compiles the core, counts its vector instructions, and runs the tests of
the mathematics in an arm64 Python under qemu. Times cannot be measured there. It is in the long
form only, where Debian's packages g++-aarch64-linux-gnu, qemu-user-static and lz4 are installed.
"""

import platform
import re
import shutil
import subprocess
from pathlib import Path

from proof import Broken, LeftOut


def run(long):
    if not long:
        raise LeftOut("it is in the long form")
    if platform.machine() != "x86_64" or not shutil.which("qemu-aarch64-static"):
        raise LeftOut("it needs x86-64 with a cross compiler and qemu")
    done = subprocess.run(
        ["bash", Path(__file__).with_suffix(".sh"), "-s", Path(__file__).parent.parent],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise Broken(done.stdout[-4000:])
    counts = next(line for line in done.stdout.splitlines() if line.startswith("packed multiply"))
    tests = re.sub(r" in .*", "", done.stdout.strip().splitlines()[-1])
    return f"{counts}; {tests}"

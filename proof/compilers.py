"""The C++ of the core compiles without a warning of GCC or Clang: -Wall -Wextra, as errors.

GCC warns of more as it optimizes: by -O2, with which the core is built, and in the long form by -O1
and -O3 too. Clang finds all as it reads.
"""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from proof import LeftOut, expect

_ROOT = Path(__file__).parents[1]
_CLANG = "-fsyntax-only"


def run(long):
    compilers = {"g++": ["-O1", "-O2", "-O3"] if long else ["-O2"], "clang++": [_CLANG]}
    sources = sorted((_ROOT / "fastnn" / "native").glob("*.cpp"))
    figures = []
    for compiler, levels in compilers.items():
        if shutil.which(compiler) is None:
            figures.append(f"no {compiler} here")
            continue
        version = subprocess.run([compiler, "-dumpversion"], capture_output=True, text=True).stdout
        for level in levels:
            _compile(compiler, level, sources)
        at = " ".join(levels).replace(_CLANG, "").rstrip()
        figures.append(f"{len(sources)} sources by {compiler} {version.strip()} {at}".rstrip())
    if len(figures) == sum(figure.startswith("no ") for figure in figures):
        raise LeftOut("there is neither GCC nor Clang")
    return ", ".join(figures)


def _compile(compiler, level, sources):
    command = [compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", level]
    command += ["-Ifastnn", "-Ifastnn/include"]
    command += [] if level == _CLANG else ["-c", "-o", os.devnull]

    def compiled(source):
        return subprocess.run([*command, source], cwd=_ROOT, capture_output=True, text=True)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(compiled, sources):
            expect(done.returncode == 0, done.stderr[-4000:])

"""The core has no access out of bounds, no undefined behaviour and no data race.

It is built with AddressSanitizer and UndefinedBehaviorSanitizer, and again with ThreadSanitizer.
Planted faults show that each build is instrumented. The tests of the core, losses, trainers and
sweeps run with the kernels of each kind of CPU that this one can be. In the long form only: it
takes some minutes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fastnn import _kernels
from proof import Broken, LeftOut, expect

_ROOT = Path(__file__).parents[1]
_CAUGHT = 66  # exit code of a process in which a sanitizer has found something

# name -> (flags, the library that Python must load first, options, kinds of faults and their names)
_BUILDS = {
    "address and undefined": (
        # No vptr: it asks for RTTI of libraries that have none. The -s of setup.py strips names.
        "-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all",
        ["libasan.so", "libubsan.so"],
        {
            # Python itself, and NumPy, leave memory to the system at their end.
            "ASAN_OPTIONS": f"detect_leaks=0:exitcode={_CAUGHT}",
            "UBSAN_OPTIONS": f"print_stacktrace=1:exitcode={_CAUGHT}",
        },
        ["heap-buffer-overflow", "heap-use-after-free", "shift exponent", "misaligned"],
    ),
    "thread": (
        "-fsanitize=thread",
        ["libtsan.so"],
        {
            "TSAN_OPTIONS": f"exitcode={_CAUGHT}:halt_on_error=1:report_signal_unsafe=0:"
            f"suppressions={Path(__file__).with_name('thread_suppressions.txt')}"
        },
        [None, None, None, None, "data race"],
    ),
}
_TESTS = {
    "address and undefined": [
        *("tests/core", "tests/losses", "tests/trainer", "tests/derivatives", "tests/many"),
        *("tests/engine/test_threads.py", "tests/engine/test_frozen.py"),
    ],
    "thread": [
        *("tests/trainer", "tests/losses", "tests/many"),
        *("tests/engine/test_threads.py", "tests/engine/test_frozen.py"),
    ],
}
# Left out are tests of time, which a sanitizer takes; those that build or start programs, which are
# not instrumented; and forks and onnxruntime, whose threads ThreadSanitizer does not know.
_LEFT_OUT = (
    "not interrupt and not downstream and not Ctrl and not seconds and not subprocess "
    "and not fork and not onnx"
)


def run(long):
    if not long:
        raise LeftOut("it is in the long form")
    if sys.platform != "linux":
        raise LeftOut(f"on {sys.platform} libraries cannot be loaded before Python")
    figures = []
    for name in _BUILDS:
        with tempfile.TemporaryDirectory() as directory:
            tree = Path(directory)
            _build(tree, name)
            figures.append(f"{name}: {_catch_faults(tree, name)} planted faults caught")
            variants = [v for v in _kernels.variants() if v != "portable"]
            for variant in variants:
                figures.append(f"{variant} {_test(tree, name, variant):,} tests passed")
    return "; ".join(figures)


def _run(command, **options):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)


def _build(tree, name):
    """A copy of the project with a compiled core that is instrumented, and has the faults."""
    left_out = shutil.ignore_patterns("__pycache__", "*.so", "_kernels.cpp")
    for folder in ("fastnn", "tests"):
        shutil.copytree(_ROOT / folder, tree / folder, ignore=left_out)
    for file in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(_ROOT / file, tree)
    with open(tree / "fastnn" / "native" / "gather.cpp", "a") as unit:
        unit.write((_ROOT / "proof" / "faults.cpp").read_text())
    # Behind the options of setup.py, whose -O2 takes three times as long to compile here.
    compiler = tree / "c++"
    compiler.write_text(
        f'#!/bin/sh\nexec g++ "$@" -O1 -fno-omit-frame-pointer {_BUILDS[name][0]}\n'
    )
    compiler.chmod(0o755)
    built = _run(
        [sys.executable, "setup.py", "build_ext", "--inplace"],
        cwd=tree,
        env={**os.environ, "CC": str(compiler), "CXX": str(compiler)},
    )
    expect(built.returncode == 0, f"{name}: the build failed:\n{built.stderr[-2000:]}")


def _environment(tree, name, **more):
    _, libraries, options, _ = _BUILDS[name]
    paths = [_run(["g++", f"-print-file-name={library}"]).stdout.strip() for library in libraries]
    return {
        **os.environ,
        **options,
        **more,
        "LD_PRELOAD": ":".join(
            [*paths, _run(["g++", "-print-file-name=libstdc++.so"]).stdout.strip()]
        ),
        "PYTHONPATH": str(tree),
        "PYTHONMALLOC": "malloc",  # else a block of Python's own hides what is beyond an array
        "OMP_NUM_THREADS": "1",
    }


def _python(tree, name, *arguments, **more):
    command = [sys.executable, *arguments]
    if name == "thread" and shutil.which("setarch"):
        command = ["setarch", "-R", *command]  # addresses at random are not where TSan wants them
    return _run(command, cwd=tree, env=_environment(tree, name, **more))


def _catch_faults(tree, name):
    caught = 0
    for kind, what in enumerate(_BUILDS[name][3]):
        if what is None:
            continue
        program = (
            "import ctypes; from fastnn import _kernels; print(_kernels.__file__, flush=True);"
            f"ctypes.CDLL(_kernels.__file__).fastnn_fault({kind}, 4)"
        )
        done = _python(tree, name, "-c", program)
        expect(
            str(tree) in done.stdout, f"{name}: another core was loaded: {done.stdout}{done.stderr}"
        )
        expect(
            done.returncode != 0 and what in done.stderr,
            f"{name}: a planted {what} was not caught: {done.stderr[-2000:]}",
        )
        caught += 1
    return caught


def _test(tree, name, variant):
    """The number of tests that pass; Broken if a sanitizer finds something, or a test fails."""
    done = _python(
        tree,
        name,
        *("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", _LEFT_OUT),
        *_TESTS[name],
        FASTNN_VARIANT=variant,
    )
    if done.returncode:
        raise Broken(f"{name}, {variant}:\n{(done.stdout + done.stderr)[-4000:]}")
    return int(done.stdout.split(" passed")[0].split()[-1])

"""Environments of their own, in which fastnn is installed from a copy of its sources and tested."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from proof import Broken, LeftOut

ROOT = Path(__file__).parent.parent


def run_tests(version, options=()):
    """The last line of all tests on that Python; uv resolves the versions with `options`."""
    # The other Python compiles the core itself, with the Cython that it gets.
    with _environment(version, options, ".[test]", ["*.so"]) as (inside, sources):
        output = _call([inside, "-m", "pytest", "--quiet", "-n", "auto", "--tb=short"], sources)
    return re.sub(r" in .*", "", output.strip().splitlines()[-1])


def train(version, options=()):
    """Train in an environment that has no more than fastnn needs."""
    # What this Python has compiled is not compiled again.
    with _environment(version, options, ".", []) as (inside, sources):
        _call([inside, "-m", "fastnn", "train", "--epochs", "2", "--seed", "1"], sources)


@contextlib.contextmanager
def _environment(version, options, what, left_out):
    """A Python of its own in which the package is installed, and its sources."""
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        sources, inside = directory / "sources", str(directory / "environment" / "bin" / "python")
        ignored = [".*venv*", ".peers", ".git", "__pycache__", "build", "_kernels.cpp", *left_out]
        shutil.copytree(ROOT, sources, ignore=shutil.ignore_patterns(*ignored))
        _call([sys.executable, "-m", "venv", directory / "tools"])
        tools = str(directory / "tools" / "bin" / "python")
        _call([tools, "-m", "pip", "install", "--quiet", "uv"])
        try:
            python = _python(version)
            _call([tools, "-m", "uv", "venv", "--quiet", "-p", python, directory / "environment"])
        except Broken as error:
            raise LeftOut(f"Python {version} cannot be had here") from error
        installed = [tools, "-m", "uv", "pip", "install", "--quiet", "--python", inside, *options]
        _call([*installed, "-e", what], sources)
        yield inside, sources


def _python(version):
    """An interpreter of this machine, or the version: uv finds it elsewhere, or fetches it."""
    if sys.version.startswith(version + "."):
        return sys._base_executable
    found = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(found[-1]) if found else version


def _call(command, cwd=None):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "VIRTUAL_ENV")
    }
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise Broken(f"{' '.join(map(str, command))}:\n{done.stdout[-8000:]}")
    return done.stdout

"""Environments of their own, in which fastnn is installed from a copy of its sources and tested."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from proof import Broken

ROOT = Path(__file__).parent.parent


def python(version):
    """An interpreter of the version: this one, one of pyenv, or one of the PATH; None without."""
    if sys.version.startswith(version + "."):
        return sys._base_executable
    found = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(found[-1]) if found else shutil.which(f"python{version}")


def run_tests(executable, options=()):
    """The last line of all tests, in a new environment; uv resolves its versions with `options`."""
    # Compiled by the other Python, with the Cython that it gets.
    with tempfile.TemporaryDirectory() as directory:
        inside, sources = _made(Path(directory), executable, options, ".[test]", ["*.so"])
        output = _call([inside, "-m", "pytest", "--quiet", "-n", "auto", "--tb=short"], sources)
    return re.sub(r" in .*", "", output.strip().splitlines()[-1])


def trains(executable, options=()):
    """Train in a new environment that has no more than fastnn needs."""
    # What this Python has compiled is not compiled again.
    with tempfile.TemporaryDirectory() as directory:
        inside, sources = _made(Path(directory), executable, options, ".", [])
        _call([inside, "-m", "fastnn", "train", "--epochs", "2", "--seed", "1"], sources)


def _made(directory, executable, options, what, left_out):
    """The Python of a new environment in which the package is installed, and its sources."""
    sources, inside = directory / "sources", str(directory / "environment" / "bin" / "python")
    ignored = [".*venv*", ".peers", ".git", "__pycache__", "build", *left_out]
    shutil.copytree(ROOT, sources, ignore=shutil.ignore_patterns(*ignored))
    _call([executable, "-m", "venv", directory / "environment"])
    _call([inside, "-m", "pip", "install", "--quiet", "uv"])
    installed = [inside, "-m", "uv", "pip", "install", "--quiet", "--python", inside, *options]
    _call([*installed, "-e", what], sources)
    return inside, sources


def _call(command, cwd=None):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
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

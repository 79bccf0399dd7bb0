"""fastnn runs with the oldest versions that it allows, and on every Python that it names.

`uv` resolves and installs the lowest version of each dependency in pyproject.toml into an
environment of its own, and the newest for each Python on the machine. The tests run there. The
short form has the lowest versions of what fastnn needs to run, and trains.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from proof import Broken

_ROOT = Path(__file__).parent.parent
_PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
_TRAIN = ["fastnn", "train", "--epochs", "2", "--seed", "1"]


def run(long):
    figures = []
    for what, python, options in _environments(long):
        executable = _python(python)
        if executable is None:
            figures.append(f"{what}: not on this machine")
            continue
        with tempfile.TemporaryDirectory() as directory:
            figures.append(f"{what}: {_judged(Path(directory), executable, options, long)}")
    return "; ".join(figures)


def _environments(long):
    yield "the lowest versions, Python 3.11", "3.11", ["--resolution", "lowest-direct"]
    if long:
        for python in _PYTHONS:
            yield f"the newest versions, Python {python}", python, []


def _python(version):
    """An interpreter of the version: this one, one of the PATH, or one of pyenv."""
    if sys.version.startswith(version + "."):
        return sys._base_executable
    found = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(found[-1]) if found else shutil.which(f"python{version}")


def _judged(directory, python, options, long):
    """The last line of pytest in a new environment, or of a short training."""
    sources, inside = directory / "sources", str(directory / "environment" / "bin" / "python")
    # The short form does not compile again what this Python has compiled.
    left_out = [".*venv*", "__pycache__", "build", *(["*.so"] if long else [])]
    shutil.copytree(_ROOT, sources, ignore=shutil.ignore_patterns(*left_out))
    _call([python, "-m", "venv", directory / "environment"])
    _call([inside, "-m", "pip", "install", "--quiet", "uv"])
    installed = [inside, "-m", "uv", "pip", "install", "--quiet", "--python", inside, *options]
    _call([*installed, "-e", ".[test]" if long else "."], cwd=sources)
    work = ["pytest", "--quiet", "-n", "auto"] if long else _TRAIN
    output = _call([inside, "-m", *work], cwd=sources)
    return re.sub(r" in .*", "", output.strip().splitlines()[-1]) if long else "trains"


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
        raise Broken(f"{' '.join(map(str, command))}:\n{done.stdout[-4000:]}")
    return done.stdout

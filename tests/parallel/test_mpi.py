"""`fastnn.parallel.mpi` in real processes, which rank.py is the program of."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import fastnn

PROGRAM = Path(__file__).with_name("rank.py")
MPIEXEC = shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")
# The most that the whole may take, with the start of the processes; one that hangs takes 100 s.
SECONDS = 60


def ranks(count, *command):
    return subprocess.run(
        [MPIEXEC, "-n", str(count), sys.executable, *map(str, command)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def has_mpi():
    return MPIEXEC is not None and ranks(1, "-c", "from mpi4py import MPI").returncode == 0


@pytest.fixture(scope="module", autouse=True)
def _mpi():
    if not has_mpi():
        pytest.skip("no mpi4py with an MPI: pip install -e '.[mpi]'")


pytestmark = pytest.mark.slow


def run(name, count, folder):
    ended = ranks(count, PROGRAM, name, folder)
    return ended.returncode, ended.stdout.count("done"), ended.stderr


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("name", ["as_one_process", "own_steps"])
def test_steps_are_those_of_one_process(name, count, tmp_path):
    assert run(name, count, tmp_path) == (0, count, "")


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("name", ["refused", "stops_early"])
def test_differences_between_ranks_are_told(name, count, tmp_path):
    assert run(name, count, tmp_path) == (0, count, "")


@pytest.mark.parametrize("name", ["fails_outside", "ends_without_a_word"])
def test_an_error_on_one_rank_ends_the_others(name, tmp_path):
    code, done, errors = run(name, 3, tmp_path)
    assert code != 0
    assert done == 0
    words = "RuntimeError: rank 2 has ended by ZeroDivisionError: no such file"
    assert errors.count(words) == 2


def test_a_rank_that_is_killed(tmp_path):
    """mpiexec ends the others; the last checkpoint loads, and training goes on from there."""
    code, done, _ = run("is_killed", 3, tmp_path)
    assert code != 0
    assert done == 0
    for count in (2, 3):
        assert run("goes_on", count, tmp_path) == (0, count, "")


def test_a_rank_that_does_not_answer(tmp_path):
    code, done, errors = run("does_not_answer", 3, tmp_path)
    assert code != 0
    assert done == 0
    assert "TimeoutError: another rank has not come to step within 1 s" in errors
    assert "ends all 3 ranks" in errors


def test_the_example_of_the_docstring(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example = fastnn.parallel.mpi.__doc__.partition("of::\n")[2]
    Path("script.py").write_text(textwrap.dedent(example))
    ended = ranks(2, "script.py")
    assert ended.stderr == ""
    assert float(ended.stdout.removeprefix("J = ")) < 0.5
    assert fastnn.load("digits.safetensors").layer_sizes == (64, 32, 10)

"""A line about slow work: where somebody watches, and nowhere else."""

import io
import sys
import time
from contextlib import redirect_stderr

import pytest
from click.testing import CliRunner

from fastnn import cli
from fastnn.text import slow_work as module
from fastnn.text.slow_work import quiet, slow_work

TEXT = "This takes a while."


class Screen(io.StringIO):
    def isatty(self):
        return True


class OutStream(io.StringIO):
    """Stands for the one of ipykernel, which is no terminal."""


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.01)


def work(stream):
    """Work until something is told; at most as long as a busy machine needs for it."""
    end = time.monotonic() + 120
    with redirect_stderr(stream), slow_work(TEXT):
        while not stream.getvalue() and time.monotonic() < end:
            time.sleep(0.005)


def work_untold(stream, seconds=0.2):
    """Work longer than it takes to be told."""
    with redirect_stderr(stream), slow_work(TEXT):
        time.sleep(seconds)


def test_slow_work_is_told_once(impatient):
    screen = Screen()
    work(screen)
    time.sleep(0.1)
    assert screen.getvalue() == f"{TEXT}\n"


def test_quick_work_is_not_told(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    screen = Screen()
    work_untold(screen, seconds=0)
    time.sleep(0.6)
    assert screen.getvalue() == ""


def test_work_that_fails_is_not_told_later(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    screen = Screen()
    with pytest.raises(ValueError, match="bad"), redirect_stderr(screen), slow_work(TEXT):
        raise ValueError("bad")
    time.sleep(0.6)
    assert screen.getvalue() == ""


def test_nothing_goes_to_a_pipe_or_file(impatient):
    pipe = io.StringIO()
    work_untold(pipe)
    assert pipe.getvalue() == ""


def test_quiet_is_for_the_block_alone(impatient):
    screen = Screen()
    with quiet():
        work_untold(screen)
    assert screen.getvalue() == ""
    work(screen)
    assert screen.getvalue() == f"{TEXT}\n"


def test_a_quiet_command_that_is_refused_leaves_nothing_quiet(impatient):
    command = ["train", __file__, "--quiet", "--target", "y", "--epochs", "many"]
    screen, refused = Screen(), CliRunner().invoke(cli.main, command)
    assert refused.exit_code == 2
    work(screen)
    assert screen.getvalue() == f"{TEXT}\n"


def test_a_notebook_is_watched(impatient, monkeypatch):
    kernel = type(sys)("ipykernel.iostream")
    kernel.OutStream = OutStream
    monkeypatch.setitem(sys.modules, "ipykernel.iostream", kernel)
    cell = OutStream()
    work(cell)
    assert cell.getvalue() == f"{TEXT}\n"


def test_a_program_without_standard_error(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with slow_work(TEXT):
        assert sys.stderr is None

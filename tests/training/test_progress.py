"""The progress bar: on a terminal, in a pipe, in a notebook, and when training fails."""

import io
import math
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from rich.console import Console

import fastnn.training.progress
from fastnn.training.progress import ProgressBar

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture
def clock(monkeypatch):
    """Stands still until a test moves it."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(fastnn.training.progress.time, "perf_counter", lambda: clock.now)
    return clock


def history(cost, dev_error=(), train_error=()):
    return SimpleNamespace(
        cost=list(cost), dev_error=list(dev_error), train_error=list(train_error)
    )


def console(width=80, **kind):
    return Console(file=io.StringIO(), width=width, color_system=None, **kind)


def terminal(width=80):
    return console(width, force_terminal=True, _environ={"TERM": "xterm"})


def frames(screen):
    """The text of each drawing, without the codes that move the cursor."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\r", screen.file.getvalue())
    return [frame.strip() for frame in re.split(r"[\r\n]+", text) if frame.strip()]


def test_terminal_shows_epoch_cost_dev_error_and_time_left(clock):
    screen = terminal()
    with ProgressBar(20, screen) as bar:
        clock.now += 6
        bar.advance(2.5)
        clock.now += 6
        bar.epoch(history([1.0, 0.5, 0.25, 0.125, 0.0625], dev_error=[0.3, 0.25, 0.2, 0.1, 0.0194]))
    shown = frames(screen)
    assert re.fullmatch(r"epoch  0/20 +━+╸? +42 s left", shown[1])
    assert re.fullmatch(r"epoch  5/20 +━+ +J 0.06250  dev error 0.01940 36 s left", shown[2])
    assert re.fullmatch(r"epoch  5/20 +━+ +J 0.06250  dev error 0.01940 in 12 s", shown[-1])


def test_without_a_dev_set_the_training_error_is_shown(clock):
    screen = terminal()
    with ProgressBar(2, screen) as bar:
        bar.epoch(history([0.5], train_error=[0.25]))
    assert "train error 0.2500 in" in frames(screen)[-1]


def test_shares_are_shown_as_percentages(clock):
    screen = terminal()
    with ProgressBar(2, screen, percent=True) as bar:
        bar.epoch(history([0.5], dev_error=[0.01944]))
    assert "dev error 1.94 %" in frames(screen)[-1]


def test_an_epoch_without_evaluation_keeps_the_last_results(clock):
    screen = terminal()
    with ProgressBar(3, screen) as bar:
        bar.epoch(history([math.nan], train_error=[math.nan]))
        assert "J" not in frames(screen)[-1]
        bar.epoch(history([math.nan, 0.5], train_error=[math.nan, 0.25]))
        bar.epoch(history([math.nan, 0.5, math.nan], train_error=[math.nan, 0.25, math.nan]))
    assert re.match(r"epoch 3/3 .* J 0.5000  train error 0.2500", frames(screen)[-1])


def test_drawing_is_rare_however_often_it_is_called(clock):
    screen = terminal()
    with ProgressBar(10, screen) as bar:
        for step in range(1, 10001):
            clock.now += 1e-4
            bar.advance(step / 1000)
    assert 5 <= len(frames(screen)) <= 15  # one second of training


@pytest.mark.parametrize("width", [30, 40, 60, 200])
def test_one_line_at_any_width(clock, width):
    screen = terminal(width)
    with ProgressBar(1000, screen) as bar:
        clock.now += 100
        bar.epoch(history([0.5], dev_error=[0.25]))
    assert screen.file.getvalue().count("\n") == 1


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_terminal_is_left_intact_by_exceptions(clock, error):
    screen = terminal()
    stdout, stderr = sys.stdout, sys.stderr

    def train():
        with ProgressBar(10, screen) as bar:
            bar.advance(0.5)
            raise error

    with pytest.raises(error):
        train()
    written = screen.file.getvalue()
    assert written.rindex(SHOW_CURSOR) > written.rindex(HIDE_CURSOR)
    assert written.count("\n") == 1  # what follows starts on a line of its own
    assert (sys.stdout, sys.stderr) == (stdout, stderr)


def test_a_pipe_gets_one_plain_line(clock):
    pipe = console()
    with ProgressBar(2, pipe) as bar:
        for epochs in (1, 2):
            clock.now += 100
            bar.advance(epochs - 0.5)
            bar.epoch(history([0.5] * epochs, dev_error=[0.25] * epochs))
    assert pipe.file.getvalue() == "epoch 2/2  J 0.5000  dev error 0.2500  in 3:20\n"


def test_a_notebook_gets_one_line_rewritten_in_place(clock, capsys):
    with ProgressBar(2, console(force_jupyter=True)) as bar:
        clock.now += 1
        bar.advance(0.5)
        clock.now += 2
        bar.epoch(history([0.5, 0.25], dev_error=[0.25, 0.125]))
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    assert [line.strip() for line in shown.split("\r")[1:]] == [
        "epoch 0/2",
        "epoch 0/2  3.0 s left",
        "epoch 2/2  J 0.2500  dev error 0.1250  0.0 s left",
        "epoch 2/2  J 0.2500  dev error 0.1250  in 3.0 s",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (59.6, "1:00"),
        (187, "3:07"),
        (7500, "2:05:00"),
    ],
)
def test_duration(seconds, text):
    assert fastnn.training.progress._duration(seconds) == text


def test_rich_is_imported_only_with_a_bar():
    code = "import sys, fastnn.training.progress; sys.exit('rich' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_fit_writes_one_line_to_a_pipe(capsys):
    net = fastnn.Network([2, 3, 2], rng=0)
    X, y = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    net.fit(X, y, dev=(X, y), epochs=3, progress=True)
    shown = capsys.readouterr()
    assert re.fullmatch(r"epoch 3/3  J \S+  dev error \S+ %  in \S+ s\n", shown.err)
    assert shown.out == ""
    net.fit(X, y, epochs=3)
    assert capsys.readouterr() == ("", "")

"""`improve` after Ctrl-C, after kill -9, and when it is called again."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import fastnn
from fastnn.files.one_process import one_process
from fastnn.improvement import fits, loop
from fastnn.improvement.moves import Idea

TRAIN, DEV, _ = fastnn.split(*load_digits(return_X_y=True), sizes=(0.2, 0.2, 0.6), rng=0)
CALL = {"epochs": 6, "seeds": 2, "seconds": None, "trials": 7}
SAME_CALL = textwrap.dedent("""
    import sys, fastnn
    from sklearn.datasets import load_digits
    train, dev, _ = fastnn.split(*load_digits(return_X_y=True), sizes=(0.2, 0.2, 0.6), rng=0)
    fastnn.improve([64, 4, 10], train, dev, epochs=6, seeds=2, seconds=None, trials=7,
                   n_jobs=1, checkpoint=sys.argv[1])
""")


@pytest.fixture(scope="module")
def whole():
    return fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL)


def check_equal(result, whole):
    assert result.moves == whole.moves
    assert result.setting == whole.setting
    assert (result.notes, result.next_step) == (whole.notes, whole.next_step)
    assert np.array_equal(result.network.theta, whole.network.theta)
    for name in ("cost", "dev_error", "best_epoch", "stopped"):
        np.testing.assert_equal(getattr(result.history, name), getattr(whole.history, name))


def interrupt_after(epochs):
    """A callback that presses Ctrl-C once so many epochs of all fits together are done."""
    number = count(1)

    def press(net, history):
        if next(number) == epochs:
            os.kill(os.getpid(), signal.SIGINT)

    return press


def test_ctrl_c_in_the_first_training_gives_the_network_so_far():
    result = fastnn.improve(
        [64, 16, 10], TRAIN, DEV, epochs=10**6, callbacks=interrupt_after(3), seconds=60
    )
    assert result.stopped == "interrupted"
    assert result.moves == []
    assert 3 <= len(result.history) < 10**6
    assert result.dev_error == result.network.error(DEV.X, DEV.y)
    assert "interrupted" in str(result)


# Six epochs are the first training; then come three moves of at most 100 epochs each.
@pytest.mark.parametrize("epochs", [7, 40, 500])
def test_ctrl_c_in_a_round_gives_the_best_so_far(epochs):
    result = fastnn.improve(
        [64, 4, 10],
        TRAIN,
        DEV,
        **CALL | {"trials": None, "seconds": 60},
        callbacks=interrupt_after(epochs),
    )
    assert result.stopped == "interrupted"
    assert result.dev_error <= result.first_dev_error
    assert np.isfinite(result.network.theta).all()
    assert all(move.failure in ("", "interrupted") for move in result.moves)
    assert "interrupted" in result.verdict


def test_ctrl_c_in_a_diagnosis_gives_the_best_so_far(monkeypatch):
    def diagnose(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "diagnose_network", diagnose)
    result = fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL)
    assert result.stopped == "interrupted"
    assert result.network.error(DEV.X, DEV.y) == result.dev_error


def test_the_same_call_trains_nothing_twice(tmp_path, whole):
    check_equal(fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL, checkpoint=tmp_path), whole)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(before) > 7
    check_equal(fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL, checkpoint=tmp_path), whole)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_more_trials_go_on_from_there(tmp_path, whole):
    fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL | {"trials": 2}, checkpoint=tmp_path)
    fewer = len(list(tmp_path.iterdir()))
    check_equal(fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL, checkpoint=tmp_path), whole)
    assert len(list(tmp_path.iterdir())) > fewer


@pytest.mark.slow
@pytest.mark.parametrize("ended", [1, 4, 7])
def test_kill_9_loses_the_running_fit_alone(tmp_path, whole, ended):
    process = subprocess.Popen([sys.executable, "-c", SAME_CALL, tmp_path])
    while len(kept := _kept(tmp_path)) < ended:
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    before = {path.name: path.read_bytes() for path in kept}
    check_equal(fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL, checkpoint=tmp_path), whole)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


def _kept(directory: Path):
    return list(directory.glob("fit-*.safetensors"))


def test_a_fit_that_diverged_is_not_trained_again(tmp_path, monkeypatch):
    def two_moves(diagnosis, setting, *_):
        if not setting.options.get("l2"):
            yield Idea("usual", "far too fast", {"optimizer": "gd", "learning_rate": 1e30})
            yield Idea("usual", "a penalty", {"l2": 0.1})

    monkeypatch.setattr(loop, "ideas", two_moves)
    first = fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL, checkpoint=tmp_path)
    assert "DivergenceError" in first.moves[0].failure
    settings = []
    train = fits.outcomes

    def recorded(jobs, *given):
        settings.extend(job.options for job in jobs)
        return train(jobs, *given)

    monkeypatch.setattr(fits, "outcomes", recorded)
    again = fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL, checkpoint=tmp_path)
    assert again.moves[0].failure == first.moves[0].failure
    assert again.moves[1:] == first.moves[1:]
    assert {"epochs": 6, "l2": 0.1} in settings  # its checkpoint has the end of its fit
    assert not any("learning_rate" in setting for setting in settings)


def test_other_data_is_another_improvement(tmp_path, whole):
    fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL, checkpoint=tmp_path)
    y = np.random.default_rng(0).permutation(TRAIN.y)
    options = CALL | {"trials": 1}
    other = fastnn.improve([64, 4, 10], (TRAIN.X, y), DEV, **options, checkpoint=tmp_path)
    fresh = fastnn.improve([64, 4, 10], (TRAIN.X, y), DEV, **options)
    check_equal(other, fresh)


def test_a_damaged_file_is_named(tmp_path):
    fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL, checkpoint=tmp_path)
    for path in _kept(tmp_path):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(fastnn.ModelFormatError, match=r"fit-.*: remove the file"):
        fastnn.improve([64, 4, 10], TRAIN, DEV, **CALL, checkpoint=tmp_path)


def test_lbfgs_has_no_checkpoints(tmp_path):
    with pytest.raises(ValueError, match="lbfgs"):
        fastnn.improve([64, 10], TRAIN, DEV, optimizer="lbfgs", checkpoint=tmp_path)


def test_a_directory_has_one_call_at_a_time(tmp_path):
    with one_process(str(tmp_path)), pytest.raises(RuntimeError, match="at work in"):
        fastnn.improve([64, 4, 10], TRAIN, DEV, n_jobs=1, checkpoint=tmp_path, **CALL)
    assert not list(tmp_path.iterdir())

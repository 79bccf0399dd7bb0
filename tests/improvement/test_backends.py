"""`improve` within `joblib.parallel_config`: workers that die, and time that is up."""

import pytest
from joblib import parallel_config
from sent import X, Y, end_process, end_process_after_three_epochs

import fastnn
from fastnn.sweeps.jobs import Job
from fastnn.sweeps.workers import TimeIsUp, outcomes

pytestmark = pytest.mark.slow
TRAIN, DEV = (X[::2], Y[::2]), (X[1::2], Y[1::2])
BAD = {"epochs": 3, "seeds": 1, "seconds": None, "trials": 6}


def test_a_worker_that_dies_leaves_the_best_until_then():
    with (
        parallel_config(backend="loky", n_jobs=2),
        pytest.warns(
            RuntimeWarning, match=r"the best until then: the backend .* has failed"
        ) as told,
    ):
        result = fastnn.improve(
            [64, 4, 10], TRAIN, DEV, callbacks=(end_process_after_three_epochs,), **BAD
        )
    assert told[-1].filename == __file__
    assert result.stopped == "backend failed"
    assert result.next_step.endswith("call improve again once the workers run")
    assert result.network.error(*DEV) == result.dev_error <= result.first_dev_error


def test_a_worker_that_dies_first_is_an_error():
    with (
        parallel_config(backend="loky", n_jobs=2),
        pytest.raises(RuntimeError, match=r"the backend .* has failed, as it does where a worker"),
    ):
        fastnn.improve([64, 4, 10], TRAIN, DEV, callbacks=(end_process,), **BAD)


def test_fits_end_when_time_is_up():
    job = Job(trial=0, seed_index=0, layer_sizes=(64, 8, 10), options={"epochs": 10**6}, seed=1)
    with (
        pytest.raises(TimeIsUp),
        outcomes([job], (*TRAIN, *DEV), 1, "loky", print, seconds=0.5) as results,
    ):
        next(results)

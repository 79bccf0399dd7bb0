"""Estimators and networks in other processes: joblib's backends, and a Dask cluster."""

import contextlib
import os
import signal
import sys
import threading
import time
from dataclasses import replace

import joblib
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from sent import (
    X,
    Y,
    after_a_while,
    end_process,
    kill_process_after_three_epochs,
    threads_of_a_large_step,
    trained,
)
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fastnn

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


@contextlib.contextmanager
def cluster_of_two():
    """A client of a cluster of two processes on this machine."""
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any port: several tests may run at once
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def client():
    with cluster_of_two() as client:
        yield client


@pytest.fixture(scope="module")
def ray():
    """Started for two processes."""
    register_ray = pytest.importorskip("ray.util.joblib").register_ray
    import ray

    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
        runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(sys.path)}},
    )
    register_ray()
    yield ray
    ray.shutdown()


@pytest.fixture(params=["loky", "dask", "ray"])
def backend(request):
    """A joblib backend of two processes, in use."""
    if request.param != "loky":
        request.getfixturevalue({"dask": "client"}.get(request.param, request.param))
    with joblib.parallel_config(backend=request.param, n_jobs=2):
        yield request.param


def in_both(function):
    """Results of a call in each of the two processes, by their ids."""
    results = {}
    deadline = time.monotonic() + 60
    while len(results) < 2:
        assert time.monotonic() < deadline, "the second process never got a call"
        results.update(joblib.Parallel()(joblib.delayed(after_a_while)(function) for _ in range(4)))
    assert os.getpid() not in results
    return list(results.values())


# --- estimators -------------------------------------------------------------------------------


def grid_search(n_jobs=None):
    model = make_pipeline(
        StandardScaler(),
        fastnn.MLPClassifier((32,), learning_rate_init=0.01, max_iter=8, random_state=0),
    )
    grid = {"mlpclassifier__alpha": [0.001, 1.0], "mlpclassifier__keep_prob": [1.0, 0.8]}
    return GridSearchCV(model, grid, cv=3, n_jobs=n_jobs, error_score="raise").fit(X, Y)


@pytest.mark.slow
def test_grid_search_is_that_of_this_process(backend):
    far = grid_search()
    near = grid_search(n_jobs=1)
    assert far.best_params_ == near.best_params_
    for fold in range(3):
        scores = f"split{fold}_test_score"
        np.testing.assert_array_equal(far.cv_results_[scores], near.cv_results_[scores])
    np.testing.assert_array_equal(
        far.best_estimator_[-1].network_.theta, near.best_estimator_[-1].network_.theta
    )
    assert near.best_score_ > 0.85


@pytest.mark.slow
def test_cross_validation_is_that_of_this_process(backend):
    data = load_diabetes(return_X_y=True)
    model = fastnn.MLPRegressor(
        hidden_layer_sizes=16,
        max_iter=30,
        learning_rate_init=0.01,
        early_stopping=True,
        random_state=0,
    )
    np.testing.assert_array_equal(
        cross_val_score(model, *data, error_score="raise"), cross_val_score(model, *data, n_jobs=1)
    )


# --- what is sent -----------------------------------------------------------------------------


def test_networks_go_there_and_back(backend):
    net = fastnn.Network([64, 32, 10], keep_prob=0.8, normalize=True, rng=0)
    far, history = joblib.Parallel()([joblib.delayed(trained)(net)])[0]
    assert net.history is None  # a copy was sent
    _, expected = trained(net)
    np.testing.assert_array_equal(far.theta, net.theta)
    assert history.dev_cost == expected.dev_cost
    assert history.stopped == "epochs"
    np.testing.assert_array_equal(far.forward(X[:1]), net.forward(X[:1]))
    _, again = trained(far)  # its random generator has come along
    assert again.dev_cost == trained(net)[1].dev_cost


def test_dask_sends_networks_without_joblib(client):
    model = fastnn.MLPClassifier((16,), max_iter=3, random_state=0).fit(X, Y)
    sent = client.scatter(model, broadcast=True)
    proba = [
        client.submit(fastnn.MLPClassifier.predict_proba, sent, X, workers=[worker], pure=False)
        for worker in client.scheduler_info()["workers"]
    ]
    assert len(proba) == 2
    for result in client.gather(proba):
        np.testing.assert_array_equal(result, model.predict_proba(X))


# --- threads ----------------------------------------------------------------------------------


def test_processes_share_the_processors(backend):
    """As many processes as processors: each of them is to run on one thread."""
    if joblib.cpu_count() > 3 and backend == "loky":
        pytest.skip("two processes have several processors each")
    before = threads_of_a_large_step()
    assert in_both(threads_of_a_large_step) == [1, 1]
    assert threads_of_a_large_step() == before


# --- sweeps -----------------------------------------------------------------------------------


@pytest.mark.parametrize("halving", [None, 2])
def test_sweep_is_that_of_threads(backend, halving):
    def sweep(**where):
        return fastnn.sweep(
            [64, 32, 10],
            (X[:1200], Y[:1200]),
            (X[1200:], Y[1200:]),
            {"l2": [0.1, 10.0], "keep_prob": [0.8, 1.0]},
            seeds=2,
            halving=halving,
            epochs=8,
            normalize=True,
            learning_rate=0.01,
            **where,
        )

    far = sweep(backend=backend, n_jobs=2)
    with joblib.parallel_config(backend="threading"):
        near = sweep(n_jobs=1)
    np.testing.assert_array_equal(far.best_network.theta, near.best_network.theta)
    assert [trial.number for trial in far.trials] == [trial.number for trial in near.trials]
    for there, here in zip(far.trials, near.trials, strict=True):
        assert not here.failure
        assert there.setting == here.setting
        assert [replace(run, seconds=0) for run in there.runs] == [
            replace(run, seconds=0) for run in here.runs
        ]
    assert {trial.rung for trial in far.trials} == ({0} if halving is None else {0, 1, 2})
    assert far.best.dev_error < 0.1


def test_a_failure_in_another_process_is_a_row(backend):
    result = fastnn.sweep(
        [64, 8, 10],
        (X, Y),
        (X, Y),
        {"learning_rate": [0.01, 1e30]},
        epochs=2,
        optimizer="gd",
        backend=backend,
        n_jobs=2,
    )
    assert [bool(trial.failure) for trial in result.trials] == [False, True]
    assert "DivergenceError" in result.trials[1].failure


# --- many networks ----------------------------------------------------------------------------


def test_fit_many_and_improve_have_the_bits_of_threads(backend):
    def train():
        networks = [fastnn.Network([64, 8, 10], rng=seed) for seed in range(3)]
        fastnn.fit_many(networks, (X, Y), epochs=2)
        options = {"trials": 2, "seeds": 1, "seconds": None, "epochs": 2}
        better = fastnn.improve([64, 4, 10], (X[::2], Y[::2]), (X[1::2], Y[1::2]), **options)
        return [net.theta for net in (*networks, better.network)], better.moves

    far, moves = train()
    with joblib.parallel_config(backend="threading"):
        near, expected = train()
    for theta, other in zip(far, near, strict=True):
        np.testing.assert_array_equal(theta, other)
    assert moves == expected


def test_workers_of_dask_that_are_killed():
    """It never waits for ever: another worker does the work, or it is an error of few words."""
    networks = [fastnn.Network([64, 8, 10], rng=seed) for seed in range(4)]
    near = [fastnn.Network([64, 8, 10], rng=seed) for seed in range(4)]
    before, options, told = [net.theta.copy() for net in networks], {"epochs": 400}, None
    with cluster_of_two() as client, joblib.parallel_config(backend="dask", n_jobs=2):
        first, _ = client.run(os.getpid).values()
        threading.Timer(0.5, os.kill, (first, signal.SIGKILL)).start()
        try:
            fastnn.fit_many(networks, (X, Y), **options)
        except RuntimeError as error:  # the data that joblib has scattered were lost with it
            told = f"{error} {error.__notes__[0]}"
    assert told is None or "DaskDistributedBackend of joblib has failed" in told
    assert told is None or "of 4 networks are trained" in told
    with joblib.parallel_config(backend="threading"):
        fastnn.fit_many(near, (X, Y), **options)
    for far, other, theta in zip(networks, near, before, strict=True):
        np.testing.assert_array_equal(far.theta, theta if far.history is None else other.theta)
    fresh = [fastnn.Network([64, 8, 10], rng=seed) for seed in range(4)]
    with (
        cluster_of_two(),
        joblib.parallel_config(backend="dask", n_jobs=2),
        pytest.raises(RuntimeError, match=r"DaskDistributedBackend .* has failed") as error,
    ):
        fastnn.fit_many(fresh, (X, Y), callbacks=end_process, epochs=1)
    assert "0 of 4 networks are trained" in error.value.__notes__[0]
    for net, theta in zip(fresh, before, strict=True):
        np.testing.assert_array_equal(net.theta, theta)


def test_a_worker_of_ray_that_is_killed(ray):
    """An error that says how many networks are trained; the next call has other workers."""
    networks, near = ([fastnn.Network([64, 8, 10], rng=k) for k in range(3)] for _ in range(2))
    before = [net.theta.copy() for net in networks]
    each = [{}, {}, {"callbacks": kill_process_after_three_epochs, "epochs": 400}]
    killed = {"epochs": 400, "callbacks": kill_process_after_three_epochs}
    train, dev = (X[::2], Y[::2]), (X[1::2], Y[1::2])
    calls = [
        lambda: fastnn.fit_many(networks, (X, Y), each=each, epochs=2),
        lambda: fastnn.sweep([64, 8, 10], train, dev, {"l2": [0.0, 1.0]}, **killed),
        lambda: fastnn.improve([64, 4, 10], train, dev, seconds=None, trials=2, seeds=1, **killed),
    ]
    with joblib.parallel_config(backend="ray", n_jobs=2):
        notes = []
        for call in calls:
            with pytest.raises(RuntimeError, match=r"RayBackend .* has failed.*died") as error:
                call()
            notes.append(getattr(error.value, "__notes__", []))
        assert "0 of 3 networks are trained" in notes[0][0]  # it gives all results at the end
        for net, theta in zip(networks, before, strict=True):
            np.testing.assert_array_equal(net.theta, theta)
            assert net.history is None
        fastnn.fit_many(networks, (X, Y), epochs=2)  # no lock is left
    for net, other in zip(networks, near, strict=True):
        other.fit(X, Y, epochs=2)
        np.testing.assert_array_equal(net.theta, other.theta)

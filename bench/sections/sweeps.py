"""A grid of 20 lambdas by `fastnn.sweep` and by scikit-learn's GridSearchCV of its MLP."""

import os
import time
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neural_network import MLPClassifier

import fastnn
from bench.cases import CASES
from bench.measure import Contender, Timing, calls, compare, ratios
from bench.results import SHARE, TIMES

EPOCHS, JOBS = 50, 2
ALPHAS = np.logspace(-4, 2, 20)


def grid(results, effort):
    """The digits, a fifth of them dev; equal settings, which scikit-learn divides by the rows of a
    mini-batch and we by those of the training set."""
    case = CASES["small"]
    X, y = load_digits(return_X_y=True)
    train, dev, _ = fastnn.split((X / 16).astype(np.float32), y, sizes=(0.8, 0.2), rng=0)
    label = f"{case.label}, {len(train)} rows, {EPOCHS} epochs"
    space = {"l2": ALPHAS * len(train) / case.batch_size}

    def sweep(n_jobs, lambdas=space["l2"]):
        return fastnn.sweep(
            case.layer_sizes,
            train,
            dev,
            {"l2": lambdas},
            epochs=EPOCHS,
            batch_size=case.batch_size,
            n_jobs=n_jobs,
        )

    one, two, processes = compare(
        [
            Contender("1 job", calls(sweep, 1)),
            Contender("2 jobs", calls(sweep, JOBS)),
            Contender("2 processes", calls(_in_two_processes, sweep, space["l2"])),
        ],
        effort.rounds,
        effort.seconds,
    ).values()
    results.find(label, f"{JOBS} jobs over 1", ratios(one, two), TIMES, at_least=1.9)
    # What the machine has to give: nothing is shared by them.
    results.find(label, "2 processes, half each, over 1 job", ratios(one, processes), TIMES)

    X, y = np.concatenate([train.X, dev.X]), np.concatenate([train.y, dev.y])
    fold = np.repeat([-1, 0], [len(train), len(dev)])  # -1: always in the training set
    mlp = MLPClassifier(
        case.layer_sizes[1:-1],
        batch_size=case.batch_size,
        max_iter=EPOCHS,
        n_iter_no_change=EPOCHS,
        tol=0.0,
        random_state=0,
    )
    searches = {
        "GridSearchCV, one split": GridSearchCV(
            mlp, {"alpha": ALPHAS}, n_jobs=JOBS, refit=False, cv=PredefinedSplit(fold)
        ),
        "GridSearchCV": GridSearchCV(mlp, {"alpha": ALPHAS}, n_jobs=JOBS),
    }
    timings = {name: Timing() for name in ("fastnn", *searches)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        GridSearchCV(mlp, {"max_iter": [1, 2]}, n_jobs=JOBS, cv=2).fit(X, y)  # starts its pool
        for name, search in searches.items():
            # Once, since it takes so long; ours before and after it, for what the machine does.
            _timed(timings["fastnn"], sweep, JOBS)
            _timed(timings[name], search.fit, X, y)
            _timed(timings["fastnn"], sweep, JOBS)
    results.time(label, timings)
    for name, least in (("GridSearchCV", 20), ("GridSearchCV, one split", None)):
        results.find(
            label,
            f"vs {name}",
            [seconds / timings["fastnn"].median for seconds in timings[name].seconds],
            TIMES,
            at_least=least,
        )
    scores = searches["GridSearchCV, one split"].cv_results_["mean_test_score"]
    found = sweep(JOBS)
    # A comparison of speed is worth nothing between different results.
    results.find(
        label,
        "mean dev error, minus scikit-learn's",
        [np.mean([trial.dev_error for trial in found.trials]) - (1 - scores.mean())],
        SHARE,
        at_most=0.01,
    )


def _in_two_processes(sweep, lambdas):
    """One process per half of the grid: this one, and a fork of it."""
    other = os.fork()
    if not other:
        try:
            sweep(1, lambdas[1::2])
        finally:
            os._exit(0)
    sweep(1, lambdas[::2])
    os.waitpid(other, 0)


def _timed(timing, function, *args):
    cpu, began = time.process_time(), time.perf_counter()
    function(*args)
    timing.seconds.append(time.perf_counter() - began)
    timing.cpu_share.append((time.process_time() - cpu) / timing.seconds[-1])

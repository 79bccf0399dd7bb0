"""fastnn's estimators and scikit-learn's: `fit`, `predict` of one row, and accuracy."""

import warnings

import numpy as np
from sklearn import datasets, neural_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

import fastnn
from bench.cases import CASES
from bench.measure import Contender, calls, compare, ratios
from bench.results import SHARE, TIMES

# Twenty epochs and no word of stopping; dtype is that of the data, which scikit-learn keeps too.
FIT = {"max_iter": 20, "n_iter_no_change": 100, "random_state": 0}
REAL = {
    "digits": (datasets.load_digits, "MLPClassifier", 1),
    "breast cancer": (datasets.load_breast_cancer, "MLPClassifier", 1),
    "wine": (datasets.load_wine, "MLPClassifier", 1),
    "diabetes": (datasets.load_diabetes, "MLPRegressor", 50),
}


def speed(results, effort):
    """`fit` and `predict` of MLPClassifier on small networks, in float32 and float64."""
    for name in ("tiny", "small"):
        case = CASES[name]
        task = case.task()
        for dtype in (np.float32, np.float64):
            X = task.X[: 20 * case.batch_size].astype(dtype)
            y = task.y[: len(X)]
            settings = {
                **FIT,
                "hidden_layer_sizes": case.layer_sizes[1:-1],
                "batch_size": case.batch_size,
            }
            models = {
                "fastnn": fastnn.MLPClassifier(**settings),
                "scikit-learn": neural_network.MLPClassifier(**settings),
            }
            label = f"{case.label}, {np.dtype(dtype).name}"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                _time(
                    results,
                    effort,
                    f"fit {label}",
                    {kind: calls(model.fit, X, y) for kind, model in models.items()},
                )
            ours, theirs = models.values()
            # A comparison of speed is worth nothing between different results.
            np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-3)
            _time(
                results,
                effort,
                f"predict one row, {label}",
                {kind: calls(model.predict, X[:1]) for kind, model in models.items()},
            )


def _time(results, effort, case, work):
    timings = compare(
        [Contender(kind, run) for kind, run in work.items()], effort.rounds, effort.seconds
    )
    results.time(case, timings)
    results.find(
        case,
        "vs scikit-learn",
        ratios(timings["scikit-learn"], timings["fastnn"]),
        TIMES,
        at_least=8,
    )


def accuracy(results, effort):
    """Score on the half not trained on, ours minus scikit-learn's, of equal settings and seeds."""
    for name, (load, kind, unit) in REAL.items():
        X, y = load(return_X_y=True)
        X, y = scale(X), y if unit == 1 else y / unit
        differences = []
        for seed in range(20 if effort.thorough else 5):
            order = np.random.default_rng(seed).permutation(len(y))
            train, test = np.array_split(order, 2)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                ours, theirs = (
                    getattr(library, kind)(random_state=seed).fit(X[train], y[train])
                    for library in (fastnn, neural_network)
                )
            differences.append(ours.score(X[test], y[test]) - theirs.score(X[test], y[test]))
        results.find(name, "score, minus scikit-learn's", differences, SHARE, at_least=-1e-3)

"""What a call costs by itself, and many networks side by side."""

import copy
import os
import warnings
from itertools import pairwise
from operator import mul

import numpy as np
from sklearn.neural_network import MLPClassifier

import fastnn
from bench.measure import Contender, calls, compare, ratios
from bench.peers import load_peers
from bench.results import TIMES
from fastnn import _kernels

LAYERS = [8, 32, 32, 4]
PRODUCTS = sum(a * b for a, b in pairwise(LAYERS))  # of a row, in one direction
ENSEMBLE = [64, 128, 64, 10]
MICRO = 1e-6
BATCH = 128


def overheads(results, effort):
    """Calls with next to no arithmetic: a network, its copy, an epoch of 32 rows."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((32, LAYERS[0])).astype(np.float32), rng.integers(0, 4, 32)
    flowers, kinds = rng.standard_normal((150, 4)).astype(np.float32), rng.integers(0, 3, 150)
    net, small = fastnn.Network(LAYERS, rng=0), fastnn.Network([4, 16, 3], rng=0)
    fitted = fastnn.Network(LAYERS, rng=0)
    options = {"hidden_layer_sizes": LAYERS[1:-1], "random_state": 0}
    ours, theirs = fastnn.MLPClassifier(**options), MLPClassifier(**options)
    for estimator in (ours, theirs):
        estimator.partial_fit(X, y, classes=np.arange(4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        timings = compare(
            [
                Contender("Network", calls(lambda: fastnn.Network(LAYERS, rng=0))),
                Contender("deepcopy", calls(copy.deepcopy, net)),
                Contender("fit, one epoch of 32 rows", calls(lambda: fitted.fit(X, y, epochs=1))),
                Contender(
                    "fit, 100 epochs of 150 rows",
                    calls(lambda: small.fit(flowers, kinds, epochs=100)),
                ),
                Contender("partial_fit of 32 rows", calls(ours.partial_fit, X, y)),
                Contender("scikit-learn, partial_fit", calls(theirs.partial_fit, X, y)),
                # The pace of the machine: a part of making a network.
                Contender("default_rng", calls(np.random.default_rng, 0)),
            ],
            effort.rounds,
            effort.seconds,
        )
    case = "-".join(map(str, LAYERS))
    results.time(case, timings)
    limits = {
        "Network": 30,
        "deepcopy": 60,
        "fit, one epoch of 32 rows": 40,
        "fit, 100 epochs of 150 rows": 1200,
        "partial_fit of 32 rows": 60,
    }
    for what, limit in limits.items():
        values = [seconds / MICRO for seconds in timings[what].seconds]
        results.find(case, what, values, "us", at_most=limit)
    results.find(
        case,
        "partial_fit vs scikit-learn",
        ratios(timings["scikit-learn, partial_fit"], timings["partial_fit of 32 rows"]),
        TIMES,
        at_least=20,
    )


def _timed(results, effort, case, **works):
    """Times of each function, kept under its name with spaces."""
    contenders = [Contender(name.replace("_", " "), calls(work)) for name, work in works.items()]
    timings = compare(contenders, effort.rounds, effort.seconds)
    results.time(case, timings)
    return timings


def _sets(effort):
    """200 sets of 512 rows."""
    rng = np.random.default_rng(0)
    return [
        (rng.standard_normal((512, LAYERS[0])).astype(np.float32), rng.integers(0, 4, 512))
        for _ in range(200 if effort.thorough else 50)
    ]


def _fit_many(sets, n_jobs, **options):
    networks = [fastnn.Network(LAYERS, rng=seed) for seed in range(len(sets))]
    fastnn.fit_many(networks, sets, n_jobs, epochs=100, batch_size=BATCH, **options)


def beside_jax(results, effort):
    """The same networks in JAX, by `vmap` and `scan`, on the cores that there are.

    JAX's training measures no J of an epoch; `fit_many` does, unless it is told not to. The floor
    is the products alone, at the peak of the micro-kernel.
    """
    peers = load_peers(["JAX"], results)
    sets, cores = _sets(effort), len(os.sched_getaffinity(0))
    works = {name: module.many(LAYERS, sets, 100, BATCH) for name, module in peers.items()}
    case = f"{len(sets)} networks {'-'.join(map(str, LAYERS))}, {cores} cores"
    works["fit_many"] = lambda: _fit_many(sets, cores)
    works["fit_many_evaluated_once"] = lambda: _fit_many(sets, cores, evaluate_every=100)
    timings = _timed(results, effort, case, **works)
    rows = sum(len(X) for X, _ in sets) * 100
    floor = 6 * rows * (PRODUCTS - LAYERS[0] * LAYERS[1] / 3) / _kernels.peak() / cores
    for name in peers:
        for what, least in (("fit many", 5), ("fit many evaluated once", None)):
            speeds = ratios(timings[name], timings[what])
            results.find(case, f"{what} vs {name}", speeds, TIMES, at_least=least)
        bound = [seconds / floor for seconds in timings[name].seconds]
        results.find(case, f"products at the peak vs {name}", bound, TIMES)


def together(results, effort):
    """200 networks on 512 rows of their own, on one thread and on two; and ensembles."""
    sets = _sets(effort)

    def one_by_one():
        for seed, (X, y) in enumerate(sets):
            fastnn.Network(LAYERS, rng=seed).fit(X, y, epochs=100, batch_size=BATCH, threads=1)

    case = f"{len(sets)} networks {'-'.join(map(str, LAYERS))}"
    timings = _timed(
        results,
        effort,
        case,
        fit_in_a_loop=one_by_one,
        fit_many_on_1=lambda: _fit_many(sets, 1),
        fit_many_on_2=lambda: _fit_many(sets, 2),
    )
    speeds = ratios(timings["fit many on 1"], timings["fit many on 2"])
    results.find(case, "2 jobs over 1", speeds, TIMES, at_least=1.9)
    for rows in (1, 64, 10_000):
        _ensemble(results, effort, rows)


def _ensemble(results, effort, rows):
    """An ensemble of five, beside a loop over its networks that does the same."""
    networks = [fastnn.Network(ENSEMBLE, rng=seed) for seed in range(5)]
    ensemble = fastnn.Ensemble(networks)
    weights = ensemble.weights.tolist()
    X = np.random.default_rng(0).standard_normal((rows, ENSEMBLE[0])).astype(np.float32)

    def loop():
        outputs = (network.forward(X).astype(np.float64) for network in networks)
        return sum(map(mul, weights, outputs)).astype(np.float32)

    np.testing.assert_array_equal(ensemble.forward(X), loop())
    case = f"ensemble of 5 {'-'.join(map(str, ENSEMBLE))}, {rows:,} row{'s' if rows > 1 else ''}"
    timings = _timed(
        results, effort, case, loop_over_the_networks=loop, forward=lambda: ensemble.forward(X)
    )
    speeds = ratios(timings["loop over the networks"], timings["forward"])
    results.find(case, "forward over the loop", speeds, TIMES)

"""What a call costs by itself, and many networks side by side."""

import copy
import os
import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier

import fastnn
from bench.measure import Contender, calls, compare, ratios
from bench.peers import load_peers
from bench.results import TIMES

LAYERS = [8, 32, 32, 4]
MICRO = 1e-6
BATCH = 128


def overheads(results, effort):
    """Calls whose arithmetic is next to nothing: a network, its copy, an epoch of 32 rows."""
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


def _sets(effort):
    """200 sets of 512 rows."""
    rng = np.random.default_rng(0)
    return [
        (rng.standard_normal((512, LAYERS[0])).astype(np.float32), rng.integers(0, 4, 512))
        for _ in range(200 if effort.thorough else 50)
    ]


def _fit_many(sets, n_jobs):
    networks = [fastnn.Network(LAYERS, rng=seed) for seed in range(len(sets))]
    fastnn.fit_many(networks, sets, n_jobs, epochs=100, batch_size=BATCH)


def beside_jax(results, effort):
    """The same networks in JAX, by `vmap` and `scan`, on the cores that there are."""
    peers = load_peers(["JAX"], results)
    sets, cores = _sets(effort), len(os.sched_getaffinity(0))
    contenders = [Contender("fit_many", calls(_fit_many, sets, cores))]
    for module in peers.values():
        contenders.append(Contender("JAX", calls(module.many(LAYERS, sets, 100, BATCH))))
    timings = compare(contenders, effort.rounds, effort.seconds)
    case = f"{len(sets)} networks {'-'.join(map(str, LAYERS))}, {cores} cores"
    results.time(case, timings)
    if peers:
        speeds = ratios(timings["JAX"], timings["fit_many"])
        results.find(case, "fit_many vs JAX", speeds, TIMES, at_least=5)


def side_by_side(results, effort):
    """200 networks on 512 rows of their own, 100 epochs, on one thread and on two."""
    sets = _sets(effort)
    count = len(sets)

    def train(n_jobs):
        _fit_many(sets, n_jobs)

    def one_by_one():
        for seed, (X, y) in enumerate(sets):
            fastnn.Network(LAYERS, rng=seed).fit(X, y, epochs=100, batch_size=BATCH, threads=1)

    timings = compare(
        [
            Contender("fit in a loop", calls(one_by_one)),
            Contender("fit_many, 1 job", calls(train, 1)),
            Contender("fit_many, 2 jobs", calls(train, 2)),
        ],
        effort.rounds,
        effort.seconds,
    )
    case = f"{count} networks {'-'.join(map(str, LAYERS))}"
    results.time(case, timings)
    results.find(
        case,
        "2 jobs over 1",
        ratios(timings["fit_many, 1 job"], timings["fit_many, 2 jobs"]),
        TIMES,
        at_least=1.9,
    )

"""The cases that SimpleChains.jl publishes (its README; julialang.org, April 2022)."""

import numpy as np

from bench import ours
from bench.cases import Task
from bench.measure import Contender, calls, compare, ratios
from bench.peers import load_peers
from bench.results import TIMES
from fastnn.data.inputs import as_features, as_targets
from fastnn.engine import passes


def published(results, effort):
    """A gradient in float64, and full-batch training in float32."""
    _gradient(results, effort)
    _training(results, effort)


def _gradient(results, effort):
    """24-8-2 with dropout on 200 rows, float64: no update. Theirs takes 5.66 µs and writes into
    buffers that are there already; so does a Session that is kept, while `value_and_grad` checks
    its arguments and makes new ones every time."""
    task = _regression([24, 8, 2], 200, np.float64, keep_prob=0.8)
    net = ours.network(task, dtype="float64")
    session = passes.open_session(
        net,
        as_features(task.X, 24, net.dtype),
        as_targets(task.y, 200, net.output, 2, net.dtype),
        threads=1,
        training=True,
    )
    session.set_dropout(net.keep_prob, 1, 0)
    gradient = np.zeros_like(net.theta)

    def kept_session():
        session.start(gradient=gradient)
        session.differentiate(passes.TURN)

    timings = compare(
        [
            Contender("Session kept", calls(kept_session)),
            Contender(
                "value_and_grad", calls(lambda: net.value_and_grad(task.X, task.y, dropout=(1, 0)))
            ),
        ],
        effort.rounds,
        effort.seconds,
    )
    np.testing.assert_allclose(gradient, net.value_and_grad(task.X, task.y, dropout=(1, 0))[1])
    case = "24-8-2 gradient"
    results.time(case, timings)
    for name, timing in timings.items():
        rates = [task.flops / seconds / 1e9 for seconds in timing.seconds]
        results.find(case, name, rates, "GFLOP/s", at_least=26 if name == "Session kept" else None)


def _training(results, effort):
    """4-32-16-4, Adam on all of 10,000 rows at once."""
    task = _regression([4, 32, 16, 4], 10_000, np.float32, keep_prob=1.0)
    peers = load_peers(["PyTorch"], results)
    contenders = [ours.trainer(task), *(peer.trainer(task) for peer in peers.values())]
    timings = compare(contenders, effort.rounds, effort.seconds)
    case = "4-32-16-4 training"
    results.time(case, timings)
    mine = timings.pop("fastnn")
    results.find(case, "arithmetic", [task.flops / s / 1e9 for s in mine.seconds], "GFLOP/s")
    for peer, timing in timings.items():
        results.find(case, f"vs {peer}", ratios(timing, mine), TIMES, at_least=6)


def _regression(layer_sizes, rows, dtype, **options):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, layer_sizes[0]), dtype)
    y = rng.standard_normal((rows, layer_sizes[-1]), dtype)
    return Task(layer_sizes, None, X, y, activation="tanh", output="identity", **options)

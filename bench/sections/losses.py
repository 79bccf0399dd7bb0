"""A loss of the user's own, compiled, beside the same loss of the core."""

from dataclasses import replace

import numpy as np

import fastnn
from bench import ours
from bench.cases import CASES
from bench.measure import compare, ratios
from bench.results import TIMES

MOST = {"small": 1.3, "mid": 1.1}


def value(z, y):
    total = 0.0
    for j in range(z.shape[0]):
        total += (z[j] - y[j]) ** 2
    return total / 2


def slope(z, y, dz):
    for j in range(z.shape[0]):
        dz[j] = z[j] - y[j]


def by_batches(A, y):
    """The same as a function of whole mini-batches."""
    dA = A - y
    return np.square(dA).sum(axis=1) / 2, dA


def squared_errors(results, effort):
    """Steps on a squared error: the core's own, and the user's in both forms."""
    losses = {"built in": None, "compiled": fastnn.Loss(value, slope), "by batches": by_batches}
    for name, most in MOST.items():
        task = CASES[name].task(output="identity")
        Y = np.eye(task.layer_sizes[-1], dtype=np.float32)[task.y]
        task = replace(task, y=Y)
        contenders = [ours.trainer(task, label, loss=loss) for label, loss in losses.items()]
        timings = compare(contenders, effort.rounds, effort.seconds)
        results.time(name, timings)
        built_in = timings.pop("built in")
        for label, timing in timings.items():
            limit = most if label == "compiled" else None
            results.find(
                name, f"a step, loss {label}", ratios(timing, built_in), TIMES, at_most=limit
            )

"""The bits of theta after training, over numbers of threads and over CPUs."""

from dataclasses import replace
from itertools import product

import numpy as np

import fastnn
from bench import ours
from bench.cases import CASES, LEARNING_RATE, Case
from bench.measure import compare, ratios
from bench.results import SHARE, TIMES

THREADS = (1, 2, 3, 4, 7)
OPTIMIZERS = ("gd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "lbfgs")


def same_bits(results, effort):
    """Fits of two mini-batches an epoch and a part of a third: how many end with the theta that
    one thread makes. L-BFGS, which takes all rows at once, stops earlier where it is done."""
    epochs = 50 if effort.thorough else 3
    for name, case in CASES.items():
        case = Case(case.layer_sizes, case.batch_size, 3)
        task = case.task()
        X, y = task.X[: -case.batch_size // 3], task.y[: -case.batch_size // 3]
        same = []
        for dtype, optimizer in product(("float32", "float64"), OPTIMIZERS):
            thetas = []
            for threads in THREADS:
                net = ours.network(task, dtype=dtype)
                if optimizer == "lbfgs":
                    net = fastnn.Network(task.layer_sizes, l2=1.0, rng=0, dtype=dtype)
                net.fit(
                    X,
                    y,
                    epochs=epochs,
                    batch_size=case.batch_size,
                    optimizer=optimizer,
                    learning_rate=100 * LEARNING_RATE,
                    evaluate_every=0,
                    threads=threads,
                )
                thetas.append(net.theta.tobytes())
            same += [float(theta == thetas[0]) for theta in thetas[1:]]
        results.find(
            name,
            f"same theta, {len(same)} fits of {epochs} epochs",
            [np.mean(same)],
            SHARE,
            at_least=1,
        )


def portable(results, effort):
    """Steps with `deterministic(across_cpus=True)`, beside steps of this CPU's own variant."""
    for name, case in CASES.items():
        task = case.task()
        usual, slower = ours.trainer(task), ours.trainer(task, "portable")
        timings = compare(
            [usual, replace(slower, run=_across_cpus(slower.run))], effort.rounds, effort.seconds
        )
        results.time(name, timings)
        results.find(name, "portable", ratios(timings["portable"], timings["fastnn"]), TIMES)


def _across_cpus(run):
    def portable_run(count):
        with fastnn.deterministic(across_cpus=True):
            run(count)

    return portable_run

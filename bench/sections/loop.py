"""Loops of one's own: a step by a trainer, by a loss in NumPy, and a gradient, beside PyTorch."""

import numpy as np

from bench import ours
from bench.cases import LEARNING_RATE, Case
from bench.measure import Contender, calls, compare, ratios
from bench.peers import load_peers
from bench.results import TIMES

POLICY = Case([8, 32, 32, 4], 64, 200)
# Seconds that a call of value_and_grad may take beyond the arithmetic.
CALL = 3e-6


def steps(results, effort):
    """Each is a contender by itself; `fit` trains on 200 such batches, without dropout."""
    task = POLICY.task(keep_prob=1.0)
    X, y = np.ascontiguousarray(task.X[: task.batch_size]), task.y[: task.batch_size]
    net = ours.network(task)
    trainer = net.trainer(learning_rate=LEARNING_RATE, batch_size=task.batch_size)
    own = ours.network(task).trainer(learning_rate=LEARNING_RATE, batch_size=task.batch_size)
    target = np.eye(net.layer_sizes[-1], dtype=np.float32)[y]

    def own_loss():
        A = own.forward(X)
        own.backward((A - target) / len(A))
        own.update()

    contenders = [
        ours.trainer(task, "in fit"),
        ours.trainer(task, "in fit, gd", optimizer="gd"),
        Contender("trainer.step", calls(trainer.step, X, y)),
        Contender("own loss", calls(own_loss)),
        Contender("value_and_grad", calls(net.value_and_grad, X, y)),
    ]
    peers = load_peers(["PyTorch"], results)
    for module in peers.values():
        contenders += module.loops(net, X, y)
    timings = compare(contenders, effort.rounds, effort.seconds)
    case = POLICY.label
    results.time(case, timings)

    def find(what, values, **target):
        results.find(case, what, values, TIMES, **target)

    step = timings["trainer.step"]
    find("trainer.step, of a step in fit", ratios(step, timings["in fit"]), at_most=1.25)
    find("own loss, of trainer.step", ratios(timings["own loss"], step), at_most=2)
    beyond = [seconds - CALL for seconds in timings["value_and_grad"].seconds]
    # A step of gd: forward, loss, backward, and the least of an update.
    arithmetic = timings["in fit, gd"].seconds
    find(
        "value_and_grad but for 3 us, of a step of gd in fit",
        [a / b for a, b in zip(beyond, arithmetic, strict=True)],
        at_most=1.5,
    )
    for name, least in (("trainer.step", 20), ("own loss", None), ("value_and_grad", None)):
        if f"PyTorch, {name}" in timings:
            speeds = ratios(timings[f"PyTorch, {name}"], timings[name])
            find(f"{name} vs PyTorch", speeds, at_least=least)

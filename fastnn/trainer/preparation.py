"""`Network.trainer`: everything is checked, then the trainer is made."""

from __future__ import annotations

import math
from collections.abc import Callable

from fastnn.arguments import integer, number
from fastnn.engine.base_network import BaseNetwork
from fastnn.schedules import Cosine, Linear, Schedule, ScheduleName, make_schedule
from fastnn.trainer.trainer import Trainer
from fastnn.training.optimizers import (
    LBFGS,
    RATES,
    Optimizer,
    OptimizerName,
    check_average,
    check_clipping,
    check_layer_rates,
    make_optimizer,
)


def trainer(
    network: BaseNetwork,
    *,
    optimizer: OptimizerName | Optimizer = "adam",
    learning_rate: float = 1e-3,
    batch_size: int = 256,
    schedule: ScheduleName | Schedule | Callable[[float], float] | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    average: float | None = None,
    total_steps: int | None = None,
    examples: int | None = None,
    threads: int | None = None,
) -> Trainer:
    """A `Trainer` of the network, for updates one at a time, in a loop of your own.

    From the same seed, its steps give the bits that `fit` gives for the same mini-batches.

    Parameters
    ----------
    optimizer, learning_rate
        As for `fit`; not lbfgs.
    clip_norm, clip_value : float, optional
        As for `fit`: the largest global norm of `Trainer.gradient`, or size of a component of it.
        The penalty is added after that, as PyTorch's optimizers add their weight_decay.
    batch_size : int
        The most rows of a step.
    schedule : str, object or function, optional
        As for `fit`, but in steps: called with the steps done. linear and cosine need
        `total_steps`. ``fastnn.schedules.Cosine(warmup=500)`` warms up for 500 steps.
    average : float in [0, 1), optional
        Decay of `Trainer.average`, a moving average of theta, as in `fit`. It does not replace
        the network's theta: ``judged = net.like(); judged.theta = trainer.average``.
    total_steps : int, optional
        The steps after which linear and cosine have come to their end.
    examples : int, optional
        m of the penalty, the number of training examples, which divides l2 and l1. None: the rows
        of each step, as in `value_and_grad`. Give it where you add up `gradient` over several
        batches, as by an all-reduce over machines.
    threads : int, optional
        None: as many as a step is worth. The result has the same bits for any.

    Returns
    -------
    Trainer

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> rng = np.random.default_rng(0)
    >>> net = fastnn.Network([2, 16, 2], rng=0)
    >>> trainer = net.trainer(learning_rate=0.01)
    >>> for step in range(500):  # a stream of examples
    ...     X = rng.standard_normal((32, 2), np.float32)
    ...     J = trainer.step(X, (X[:, 0] > X[:, 1]).astype(int))
    >>> J < 0.1
    True
    """
    chosen = make_optimizer(optimizer)
    if isinstance(chosen, LBFGS):
        raise ValueError(
            "lbfgs takes no steps on mini-batches; expected one of gd, momentum, nesterov, "
            "rmsprop, adam, adamw"
        )
    check_layer_rates(chosen, len(network.layer_sizes) - 1)
    if total_steps is not None:
        total_steps = integer(total_steps, "total_steps", 1)
    _check_schedule(schedule, total_steps)
    return Trainer(
        network,
        chosen,
        learning_rate=number(learning_rate, "learning_rate", RATES),
        batch_size=integer(batch_size, "batch_size", 1),
        schedule=schedule,
        average=check_average(average, chosen),
        total_steps=total_steps,
        clipping=check_clipping(clip_norm, clip_value),
        examples=None if examples is None else integer(examples, "examples", 1),
        threads=None if threads is None else integer(threads, "threads", 1, 1024),
    )


def _check_schedule(schedule, total_steps):
    make_schedule(schedule, math.inf)
    if total_steps is None and (
        isinstance(schedule, Linear | Cosine) or schedule in ("linear", "cosine")
    ):
        raise ValueError(
            f"{schedule!r} needs the length of training, which a trainer does not know; give it "
            f"in steps: net.trainer(schedule={schedule!r}, total_steps=10_000)"
        )

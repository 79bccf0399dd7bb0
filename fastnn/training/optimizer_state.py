"""The state of an optimizer between two updates: of a fit, or of a trainer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn._kernels import aligned_zeros
from fastnn.schedules import make_schedule
from fastnn.training.optimizers import Optimizer

Array = NDArray[np.floating[Any]]


class OptimizerState:
    """The state of an optimizer of a network: moments, counts, order of rows and average.

    Parameters
    ----------
    network : Network
    optimizer : Optimizer
    seed : int
        Of the dropout masks.
    clipping : (float, float)
        Largest global norm and largest size of a component of a gradient; 0 for no limit.
    decay : float, optional
        Of `average`.
    """

    network: Any
    optimizer: Optimizer
    clipping: tuple[float, float]
    seed: int
    count: int
    epochs: int
    order: NDArray[np.int64] | None
    vectors: tuple[Any, ...]
    decay: float | None
    average: Array | None
    # Of a trainer, opened by its next call; a fit has its own.
    _session: Any = None

    def __init__(
        self,
        network: Any,
        optimizer: Optimizer,
        seed: int,
        clipping: tuple[float, float],
        decay: float | None = None,
    ) -> None:
        self.network, self.optimizer = network, optimizer
        self.seed, self.clipping = seed, clipping
        self.count, self.epochs = 0, 0
        self.order = None
        self.vectors = tuple(
            aligned_zeros(network.theta.size, network.dtype) if needed else None
            for needed in (True, *optimizer.moments)
        )
        self.decay, self.average = decay, None if decay is None else network.theta.copy()

    @property
    def gradient(self) -> Array:
        """The gradient of the next update, laid out as theta, without the penalty.

        `backward` fills it and `update` uses it. It may be written to in between, as by an
        all-reduce over several machines.
        """
        return self.vectors[0]

    @property
    def steps(self) -> int:
        """Updates so far."""
        return self.count if self._session is None else self._session.step


def set_up(state: OptimizerState, session: Any, examples: int | None) -> None:
    """Let a session go on from a state; `examples` is m of the penalty, None for each batch's."""
    network, m = state.network, examples or 1
    penalty = [(0.0, 0.0)]
    penalty += [(l2 / m, l1 / m) for l2, l1 in zip(network.l2, network.l1, strict=True)]
    session.set_dropout(network.keep_prob, state.seed, state.steps)
    session.set_optimizer(
        state.optimizer.code,
        state.optimizer.settings(),
        penalty,
        *state.vectors,
        constant_penalty=examples is not None,
    )
    session.set_clipping(*state.clipping)
    session.set_max_norm(network.max_norm)
    if state.optimizer.layer_rates is not None:
        session.set_layer_rates(state.optimizer.layer_rates)
    average_on(state, session)


def average_on(state: OptimizerState, session: Any) -> None:
    """Let a session that is at its present step go on with the average, if there is one."""
    if state.average is not None:
        session.set_average(state.average, state.decay, begun=session.step > 0)


def order_of(state: OptimizerState, m: int) -> NDArray[np.int64]:
    """The order in which the last fit has left m rows."""
    if state.order is None or state.order.size != m:
        vars(state)["order"] = np.arange(m)
    return state.order


def count_on(state: OptimizerState, seed: int, steps: int, epochs: int) -> None:
    """Take over the counts of a fit: the updates and whole epochs so far."""
    vars(state).update(seed=seed, count=steps, epochs=epochs, _session=None)


def factors_in_steps(
    schedule: Any, total_steps: int | None
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]] | None:
    """The schedule of a trainer, as a function of the steps done; None for a constant rate."""
    if schedule in (None, "constant"):
        return None
    return make_schedule(schedule, total_steps or math.inf)


def rates_after(trainer: Any, batches: int) -> Callable[[int], NDArray[np.float64]]:
    """A function from an epoch of a fit that goes on from a trainer to its learning rates."""
    first, learning_rate = trainer.steps, trainer.learning_rate
    factors = factors_in_steps(trainer.schedule, trainer.total_steps)

    def rates(epoch: int) -> NDArray[np.float64]:
        if factors is None:
            return np.full(batches, learning_rate)
        at = first + epoch * batches + np.arange(batches)
        return learning_rate * factors(at.astype(float))

    rates(0)  # a schedule that does not work is refused here
    return rates

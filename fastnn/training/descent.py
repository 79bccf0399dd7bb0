"""The second step of `fit`: theta goes down, epoch by epoch."""

import numpy as np

from fastnn import _kernels
from fastnn.engine import passes
from fastnn.engine.thread_tuning import ThreadTuner
from fastnn.errors import DivergenceError
from fastnn.training.divergence import cause_of_divergence
from fastnn.training.lbfgs import minimize
from fastnn.training.optimizer_state import OptimizerState


def descend(task, session, monitor):
    """Train by a first-order optimizer over mini-batches.

    Parameters
    ----------
    task : Task
    session : Session
        Opened for training on the task's data.
    monitor : Monitor
    """
    network, m, history = task.network, task.rows, monitor.history
    state = task.optimizer_state
    if state is None:
        state = OptimizerState(network, task.optimizer, history.dropout_seed, task.clipping)
    state.set_up(session, m)
    if task.augmenter is not None:
        session.set_augmentation(task.augmenter)
    index = state.order_of(m) if task.shuffle else None
    try:
        _epochs(task, session, monitor, state, index)
    finally:
        state.count_on(history.dropout_seed, session.step, len(history))


def _epochs(task, session, monitor, state, index):
    network, m, history = task.network, task.rows, monitor.history
    tuner = ThreadTuner(session, chosen=task.threads is not None)
    begin, batch, writer = 0, 0, None
    if task.checkpoints is not None:
        _, first, second = state.vectors
        arrays = {"theta": network.theta, "first": first, "second": second, "order": index}
        (begin, batch), writer = task.checkpoints.start(network, session, monitor, arrays)
        # After a whole epoch, only its callbacks are still to be called.
        if begin and not batch and monitor.conclude(history.learning_rate[-1]):
            return
    for epoch in range(begin, task.epochs):
        rates = task.rates(epoch)
        if index is not None and not batch:
            _shuffle(index, network.rng)
        turns = passes.train_epoch(
            session, tuner, epoch, rates, index=index, batch=batch, epochs_before=state.epochs
        )
        try:
            for seconds in turns:
                history.training_seconds += seconds
                monitor.progress.advance(epoch + session.batch / len(rates))
                if writer is not None:
                    writer.turn_done(epoch, rates)
        except DivergenceError as error:
            at_start = epoch == error.batch == 0
            error.cause = cause_of_divergence(network, *task.data, at_start=at_start)
            raise
        batch = 0
        history.examples += m
        rate = float(rates[-1])
        monitor.record(epoch, rate)
        if writer is not None:
            writer.epoch_done(epoch, rate)
        if monitor.conclude(rate):
            return


def _shuffle(index, rng):
    seed, left = int(rng.integers(2**64, dtype=np.uint64)), index.size
    while left > 1:
        left = _kernels.shuffle(index, seed, left, passes.TURN)


def descend_by_lbfgs(task, monitor):
    """Train by L-BFGS on all examples; an iteration counts as an epoch."""
    history = monitor.history

    def evaluation_done(seconds):
        history.training_seconds += seconds
        history.examples += task.rows

    def iteration_done(iteration, J):
        monitor.record(iteration)
        return monitor.conclude()

    reason = minimize(
        task.network,
        task.optimizer,
        *task.data,
        iterations=task.epochs,
        iteration_done=iteration_done,
        evaluation_done=evaluation_done,
        threads=task.threads,
    )
    monitor.evaluate_last()
    history.stopped = history.stopped or reason

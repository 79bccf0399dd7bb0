"""The second step of `fit`: theta goes down, epoch by epoch."""

import numpy as np

from fastnn import _kernels
from fastnn.engine import passes
from fastnn.engine.thread_tuning import ThreadTuner
from fastnn.errors import DivergenceError
from fastnn.training.lbfgs import minimize
from fastnn.training.monitor import cause_of_divergence
from fastnn.training.optimizer_state import (
    OptimizerState,
    average_on,
    count_on,
    order_of,
    set_up,
)

# Most floating-point operations of an epoch that is trained unwatched. A call does not pause within
# an epoch, so that Ctrl-C has to wait for its end: some 20 ms.
_LONGEST = 50_000_000
# Most epochs of a call.
_AT_ONCE = 128


def descend(task, session, monitor):
    """Train by a first-order optimizer over mini-batches.

    Parameters
    ----------
    task : Task
    session : Session
        Opened for training on the task's data; or from a `Kept`, with its optimizer.
    monitor : Monitor
    """
    network, m, history = task.network, task.rows, monitor.history
    theta = network.theta
    if task.kept is not None:
        session.restart(history.dropout_seed)
        _descend_unwatched(task, session, monitor, np.arange(m) if task.shuffle else None)
        return
    state = task.optimizer_state
    if state is None:
        state = OptimizerState(
            network, task.optimizer, history.dropout_seed, task.clipping, task.average
        )
    set_up(state, session, m)
    if task.augmenter is not None:
        session.set_augmentation(task.augmenter)
    index = order_of(state, m) if task.shuffle else None
    # A trainer goes on from theta: it keeps its average apart.
    average = state.average if task.optimizer_state is None else None
    count_on(state, state.seed, state.steps, state.epochs)
    count = vars(state).update
    try:
        if is_unwatched(task, session, monitor):
            _descend_unwatched(task, session, monitor, index)
        else:
            _epochs(task, session, monitor, state, index, average)
    finally:  # nothing in here calls a function of Python, where another Ctrl-C could come
        if average is not None:
            theta[...] = average
        count(count=session.step)


def is_unwatched(task, session, monitor):
    """Whether the epochs of a `Task` may follow each other without Python in between."""
    sessions = (session, monitor.dev_session)
    return (
        not task.callbacks
        and task.early_stopping is None
        and task.checkpoints is None
        and task.gradchecks is None
        and task.augmenter is None
        and task.optimizer_state is None
        and task.rates.known
        and task.average is None
        and not task.criterion.by_batches
        and not isinstance(task.evaluate_every, tuple)
        and all(each is None or each.threads == 1 for each in sessions)
        and _operations(task) <= _LONGEST
    )


def _operations(task):
    """About the floating-point operations of an epoch, with some for each row and each step."""
    parameters = task.network.theta.size
    rows = task.rows + (0 if task.dev is None else task.dev[0].shape[0])
    return 6 * rows * (parameters + 200) + task.batches * (10 * parameters + 5000)


def _descend_unwatched(task, session, monitor, index):
    """Train all epochs; theta and the history have the bits of a fit that looks at each.

    Parameters
    ----------
    task : Task
    session : Session
        With its optimizer.
    monitor : Monitor
    index : None or (m,) array
        The order of the rows, shuffled in every epoch.
    """
    epoch = 0
    while epoch < task.epochs:
        epoch += _train_some(task, session, monitor, index, epoch)
        monitor.progress.advance(epoch)


def _train_some(task, session, monitor, index, epoch):
    """Train and record some epochs from `epoch` on, some 50 ms. Returns how many."""
    count = min(_AT_ONCE, task.epochs - epoch)
    rates = task.rates.table(epoch, count)
    begun, trained, done, cost = _kernels.train_epochs(
        session,
        monitor.dev_session,
        index=index,
        generator=task.network.rng.bit_generator,
        rates=rates,
        history=monitor.history,
        columns=monitor.columns,
        began=monitor.elapsed(),
        epoch=epoch,
        count=count,
        every=monitor.evaluations.every,
        first=monitor.evaluations.first,
        last=task.epochs - 1,
        regression=task.network.regression,
        seconds=passes.TURN,
    )
    monitor.progress.epoch(monitor.history)
    if begun > done:
        failed = rates[done if len(rates) > 1 else 0]
        if trained > done:
            raise monitor.not_finite(epoch + done, failed[-1], cost)
        error = passes.divergence(session, epoch + done, failed)
        at_start = epoch + done == error.batch == 0
        error.cause = cause_of_divergence(
            task.network, *task.data, task.criterion, at_start=at_start
        )
        raise error
    return done


def _averaged(network, average, function, *arguments):
    """``function(*arguments)``, while theta has the values of `average`, unless that is None."""
    if average is None:
        return function(*arguments)
    theta = network.theta
    trained = theta.copy()
    try:
        theta[...] = average
        return function(*arguments)
    finally:
        average[...] = theta
        theta[...] = trained


def _epochs(task, session, monitor, state, index, average):
    network, m, history = task.network, task.rows, monitor.history
    before = state.epochs
    tuner = ThreadTuner(session, chosen=task.threads is not None)
    begin, batch, writer = 0, 0, None
    if task.checkpoints is not None:
        _, first, second = state.vectors
        arrays = {"theta": network.theta, "first": first, "second": second, "order": index}
        arrays["average"] = state.average
        (begin, batch), writer = task.checkpoints.start(network, session, monitor, arrays)
        average_on(state, session)
        # After a whole epoch, only its callbacks are still to be called.
        finished = begin > 0 and not batch
        if finished and _averaged(network, average, monitor.conclude, history.learning_rate[-1]):
            return
    for epoch in range(begin, task.epochs):
        rates = task.rates(epoch)
        if index is not None and not batch:
            _shuffle(index, network.rng)
        turns = passes.train_epoch(
            session, tuner, epoch, rates, index=index, batch=batch, epochs_before=before
        )
        try:
            for seconds in turns:
                history.training_seconds += seconds
                monitor.progress.advance(epoch + session.batch / len(rates))
                if writer is not None:
                    writer.turn_done(epoch, rates)
        except DivergenceError as error:
            at_start = epoch == error.batch == 0
            error.cause = cause_of_divergence(
                network, *task.data, task.criterion, at_start=at_start
            )
            raise
        batch = 0
        history.examples += m
        count_on(state, history.dropout_seed, session.step, before + epoch + 1)
        rate = float(rates[-1])
        _averaged(network, average, monitor.record, epoch, rate)
        if writer is not None:
            writer.epoch_done(epoch, rate)
        if _averaged(network, average, monitor.conclude, rate):
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
        criterion=task.criterion,
    )
    monitor.evaluate_last()
    history.stopped = history.stopped or reason

"""Between two epochs of a fit: evaluation, history, early stopping, callbacks, divergence."""

import math
import time
from typing import NamedTuple

import numpy as np

from fastnn import _kernels
from fastnn._kernels import Rows
from fastnn.arguments import integer
from fastnn.engine import passes
from fastnn.engine.examples import criterion_for
from fastnn.errors import DivergenceError
from fastnn.losses.faults import Faults
from fastnn.training.early_stopping import BestSoFar

# Every epoch is evaluated until the evaluations have taken so many floating-point operations: some
# 1 ms. Operations are counted, not timed, so that `fit_many` makes the same histories as `fit`.
_CHEAP = 20_000_000
# Epochs between two evaluations from then on. One takes up to a third of the time of an epoch.
_SELDOM = 10


class Evaluations(NamedTuple):
    """The epochs of a fit that are evaluated: the first ones, every so many, and the last."""

    every: int  # 0: none at all
    first: int = 0  # each of the first so many

    def due(self, epoch, last):
        """Whether an epoch, counted from 0, is evaluated; `last` is the last one of the fit."""
        return self.every > 0 and (
            epoch < self.first or (epoch + 1) % self.every == 0 or epoch == last
        )


def check_evaluate_every(value, dev, early_stopping):
    """The argument of `fit`: one number of epochs, a pair for X and dev, or None."""
    if value is None:
        return None if dev is None else 1
    if isinstance(value, tuple):
        if len(value) != 2 or dev is None:
            raise ValueError(
                "expected evaluate_every to be an integer, or with dev a pair, for X and for dev; "
                f"got {value!r}" + (" without dev" if dev is None else "")
            )
        names = ("evaluate_every[0]", "evaluate_every[1]")
        value = tuple(integer(every, name, 0) for every, name in zip(value, names, strict=True))
    else:
        value = integer(value, "evaluate_every", 0)
    if early_stopping and _pair(value)[1] == 0:
        raise ValueError(
            f"expected evaluate_every of at least 1 for dev with early_stopping, got {value}"
        )
    return value


def _pair(every):
    return every if isinstance(every, tuple) else (every, every)


def evaluations_of(task):
    """The `Evaluations` of X and of dev of a `Task`: as the user says, or so that they cost little.

    They depend neither on the number of epochs nor on time: a fit that is resumed or repeated
    evaluates the same epochs.
    """
    if task.evaluate_every is not None:
        of_X, of_dev = _pair(task.evaluate_every)
        return Evaluations(of_X), Evaluations(of_dev)
    if task.callbacks or task.must_fall or task.batches == 1:
        return (Evaluations(1),) * 2
    operations = 2 * task.rows * (task.network.theta.size + 200)  # 200: for the row itself
    return (Evaluations(_SELDOM, max(1, _CHEAP // operations)),) * 2


class Monitor:
    """Evaluates and records the epochs of a fit, and tells when it is to stop.

    Its clock starts when it is made.

    Parameters
    ----------
    task : Task
    history : History
        The record that it keeps.
    session : Session
        Of the training set. The session that trains serves as well, and saves buffers.
    progress : Progress

    Attributes
    ----------
    evaluations, dev_evaluations : Evaluations
        Of the training set, and of the dev set.
    columns : list of lists of float
        The lists of the history that get an entry for each epoch.
    """

    def __init__(self, task, history, session, progress):
        network = task.network
        self.history, self.progress = history, progress
        self.best = None
        if task.early_stopping is not None:
            self.best = BestSoFar(task.early_stopping, network.theta)
        self._network, self._session = network, session
        self._data, self._m, self._criterion = task.data, task.rows, task.criterion
        self._last = task.epochs - 1
        self.evaluations, self.dev_evaluations = evaluations_of(task)
        self._callbacks, self._gradchecks = task.callbacks, task.gradchecks
        self._columns = [history.cost, history.train_error]
        self.dev_session = None
        if task.dev is not None:
            self.dev_session = passes.open_session(
                network,
                *task.dev,
                batch_size=task.batch_size if task.criterion.by_batches else None,
                threads=task.threads,
                criterion=task.criterion,
            )
            self._columns += [history.dev_cost, history.dev_error]
        self.columns = [*self._columns, history.learning_rate, history.seconds]
        self._began = time.perf_counter()

    def elapsed(self):
        """Seconds since the beginning of the fit, including those before it was resumed."""
        return time.perf_counter() - self._began

    def count_on(self, seconds, epochs_done):
        """Count the time and the epochs of the fit that is resumed."""
        self._began -= seconds
        self.progress.begin_at(epochs_done)

    def check_gradients(self, done):
        """Check gradients if `gradcheck_at` asks for it after `done` epochs."""
        if self._gradchecks is not None:
            self._gradchecks.run(self._network, self.history, done)

    def record(self, epoch, learning_rate=None):
        """Evaluate an epoch and record it; lbfgs has no learning rate."""
        history = self.history
        each = self.evaluations, self.dev_evaluations
        due, dev_due = (evaluations.due(epoch, self._last) for evaluations in each)
        # Everything is measured before anything is recorded, so that the lists stay equally long.
        results = self._measure(epoch, learning_rate, due, dev_due)
        rate = 1.0 if learning_rate is None else learning_rate
        _kernels.record_epoch(self.columns, (*results, rate, self.elapsed()))
        self.progress.epoch(history)
        self.check_gradients(epoch + 1)
        if self.best and dev_due and self.best.look(epoch, history, self._network.theta):
            history.stopped = "early stopping"

    def ends_after(self, epoch):
        """Whether this epoch, which has been recorded, is known to be the last."""
        return epoch == self._last or bool(self.history.stopped)

    def conclude(self, learning_rate=None):
        """Call the callbacks of the epoch that was recorded last; True to stop."""
        history = self.history
        for callback in self._callbacks:
            stop = callback(self._network, history)
            if isinstance(stop, bool | np.bool_) and stop:
                history.stopped = history.stopped or "callback"
        if history.stopped:
            self.evaluate_last(learning_rate)
        return bool(history.stopped)

    def evaluate_last(self, learning_rate=None):
        """Evaluate the epoch that turned out to be the last, unless that is done."""
        costs = self._columns[::2]
        each = self.evaluations, self.dev_evaluations
        due = [
            bool(evaluations.every and cost and math.isnan(cost[-1]))
            for evaluations, cost in zip(each, costs, strict=False)
        ]
        if any(due):
            results = self._measure(len(self.history) - 1, learning_rate, *due)
            for values, result in zip(self._columns, results, strict=True):
                values[-1] = result if math.isnan(values[-1]) else values[-1]

    def restore_best(self):
        """Give the network the best parameters, if early stopping has found any."""
        if self.best is not None and self.best.epoch is not None:
            self._network.theta[...] = self.best.theta
            self.history.best_epoch = self.best.epoch

    def not_finite(self, epoch, learning_rate, cost):
        """The error of an epoch after which the cost is not finite."""
        session = self._session
        last_batch = -(-session.rows // session.batch_size) - 1
        rate = math.nan if learning_rate is None else float(learning_rate)
        error = DivergenceError(epoch, last_batch, rate, f"the cost is {cost}")
        error.cause = cause_of_divergence(
            self._network, *self._data, self._criterion, at_start=False
        )
        return error

    def _measure(self, epoch, learning_rate, of_X, of_dev=False):
        """Cost and error on the training set and, if there is one, on the dev set; else NaN."""
        results = [math.nan] * len(self._columns)
        if of_X:
            results[:2] = passes.evaluate(self._session, self._network, self._m)
            if not math.isfinite(results[0]):
                raise self.not_finite(epoch, learning_rate, results[0])
        if of_dev and self.dev_session is not None:
            results[2:] = passes.evaluate(self.dev_session, self._network, self._m)
        return results


def cause_of_divergence(network, X, y, weight, criterion=None, *, at_start):
    """The text of `DivergenceError.cause`; "" where neither y nor the first theta is to blame.

    No learning rate helps against these causes. Trials find them: the loss of the same network
    with new weights, and then with y = 0.

    Parameters
    ----------
    network : BaseNetwork
    X, y : Rows
    weight : array or None
    criterion : Criterion, optional
        None: the network's.
    at_start : bool
        Whether theta has not changed since the beginning of the fit.
    """
    criterion = criterion or criterion_for(network)
    if criterion.loss is not None:
        faults = Faults(criterion)
        passes.visit(network, X, y, faults.look, logits=not criterion.by_batches)
        if faults.first or criterion.by_batches:
            return faults.first

    def is_finite(net, y):
        session = passes.open_session(net, X, y, weight, criterion=criterion)
        return math.isfinite(passes.evaluate(session, net, X.shape[0])[0])

    fresh = network.like(rng=0)
    if is_finite(fresh, y):
        if not at_start or is_finite(network, y):
            return ""
        return (
            "The learning rate is not the cause: theta was already so large before the first "
            f"update, up to {np.abs(network.theta).max():.2g}, that the loss is not finite. "
            "Begin with new weights, as net.like() has them, or assign others to net.theta."
        )
    zeros = np.zeros(y.shape, np.int8)
    if not is_finite(fresh, Rows(zeros, zeros.shape)):
        return ""
    wider = ", or use dtype float64" if network.dtype == np.float32 else ""
    return (
        f"The targets y are the cause: their squares are too large for {network.dtype}, whose "
        f"largest number is {np.finfo(network.dtype).max:.2g}. Divide y by a constant, such as "
        f"its standard deviation{wider}."
    )

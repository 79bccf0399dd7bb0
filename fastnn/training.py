"""`Network.fit`: epochs of mini-batches, and all that happens between them."""

import contextlib
import math
import time

import numpy as np

from fastnn import passes
from fastnn.arguments import integer, number
from fastnn.early_stopping import BestSoFar, make_early_stopping
from fastnn.errors import DivergenceError
from fastnn.history import History
from fastnn.optimizers import LBFGS, make_optimizer
from fastnn.schedules import make_schedule


def fit(network, X, y, *, dev, epochs, batch_size, optimizer, learning_rate, schedule,
        sample_weight, shuffle, early_stopping, evaluate_every, callbacks, progress, threads):
    """See `Network.fit`, which documents the arguments."""
    epochs = integer(epochs, "epochs", 1)
    if batch_size is not None:
        batch_size = integer(batch_size, "batch_size", 1)
    if threads is not None:
        threads = integer(threads, "threads", 1, 1024)
    optimizer = make_optimizer(optimizer)
    learning_rate = number(learning_rate, "learning_rate", "[0, inf)")
    schedule = make_schedule(schedule, epochs)
    monitor = Monitor(network, epochs, make_early_stopping(early_stopping),
                      integer(evaluate_every, "evaluate_every", 0), callbacks)
    data = network._check_data(X, y, sample_weight)
    monitor.set_data(data, _check_dev(network, dev), threads)

    with monitor.watching(progress):
        if isinstance(optimizer, LBFGS):
            from fastnn.lbfgs import minimize

            minimize(network, optimizer, *data, monitor, threads)
        else:
            descend(network, optimizer, *data, monitor, schedule, batch_size=batch_size,
                    learning_rate=learning_rate, shuffle=shuffle, threads=threads)
    return monitor.history


def descend(network, optimizer, X, y, weight, monitor, schedule, *, batch_size, learning_rate,
            shuffle, threads):
    """A first-order optimizer over mini-batches."""
    m, history = X.shape[0], monitor.history
    session = passes.open_session(network, X, y, weight, batch_size=batch_size, threads=threads,
                                  training=True)
    session.set_dropout(network.keep_prob, history.dropout_seed)
    vectors = [np.zeros_like(network.theta) if needed else None
               for needed in (True, *optimizer.moments)]
    penalty = [(0.0, 0.0), *((l2 / m, l1 / m)
                             for l2, l1 in zip(network.l2, network.l1, strict=True))]
    session.set_optimizer(optimizer.code, optimizer.settings(), penalty, *vectors)
    monitor.evaluate_training_by(session)

    batches = -(-m // session.batch_size)
    index = np.arange(m) if shuffle and batches > 1 else None
    last_finite = np.empty_like(network.theta)
    for epoch in range(monitor.epochs):
        rates = learning_rate * schedule(epoch + np.arange(batches) / batches)
        if index is not None:
            network.rng.shuffle(index)
        session.start(index=index, rates=rates)
        going = True
        while going:
            last_finite[...] = network.theta
            began = time.perf_counter()
            going = session.train(passes.TURN)
            history.training_seconds += time.perf_counter() - began
            monitor.progress.advance(epoch + session.batch / batches)
        if session.overflowed:
            network.theta[...] = last_finite
        if session.failed:
            what = "an update overflowed" if session.overflowed else (
                "the loss or its gradient is not finite")
            raise DivergenceError(epoch, min(session.batch, batches - 1),
                                  float(rates[min(session.batch, batches - 1)]), what)
        history.examples += m
        if monitor.epoch_done(epoch, float(rates[-1])):
            return


class Monitor:
    """What watches a fit: evaluation, history, early stopping, callbacks, progress."""

    def __init__(self, network, epochs, early_stopping, evaluate_every, callbacks):
        self.network, self.epochs = network, epochs
        self.history = History()
        self._every = evaluate_every
        self._rule = early_stopping
        self._callbacks = _check_callbacks(callbacks)
        if early_stopping and not evaluate_every:
            raise ValueError("expected evaluate_every of at least 1 with early_stopping, got 0")

    def set_data(self, training, dev, threads):
        """Rows, targets and weights to evaluate on."""
        if self._rule and dev is None:
            raise ValueError(
                "early_stopping needs a dev set to watch: pass dev=(Xd, yd)"
            )
        self._m = training[0].shape[0]
        self._training, self._threads = training, threads
        self._train_session = None
        self._dev_session = None
        if dev is not None:
            self._dev_session = passes.open_session(self.network, *dev, threads=threads)
        self._best = BestSoFar(self._rule, self.network.theta) if self._rule else None

    def evaluate_training_by(self, session):
        """Use a training session's buffers for the training set, rather than more of them."""
        self._train_session = session

    @contextlib.contextmanager
    def watching(self, show):
        """Everything a fit does happens in here; what it leaves behind is always in order."""
        if self.network.fitting:
            raise RuntimeError(
                "this network is being fitted already, by another thread or a callback"
            )
        self.network.fitting = True
        self.network.history = self.history
        self.history.dropout_seed = int(self.network.rng.integers(2**63))
        self._began = time.perf_counter()
        try:
            with _progress_bar(self.network, self.epochs, show) as self.progress:
                yield
            self.history.stopped = self.history.stopped or "epochs"
            if self._best is not None and self._best.epoch is not None:
                self.network.theta[...] = self._best.theta
                self.history.best_epoch = self._best.epoch
        except KeyboardInterrupt:
            self.history.stopped = "interrupted"
            raise
        except DivergenceError:
            self.history.stopped = "diverged"
            raise
        finally:
            self.network.fitting = False

    def epoch_done(self, epoch, learning_rate):
        """Evaluate and record an epoch; True to stop."""
        history = self.history
        last = epoch == self.epochs - 1
        evaluate = self._every and ((epoch + 1) % self._every == 0 or last)
        cost, error = self._evaluate_training() if evaluate else (math.nan, math.nan)
        dev = [math.nan, math.nan]
        if self._dev_session is not None and evaluate:
            dev = passes.evaluate(self._dev_session, self.network, self._m)
        if evaluate and not math.isfinite(cost):
            raise DivergenceError(epoch, "last", learning_rate, f"the cost is {cost}")
        history.cost.append(cost)
        history.train_error.append(error)
        if self._dev_session is not None:
            history.dev_cost.append(dev[0])
            history.dev_error.append(dev[1])
        history.learning_rate.append(learning_rate)
        history.seconds.append(time.perf_counter() - self._began)
        self.progress.epoch(history)
        if self._best and evaluate and self._best.look(epoch, history, self.network.theta):
            history.stopped = "early stopping"
        for callback in self._callbacks:
            if callback(self.network, history):
                history.stopped = history.stopped or "callback"
        return bool(history.stopped)

    def _evaluate_training(self):
        if self._train_session is None:
            self._train_session = passes.open_session(self.network, *self._training,
                                                      threads=self._threads)
        return passes.evaluate(self._train_session, self.network, self._m)


class _NoProgress:
    def advance(self, epochs_done):
        """Nothing is shown."""

    def epoch(self, history):
        """Nothing is shown."""


def _progress_bar(network, epochs, show):
    if not show:
        return contextlib.nullcontext(_NoProgress())
    from fastnn.progress import ProgressBar

    return ProgressBar(epochs, percent=network.output != "identity")


def _check_dev(network, dev):
    if dev is None:
        return None
    if not isinstance(dev, tuple | list) or len(dev) != 2:
        raise TypeError(f"expected dev to be a pair (Xd, yd), got {type(dev).__name__}")
    try:
        return network._check_data(*dev, None)
    except (TypeError, ValueError) as error:
        raise type(error)(f"in dev: {error}") from None


def _check_callbacks(callbacks):
    callbacks = (callbacks,) if callable(callbacks) else tuple(callbacks)
    for callback in callbacks:
        if not callable(callback):
            raise TypeError(
                f"expected callbacks to be functions of (net, history), got {callback!r}"
            )
    return callbacks

"""`Network.fit`: epochs of mini-batches, and all that happens between them."""

import contextlib
import math
import time

import numpy as np

from fastnn import _kernels
from fastnn.arguments import boolean, integer, number
from fastnn.data.inputs import check_same_columns
from fastnn.engine import passes
from fastnn.engine.examples import check_data, normalizer_for
from fastnn.engine.threads import Pace
from fastnn.errors import DivergenceError
from fastnn.schedules import Constant, make_schedule
from fastnn.training.early_stopping import BestSoFar, make_early_stopping
from fastnn.training.history import History
from fastnn.training.optimizers import LBFGS, GradientDescent, make_optimizer


def fit(
    network,
    X,
    y,
    *,
    dev=None,
    epochs=100,
    batch_size=128,
    optimizer="adam",
    learning_rate=1e-3,
    schedule=None,
    sample_weight=None,
    shuffle=True,
    early_stopping=None,
    evaluate_every=1,
    callbacks=(),
    progress=False,
    threads=None,
    augment=None,
    gradcheck_at=(),
    checkpoint=None,
    resume=None,
):
    """Train from the present theta.

    Parameters
    ----------
    X, y : as for `value_and_grad`
        Any array-like, memory map, or CSR/CSC matrix; never copied whole.
    dev : (Xd, yd), optional
        Evaluated after each epoch, and what early stopping goes by.
    epochs : int
    batch_size : int or None
        None is full-batch descent: one update an epoch.
    optimizer : str or object
        gd momentum nesterov rmsprop adam adamw lbfgs, or an object with its settings such as
        ``fastnn.Adam(beta1=0.95)``. L1 gives exact zeros under every one of them; lbfgs finds
        the minimum of convex problems best. lbfgs has no batches, learning rate or schedule
        (they are not used), and no dropout (it is refused).
    learning_rate : float
    schedule : str, object or function, optional
        constant linear cosine step exponential inverse, an object of `fastnn.schedules`, or
        a function of the epochs done (2.25: a quarter into the third) that gives a factor.
    sample_weight : (m,) array-like, optional
    shuffle : bool
        A new order of rows every epoch.
    early_stopping : bool, int or EarlyStopping, optional
        True, a patience in epochs, or an object; restores the best parameters. Needs `dev`.
    evaluate_every : int
        Epochs between evaluations of cost and errors on all of X and dev (the last epoch
        always is); entries between are NaN. 0: never, which is fastest.
    callbacks : sequence of functions
        Called as ``callback(net, history)`` after each epoch; one that returns True stops
        the fit. `OptunaPruningCallback` is one.
    progress : bool
        Show a progress bar.
    threads : int, optional
        None: as many as have turned out fastest while training, up to what the work of a step
        is worth and this process may use, by the environment's OMP_NUM_THREADS as well (which
        joblib, Dask and Ray set in their workers). The result has the same bits for any.
    augment : fastnn.augment.Images, optional
        What to do to the images that are the rows of a dense X, anew in every epoch. Cost and
        errors are evaluated without it. Not for lbfgs, whose J must stay the same.
    gradcheck_at : int or sequence of int
        (0, 5): check gradients at initialization and again when 5 epochs are done, on the
        first 64 examples, with dropout's masks, and at most 10,000 components of theta;
        `History.gradchecks` keeps the results.
    checkpoint : path or Checkpoint, optional
        A file that the state of the fit is saved to after every epoch, or as the object says.
        Not for lbfgs.
    resume : path or True, optional
        A checkpoint to go on from, to the same bits of theta and History (times and
        gradchecks apart) as without the interruption; True: from `checkpoint` if there is
        such a file, so that the same call begins and goes on. X, y, dev, sample_weight, the
        network and all that bears on the bits must be as they were (of arrays over 64 MiB a
        sample of rows is compared); `epochs` may be more where the schedule does not depend on
        them. Callbacks of the last epoch saved are called again.

    Returns
    -------
    History

    Raises
    ------
    DivergenceError
        A cost, gradient or parameter was not finite; the last finite theta is restored.
    KeyboardInterrupt
        On Ctrl-C, after at most some 100 ms: theta is that of the last finished batch, and
        `history` is kept.
    ModelFormatError
        The file to resume from is not a checkpoint, or is damaged.
    ValueError, TypeError
        Before anything has changed.
    """
    epochs = integer(epochs, "epochs", 1)
    if batch_size is not None:
        batch_size = integer(batch_size, "batch_size", 1)
    if threads is not None:
        threads = integer(threads, "threads", 1, 1024)
    # Rates beyond 1e30 are out of the range in which an overflow can be foreseen.
    learning_rate = number(learning_rate, "learning_rate", "[0, 1e30]")
    given_schedule, schedule = schedule, make_schedule(schedule, epochs)
    shuffle = boolean(shuffle, "shuffle")
    # Whoever runs several fits watches them by an object with a progress bar's methods.
    progress = progress if hasattr(progress, "advance") else boolean(progress, "progress")
    optimizer = make_optimizer(optimizer)
    checkpoints, given_augment = None, augment
    if checkpoint is not None or not (resume is None or resume is False):
        # safetensors is a slow import, and only this needs it.
        from fastnn.training.checkpointing import Checkpointing
        from fastnn.training.run import check_resumable, describe_run

        check_resumable(network, optimizer)
        checkpoints = Checkpointing(checkpoint, resume)
    if isinstance(optimizer, LBFGS) and min(network.keep_prob) < 1:
        raise ValueError(
            "lbfgs minimizes J, which is not defined with dropout: set keep_prob to 1, "
            f"or choose another optimizer; got keep_prob {network.keep_prob}"
        )
    if augment is not None:
        from fastnn.augment.images import make_augmenter

        if isinstance(optimizer, LBFGS):
            raise ValueError(
                "lbfgs minimizes J, which is not the same twice with augmentation: set augment to "
                "None, or choose another optimizer"
            )
        augment = make_augmenter(augment, X, network.layer_sizes[0])
    monitor = Monitor(
        network,
        epochs,
        make_early_stopping(early_stopping),
        integer(evaluate_every, "evaluate_every", 0),
        callbacks,
    )
    if not isinstance(gradcheck_at, tuple) or gradcheck_at:
        from fastnn.gradient_checking.network.during_fit import ChecksDuringFit

        monitor.gradchecks = ChecksDuringFit(gradcheck_at, epochs, X, y, sample_weight)
    if not np.isfinite(network.theta).all():
        raise ValueError(
            "expected theta to be finite, got a NaN or infinity written to it; assign "
            "finite parameters to net.theta, or make a new Network"
        )
    normalizer = normalizer_for(network, X)
    data = check_data(network, X, y, sample_weight, normalizer)
    monitor.set_data(data, _check_dev(network, X, dev, normalizer), threads)
    m = data[0].shape[0]
    batches = -(-m // min(batch_size or m, m))
    full_batch_gd = isinstance(optimizer, GradientDescent) and batches == 1
    monitor.history.must_fall = isinstance(optimizer, LBFGS) or (
        full_batch_gd and min(network.keep_prob) == 1 and augment is None
    )

    constant = given_schedule in (None, "constant", Constant())

    def rates_of(epoch):
        if constant and epoch:
            return first_rates
        return learning_rate * schedule(epoch + np.arange(batches) / batches)

    first_rates = rates_of(0)  # a schedule that does not work is refused before anything is done
    if checkpoints is not None:
        run = describe_run(
            network,
            normalizer,
            X,
            y,
            sample_weight,
            dev,
            batch_size=min(batch_size or m, m),
            optimizer=optimizer,
            learning_rate=learning_rate,
            schedule=given_schedule,
            shuffle=shuffle,
            early_stopping=monitor.rule,
            evaluate_every=monitor.every,
            augment=given_augment,
        )
        checkpoints.prepare(
            network, optimizer, monitor, run, rates_of, m, batches, shuffle and batches > 1
        )
        monitor.checkpoints = checkpoints
    with monitor.watching(progress):
        if normalizer is not None:
            network.normalizer = normalizer
        if checkpoints is None or not checkpoints.resuming:
            monitor.check_gradients(0)
        if isinstance(optimizer, LBFGS):
            from fastnn.training.lbfgs import minimize

            minimize(network, optimizer, *data, monitor, threads)
        else:
            descend(
                network,
                optimizer,
                *data,
                monitor,
                first_rates,
                rates_of,
                batch_size=batch_size,
                shuffle=shuffle,
                threads=threads,
                augmenter=augment,
                checkpoints=checkpoints,
            )
    return monitor.history


def descend(
    network,
    optimizer,
    X,
    y,
    weight,
    monitor,
    rates,
    rates_of,
    *,
    batch_size,
    shuffle,
    threads,
    augmenter=None,
    checkpoints=None,
):
    """A first-order optimizer over mini-batches."""
    m, history = X.shape[0], monitor.history
    session = passes.open_session(
        network, X, y, weight, batch_size=batch_size, threads=threads, training=True
    )
    session.set_dropout(network.keep_prob, history.dropout_seed)
    if augmenter is not None:
        session.set_augmentation(augmenter)
    vectors = [
        np.zeros_like(network.theta) if needed else None for needed in (True, *optimizer.moments)
    ]
    penalty = [
        (0.0, 0.0),
        *((l2 / m, l1 / m) for l2, l1 in zip(network.l2, network.l1, strict=True)),
    ]
    session.set_optimizer(optimizer.code, optimizer.settings(), penalty, *vectors)
    monitor.evaluate_training_by(session)

    pace = Pace(session, chosen=threads is not None)
    index = np.arange(m) if shuffle and len(rates) > 1 else None
    begin, batch = 0, 0
    if checkpoints is not None:
        checkpoints.attach(session, vectors[1:], index)
        begin, batch = checkpoints.position
        # Of an epoch that was just finished, only the callbacks are still to be called.
        if begin and not batch and monitor.conclude(history.learning_rate[-1]):
            return
    for epoch in range(begin, monitor.epochs):
        rates = rates_of(epoch) if epoch else rates
        if index is not None and not batch:
            _shuffle(index, network.rng)
        session.start(index=index, rates=rates, epoch=epoch, batch=batch)
        going, batch = True, 0
        while going:
            began = time.perf_counter()
            going = pace.turn(passes.TURN)
            history.training_seconds += time.perf_counter() - began
            monitor.progress.advance(epoch + session.batch / len(rates))
            if checkpoints is not None and going:
                checkpoints.within_epoch(epoch, rates)
        if session.failed:
            what = (
                "the update would overflow"
                if session.overflowed
                else ("the loss or its gradient is not finite")
            )
            raise DivergenceError(epoch, session.batch, float(rates[session.batch]), what)
        history.examples += m
        if monitor.epoch_done(epoch, float(rates[-1])):
            return


def _shuffle(index, rng):
    seed, left = int(rng.integers(2**64, dtype=np.uint64)), index.size
    while left > 1:
        left = _kernels.shuffle(index, seed, left, passes.TURN)


class Monitor:
    """What watches a fit: evaluation, history, early stopping, callbacks, progress."""

    def __init__(self, network, epochs, early_stopping, evaluate_every, callbacks):
        self.network, self.epochs = network, epochs
        self.history = History()
        self.every = evaluate_every
        self.rule, self.best = early_stopping, None
        self.checkpoints = None
        self._callbacks = _check_callbacks(callbacks)
        self.gradchecks = None
        if early_stopping and not evaluate_every:
            raise ValueError("expected evaluate_every of at least 1 with early_stopping, got 0")

    def set_data(self, training, dev, threads):
        """Rows, targets and weights to evaluate on."""
        if self.rule and dev is None:
            raise ValueError("early_stopping needs a dev set to watch: pass dev=(Xd, yd)")
        self._m = training[0].shape[0]
        self._training, self._threads = training, threads
        self._train_session = self._dev_session = None
        self._batches = 1
        if dev is not None:
            self._dev_session = passes.open_session(self.network, *dev, threads=threads)
        self.best = BestSoFar(self.rule, self.network.theta) if self.rule else None

    @property
    def has_dev(self):
        return self._dev_session is not None

    def elapsed(self):
        """Seconds since the beginning of the fit, those before it was resumed included."""
        return time.perf_counter() - self._began

    def go_on_after(self, seconds, epochs_done):
        """Count on from a checkpoint."""
        self._began = time.perf_counter() - seconds
        self.progress.begin_at(epochs_done)

    def evaluate_training_by(self, session):
        """Use a training session's buffers for the training set, rather than more of them."""
        self._train_session = session
        self._batches = -(-session.rows // session.batch_size)

    @contextlib.contextmanager
    def watching(self, show):
        """Everything a fit does happens in here; what it leaves behind is always in order."""
        network, history = self.network, self.history
        # setdefault is one step: two threads cannot both find the place empty.
        if vars(network).setdefault("_fitted_by", self) is not self:
            raise RuntimeError(
                "this network is being fitted already, by another thread or a callback"
            )
        try:
            network.history = history
            history.dropout_seed = int(network.rng.integers(2**63))
            self._began = time.perf_counter()
            with _progress_bar(network, self.epochs, show) as self.progress:
                yield
            if self.best is not None and self.best.epoch is not None:
                network.theta[...] = self.best.theta
                history.best_epoch = self.best.epoch
            history.stopped = history.stopped or "epochs"
        except KeyboardInterrupt:
            history.stopped = "interrupted"
            raise
        except DivergenceError:
            history.stopped = "diverged"
            raise
        finally:
            history.stopped = history.stopped or "error"
            del network._fitted_by

    def epoch_done(self, epoch, learning_rate=None):
        """Evaluate and record an epoch; True to stop. lbfgs has no learning rate."""
        history = self.history
        last = epoch == self.epochs - 1
        evaluated = self.every and ((epoch + 1) % self.every == 0 or last)
        columns = self._columns()
        # All is measured before anything is recorded: the lists stay of one length.
        results = self._measure(epoch, learning_rate) if evaluated else [math.nan] * len(columns)
        for values, result in zip(columns, results, strict=True):
            values.append(result)
        history.learning_rate.append(1.0 if learning_rate is None else learning_rate)
        history.seconds.append(self.elapsed())
        self.progress.epoch(history)
        self.check_gradients(epoch + 1)
        if self.best and evaluated and self.best.look(epoch, history, self.network.theta):
            history.stopped = "early stopping"
        if self.checkpoints is not None:
            self.checkpoints.epoch_done(epoch, learning_rate)
        return self.conclude(learning_rate)

    def conclude(self, learning_rate=None):
        """Call the callbacks of the epoch that was recorded last; True to stop."""
        history = self.history
        for callback in self._callbacks:
            stop = callback(self.network, history)
            if isinstance(stop, bool | np.bool_) and stop:
                history.stopped = history.stopped or "callback"
        if history.stopped:
            self.finish(learning_rate)
        return bool(history.stopped)

    def check_gradients(self, done):
        """Where `gradcheck_at` asks for it after `done` epochs."""
        if self.gradchecks is not None:
            self.gradchecks.run(self.network, self.history, done)

    def finish(self, learning_rate=None):
        """The last epoch is evaluated even when nobody knew that it would be the last."""
        if self.every and self.history.cost and math.isnan(self.history.cost[-1]):
            results = self._measure(len(self.history) - 1, learning_rate)
            for values, result in zip(self._columns(), results, strict=True):
                values[-1] = result

    def _columns(self):
        history = self.history
        dev = (history.dev_cost, history.dev_error) if self._dev_session is not None else ()
        return history.cost, history.train_error, *dev

    def _measure(self, epoch, learning_rate):
        """Cost and error on the training set and, if there is one, on the dev set."""
        results = self._evaluate_training()
        if not math.isfinite(results[0]):
            rate = math.nan if learning_rate is None else learning_rate
            raise DivergenceError(epoch, self._batches - 1, rate, f"the cost is {results[0]}")
        if self._dev_session is not None:
            results += passes.evaluate(self._dev_session, self.network, self._m)
        return results

    def _evaluate_training(self):
        if self._train_session is None:
            self._train_session = passes.open_session(
                self.network, *self._training, threads=self._threads
            )
        return passes.evaluate(self._train_session, self.network, self._m)


class _NoProgress:
    def begin_at(self, epochs_done):
        """Nothing is shown."""

    def advance(self, epochs_done):
        """Nothing is shown."""

    def epoch(self, history):
        """Nothing is shown."""


def _progress_bar(network, epochs, show):
    if not show:
        return contextlib.nullcontext(_NoProgress())
    if show is not True:
        return show
    from fastnn.training.progress import ProgressBar

    return ProgressBar(epochs, percent=not network.regression)


def _check_dev(network, X, dev, normalizer):
    if dev is None:
        return None
    if hasattr(dev, "X") and hasattr(dev, "y"):  # a part that fastnn.split gave
        dev = dev.X, dev.y
    if not isinstance(dev, tuple | list) or len(dev) != 2:
        got = type(dev).__name__ + (f" of {len(dev)}" if hasattr(dev, "__len__") else "")
        raise TypeError(f"expected dev to be a pair (Xd, yd), got {got}")
    check_same_columns(X, dev[0])
    try:
        return check_data(network, *dev, None, normalizer)
    except TypeError as error:
        raise TypeError(f"in dev: {error}") from None
    except ValueError as error:
        raise ValueError(f"in dev: {error}") from None


def _check_callbacks(callbacks):
    if callable(callbacks):
        callbacks = (callbacks,)
    if not isinstance(callbacks, tuple | list) or not all(map(callable, callbacks)):
        raise TypeError(
            "expected callbacks to be functions of (net, history), one or a list of them, got "
            f"{callbacks!r}"
        )
    return tuple(callbacks)

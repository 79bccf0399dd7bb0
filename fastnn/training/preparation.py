"""The first step of `fit`: check everything, change nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastnn.arguments import boolean, errors_in, functions, integer, number
from fastnn.data.inputs import check_same_columns
from fastnn.data.parts import as_examples, with_weights
from fastnn.engine.examples import check_data, check_finite, criterion_for, normalizer_for
from fastnn.gradient_checking.network.during_fit import ChecksDuringFit
from fastnn.losses.criterion import Criterion
from fastnn.schedules import SCHEDULES, Constant, make_schedule
from fastnn.training.description import settings_of_task
from fastnn.training.early_stopping import EarlyStopping, make_early_stopping
from fastnn.training.lbfgs import check_lbfgs
from fastnn.training.monitor import check_evaluate_every
from fastnn.training.optimizer_state import OptimizerState, rates_after
from fastnn.training.optimizers import (
    LBFGS,
    RATES,
    GradientDescent,
    Optimizer,
    check_average,
    check_clipping,
    check_layer_rates,
    make_optimizer,
)

if TYPE_CHECKING:
    from fastnn._kernels import Augmenter
    from fastnn.data.normalizer import Normalizer
    from fastnn.engine.base_network import BaseNetwork
    from fastnn.training.checkpointing import CheckpointPlan


class Task(NamedTuple):
    """A fit that has been checked: everything that `run` needs.

    `data` and `dev` are (X, y, weight) as the compiled core reads them, through `normalizer`. The
    network gets this normalizer.
    """

    network: BaseNetwork
    data: tuple
    kept: Any  # a `Kept` of the last fit, with a session that reads `data`, or None
    dev: tuple | None
    normalizer: Normalizer | None
    optimizer: Optimizer | LBFGS
    optimizer_state: OptimizerState | None  # the trainer to go on from
    clipping: tuple[float, float]
    learning_rate: float
    rates: Rates
    epochs: int
    batch_size: int
    shuffle: bool
    threads: int | None
    augmenter: Augmenter | None
    early_stopping: EarlyStopping | None
    evaluate_every: int | tuple[int, int] | None
    callbacks: tuple[Callable[..., Any], ...]
    gradchecks: ChecksDuringFit | None
    progress: bool
    checkpoints: CheckpointPlan | None = None
    criterion: Criterion = Criterion()
    average: float | None = None
    schedule: Any = None  # a name, one of fastnn.schedules, None, or "function"

    @property
    def rows(self):
        """Training examples."""
        return self.data[0].shape[0]

    @property
    def batches(self):
        """Mini-batches of an epoch."""
        return -(-self.rows // self.batch_size)

    @property
    def settings(self):
        """The settings that `History.settings` keeps."""
        return settings_of_task(self)

    @property
    def resumes(self):
        return self.checkpoints is not None and self.checkpoints.saved is not None

    @property
    def must_fall(self):
        """Whether J has to fall at every iteration: see `History`."""
        if not isinstance(self.optimizer, GradientDescent):
            return isinstance(self.optimizer, LBFGS)
        net, full_batch = self.network, self.batches == 1 and self.augmenter is None
        return full_batch and min(net.keep_prob) == 1 and min(net.max_norm) == math.inf


class Rates:
    """The learning rates of an epoch, one for each mini-batch.

    Parameters
    ----------
    learning_rate : float
    factors : function
        From an array of epochs done to an array of factors, as `make_schedule` gives it.
    batches : int
    constant : bool
        Whether every epoch has the same rates. They are then computed once.
    known : bool
        Whether the schedule is one of fastnn.schedules: it may be called ahead of time.
    """

    def __init__(self, learning_rate, factors, batches, *, constant, known):
        self.known = known
        self._constant = constant
        if constant:
            self._first = np.full(batches, learning_rate)
            return
        self._learning_rate, self._factors = learning_rate, factors
        self._parts = np.arange(batches) / batches
        self._first = self._of(0)  # a schedule that does not work is refused here

    def __call__(self, epoch):
        return self._first if self._constant or not epoch else self._of(epoch)

    def table(self, epoch, count):
        """The rates of some epochs, one a row; a single row where all are the same."""
        if self._constant:
            return self._first[np.newaxis]
        return np.stack([self(k) for k in range(epoch, epoch + count)])

    def _of(self, epoch):
        return self._learning_rate * self._factors(epoch + self._parts)


def prepare(
    network,
    X,
    y,
    *,
    dev,
    epochs,
    batch_size,
    optimizer,
    learning_rate,
    schedule,
    clip_norm,
    clip_value,
    sample_weight,
    loss,
    label_smoothing,
    average,
    shuffle,
    early_stopping,
    evaluate_every,
    callbacks,
    progress,
    threads,
    augment,
    gradcheck_at,
    checkpoint,
    resume,
):
    """Check a call of `fit`, which documents the arguments and has their defaults.

    Returns
    -------
    Task

    Raises
    ------
    ValueError, TypeError, ModelFormatError
        Nothing has changed.
    """
    X, y = as_examples(X, y)
    if dev is not None:
        dev = with_weights(dev, "dev")
    epochs = integer(epochs, "epochs", 1)
    if batch_size is not None:
        batch_size = integer(batch_size, "batch_size", 1)
    if threads is not None:
        threads = integer(threads, "threads", 1, 1024)
    learning_rate = number(learning_rate, "learning_rate", RATES)
    clipping = check_clipping(clip_norm, clip_value)
    state = None
    if isinstance(optimizer, OptimizerState):
        state = optimizer
        _check_trainer(network, state, learning_rate, schedule, clipping, average, checkpoint)
        average = state.decay
        optimizer, learning_rate = state.optimizer, state.learning_rate
        schedule, clipping = state.schedule, state.clipping
    factors = make_schedule(schedule, epochs)
    shuffle = boolean(shuffle, "shuffle")
    progress = boolean(progress, "progress")
    optimizer = make_optimizer(optimizer)
    average = check_average(average, optimizer)
    check_layer_rates(optimizer, len(network.layer_sizes) - 1)
    if isinstance(optimizer, LBFGS):
        check_lbfgs(network, augment, clipping)
    augmenter = _augmenter(augment, X, network.layer_sizes[0])
    rule = make_early_stopping(early_stopping)
    callbacks = functions(callbacks, "callbacks", "(net, history)")
    evaluate_every = check_evaluate_every(evaluate_every, dev, rule)
    gradchecks = None
    if not isinstance(gradcheck_at, tuple) or gradcheck_at:
        gradchecks = ChecksDuringFit(
            gradcheck_at, epochs, X, y, sample_weight, loss, label_smoothing
        )
    check_finite(network)
    normalizer = normalizer_for(network, X)
    criterion = criterion_for(network, loss, label_smoothing)
    data = check_data(network, X, y, sample_weight, normalizer, criterion)
    dev_data = _check_dev(network, X, dev, normalizer, criterion)
    criterion.for_core(network.dtype)  # a loss that does not compile is refused here
    if rule and dev is None:
        raise ValueError("early_stopping needs a dev set to watch: pass dev=(Xd, yd)")
    m = data[0].shape[0]
    batch_size = min(batch_size or m, m)
    batches = -(-m // batch_size)
    if state is not None:
        rates, told = rates_after(state, batches), schedule and "function"  # of its steps
    else:
        constant = schedule in (None, "constant") or schedule == Constant()
        known = constant or isinstance(schedule, str) or type(schedule) in SCHEDULES.values()
        rates = Rates(learning_rate, factors, batches, constant=constant, known=known)
        told = schedule if known else "function"
    task = Task(
        network=network,
        data=data,
        kept=None,
        dev=dev_data,
        normalizer=normalizer,
        optimizer=optimizer,
        optimizer_state=state,
        clipping=clipping,
        learning_rate=learning_rate,
        rates=rates,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=shuffle and batches > 1,
        threads=threads,
        augmenter=augmenter,
        early_stopping=rule,
        evaluate_every=evaluate_every,
        callbacks=callbacks,
        gradchecks=gradchecks,
        progress=progress,
        criterion=criterion,
        average=average,
        schedule=told,
    )
    if checkpoint is None and (resume is None or resume is False):
        return task
    # safetensors is a slow import, and only checkpoints need it.
    from fastnn.training.checkpointing import plan_checkpoints

    plan = plan_checkpoints(
        task,
        checkpoint,
        resume,
        X=X,
        y=y,
        sample_weight=sample_weight,
        dev=dev,
        batch_size=batch_size,
        optimizer=optimizer,
        layer_rates=getattr(optimizer, "layer_rates", None),
        learning_rate=learning_rate,
        schedule=schedule,
        clip_norm=clipping[0] or None,
        clip_value=clipping[1] or None,
        loss=criterion.name,
        label_smoothing=criterion.smoothing,
        average=average,
        shuffle=shuffle,
        early_stopping=rule,
        evaluate_every=evaluate_every,
        augment=augment,
    )
    return task._replace(checkpoints=plan)


def _check_trainer(network, trainer, learning_rate, schedule, clipping, average, checkpoint):
    """Refuse a trainer of another network, and options that are the trainer's own."""
    if trainer.network is not network:
        raise ValueError(
            f"expected a trainer of this network, got one of {trainer.network!r}; make one with "
            "net.trainer(...)"
        )
    if learning_rate not in (1e-3, trainer.learning_rate):  # the default, or the same
        raise ValueError(
            f"the learning rate is the trainer's, {trainer.learning_rate:g}; got {learning_rate:g}:"
            " set trainer.learning_rate"
        )
    if schedule is not None or any(clipping) or average is not None:
        raise ValueError(
            "schedule, clip_norm, clip_value and average are the trainer's; give them to "
            "net.trainer(...), and not to fit"
        )
    if checkpoint is not None and trainer.steps:
        raise ValueError(
            f"a checkpoint of fit begins with the first step, and this trainer has done "
            f"{trainer.steps:,}; save trainer.state() between two fits"
        )


def _augmenter(augment, X, columns):
    """The compiled form of `augment`, or None."""
    if augment is None:
        return None
    # The module of Images takes long to load. A user who has an Images has loaded it already.
    if isinstance(augment, type) or not hasattr(augment, "augmenter_for"):
        raise TypeError(
            "expected augment to be None or a fastnn.augment.Images(...), got "
            f"{augment!r} of type {type(augment).__name__}"
        )
    return augment.augmenter_for(X, columns)


def _check_dev(network, X, dev, normalizer, criterion):
    if dev is None:
        return None
    check_same_columns(X, dev[0])
    with errors_in("in dev"):
        return check_data(network, *dev, normalizer, criterion)

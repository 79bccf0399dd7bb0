"""Checkpoints of a fit: when they are written, and how a fit goes on from one.

A checkpoint is the state between two updates. At the end of an epoch it is taken after the epoch
has been evaluated and before its callbacks are called, so that a fit that goes on calls them again:
what they do to the network, or their wish to stop, is then part of the run like everything else.
"""

import math
import os
import time
import warnings
from dataclasses import dataclass

import numpy as np

from fastnn import _kernels
from fastnn.arguments import integer, number
from fastnn.files.atomic import check_target
from fastnn.files.checkpoint import SavedRun, read, write
from fastnn.files.checkpoint_state import check_arrays, check_state
from fastnn.files.fingerprint import differences
from fastnn.version import __version__

_COLUMNS = ("cost", "train_error", "dev_cost", "dev_error", "learning_rate", "seconds")


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often `fit` saves what it needs to go on after a crash.

    The file is replaced as a whole, so that a crash at any moment leaves the last checkpoint or the
    new one. The end of the fit, by early stopping too, is always saved.

    Parameters
    ----------
    path : str or path-like
        Overwritten.
    every_epochs : int, optional
        Epochs between two checkpoints; 1 if neither is given.
    every_seconds : float, optional
        Seconds between two, within epochs too: for epochs that take much less than the writing, or
        much longer than one would lose. Not together with `every_epochs`.

    Examples
    --------
    >>> import fastnn, numpy as np, os, tempfile
    >>> X = np.random.default_rng(0).standard_normal((100, 4))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = os.path.join(directory, "run.safetensors")
    ...     net = fastnn.Network([4, 8, 1], rng=0)
    ...     history = net.fit(X, y, epochs=10, checkpoint=fastnn.Checkpoint(path, every_epochs=5))
    ...     again = fastnn.Network([4, 8, 1], rng=0)
    ...     history = again.fit(X, y, epochs=20, resume=path)   # ten more
    >>> len(history)
    20
    """

    path: str | os.PathLike
    every_epochs: int | None = None
    every_seconds: float | None = None

    def __post_init__(self):
        if not isinstance(self.path, str | bytes | os.PathLike):
            raise TypeError(
                f"expected the path of a checkpoint, got {self.path!r} of type "
                f"{type(self.path).__name__}"
            )
        if self.every_epochs is not None and self.every_seconds is not None:
            raise ValueError("expected every_epochs or every_seconds, got both")
        if self.every_epochs is not None:
            integer(self.every_epochs, "every_epochs", 1)
        if self.every_seconds is not None:
            number(self.every_seconds, "every_seconds", "[0, inf)")


class Checkpointing:
    """The checkpoints of one fit, written and gone on from.

    Parameters
    ----------
    checkpoint : None, path or Checkpoint
    resume : None, bool or path
        True: from `checkpoint`, if there is such a file.
    """

    def __init__(self, checkpoint, resume):
        if not (checkpoint is None or isinstance(checkpoint, Checkpoint)):
            checkpoint = Checkpoint(checkpoint)
        self._rule, self._saved, self._session = checkpoint, None, None
        self.position = 0, 0  # epochs done, and mini-batches of the next one
        if isinstance(resume, bool | np.bool_):
            if resume and checkpoint is None:
                raise ValueError(
                    "resume=True goes on from the file of checkpoint=...; got no "
                    "checkpoint: give one, or the path as resume"
                )
            resume = checkpoint.path if resume and os.path.exists(checkpoint.path) else None
        if resume is not None and not isinstance(resume, str | bytes | os.PathLike):
            raise TypeError(
                f"expected resume to be True or the path of a checkpoint, got {resume!r} of type "
                f"{type(resume).__name__}"
            )
        self._resume = resume
        if checkpoint is not None:
            check_target(checkpoint.path)

    @property
    def resuming(self):
        return self._saved is not None

    def prepare(self, network, optimizer, monitor, run, rates_of, m, batches, shuffled):
        """Take note of the fit and read the file to go on from; nothing is changed yet."""
        self._network, self._monitor, self._run = network, monitor, run
        self._m, self._batches = m, batches
        vector = network.dtype.name, network.theta.shape
        self._arrays = {"theta": vector}
        for name, kept in zip(("first", "second"), optimizer.moments, strict=True):
            if kept:
                self._arrays[name] = vector
        if shuffled:
            self._arrays["order"] = "int64", (m,)
        if monitor.best is not None:
            self._arrays |= {"best_theta": vector, "best_values": ("float64", (3,))}
        if self._resume is not None:
            saved = read(self._resume, self._expected_arrays)
            check_arrays(os.fsdecode(self._resume), saved.tensors)
            self._check_rate(saved.state, rates_of)
            _warn_of_other_bits(saved)
            self._saved = saved

    def attach(self, session, vectors, order):
        """What a checkpoint is taken of: the session, and the arrays that it updates."""
        self._session = session
        self._live = {"theta": self._network.theta}
        for name, vector in zip(("first", "second"), vectors, strict=True):
            if vector is not None:
                self._live[name] = vector
        if order is not None:
            self._live["order"] = order
        self._written, self._last_epoch = time.monotonic(), 0
        if self._saved is not None:
            self._go_back()

    def _go_back(self):
        saved, history = self._saved, self._monitor.history
        state, tensors = saved.state, saved.tensors
        for name, array in self._live.items():
            array[...] = tensors[name]
        for name in _COLUMNS:
            getattr(history, name)[:] = tensors[f"history.{name}"].tolist()
        history.examples, history.dropout_seed = state["examples"], state["dropout_seed"]
        history.training_seconds, history.stopped = state["training_seconds"], state["stopped"]
        self._network.rng.bit_generator.state = state["generator"]
        self._monitor.go_on_after(state["elapsed"], state["epoch"])
        if self._monitor.best is not None:
            self._monitor.best.restore(state["early_stopping"], tensors)
        self._session.set_dropout(self._network.keep_prob, state["dropout_seed"], state["step"])
        self._session.reach = state["reach_step"], state["reach_rate"]
        self._last_epoch = state["epoch"]
        self._saved = None  # its arrays are not needed any more
        self.position = state["epoch"], state["batch"]

    def within_epoch(self, epoch, rates):
        """Save between two mini-batches of an epoch, if it is time."""
        rule = self._rule
        if rule is None or rule.every_seconds is None or not self._time_is_up():
            return
        while self._session.chunk and self._session.train(0.0):
            pass  # to the end of the mini-batch
        if not self._session.failed and 0 < self._session.batch < self._batches:
            self._write(epoch, self._session.batch, float(rates[self._session.batch - 1]))

    def epoch_done(self, epoch, rate):
        """Save after an epoch, if it is time or the last one."""
        rule, done = self._rule, epoch + 1
        if rule is None:
            return
        if rule.every_seconds is not None:
            due = self._time_is_up()
        else:
            due = done - self._last_epoch >= (rule.every_epochs or 1)
        if due or done == self._monitor.epochs or self._monitor.history.stopped:
            self._write(done, 0, rate)

    def _time_is_up(self):
        return time.monotonic() - self._written >= self._rule.every_seconds

    def _write(self, epoch, batch, rate):
        history, best = self._monitor.history, self._monitor.best
        tensors = dict(self._live)
        for name in _COLUMNS:
            tensors[f"history.{name}"] = np.array(getattr(history, name), np.float64)
        reach_step, reach_rate = self._session.reach
        state = {
            "epoch": epoch,
            "batch": batch,
            "step": self._session.step,
            "dropout_seed": history.dropout_seed,
            "examples": history.examples,
            "elapsed": self._monitor.elapsed(),
            "training_seconds": history.training_seconds,
            "rate": rate,
            "reach_step": reach_step,
            "reach_rate": reach_rate,
            "stopped": history.stopped,
            "generator": self._network.rng.bit_generator.state,
            "early_stopping": None,
        }
        if best is not None:
            state["early_stopping"], arrays = best.state()
            tensors |= arrays
        write(self._rule.path, SavedRun(self._run, state, tensors))
        self._written, self._last_epoch = time.monotonic(), epoch

    # --- is it the same run, and a sound file? --------------------------------------------------

    def _expected_arrays(self, run, state):
        """Check run and state; what arrays there must be."""
        differ = differences(run, self._run)
        if differ:
            raise ValueError(
                f"{os.fsdecode(self._resume)} is of another run: {'; '.join(differ)}. Call fit as "
                "it was called then to go on, or without resume to begin anew"
            )
        check_state(
            state,
            self._batches,
            type(self._network.rng.bit_generator),
            early_stopping=self._monitor.best is not None,
        )
        done = state["epoch"]
        if done + (state["batch"] > 0) > self._monitor.epochs:
            raise ValueError(
                f"{os.fsdecode(self._resume)} has {done + (state['batch'] > 0)} epochs, expected "
                f"epochs of fit to be at least as many; got {self._monitor.epochs}"
            )
        dev_columns = done if self._monitor.has_dev else 0
        return self._arrays | {
            f"history.{name}": ("float64", (dev_columns if name.startswith("dev") else done,))
            for name in _COLUMNS
        }

    def _check_rate(self, state, rates_of):
        """Functions cannot be compared, and epochs may be more: the learning rate tells."""
        epoch, batch = divmod(state["step"] - 1, self._batches)
        rate = float(rates_of(epoch)[batch])
        if not math.isclose(rate, state["rate"], rel_tol=1e-9):
            raise ValueError(
                f"{os.fsdecode(self._resume)} is of another run: its last learning rate, of epoch "
                f"{epoch}, was {state['rate']:g} and is {rate:g} with these epochs and schedule. "
                "Call fit as it was called then to go on, or without resume to begin anew"
            )


def _warn_of_other_bits(saved):
    """The run can go on elsewhere, but an uninterrupted one would have had other bits."""
    for what, before, now in (
        ("fastnn", saved.library_version, __version__),
        ("the CPU's kernels", saved.kernels, _kernels.variant),
    ):
        if before != now:
            warnings.warn(
                f"the checkpoint was written with {what} {before}, this is {now}: training goes "
                "on, but not to the same bits as without the interruption",
                stacklevel=5,
            )

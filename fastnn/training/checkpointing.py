"""The checkpoints of a fit, checked before it begins: the file to write, and the file to resume."""

import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn import _kernels
from fastnn.arguments import integer, number
from fastnn.files.atomic import check_target
from fastnn.files.checkpoint import SavedRun, read
from fastnn.files.checkpoint_state import check_arrays, check_state
from fastnn.files.fingerprint import differences
from fastnn.text.warning import warn_user
from fastnn.training.checkpoint_writer import COLUMNS, CheckpointWriter, go_back
from fastnn.training.description import check_resumable, describe_run
from fastnn.version import __version__


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often `fit` saves its state, to go on from it after a crash.

    The file is replaced as a whole, so that a crash at any moment leaves the last checkpoint or the
    new one. The end of the fit, by early stopping too, is always saved.

    Parameters
    ----------
    path : str or path-like
        Overwritten.
    every_epochs : int, optional
        Epochs between two checkpoints; 1 if neither is given.
    every_seconds : float, optional
        Seconds between two checkpoints, within epochs too. For epochs that are much shorter than
        the writing of a file, or too long to lose. Not together with `every_epochs`.

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

    path: str | os.PathLike[str]
    every_epochs: int | None = None
    every_seconds: float | None = None

    def __post_init__(self) -> None:
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


@dataclass
class CheckpointPlan:
    """The checkpoints of one fit.

    Attributes
    ----------
    rule : Checkpoint or None
        None: nothing is written.
    run : dict
        The description of the fit.
    saved : SavedRun or None
        The checkpoint to go on from.
    """

    rule: Checkpoint | None
    run: dict[str, Any]
    saved: SavedRun | None

    def start(self, network, session, monitor, arrays):
        """Go back to the saved state, if there is one.

        Parameters
        ----------
        network : BaseNetwork
        session : Session
        monitor : Monitor
        arrays : dict of str to array
            The live arrays of the fit, by their names in the file.

        Returns
        -------
        position : (int, int)
            Epochs done, and mini-batches of the next one.
        writer : CheckpointWriter or None
        """
        saved, self.saved = self.saved, None  # its arrays are not needed any more
        position = (0, 0)
        if saved is not None:
            position = go_back(saved, network, session, monitor, arrays)
        writer = None
        if self.rule is not None:
            writer = CheckpointWriter(
                self.rule, self.run, network, session, monitor, arrays, position[0]
            )
        return position, writer


def plan_checkpoints(task, checkpoint, resume, **arguments):
    """Check the arguments `checkpoint` and `resume` of `fit`, and read the file to go on from.

    Parameters
    ----------
    task : Task
    checkpoint : None, path or Checkpoint
    resume : None, bool or path
        True: from `checkpoint`, if there is such a file.
    **arguments
        The arguments of `fit` that its bits depend on, for `describe_run`.

    Returns
    -------
    CheckpointPlan
    """
    check_resumable(task.network, task.optimizer)
    if not (checkpoint is None or isinstance(checkpoint, Checkpoint)):
        checkpoint = Checkpoint(checkpoint)
    remedy = "Call fit as it was called then to go on, or without resume to begin anew"
    if isinstance(resume, bool | np.bool_):
        if resume and checkpoint is None:
            raise ValueError(
                "resume=True goes on from the file of checkpoint=...; got no checkpoint: give one, "
                "or the path as resume"
            )
        if resume:  # most often of a command, or of an estimator that has no such argument
            remedy = (
                "To go on, give the data and options of that run; to begin anew, give another "
                "checkpoint or delete the old one"
            )
        resume = checkpoint.path if resume and os.path.exists(checkpoint.path) else None
    if resume is not None and not isinstance(resume, str | bytes | os.PathLike):
        raise TypeError(
            f"expected resume to be True or the path of a checkpoint, got {resume!r} of type "
            f"{type(resume).__name__}"
        )
    if checkpoint is not None:
        check_target(checkpoint.path)
    run = describe_run(task.network, task.normalizer, **arguments)
    saved = None if resume is None else _read(task, resume, run, remedy)
    return CheckpointPlan(checkpoint, run, saved)


def _read(task, path, run, remedy):
    """The checkpoint of this run; an error if it is of another run, or damaged.

    The `remedy` is a sentence for the first of these errors.
    """
    name = os.fsdecode(path)

    def expected_arrays(saved_run, state):
        differ = differences(saved_run, run)
        if differ:
            raise ValueError(f"{name} is of another run: {'; '.join(differ)}. {remedy}")
        check_state(
            state,
            task.batches,
            type(task.network.rng.bit_generator),
            early_stopping=task.early_stopping is not None,
        )
        epochs = state["epoch"] + (state["batch"] > 0)
        if epochs > task.epochs:
            raise ValueError(
                f"{name} has {epochs} epochs, expected epochs of fit to be at least as many; got "
                f"{task.epochs}"
            )
        return _arrays_of(task, state["epoch"])

    saved = read(path, expected_arrays)
    check_arrays(name, saved.tensors)
    _check_rate(task, name, saved.state, remedy)
    _warn_of_other_bits(saved)
    return saved


def _arrays_of(task, epochs_done):
    """(dtype, shape) of each array in a checkpoint of the fit, by name."""
    vector = task.network.dtype.name, task.network.theta.shape
    arrays = {"theta": vector}
    for name, kept in zip(("first", "second"), task.optimizer.moments, strict=True):
        if kept:
            arrays[name] = vector
    if task.average is not None:
        arrays["average"] = vector
    if task.shuffle:
        arrays["order"] = "int64", (task.rows,)
    if task.early_stopping is not None:
        arrays |= {"best_theta": vector, "best_values": ("float64", (3,))}
    for name in COLUMNS:
        length = 0 if name.startswith("dev") and task.dev is None else epochs_done
        arrays[f"history.{name}"] = "float64", (length,)
    return arrays


def _check_rate(task, name, state, remedy):
    """Compare the learning rate: functions cannot be compared, and epochs may be more."""
    epoch, batch = divmod(state["step"] - 1, task.batches)
    rate = float(task.rates(epoch)[batch])
    if not math.isclose(rate, state["rate"], rel_tol=1e-9):
        raise ValueError(
            f"{name} is of another run: its last learning rate, of epoch "
            f"{epoch}, was {state['rate']:g} and is {rate:g} with these epochs and schedule. "
            f"{remedy}"
        )


def _warn_of_other_bits(saved):
    """Warn on another machine: an uninterrupted run would have had other bits there."""
    for what, before, now in (
        ("fastnn", saved.library_version, __version__),
        ("the CPU's kernels", saved.kernels, _kernels.variant),
    ):
        if before != now:
            warn_user(
                f"the checkpoint was written with {what} {before}, this is {now}: training goes "
                "on, but not to the same bits as without the interruption"
            )

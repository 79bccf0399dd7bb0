"""The trials of a sweep: what one is, and the training of one network."""

import contextlib
import math
import os
import tempfile
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from fastnn.engine import passes
from fastnn.errors import DivergenceError
from fastnn.network import Network
from fastnn.sweeps.space import NETWORK_OPTIONS, sizes_with, written
from fastnn.training.optimizers import make_optimizer
from fastnn.training.run import check_resumable


@dataclass(frozen=True)
class Run:
    """One network of a trial.

    Attributes
    ----------
    seed : int
        ``Network(..., rng=seed)``, fitted with the trial's settings, has the same bits.
    dev_error, dev_loss, dev_cost, train_error, cost : float
        At the end of the fit, or at the epoch that early stopping went back to; infinite where it
        failed. `dev_loss` is `dev_cost` without the penalty, which compares between penalties.
    epochs : int
    seconds : float
        Of the fit.
    stopped : str
        Why it ended: see `History`; "rung" where halving may let it go on.
    failure : str
        Of what it failed; "" where it did not.
    """

    seed: int
    dev_error: float = math.inf
    dev_loss: float = math.inf
    dev_cost: float = math.inf
    train_error: float = math.inf
    cost: float = math.inf
    epochs: int = 0
    seconds: float = 0.0
    stopped: str = ""
    failure: str = ""

    def to_json(self):
        """As types that JSON knows, which has no infinity."""
        return {name: None if value == math.inf else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, content):
        """Of what `to_json` gave; None of anything else."""
        if content.keys() != {f.name for f in fields(cls)}:
            return None
        values = {name: math.inf if value is None else value for name, value in content.items()}
        kinds = {"seed": int, "epochs": int, "stopped": str, "failure": str}
        # JSON may write a whole float without a point.
        sound = all(
            isinstance(value, kinds.get(name, float | int))
            and value == value
            and not (isinstance(value, int) and not 0 <= value < 2**63)
            for name, value in values.items()
        )
        return cls(**values) if sound else None


# Seconds between two checkpoints of a fit: what a crash costs at most.
AUTOSAVE = 30.0


def _mean_of(name):
    return property(
        lambda trial: math.fsum(getattr(run, name) for run in trial.runs) / len(trial.runs)
    )


@dataclass(frozen=True, repr=False)
class Trial:
    """One setting, tried with one network for each seed.

    Attributes
    ----------
    number : int
        Counted from 0 in the order of the space.
    setting : dict
    runs : tuple of Run
        One a seed.
    rung : int
        The last that it was in, from 0, with halving.
    dev_error, dev_loss, dev_cost, train_error, cost, epochs, seconds : float
        Means over the runs; see `Run`.
    dev_error_std : float
        Standard deviation over the runs (n - 1); NaN of one.
    failure : str
        Of what the first failed; "" where none did.
    """

    number: int
    setting: dict[str, Any]
    runs: tuple[Run, ...]
    rung: int = 0

    dev_error = _mean_of("dev_error")
    dev_loss = _mean_of("dev_loss")
    dev_cost = _mean_of("dev_cost")
    train_error = _mean_of("train_error")
    cost = _mean_of("cost")
    epochs = _mean_of("epochs")
    seconds = _mean_of("seconds")

    @property
    def dev_error_std(self):
        errors = [run.dev_error for run in self.runs]
        return float(np.std(errors, ddof=1)) if len(errors) > 1 and not self.failure else math.nan

    @property
    def failure(self):
        return next((run.failure for run in self.runs if run.failure), "")

    def __repr__(self):
        outcome = self.failure or f"dev error {self.dev_error:.4g}"
        return f"<Trial {self.number}, {written(self.setting)}: {outcome}>"


@dataclass(frozen=True)
class Job:
    """A network to train: everything but the data, so that it can be sent to another process.

    `options` are those of Network and fit and `hidden`; `until` the epochs after which halving may
    let it go on; `state` the checkpoint, as bytes, that it goes on from; `autosave` a file for
    checkpoints of a long fit.
    """

    trial: int
    seed_index: int
    layer_sizes: tuple[int, ...]
    options: dict[str, Any]
    seed: int
    until: int | None = None
    done: int = 0
    state: bytes | None = None
    autosave: str | None = None


@dataclass
class Outcome:
    """What became of a job; the network is None where it failed, the state where it has ended."""

    job: Job
    run: Run
    network: Network | None = None
    state: bytes | None = None


class _OnlyChecked(Exception):
    """Everything is in order up to the first update."""


class _BeforeTraining:
    """Takes the place of a progress bar, which is the last that a fit opens before it trains."""

    advance = None

    def __enter__(self):
        raise _OnlyChecked

    def __exit__(self, *exception):
        """Never entered."""


def make_network(layer_sizes, options, seed):
    """The untrained network of a setting, and its options of fit."""
    sizes = sizes_with(layer_sizes, options["hidden"]) if "hidden" in options else layer_sizes
    given = {name: value for name, value in options.items() if name in NETWORK_OPTIONS}
    rest = {
        name: value
        for name, value in options.items()
        if name not in NETWORK_OPTIONS and name != "hidden"
    }
    if rest.get("evaluate_every") == 0:
        raise ValueError(
            "expected evaluate_every of at least 1 in a sweep, which goes by the "
            "error at the end; got 0: leave it out, which evaluates the last epoch "
            "alone"
        )
    # Only the end counts, unless something watches the way.
    rest.setdefault("evaluate_every", 1 if rest.get("early_stopping") else rest.get("epochs", 100))
    return Network(sizes, **given, rng=seed), rest


def check_fit(network, options, X, y, *, resumable):
    """Let `fit` check its options on a few rows; nothing is trained."""
    if resumable:
        check_resumable(network, make_optimizer(options.get("optimizer", "adam")))
    with contextlib.suppress(_OnlyChecked):
        network.fit(
            X,
            y,
            dev=(X, y),
            progress=_BeforeTraining(),
            threads=1,
            **{**options, "sample_weight": None},
        )  # which is of all rows


def train_job(X, y, X_dev, y_dev, job, progress=False):
    """Train the network of a job; a failure is an outcome, too.

    A function of its arguments alone, which can all be pickled: the data come first and by
    themselves, so that joblib's backends share them between the jobs of a machine.
    """
    try:
        return _train(X, y, X_dev, y_dev, job, progress)
    except Exception as error:  # whatever it is, the other trials are worth having
        stopped = "diverged" if isinstance(error, DivergenceError) else "error"
        return Outcome(
            replace(job, state=None),
            Run(job.seed, stopped=stopped, failure=f"{type(error).__name__}: {error}"),
        )


def _train(X, y, X_dev, y_dev, job, progress):
    network, options = make_network(job.layer_sizes, job.options, job.seed)
    going = job.until is not None and job.until < options.get("epochs", 100)
    with tempfile.TemporaryDirectory() if job.until else contextlib.nullcontext() as folder:
        if job.until:
            path = os.path.join(folder, "state.safetensors")
            _stop_at_rung(options, job, path, going)
        elif job.autosave:
            from fastnn.training.checkpointing import Checkpoint

            options["checkpoint"] = Checkpoint(job.autosave, every_seconds=AUTOSAVE)
            options["resume"] = True
        history = network.fit(X, y, dev=(X_dev, y_dev), progress=progress, threads=1, **options)
        state = None
        going = going and history.stopped == "callback" and len(history) >= job.until
        if going:
            with open(path, "rb") as file:
                state = file.read()
    at = -1 if history.best_epoch is None else history.best_epoch
    dev_cost = history.dev_cost[at]
    if not math.isfinite(dev_cost):
        raise DivergenceError(
            len(history) - 1, 0, history.learning_rate[-1], f"the cost on the dev set is {dev_cost}"
        )
    run = Run(
        job.seed,
        dev_error=history.dev_error[at],
        dev_loss=dev_cost - passes.penalty(network, X.shape[0]),
        dev_cost=dev_cost,
        train_error=history.train_error[at],
        cost=history.cost[at],
        epochs=len(history),
        seconds=history.seconds[-1],
        stopped="rung" if going else history.stopped,
    )
    # The job goes back with its outcome, but for what it went on from.
    return Outcome(replace(job, state=None), run, network, state)


def _stop_at_rung(options, job, path, going):
    """Options of a fit that goes on from the job's state, and may go on after its rung."""
    # safetensors is a slow import, and only this needs it.
    from fastnn.training.checkpointing import Checkpoint

    # A checkpoint is taken before the callbacks are called: it does not know of the stop.
    options["checkpoint"] = Checkpoint(path, every_epochs=job.until - job.done)
    if going:
        callbacks = options.get("callbacks", ())
        options["callbacks"] = [
            *([callbacks] if callable(callbacks) else callbacks),
            lambda net, history: len(history) >= job.until,
        ]
    if job.state is not None:
        with open(path, "wb") as file:
            file.write(job.state)
        options["resume"] = True

"""The jobs of a sweep: the training of one network each, and its outcome."""

import contextlib
import math
import os
import tempfile
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from fastnn.engine import passes
from fastnn.errors import DivergenceError
from fastnn.network import Network
from fastnn.sweeps.space import NETWORK_OPTIONS, sizes_with
from fastnn.sweeps.trials import Run
from fastnn.training.description import check_resumable
from fastnn.training.fitting import run
from fastnn.training.optimizers import make_optimizer
from fastnn.training.preparation import prepare

# Seconds between two checkpoints of a fit; a crash loses no more.
AUTOSAVE = 30.0


@dataclass(frozen=True)
class Job:
    """A network to train. A job holds no data, so that another process can receive it.

    Attributes
    ----------
    trial, seed_index : int
    layer_sizes : tuple of int
    options : dict
        Options of `Network` and of `fit`, and `hidden`.
    seed : int
    until : int or None
        Epochs at the end of the rung, where halving decides; None without halving.
    done : int
        Epochs done before.
    state : bytes or None
        The checkpoint to continue from.
    autosave : str or None
        A file for checkpoints of a long fit.
    dev_weight : (m,) array or None
        Of the dev examples.
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
    dev_weight: NDArray[Any] | None = None


@dataclass
class Outcome:
    """The outcome of a job. The network is None if it failed, the state None if the fit ended."""

    job: Job
    run: Run
    network: Network | None = None
    state: bytes | None = None


def make_network(layer_sizes, options, seed):
    """The untrained network of a setting, and all options of its fit."""
    sizes = sizes_with(layer_sizes, options["hidden"]) if "hidden" in options else layer_sizes
    given = {name: value for name, value in options.items() if name in NETWORK_OPTIONS}
    rest = Network.fit.__kwdefaults__ | {
        name: value
        for name, value in options.items()
        if name not in NETWORK_OPTIONS and name != "hidden"
    }
    every = rest["evaluate_every"]
    if every == 0 or isinstance(every, tuple):
        raise ValueError(
            "expected one evaluate_every, of at least 1, in a sweep, which goes by the errors at "
            f"the end; got {every}: leave it out, which evaluates the last epoch alone"
        )
    if "evaluate_every" not in options:
        # Only the last epoch counts, unless early stopping needs every epoch.
        rest["evaluate_every"] = 1 if rest["early_stopping"] else rest["epochs"]
    return Network(sizes, **given, rng=seed), rest


def check_fit(network, options, X, y, *, resumable):
    """Check the options of a fit on a few rows, without `sample_weight`: it is for all rows."""
    if resumable:
        check_resumable(network, make_optimizer(options["optimizer"]))
    prepare(network, X, y, **{**options, "dev": (X, y), "sample_weight": None})


def train_job(X, y, X_dev, y_dev, job, progress=None):
    """Train the network of a job; a failure is an outcome, too.

    `progress` watches the fit, as in `fastnn.training.fitting.run`. All arguments can be pickled,
    and the result depends on nothing else. The arrays are arguments of their own, so that joblib's
    backends share them between the jobs on a machine.
    """
    try:
        return _train(X, y, X_dev, y_dev, job, progress)
    except Exception as error:  # the other trials go on
        stopped = "diverged" if isinstance(error, DivergenceError) else "error"
        return Outcome(
            replace(job, state=None),
            Run(job.seed, stopped=stopped, failure=f"{type(error).__name__}: {error}"),
        )


def _train(X, y, X_dev, y_dev, job, progress):
    network, options = make_network(job.layer_sizes, job.options, job.seed)
    if progress is not None:
        progress.network = network
    going = job.until is not None and job.until < options["epochs"]
    with tempfile.TemporaryDirectory() if job.until else contextlib.nullcontext() as folder:
        if job.until:
            path = os.path.join(folder, "state.safetensors")
            _stop_at_rung(options, job, path, going)
        elif job.autosave:
            from fastnn.training.checkpointing import Checkpoint

            options["checkpoint"] = Checkpoint(job.autosave, every_seconds=AUTOSAVE)
            options["resume"] = True
        options |= {"dev": (X_dev, y_dev, job.dev_weight), "threads": 1}
        history = run(prepare(network, X, y, **options), progress)
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
    result = Run(
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
    # The state that the job continued from is not needed again.
    return Outcome(replace(job, state=None), result, network, state)


def _stop_at_rung(options, job, path, going):
    """Change `options` so that the fit continues from the job's state, and stops at its rung."""
    # safetensors is a slow import, and only this needs it.
    from fastnn.training.checkpointing import Checkpoint

    # The checkpoint is written before the callback stops the fit: it does not know of the stop.
    options["checkpoint"] = Checkpoint(path, every_epochs=job.until - job.done)
    if going:
        callbacks = options["callbacks"]
        options["callbacks"] = [
            *([callbacks] if callable(callbacks) else callbacks),
            lambda net, history: len(history) >= job.until,
        ]
    if job.state is not None:
        with open(path, "wb") as file:
            file.write(job.state)
        options["resume"] = True

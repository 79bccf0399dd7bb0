"""The fits of an improvement: settings that are trained, several networks at a time."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Any, NamedTuple

import numpy as np

from fastnn.data.inputs import as_numbers, as_weights
from fastnn.data.parts import as_pair, with_weights
from fastnn.diagnosis.causes.losses import losses_of
from fastnn.engine.sets import hard_labels
from fastnn.errors import ModelFormatError
from fastnn.files.atomic import write_atomically
from fastnn.files.fingerprint import fingerprint
from fastnn.improvement.setting import Setting
from fastnn.network import Network
from fastnn.sweeps.backends import BackendError
from fastnn.sweeps.jobs import Job, Outcome
from fastnn.sweeps.trials import Run
from fastnn.sweeps.workers import TimeIsUp, outcomes
from fastnn.text.warning import warn_user

# Of the file beside the checkpoint of a fit that diverged.
_DIVERGED = ".diverged"


class Tried(NamedTuple):
    """A setting with its networks, one for each seed, and their losses on the dev set."""

    setting: Setting
    networks: list[Network]
    losses: np.ndarray  # (networks, dev examples)
    dev_error: float
    failure: str = ""

    @property
    def network(self):
        """The network with the lowest dev loss."""
        return self.networks[int(self.losses.mean(axis=1).argmin())]


class Fits:
    """Trains networks on one pair of sets, and keeps them.

    Parameters
    ----------
    train, dev : (X, y), or an object with `.X` and `.y`; dev with weights is (X, y, weight)
    seeds : list of int
        Of the networks of each setting.
    n_jobs : int
    backend : str, backend of joblib, or None
        None: threads.
    seconds : float or None
        From now on; running fits then end.
    directory : path or None
        Keeps a checkpoint of each fit: the next call goes on from there.

    Attributes
    ----------
    train, dev : (X, y)
    dev_weight : (m,) array or None
        With the mean 1: the mean of losses times weights is then their weighted mean.
    rows : int
        Training examples.
    seeds : list of int
    ended : str
        Why no other fit begins: "time", "interrupted" or "backend failed"; else "".
    """

    def __init__(self, train, dev, seeds, n_jobs, backend, seconds, directory):
        self.train, (X, y, weight) = as_pair(train, "train"), with_weights(dev, "dev")
        self.dev = X, y
        self.dev_weight = as_weights(weight, len(as_numbers(y, "y")))
        self.seeds, self.ended = seeds, ""
        self.rows = len(as_numbers(self.train[1], "y"))
        self._n_jobs, self._backend, self._directory = n_jobs, backend, directory
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._done: dict[tuple[str, int], Outcome] = {}
        arrays = [*self.train, *self.dev, *(() if weight is None else (self.dev_weight,))]
        self._data = "" if directory is None else repr([fingerprint(a) for a in arrays])

    def first(self, setting):
        """Train a network of the first setting, whatever the time; Ctrl-C ends it as it is."""
        watches: dict[tuple[int, int], Any] = {}
        self._train([setting], [0], watches)
        if self.ended != "interrupted" or (setting.key, 0) in self._done:
            return self.tried(setting)
        begun = [watch.network for watch in watches.values() if watch.network is not None]
        if not begun:
            raise KeyboardInterrupt
        return self._measured(setting, begun)

    def train_on(self, settings, indices):
        """Train a network of each setting for each of the seeds with these indices."""
        if not self.ended:
            self._train(settings, indices)

    def tried(self, setting):
        """The outcome of a setting so far."""
        runs = []
        for index in range(len(self.seeds)):  # up to the first seed that is still to do
            if (setting.key, index) not in self._done:
                break
            runs.append(self._done[setting.key, index])
        failed = next((run.run.failure for run in runs if run.run.failure), "")
        if failed or not runs:
            ended = {"time": "time was up"}.get(self.ended, self.ended)
            return Tried(setting, [], np.empty((0, 0)), np.nan, failed or ended)
        return self._measured(setting, [run.network for run in runs])

    def forget(self, setting):
        """Let go of the networks of a setting that was rejected."""
        for index in range(len(self.seeds)):
            self._done.pop((setting.key, index), None)

    def is_late(self):
        """Whether time is up."""
        return self._deadline is not None and time.monotonic() > self._deadline

    def _measured(self, setting, networks):
        weight = self.dev_weight
        losses = np.array([losses_of(network, *self.dev) for network in networks])
        losses *= 1.0 if weight is None else weight
        labels = hard_labels(networks[0], self.dev[1])
        errors = [network.error(self.dev[0], labels, weight) for network in networks]
        return Tried(setting, networks, losses, float(np.mean(errors)))

    def _train(self, settings, indices, watches=None):
        first = watches is not None
        jobs = [
            job
            for number, setting in enumerate(settings)
            for index in indices
            if (job := self._job(number, setting, index)) is not None
        ]
        data, look = (*self.train, *self.dev), _nothing if first else self._look
        left = None
        if self._deadline is not None and not first:
            left = self._deadline - time.monotonic()
        where = self._n_jobs, self._backend
        try:
            with outcomes(jobs, data, *where, look, watches, left) as results:
                for outcome in results:
                    _check_sound(outcome.run)
                    setting = settings[outcome.job.trial]
                    self._done[setting.key, outcome.job.seed_index] = outcome
                    _keep_divergence(outcome)
                    look(0)
        except TimeIsUp:
            self.ended = "time"
        except BackendError as error:
            if first:
                raise
            self.ended = "backend failed"
            warn_user(f"the result is the best until then: {error}", RuntimeWarning)
        except KeyboardInterrupt:
            self.ended = "interrupted"

    def _job(self, number, setting, index):
        """The job of a fit, or None if it is done; a file has the message of one that diverged."""
        if (setting.key, index) in self._done:
            return None
        seed, path = self.seeds[index], self._autosave(setting, index)
        kept = {"autosave": path, "dev_weight": self.dev_weight}
        job = Job(number, index, setting.layer_sizes, setting.options, seed, **kept)
        if path is None or not os.path.exists(path + _DIVERGED):
            return job
        with open(path + _DIVERGED, encoding="utf-8") as file:
            run = Run(seed, stopped="diverged", failure=file.read())
        self._done[setting.key, index] = Outcome(job, run)
        return None

    def _autosave(self, setting, index):
        """The path of a fit's checkpoint. It differs for other data, settings and seeds."""
        if self._directory is None:
            return None
        of = f"{setting.key} {self.seeds[index]} {self._data}"
        name = hashlib.sha256(of.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return os.path.join(self._directory, f"fit-{name}.safetensors")

    def _look(self, _):
        if self.is_late():
            raise TimeIsUp


def _keep_divergence(outcome):
    """Keep the message of a fit that diverged, which leaves no checkpoint of its end."""
    if outcome.job.autosave is not None and outcome.run.stopped == "diverged":
        write_atomically(outcome.job.autosave + _DIVERGED, outcome.run.failure.encode())


def _nothing(_):
    """The first setting is trained whatever the time."""


def _check_sound(run):
    """A checkpoint that cannot be read is no failure of a setting."""
    kind, _, reason = run.failure.partition(": ")
    if kind == ModelFormatError.__name__:
        raise ModelFormatError(f"{reason}: remove the file, and the network is trained again")
    if kind == "OSError":
        raise OSError(reason)

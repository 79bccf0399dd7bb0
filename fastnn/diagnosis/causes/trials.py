"""Short fits beside a network, each with one change: they show what would have helped.

A trial takes as long as the arithmetic of some hundred updates: its number of updates depends on
the network and the data alone, so that the same call gives the same words everywhere.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from fastnn.data.inputs import as_numbers
from fastnn.data.parts import rows_of, take
from fastnn.diagnosis.causes.losses import is_lower, losses, losses_of
from fastnn.diagnosis.evidence.stopping import patience_for
from fastnn.engine.sets import hard_labels
from fastnn.errors import DivergenceError
from fastnn.schedules import make_schedule
from fastnn.text.names import UNNAMED
from fastnn.text.words import percent
from fastnn.training.early_stopping import EarlyStopping
from fastnn.training.fitting import fit
from fastnn.training.optimizers import LBFGS

# Rows of the training and of the dev set that trials use.
MOST_ROWS = 5_000
# Multiplications of a trial, and the bounds of its updates.
WORK, LEAST_UPDATES, MOST_UPDATES = 6e9, 100, 1_000
# A trial's mini-batch has at most so many rows: few rows for many updates.
BATCH = 64
# A trial of a whole fit takes at most so many times the updates.
LONGER = 5
# A trial is better if its training loss is below this part of the other's.
LOWER = 0.9
# Changes that are options of `fit`; all others ask for new weights.
OF_FIT = (
    "epochs",
    "learning_rate",
    "early_stopping",
    "schedule",
    "clip_norm",
    "clip_value",
    "label_smoothing",
    "average",
    "shuffle",
)
# Options of the last fit that trials have, too, and what they are in a plain fit.
PLAIN = {
    "clip_norm": None,
    "clip_value": None,
    "label_smoothing": 0.0,
    "average": None,
    "shuffle": True,
}
# An average with a decay forgets theta of the first update after so many times 1 / (1 - decay).
FORGOTTEN = 5


class Trial(NamedTuple):
    """A short fit: the mean loss on the training rows, and the losses of the dev rows."""

    train: float
    dev: np.ndarray
    network: object

    @property
    def updates(self):
        """Updates of the fit."""
        history = self.network.history
        return len(history) * history.settings["batches"]


class Trials:
    """Short fits beside `network` on its own training and dev set.

    Parameters
    ----------
    network : Network
    train, dev : (X, y)
    names : Names
    weighted : bool
        Whether the errors of the network are those of weighted examples.
    """

    def __init__(self, network, train, dev, names=UNNAMED, weighted=False):
        self.network, self.names, self.weighted_errors = network, names, weighted
        self.settings = {} if network.history is None else network.history.settings
        self.by_lbfgs = isinstance(self.settings.get("optimizer"), LBFGS)
        if self.by_lbfgs:
            no_effect = ("learning_rate", "schedule")
            self.settings = {k: v for k, v in self.settings.items() if k not in no_effect}
        self.train, self.dev = _some(train), _some(dev)
        self.all_rows = len(as_numbers(train[1], "y"))
        self.rows = self.train[0].shape[0]
        self.batch_size = min(self.settings.get("batch_size") or self.rows, BATCH, self.rows)
        sizes = network.layer_sizes
        weights = sum(a * b for a, b in pairwise(sizes))
        self.updates = int(
            np.clip(WORK / (6 * weights * self.batch_size), LEAST_UPDATES, MOST_UPDATES)
        )
        self.now = self._measured(network)
        self.best, self.count = None, 0  # the trial of the lowest dev loss, of so many

    @property
    def learning_rate(self):
        """The learning rate of the last fit, or the default of `fit` where it is not known."""
        return self.settings.get("learning_rate", 1e-3)

    @property
    def later_rate(self):
        """The learning rate of a fit that goes on: the mean of as many epochs again."""
        history, schedule = self.network.history, self.settings.get("schedule")
        if schedule is None:
            return self.learning_rate
        if schedule == "function":  # which may not know of more epochs
            return history.learning_rate[-1] if len(history) else self.learning_rate
        epochs = self.settings["epochs"]
        factors = make_schedule(schedule, 2 * epochs)(epochs + np.arange(epochs))
        return self.learning_rate * float(factors.mean())

    def own(self):
        """Options of the last fit that are not those of a plain fit, by name.

        An average is left out where the fit had time for it and a trial has not: the trial lags.
        """
        own = {
            name: self.settings[name]
            for name, plain in PLAIN.items()
            if self.settings.get(name, plain) != plain
        }
        if self.updates < FORGOTTEN / (1 - own.get("average", 0.0)) <= self.now.updates:
            del own["average"]
        return own

    def of_standard_targets(self, mean, std):
        """A new network, trained on (y - mean) / std, with losses at the scale of y itself."""
        parts = [(X, (y - mean) / std) for X, y in (self.train, self.dev)]
        trial = Trials(self.network, *parts).anew()
        on_train, on_dev = (
            losses(self.network.output, trial.network.forward(X) * std + mean, y)
            for X, y in (self.train, self.dev)
        )
        return trial._replace(train=float(on_train.mean()), dev=on_dev)

    def on(self, **options):
        """Train a copy of the network on, from its present theta."""
        changes = {"init": "zeros", "normalizer": self.network.normalizer}
        copy = self.network.like(rng=0, **self._of_some_rows(changes))
        copy.theta = self.network.theta
        return self._fitted(copy, {"learning_rate": self.later_rate, **options})

    def anew(self, changes=None, **options):
        """Train a new network of the same settings, but for `changes`."""
        changes = self._of_some_rows(changes or {})
        return self._fitted(self.network.like(rng=0, **changes), options)

    def best_anew(self, changes, **options):
        """Train a new network, and keep the parameters of its lowest dev cost."""
        return self.anew(changes, **self.best_of_dev, **options)

    def best_on(self, **options):
        """Train a copy of the network on, and keep the parameters of its lowest dev cost."""
        return self.on(**self.best_of_dev, **options)

    def followed(self, change, **options):
        """Follow the `change` of a cause: with new weights, or on from theta if that is enough."""
        of_fit = {name: change[name] for name in ("learning_rate", *PLAIN) if name in change}
        settings = {name: value for name, value in change.items() if name not in OF_FIT}
        if settings:
            return self.anew(settings, **of_fit, **options)
        if "schedule" in change:
            of_fit.setdefault("learning_rate", self.learning_rate)
        if self.by_lbfgs and "epochs" in change:  # its epochs are no epochs of mini-batches
            of_fit |= {"optimizer": self.settings["optimizer"], "batch_size": None}
            of_fit["epochs"] = max(1, change["epochs"] - len(self.network.history))
        return self.on(**of_fit, **options)

    def whole_fit(self, change):
        """Follow the `change` as a user would, for as long as a whole fit."""
        batches = -(-self.rows // self.batch_size)
        epochs = change.get("epochs", self.settings.get("epochs", 0))
        epochs = max(min(epochs, LONGER * self.updates // batches), self.epochs)
        stopping = change.get("early_stopping")
        if stopping is None and self.network.history.best_epoch is not None:
            stopping = patience_for(epochs)
        return self.followed(
            change, epochs=epochs, dev=self.dev, evaluate_every=1, early_stopping=stopping
        )

    @property
    def best_of_dev(self):
        """Options of a fit that keeps the parameters of its lowest dev cost."""
        return {
            "dev": self.dev,
            "evaluate_every": 1,
            "early_stopping": EarlyStopping(patience=10_000, monitor="dev_cost"),
        }

    @property
    def done(self):
        """Updates of the last fit; None where they are not known."""
        return self.now.updates if self.settings else None

    @property
    def epochs(self):
        """Epochs of a trial on its rows."""
        return max(1, round(self.updates / -(-self.rows // self.batch_size)))

    def _of_some_rows(self, changes):
        """The changes, with penalties as strong on these rows as they are on all rows."""
        part = self.rows / self.all_rows
        penalties = {name: changes.get(name, getattr(self.network, name)) for name in ("l2", "l1")}
        return changes | {
            name: (np.asarray(value) * part).tolist() for name, value in penalties.items()
        }

    def _fitted(self, network, options):
        optimizer = "adam" if self.by_lbfgs else self.settings.get("optimizer", "adam")
        options = {
            "learning_rate": self.learning_rate,
            "batch_size": self.batch_size,
            "optimizer": optimizer,
            "epochs": self.epochs,
            "evaluate_every": 0,
            # A second thread gains little on such batches, and waits for long on a busy processor.
            "threads": 1,
            **self.own(),
            **options,
        }
        try:
            fit(network, *self.train, **options)
        except DivergenceError:
            return Trial(np.inf, np.full(len(self.now.dev), np.inf), network)
        trial, self.count = self._measured(network), self.count + 1
        if self.best is None or trial.dev.mean() < self.best.dev.mean():
            self.best = trial
        return trial

    def _measured(self, network):
        on_train, on_dev = (losses_of(network, *part) for part in (self.train, self.dev))
        if not (np.isfinite(on_train).all() and np.isfinite(on_dev).all()):
            on_train, on_dev = np.full(1, np.inf), np.full(len(on_dev), np.inf)
        return Trial(float(on_train.mean()), on_dev, network)


def helps(better, worse):
    """Whether one trial is better than another on the training rows, and on the dev rows."""
    return better.train < LOWER * worse.train and is_lower(better.dev, worse.dev, 1.0)


def compared(better, worse):
    """The losses of a trial, and of another one, in words."""
    return (
        f"tried for {better.updates:,} updates: training loss {better.train:.3g} instead of "
        f"{worse.train:.3g}, dev loss {better.dev.mean():.3g} instead of "
        f"{worse.dev.mean():.3g}"
    )


def _some(part):
    """At most MOST_ROWS rows of (X, y), drawn at random, the same ones every time."""
    X, y = part
    m = rows_of(X, "X")
    if m <= MOST_ROWS:
        index = np.arange(m)
    else:
        index = np.sort(np.random.default_rng(0).choice(m, MOST_ROWS, replace=False))
    return take(X, index), as_numbers(y, "y")[index]


def tried_in_words(network, train, dev, change):
    """A sentence on the dev error and loss of a short fit with `change`, and of one without."""
    trials = Trials(network, train, dev)
    with_it = trials.followed(change, **(trials.best_of_dev if "early_stopping" in change else {}))
    if set(change) - set(OF_FIT):
        without = trials.anew()
    else:  # goes on from the present theta; longer is compared with no longer
        longer = set(change) <= {"epochs", "early_stopping"}
        without = trials.now if longer else trials.on()
    X, y = trials.dev
    errors = [
        percent(trial.network.error(X, hard_labels(network, y)))
        if not network.regression
        else f"{trial.network.error(X, y):.4g}"
        for trial in (without, with_it)
    ]
    sure = (
        "beyond chance"
        if is_lower(with_it.dev, without.dev)
        else (
            "and is worse beyond chance"
            if is_lower(without.dev, with_it.dev)
            else "which chance can explain"
        )
    )
    updates = with_it.updates if trials.by_lbfgs else trials.updates
    return (
        f"the first advice was tried, for {updates:,} updates: dev error "
        f"{errors[0]} without it, {errors[1]} with it; dev loss {without.dev.mean():.3g} and "
        f"{with_it.dev.mean():.3g}, {sure}"
    )

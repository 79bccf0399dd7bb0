"""The advice is followed on trial for as long as a whole fit: it has to lower the dev error.

Without this trial, advice raised the test error beyond two standard errors in 5 of 224 runs on half
A of the tables of `bench`: where classes were uneven, and a lower loss came with more errors, and
by luck of the dev set.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastnn.diagnosis.causes.losses import is_lower
from fastnn.diagnosis.evidence.stopping import patience_for
from fastnn.engine.sets import hard_labels
from fastnn.text.words import percent
from fastnn.training.optimizers import LBFGS

# A fit overfits if its last dev loss is this share above its lowest.
RISE = 0.05


class Followed(NamedTuple):
    """Advice after a trial.

    `change` is empty where the dev error is not lower; `words` are to be added to the advice.
    """

    change: dict[str, Any]
    words: str = ""


def followed(change, trials):
    """Follow the `change` of some advice for as long as a whole fit.

    If that fit overfits, early stopping is added to the change, and it is followed again.
    """
    history = trials.network.history
    if history is None or isinstance(trials.settings.get("optimizer"), LBFGS):
        return Followed(change)  # a fit like the last one is not known, or not tried in batches
    trial, words = trials.whole_fit(change), ""
    tried = trial.network.history
    if tried.stopped == "diverged":  # its end says nothing
        return Followed(change)
    lowest, last = min(tried.dev_cost), tried.dev_cost[-1]
    if (
        "early_stopping" not in change
        and history.best_epoch is None
        and last > lowest + RISE * abs(lowest)
    ):
        patience = patience_for(change.get("epochs", trials.settings["epochs"]))
        change = {**change, "early_stopping": patience}
        trial = trials.whole_fit(change)
        words = (
            f", with early_stopping={patience} and the dev set (in a fit of {len(tried)} epochs "
            f"the dev cost is lowest after {tried.dev_cost.index(lowest) + 1}, {lowest:.3g}, and "
            f"ends at {last:.3g})"
        )
    network = trials.network
    now, new = errors(network, trials.dev), errors(trial.network, trials.dev)
    if is_lower(new, now):
        return Followed(change, words)
    return Followed({}, f"{words}; {_not_better(now, new, trials.now, trial, network)}")


def errors(network, dev):
    """(m,) errors of the dev examples: 0 or 1 of labels, squared errors of values."""
    X, y = dev
    if network.regression:
        squares = np.square(network.forward(X).astype(np.float64) - y.reshape(len(y), -1))
        return np.where(np.isnan(squares), np.inf, squares).sum(axis=1)
    given = network.predict(X)
    wrong = given != hard_labels(network, y).reshape(given.shape)
    return wrong.reshape(len(wrong), -1).mean(axis=1)


def _not_better(now, new, before, after, network):
    word = (lambda mean: f"{mean:.3g}") if network.regression else percent
    unless = ""
    if is_lower(after.dev, before.dev) and not network.regression:
        unless = (
            f", or unless its probabilities matter to you: its dev loss was {after.dev.mean():.3g} "
            f"instead of {before.dev.mean():.3g}"
        )
    return (
        "but keep this network unless the new one has a lower dev error: after a fit as advised "
        f"it was {word(new.mean())}, now it is {word(now.mean())}, no gain beyond chance{unless}"
    )

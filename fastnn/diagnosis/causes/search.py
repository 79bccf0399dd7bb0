"""Is anything else wrong? The checks that come before bias and variance, in their order."""

from dataclasses import replace

from fastnn.diagnosis.causes.by_trials import causes_by_trials
from fastnn.diagnosis.causes.certain import certain_causes
from fastnn.diagnosis.causes.trials import Trials
from fastnn.diagnosis.evidence.stopping import patience_for
from fastnn.training.optimizers import LBFGS

# The dev loss rises again if it ends a fit by this share above its lowest.
RISE = 0.05


def causes_of(network, train, dev, high="training", *, by_trials=True):
    """The causes that are found, the one to mend first in front.

    Parameters
    ----------
    network : Network
        Trained.
    train, dev : (X, y)
        Checked.
    high : {"training", "dev", None}
        The error that is high: what short fits show of it is looked for, too. "dev": that one
        alone.
    by_trials : bool
        Whether short fits are made at all.

    Returns
    -------
    list of Cause
    """
    certain = list(certain_causes(network, train, dev))
    if not by_trials or not (high or any(cause.change for cause in certain)):
        return certain
    trials = Trials(network, train, dev)
    found = certain or causes_by_trials(trials, high == "training")
    return [_stopped_early(cause, trials) for cause in found]


def _stopped_early(cause, trials):
    """The cause, with early stopping in its advice where a whole fit as advised overfits."""
    history = trials.network.history
    if (
        not cause.change
        or history is None
        or history.best_epoch is not None
        or isinstance(trials.settings.get("optimizer"), LBFGS)
    ):
        return cause
    tried = trials.whole_fit(cause.change).network.history
    if tried.stopped == "diverged":  # its end says nothing
        return cause
    lowest, last = min(tried.dev_cost), tried.dev_cost[-1]
    if not last > lowest + RISE * abs(lowest):
        return cause
    patience = patience_for(cause.change.get("epochs", trials.settings["epochs"]))
    return replace(
        cause,
        advice=f"{cause.advice}, with early_stopping={patience} and the dev set (in a fit of "
        f"{len(tried)} epochs the dev cost is lowest after {tried.best_epoch + 1}, {lowest:.3g}, "
        f"and ends at {last:.3g})",
        change={**cause.change, "early_stopping": patience},
    )

"""Checks that come before bias and variance, in their order: is anything else wrong?"""

from dataclasses import replace
from typing import Any, NamedTuple

from fastnn.diagnosis.causes.by_trials import causes_by_trials
from fastnn.diagnosis.causes.cause import Cause
from fastnn.diagnosis.causes.certain import certain_causes
from fastnn.diagnosis.causes.followed import followed
from fastnn.diagnosis.causes.trials import Trials
from fastnn.text.names import UNNAMED


class Found(NamedTuple):
    """The causes, the one to mend first in front; and the best of the networks that were tried."""

    causes: list[Cause]
    best: Any = None  # None where there were no trials
    tried: int = 0


def causes_of(network, train, dev, high="training", **options):
    """The causes alone of `look_for_causes`."""
    return look_for_causes(network, train, dev, high, **options).causes


def look_for_causes(
    network, train, dev, high="training", *, by_trials=True, names=UNNAMED, weighted=False
):
    """The causes that are found, and what short fits reached on the way.

    Parameters
    ----------
    network : Network
        Trained.
    train, dev : (X, y)
        Checked.
    high : {"training", "dev", None}
        The error that is high: short fits look for its causes, too. "dev": the dev error alone
        is high.
    by_trials : bool
        Whether short fits are made at all.
    names : Names
        Of columns and classes.
    weighted : bool
        Whether the errors are those of weighted examples, as the fit was.

    Returns
    -------
    Found
    """
    certain = list(certain_causes(network, train, dev, names))
    if not by_trials or not (high or any(cause.change for cause in certain)):
        return Found(certain)
    trials = Trials(network, train, dev, names, weighted)
    found = certain or causes_by_trials(trials, high == "training")
    causes = [_followed(cause, trials) for cause in found]
    return Found(causes, trials.best and trials.best.network, trials.count)


def _followed(cause, trials):
    """The cause, after its advice was followed on trial."""
    if not cause.change:
        return cause
    change, words = followed(cause.change, trials)
    return replace(cause, advice=cause.advice + words, change=change)

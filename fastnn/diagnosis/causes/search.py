"""Checks that come before bias and variance, in their order: is anything else wrong?"""

from dataclasses import replace

from fastnn.diagnosis.causes.by_trials import causes_by_trials
from fastnn.diagnosis.causes.certain import certain_causes
from fastnn.diagnosis.causes.followed import followed
from fastnn.diagnosis.causes.trials import Trials
from fastnn.text.names import UNNAMED


def causes_of(network, train, dev, high="training", *, by_trials=True, names=UNNAMED):
    """The causes that are found, the one to mend first in front.

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

    Returns
    -------
    list of Cause
    """
    certain = list(certain_causes(network, train, dev, names))
    if not by_trials or not (high or any(cause.change for cause in certain)):
        return certain
    trials = Trials(network, train, dev, names)
    found = certain or causes_by_trials(trials, high == "training")
    return [_followed(cause, trials) for cause in found]


def _followed(cause, trials):
    """The cause, after its advice was followed on trial."""
    if not cause.change:
        return cause
    change, words = followed(cause.change, trials)
    return replace(cause, advice=cause.advice + words, change=change)

"""Is anything else wrong? The checks that come before bias and variance, in their order."""

from fastnn.diagnosis.causes.by_trials import causes_by_trials
from fastnn.diagnosis.causes.certain import certain_causes
from fastnn.diagnosis.causes.trials import Trials


def causes_of(network, train, dev, by_trials=True):
    """The causes that are found, the one to mend first in front.

    Parameters
    ----------
    network : Network
        Trained.
    train, dev : (X, y)
        Checked.
    by_trials : bool
        Whether to look for what short fits show, too: causes of a training error that is high.

    Returns
    -------
    list of Cause
    """
    certain = list(certain_causes(network, train))
    if certain or not by_trials:
        return certain
    return list(causes_by_trials(Trials(network, train, dev)))

"""Whether a network's outputs say anything of y on examples that it was not trained on."""

from statistics import NormalDist

import numpy as np

from fastnn.data.inputs import as_numbers
from fastnn.diagnosis.evidence.intervals import estimate_of
from fastnn.text.words import counted

# In fewer examples no test shows a weak relation. A group tells as much as one example, or more.
FEW, FEW_GROUPS = 500, 100
# The scatter of fewer groups is hardly known: by Student's quantile they show a strong relation,
# too, only if it is about equal in all of them.
FEWEST_GROUPS = 6


def is_related(A, y, groups=None, confidence=0.95):
    """Whether outputs and targets go together, beyond chance; True where that cannot be told.

    By ranks, whatever the loss says: a network that is too sure of itself can have a high one, and
    still rank the examples well. Of examples that may be exchanged, the covariance has the variance
    of a permutation; of groups, the one that they show. Targets that do not vary, and fewer groups
    than FEWEST_GROUPS, cannot tell.

    Parameters
    ----------
    A : (m, n[L]) array
        Output activations.
    y : (m,) or (m, n[L]) array
        Labels, shares or values.
    groups : (m,) array, optional
        Examples of equal values belong together.
    """
    y = as_numbers(y, "y")
    if A.shape[1] > 1 and y.size == len(y):  # labels of softmax
        y = np.eye(A.shape[1])[y.reshape(-1).astype(np.intp)]
    A, y = _centred_ranks(A), _centred_ranks(y.reshape(A.shape))
    if not y.any():
        return True
    together = (A * y).sum(axis=1)
    if groups is not None:
        if len(np.unique(groups)) < FEWEST_GROUPS:
            return True
        return estimate_of(together, groups, shares=False).limits(confidence)[0] > 0
    variance = ((A.T @ A) * (y.T @ y)).sum() / (len(y) - 1)
    return bool(together.sum() > NormalDist().inv_cdf((1 + confidence) / 2) * variance**0.5)


def unrelated_in_words(which, target, count, groups=None):
    """A sentence on predictions of `count` examples, or of those of (m,) `groups`, without its end.

    >>> unrelated_in_words("on the dev rows", "'y'", 60).partition(": ")[2]
    "the inputs say nothing of 'y', training has not found what they say, or 60 are too few"
    """
    few, shown = count < FEW, f"{count:,}"
    if groups is not None:
        count = len(np.unique(groups))
        few, shown = count < FEW_GROUPS, counted(count, "group")
    end = ", or training has not found what they say"
    if few:
        end = f", training has not found what they say, or {shown} are too few"
    return (
        f"predictions {which} are not related to {target} beyond chance: the inputs say nothing of "
        f"{target}{end}"
    )


def _centred_ranks(values):
    """The ranks in each column, of mean 0."""
    from scipy.stats import rankdata

    return rankdata(values, axis=0) - (len(values) + 1) / 2

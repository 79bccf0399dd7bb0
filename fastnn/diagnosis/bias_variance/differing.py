"""Whether two sets differ in X: the reason of a gap is then neither variance nor overfitting."""

from __future__ import annotations

from fastnn.data.inputs import as_numbers, is_sparse
from fastnn.data.parts import rows_of
from fastnn.diagnosis.bias_variance.result import TITLES
from fastnn.diagnosis.evidence.two_sample import LEAST_ROWS, most_different, same_distribution
from fastnn.text.words import percent

# Two sets of one distribution are called different once in a thousand times.
_CONFIDENCE = 0.999
# Sets that a classifier hardly tells apart have no gap by that.
_LEAST_ACCURACY = 0.6
# The most rows of a set, and numbers in it, that are looked at.
_MOST_ROWS, _MOST_NUMBERS = 2_000, 10**7


def differing(gap, sets, names, alike):
    """A sentence on how the sets of a gap differ in X, or "".

    Parameters
    ----------
    gap : str
    sets : dict of str to X
        The two sets by their names, such as "dev" and "test".
    names : Names
    alike : str
        What would tell variance from the difference.
    """
    one, other = sets
    a, b = (X if is_sparse(X) else as_numbers(X, name) for name, X in sets.items())
    most = min(_MOST_ROWS, _MOST_NUMBERS // a.shape[1])
    if min(most, rows_of(a, one), rows_of(b, other)) < LEAST_ROWS:
        return ""
    test = same_distribution(a, b, confidence=_CONFIDENCE, max_rows=most)
    if not test.different or test.accuracy < _LEAST_ACCURACY:
        return ""
    column = most_different(a, b, max_rows=most)
    by = "" if column is None else f", most by {names.of_columns([column])}"
    would = (
        "test examples of the distribution of dev would tell. Believe the error of the set that is "
        "like the examples to come"
        if gap == "overfitting_to_dev"
        else alike
    )
    return (
        f"{TITLES[f'{one}_error']} and {TITLES[f'{other}_error']} examples are of different "
        f"distributions: a classifier tells them apart with accuracy {percent(test.accuracy)}{by}. "
        f"So whether {TITLES[gap]} is high cannot be told; {would}"
    )

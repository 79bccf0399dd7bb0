"""Confidence intervals of errors and of their differences."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from fastnn.text.words import counted

# No advice asks for a set of more examples than this.
MOST_EXAMPLES = 10**9
# Where a mean rests on a smaller share of the examples, the squares of their errors are so uneven
# that the standard deviation is hardly known. It is a third of them for squares of normal errors, a
# sixth of Laplace errors, and none of Student errors with 4 degrees of freedom or less.
HEAVY = 0.15


@dataclass(frozen=True)
class Estimate:
    """A measured error: a mean over examples.

    Attributes
    ----------
    value : float
    n : int or None
        The number of examples. None where it is not known: the error is taken as exact.
    std : float or None
        Standard deviation of one example's error. None for a share of wrong examples: there the
        deviation follows from the share.
    groups : int or None
        The number of groups of the examples, where examples of one group are alike.
    effect : float
        The variance of the error over its variance for as many independent examples.
    spread : float
        The share of the examples that the mean rests on: the square of the sum of their errors
        over n times the sum of the squares. It is 1 where all errors are equal, and 1/n where one
        example makes all of the error.
    """

    value: float
    n: int | None = None
    std: float | None = None
    groups: int | None = None
    effect: float = 1.0
    spread: float = 1.0

    def limits(self, confidence, n=None):
        """Confidence limits of the error, for `n` examples instead of its own number if given.

        For a share: Wilson's score interval (1927). It is good down to a share of 0, where the
        textbook's normal interval has no width. SciPy's function needs a whole count of errors, and
        an error of 0.11 of 25 examples has none. For other means: Student's interval, by the number
        of examples that the mean rests on, n times `spread`; where that is few of them, at least
        Chebyshev's, which holds for any distribution. With groups, n is the number of
        independent examples that would scatter as much, and Student's quantile goes by the number
        of groups, for shares, too (Korn and Graubard, 1998).
        """
        n = n or self.n
        if n is None:
            return self.value, self.value
        z = self._quantile((1 + confidence) / 2, n)
        n /= self.effect
        if self.std is not None:
            half = z * self.std / math.sqrt(n)
            return max(0.0, self.value - half), self.value + half
        p = self.value
        shrink = 1 + z * z / n
        centre = (p + z * z / (2 * n)) / shrink
        half = z / shrink * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        # The exact limits include p; the rounded ones may miss it by a bit at 0 and 1.
        return min(p, max(0.0, centre - half)), max(p, min(1.0, centre + half))

    def of_groups(self, n=None):
        """The number of groups in words, for `n` examples instead of its own number if given."""
        if self.groups is None:
            return ""
        return counted(round(self.groups * (n or self.n) / self.n), "group")

    def _quantile(self, p, n):
        if self.groups is None and self.std is None:
            return NormalDist().inv_cdf(p)
        from scipy.special import stdtrit

        count = n * self.spread if self.groups is None else self.groups * n / self.n
        student = float(stdtrit(max(1.0, count - 1), p))
        return student if self.spread >= HEAVY else max(student, (2 - 2 * p) ** -0.5)


def estimate_of(errors, groups=None, *, shares):
    """The `Estimate` of the mean of (m,) errors; `shares` tells whether they are 0 or 1.

    With (m,) `groups` it has the variance of a ratio of sums over groups (Cochran 1977, 11.8).
    """
    n, value = len(errors), float(errors.mean())
    # One example alone shows no scatter: its error is then taken as exact.
    std = None if shares or n == 1 else float(errors.std(ddof=1))
    if groups is None or (n == 1 and not shares):
        squares = float(np.square(errors).sum())
        spread = 1.0 if std is None or not squares else n * value**2 / squares
        return Estimate(value, n if shares or n > 1 else None, std, spread=spread)
    _, member = np.unique(groups, return_inverse=True)
    count = int(member.max()) + 1
    sums = np.bincount(member, weights=errors - value)
    # Independent examples have this variance of their mean.
    least = (value * (1 - value) if shares else (std or 0.0) ** 2) / n
    # Errors without scatter, or of one group, do not show how groups differ: each group then counts
    # as one example. Groups that look more alike than rows do so by chance: effect is at least 1.
    effect = n / count
    if count > 1 and least > 0:
        effect = count / (count - 1) * float(np.square(sums).sum()) / n**2 / least
    if count == 1 and std is not None:
        std = max(std, value)
    return Estimate(value, n, std, count, min(max(effect, 1.0), float(n)))


@dataclass(frozen=True)
class Bracket:
    """An error that is only known to lie between two bounds.

    Attributes
    ----------
    value : float
        The lower bound.
    high : float
    n, std, groups, spread
        Bounds are of no sample, or allow for its chance already.
    """

    value: float
    high: float
    n: None = None
    std: None = None
    groups: None = None
    spread: float = 1.0

    def limits(self, confidence, n=None):
        """The two bounds, whatever the confidence."""
        return self.value, self.high


def difference_limits(a, b, confidence, n_a=None, n_b=None):
    """Confidence limits of d = b - a, for errors of two disjoint sets.

    They follow from the limits of each error: ``d - sqrt((b - low_b)^2 + (high_a - a)^2)`` below,
    and likewise above. For two shares this is Newcombe's hybrid score interval (1998, method 10).

    >>> low, high = difference_limits(Estimate(0.01, 1000), Estimate(0.11, 1000), 0.95)
    >>> print(f"{low:.3f} {high:.3f}")
    0.080 0.121
    """
    low_a, high_a = a.limits(confidence, n_a)
    low_b, high_b = b.limits(confidence, n_b)
    gap = b.value - a.value
    return (
        gap - math.hypot(b.value - low_b, high_a - a.value),
        gap + math.hypot(high_b - b.value, a.value - low_a),
    )


def is_above(limits, threshold):
    """Whether the whole interval is above the threshold; None if the threshold is within it."""
    low, high = limits
    slack = 1e-12  # 0.17 - 0.15 is more than 0.02 in floating point
    if low > threshold + slack:
        return True
    return False if high <= threshold + slack else None


def examples_to_tell(a, b, threshold, confidence):
    """The numbers of examples that would tell whether b - a is above, if the errors stay the same.

    Only the set that scatters most grows. If that is not enough, both grow in proportion.

    Returns
    -------
    (n_a, n_b) or None
        None in the place of a set that may stay as it is. None alone when no set up to a billion
        would tell, because the gap lies at the threshold.
    """
    width_a, width_b = (high - low for low, high in (e.limits(confidence) for e in (a, b)))

    def only_a(factor):
        return round(factor * a.n), None

    def only_b(factor):
        return None, round(factor * b.n)

    def both(factor):
        return round(factor * a.n), round(factor * b.n)

    ways = [only_a if width_a > width_b else only_b]
    if a.n and b.n:
        ways.append(both)
    for grown in ways:

        def told(factor, grown=grown):
            limits = difference_limits(a, b, confidence, *grown(factor))
            return is_above(limits, threshold) is not None

        low, high = 1.0, MOST_EXAMPLES / max(a.n or 1, b.n or 1)
        if not told(high):
            continue
        while high > low * 1.001:  # told() is monotone: intervals shrink as sets grow
            middle = (low * high) ** 0.5
            low, high = (low, middle) if told(middle) else (middle, high)
        return grown(high)
    return None

"""The size that a dev set needs."""

import math
from statistics import NormalDist

from fastnn.arguments import number


def dev_size(
    error: float,
    difference: float,
    *,
    confidence: float = 0.95,
    power: float = 0.8,
    disagreement: float | None = None,
) -> int:
    """Number of dev examples that tell apart two candidates with errors `difference` apart.

    Parameters
    ----------
    error : float in (0, 1)
        Share of wrong labels of the worse candidate.
    difference : float in (0, error]
        By how much the error of the other candidate is smaller.
    confidence : float in (0, 1), default 0.95
        Probability that two equally good candidates are not told apart: 1 - alpha, two-sided.
    power : float in (0, 1), default 0.8
        Probability that such a difference is found.
    disagreement : float, optional
        Share of examples that exactly one of the two gets wrong, at least `difference`. Both are
        then judged on the same dev set, where they mostly err alike, so that fewer examples do.

    Returns
    -------
    n : int

    Notes
    -----
    Without `disagreement` each candidate has a dev set of n examples of its own. The test is that
    of two independent proportions (Fleiss, Levin and Paik, 2003, eq. 4.14, without continuity
    correction)::

        n = (z_a sqrt(2 p q) + z_b sqrt(p1 q1 + p2 q2))^2 / d^2,   p = (p1 + p2) / 2, q = 1 - p

    with p1 = error, p2 = error - d, z_a and z_b the normal quantiles of 1 - alpha/2 and power. With
    `disagreement`, psi, it is the paired test of McNemar (Connor, 1987)::

        n = (z_a sqrt(psi) + z_b sqrt(psi - d^2))^2 / d^2

    Examples
    --------
    >>> import fastnn
    >>> fastnn.dev_size(0.05, 0.005)
    28408
    >>> fastnn.dev_size(0.05, 0.005, disagreement=0.02)
    6277
    """
    error = number(error, "error", "(0, 1)")
    d = number(difference, "difference", "(0, 1)")
    if d > error:
        raise ValueError(
            f"expected difference to be at most error, {error:g}: the better candidate cannot have "
            f"an error below 0; got {d:g}"
        )
    z_a = NormalDist().inv_cdf(1 - (1 - number(confidence, "confidence", "(0, 1)")) / 2)
    z_b = NormalDist().inv_cdf(number(power, "power", "(0, 1)"))
    if disagreement is None:
        better = error - d
        p = (error + better) / 2
        under_null = 2 * p * (1 - p)
        under_difference = error * (1 - error) + better * (1 - better)
    else:
        psi = number(disagreement, "disagreement", "(0, 1]")
        highest = min(1, 2 * error - d)
        if not d <= psi <= highest:
            raise ValueError(
                f"expected disagreement from difference, {d:g}, to {highest:g}, the sum of the two "
                f"errors; got {psi:g}"
            )
        under_null, under_difference = psi, psi - d * d
    reach = max(0.0, z_a * math.sqrt(under_null) + z_b * math.sqrt(under_difference))
    return max(1, math.ceil((reach / d) ** 2))

"""Whether one setting is better than another: paired over the dev examples, and for each seed."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

# The chance that a round keeps a move that is no better.
CHANCE = 0.05


class Comparison(NamedTuple):
    """The gain of a setting over the best one so far, in dev loss, and how sure it is."""

    gain: float
    sure: float  # the gain in its standard errors
    for_each_seed: bool


def compare(best, each):
    """The `Comparison` of two `Tried`, on the seeds that both have.

    Each dev example has one difference, a mean over the seeds; the scatter is among examples.
    """
    seeds = min(len(best.losses), len(each.losses))
    by_seed = best.losses[:seeds] - each.losses[:seeds]
    by_example = by_seed.mean(axis=0)
    gain = float(by_example.mean())
    error = 0.0
    if by_example.size > 1:
        error = float(by_example.std(ddof=1)) / math.sqrt(by_example.size)
    return Comparison(
        gain, gain / error if error > 0 else 0.0, bool((by_seed.mean(axis=1) > 0).all())
    )


def level(moves):
    """The standard errors that a gain must exceed, with so many moves compared (Bonferroni)."""
    return NormalDist().inv_cdf(1 - CHANCE / max(moves, 1))

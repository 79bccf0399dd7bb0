"""Scales of a chart, which turn data into coordinates, and their ticks."""

import math
from typing import NamedTuple

import numpy as np

MOST_TICKS = 5


class Scale(NamedTuple):
    """Maps numbers from `low` to `high` to coordinates from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    whole: bool = False  # ticks at whole numbers only: there is no layer 1.5

    def __call__(self, value):
        low, high, value = (
            np.log10(v) if self.log else np.asarray(v, np.float64)
            for v in (self.low, self.high, value)
        )
        return self.start + (value - low) / (high - low) * (self.end - self.start)

    def ticks(self):
        """Round numbers within the scale."""
        if self.log:
            return _powers_of_ten(self.low, self.high)
        return round_numbers(self.low, self.high, least=1.0 if self.whole else 0.0)


def make_scale(values, start, end, *, log=False, from_zero=False, whole=False):
    """A Scale with room for all values, which are finite; if `log`, positive."""
    values = np.asarray(values, np.float64)
    low, high = float(values.min()), float(values.max())
    if log:
        low, high = _neat_below(low), _neat_above(high)
        if low == high:
            low, high = low / 2, high * 2
        return Scale(low, high, start, end, log=True)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    size = max(abs(low), abs(high))
    if high - low <= max(1e-9 * size, 1e-300):  # ticks could not tell them apart
        room = 1.0 if whole or size < 1e-300 else size / 2
        low, high = (low, high + room) if from_zero and low == 0 else (low - room, high + room)
    elif not whole:
        room = 0.04 * (high - low)
        low, high = (low if from_zero and low == 0 else low - room), high + room
    return Scale(low, high, start, end, whole=whole)


def round_numbers(low, high, least=0.0):
    """At most MOST_TICKS + 1 multiples of 1, 2 or 5 times a power of ten, from low to high.

    `least` is the least distance of two.

    >>> round_numbers(0.0, 0.034)
    [0.0, 0.01, 0.02, 0.03]
    """
    rough = max((high - low) / MOST_TICKS, least)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.999 * rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def _powers_of_ten(low, high):
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    stride = max(1, math.ceil((last - first + 1) / MOST_TICKS))
    powers = [10.0**k for k in range(first, last + 1, stride)]
    if len(powers) >= 2:
        return powers
    within = [m * 10.0**k for k in range(first - 1, last + 2) for m in (1, 2, 5)]
    return [v for v in within if low * 0.999 <= v <= high * 1.001]


def _neat_below(value):
    """The largest of 1, 2, 5 times a power of ten that is not above the value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(m * power for m in (5, 2, 1, 0.5) if m * power <= value * (1 + 1e-9))


def _neat_above(value):
    """The smallest of 1, 2, 5 times a power of ten that is not below the value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= value * (1 - 1e-9))

"""Figures and axes of matplotlib (the extra `plot`), which is loaded when something is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# An error of so many times the lower quartile would press the good ones together.
_WIDE = 6.0
# An error of this share of the largest, or less, is drawn as 0.
_LEAST = 1e-5


@dataclass(frozen=True)
class Display:
    """A drawn picture, by scikit-learn's Display convention.

    Attributes
    ----------
    ax_ : matplotlib axes, or a pair or an array of them
    figure_ : matplotlib.figure.Figure
        The figure of these axes.
    """

    ax_: Any
    figure_: Figure

    def _ipython_display_(self) -> None:
        """Nothing: a notebook shows the figure itself, without a line of text above it."""


def pyplot():
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            "plots need matplotlib; install it with: pip install 'fastnn-cpu[plot]'"
        ) from error
    return pyplot


def one_axes(ax=None, size=None):
    """The given axes, checked, or the axes of a new figure of this size in inches."""
    if ax is None:
        _, ax = pyplot().subplots(figsize=size, layout="constrained")
    elif not hasattr(ax, "scatter"):
        raise TypeError(f"expected ax to be matplotlib axes, got {ax!r}")
    return ax


def legend(ax, **options):
    """A legend on a ground of its own: marks below do not run into its words."""
    ax.legend(framealpha=0.85, edgecolor="none", **options)


def spread_errors(ax, errors):
    """Make the axis logarithmic if a few large errors would hide differences of the good ones.

    It is linear near 0, which has no logarithm.
    """
    errors = np.asarray(errors, float)
    positive = errors[errors > 0]
    if positive.size < 3 or positive.max() < _WIDE * np.quantile(positive, 0.25):
        return
    low, high = max(positive.min(), positive.max() * _LEAST), positive.max()
    ax.set_yscale("asinh", linear_width=low)
    ax.autoscale(axis="y")  # limits that were read before stay as they are
    ticks = _ticks(low, high, bool((errors < low).any()))
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.yaxis.set_minor_locator(pyplot().NullLocator())


def _ticks(low, high, zero):
    """1, 2 and 5 times powers of ten, about as close as can be read."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    steps = (1, 2, 5) if len(powers) <= 4 else (1,)
    ticks = [float(f"{step * power:.1g}") for power in powers for step in steps]
    return [0.0] * zero + [tick for tick in ticks if low / 1.5 <= tick <= high * 1.5]


def pair_of_axes(ax=None):
    """The given two axes, checked, or two of a new figure, side by side."""
    if ax is None:
        _, ax = pyplot().subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    try:
        first, second = ax
    except (TypeError, ValueError):
        raise TypeError(f"expected ax to be a pair of axes, got {ax!r}") from None
    return first, second

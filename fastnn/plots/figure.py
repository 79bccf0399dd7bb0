"""Figures and axes of matplotlib (the extra `plot`), which is loaded when something is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    """The given axes, checked, or those of a new figure of this size in inches."""
    if ax is None:
        _, ax = pyplot().subplots(figsize=size, layout="constrained")
    elif not hasattr(ax, "scatter"):
        raise TypeError(f"expected ax to be matplotlib axes, got {ax!r}")
    return ax


def pair_of_axes(ax=None):
    """The given two axes, checked, or those of a new figure, side by side."""
    if ax is None:
        _, ax = pyplot().subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    try:
        first, second = ax
    except (TypeError, ValueError):
        raise TypeError(f"expected ax to be a pair of axes, got {ax!r}") from None
    return first, second

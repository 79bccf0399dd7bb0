"""Pictures of signals and gradients by layer, and of the weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn.arguments import integer
from fastnn.plots.figure import _pyplot

MOST_NAMED = 10


@dataclass(frozen=True)
class SignalFlowDisplay:
    """The drawn flow: `ax_` holds the axes of sizes and of shares, `figure_` their figure."""

    ax_: tuple[Any, Any]
    figure_: Any


@dataclass(frozen=True)
class WeightsDisplay:
    """The drawn histograms: `ax_` holds the axes, `figure_` their figure."""

    ax_: Any
    figure_: Any


def plot_signal_flow(flow, ax=None):
    """Root mean squares of A, dA and dW by layer, and the shares of saturated and dead."""
    if ax is None:
        _, ax = _pyplot().subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    try:
        size_ax, share_ax = ax
    except (TypeError, ValueError):
        raise TypeError(f"expected ax to be a pair of axes, got {ax!r}") from None
    layers = [s.layer for s in flow.layers]
    for name in ("a_rms", "dA_rms", "dW_rms"):
        sizes = [getattr(s, name) for s in flow.layers]
        # A logarithmic axis has no place for 0.
        size_ax.plot(
            layers,
            [size or float("nan") for size in sizes],
            marker="o",
            label={"a_rms": "A", "dA_rms": "dA", "dW_rms": "dW"}[name],
        )
    if any(s.a_rms or s.dA_rms or s.dW_rms for s in flow.layers):
        size_ax.set_yscale("log")
    size_ax.set(xlabel="layer", ylabel="root mean square")
    for name in ("saturated", "dead"):
        share_ax.plot(layers, [getattr(s, name) for s in flow.layers], marker="o", label=name)
    share_ax.set(xlabel="layer", ylabel="share", ylim=(-0.02, 1.02))
    for axes in (size_ax, share_ax):
        axes.xaxis.get_major_locator().set_params(integer=True)  # there is no layer 1.5
        axes.legend(frameon=False)
    return SignalFlowDisplay((size_ax, share_ax), size_ax.figure)


def plot_weights(network, ax=None, bins=50):
    """Histograms of W1 .. WL, as outlines, each as a density."""
    bins = integer(bins, "bins", 1)
    ax = ax if ax is not None else _pyplot().subplots(layout="constrained")[1]
    weights = {name: W for name, W in network.params.items() if name[0] == "W"}
    # A legend of more entries would cover what it explains: some, evenly, the last among them.
    named = np.unique(np.linspace(0, len(weights) - 1, min(len(weights), MOST_NAMED)).round())
    for l, (name, W) in enumerate(weights.items()):
        ax.hist(
            W.ravel(), bins=bins, density=True, histtype="step", label=name if l in named else None
        )
    ax.set(xlabel="weight", ylabel="density")
    ax.legend(frameon=False)
    return WeightsDisplay(ax, ax.figure)

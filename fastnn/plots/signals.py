"""Pictures of signals and gradients by layer, and of the weights."""

import numpy as np

from fastnn.arguments import integer
from fastnn.plots.figure import Display, legend, one_axes, pair_of_axes

# With more layers, only some are named in the legend.
MOST_NAMED = 10


def plot_signal_flow(flow, ax=None):
    """Root mean squares of A, dA and dW by layer, and the shares of flat and dead units."""
    size_ax, share_ax = pair_of_axes(ax)
    layers = [s.layer for s in flow.layers]
    for name in ("a_rms", "dA_rms", "dW_rms"):
        sizes = [getattr(s, name) for s in flow.layers]
        # A logarithmic axis has no place for 0.
        size_ax.plot(
            layers,
            [size or float("nan") for size in sizes],
            marker="o",
            label={"a_rms": "A", "dA_rms": "dJ/dA", "dW_rms": "dJ/dW"}[name],
        )
    if any(s.a_rms or s.dA_rms or s.dW_rms for s in flow.layers):
        size_ax.set_yscale("log")
    verdict, _, _ = flow.verdict.partition(":")
    size_ax.set(xlabel="layer", ylabel="root mean square", title=verdict)
    for name, of, marker in (("flat", "values", "o"), ("dead", "units", "x")):
        shares = [getattr(s, name) for s in flow.layers]
        share_ax.plot(layers, shares, marker=marker, label=f"{name} {of}")
    share_ax.set(
        xlabel="layer", ylabel="share", ylim=(-0.02, 1.02), title="values and units without slope"
    )
    for axes in (size_ax, share_ax):
        axes.xaxis.get_major_locator().set_params(integer=True)  # there is no layer 1.5
        legend(axes)
    return Display((size_ax, share_ax), size_ax.figure)


def plot_weights(network, ax=None, bins=50):
    """Histograms of W1 .. WL, as outlines, each as a density."""
    bins = integer(bins, "bins", 1)
    ax = one_axes(ax)
    weights = {name: W for name, W in network.params.items() if name[0] == "W"}
    # A longer legend would hide the curves. The named layers are evenly spaced, the last included.
    named = np.unique(np.linspace(0, len(weights) - 1, min(len(weights), MOST_NAMED)).round())
    for l, (name, W) in enumerate(weights.items()):
        ax.hist(
            W.ravel(), bins=bins, density=True, histtype="step", label=name if l in named else None
        )
    ax.set(xlabel="weight", ylabel="density")
    legend(ax)
    return Display(ax, ax.figure)

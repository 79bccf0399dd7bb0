"""Pictures, on matplotlib (the extra `plot`), by scikit-learn's Display convention."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class HistoryDisplay:
    """The drawn history: `ax_` holds the axes of cost and of error, `figure_` their figure."""

    ax_: tuple[Any, Any]
    figure_: Any


def plot_history(history, ax=None):
    """Cost and errors by epoch, with the epoch that early stopping went back to."""
    pyplot = _pyplot()
    if ax is None:
        _, ax = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    try:
        cost_ax, error_ax = ax
    except (TypeError, ValueError):
        raise TypeError(f"expected ax to be a pair of axes, got {ax!r}") from None
    _draw_curves(cost_ax, "cost J", {"train": history.cost, "dev": history.dev_cost})
    _draw_curves(error_ax, "error", {"train": history.train_error, "dev": history.dev_error})
    if history.best_epoch is not None:
        for axes in (cost_ax, error_ax):
            axes.axvline(history.best_epoch + 1, color="0.6", linestyle="--",
                         label="restored parameters")
    for axes in (cost_ax, error_ax):
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False)
    return HistoryDisplay((cost_ax, error_ax), cost_ax.figure)


def _draw_curves(ax, label, curves):
    for name, values in curves.items():
        # NaN marks an epoch that was not evaluated.
        known = [(epoch, value) for epoch, value in enumerate(values, 1) if value == value]
        if known:
            ax.plot(*zip(*known, strict=True), label=name,
                    marker="o" if len(known) == 1 else None)
    ax.set_xlabel("epoch")
    ax.set_ylabel(label)
    ax.set_ylim(bottom=0)


def _pyplot():
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            "plots need matplotlib; install it with: pip install 'fastnn-cpu[plot]'"
        ) from error
    return pyplot

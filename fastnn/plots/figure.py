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
            axes.axvline(
                history.best_epoch + 1, color="0.6", linestyle="--", label="restored parameters"
            )
    for axes in (cost_ax, error_ax):
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False)
    return HistoryDisplay((cost_ax, error_ax), cost_ax.figure)


@dataclass(frozen=True)
class GradientCheckDisplay:
    """The drawn check: `ax_` holds the axes, `figure_` their figure."""

    ax_: Any
    figure_: Any


def plot_gradient_check(check, ax=None):
    """Analytic against numerical gradient by array; what is off is circled."""
    pyplot = _pyplot()
    if ax is None:
        _, ax = pyplot.subplots(figsize=(5.5, 5), layout="constrained")
    elif not hasattr(ax, "scatter"):
        raise TypeError(f"expected ax to be matplotlib axes, got {ax!r}")
    # The worst arrays get a colour of their own; ten can be told apart.
    arrays = sorted(check.blocks, key=lambda p: -check.parameters[p.name].excess)
    for rank, parameter in enumerate(arrays):
        compared = check.compared[parameter.slice]
        if compared.any():
            ax.scatter(
                check.numeric[parameter.slice][compared],
                check.analytic[parameter.slice][compared],
                s=9,
                alpha=0.6,
                color=f"C{rank}" if rank < 10 else "0.6",
                label=parameter.name if rank < 10 else None,
            )
    if check.off.any():
        ax.scatter(
            check.numeric[check.off],
            check.analytic[check.off],
            s=45,
            facecolors="none",
            edgecolors="red",
            linewidths=0.8,
            label="off",
        )
    if check.compared.any():
        ax.axline((0.0, 0.0), slope=1.0, color="0.6", linewidth=0.8, zorder=0)
        ax.legend(frameon=False)
        ax.set_aspect("equal", adjustable="datalim")  # so that what agrees lies at 45 degrees
    ax.set_xlabel("numerical gradient")
    ax.set_ylabel("analytic gradient")
    ax.set_title(f"{check.verdict}, difference {check.difference:.1e}")
    return GradientCheckDisplay(ax, ax.figure)


def _draw_curves(ax, label, curves):
    for name, values in curves.items():
        # NaN marks an epoch that was not evaluated.
        known = [(epoch, value) for epoch, value in enumerate(values, 1) if value == value]
        if known:
            ax.plot(*zip(*known, strict=True), label=name, marker="o" if len(known) == 1 else None)
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

"""A picture of a fit: cost and errors by epoch."""

from fastnn.plots.figure import Display, legend, pair_of_axes


def plot_history(history, ax=None):
    """Cost and errors by epoch, with the epoch that early stopping went back to."""
    cost_ax, error_ax = pair_of_axes(ax)
    _draw_curves(cost_ax, "cost J", {"train": history.cost, "dev": history.dev_cost})
    _draw_curves(error_ax, "error", {"train": history.train_error, "dev": history.dev_error})
    if history.best_epoch is not None:
        for axes in (cost_ax, error_ax):
            axes.axvline(
                history.best_epoch + 1, color="0.6", linestyle="--", label="restored parameters"
            )
    for axes in (cost_ax, error_ax):
        if axes.get_legend_handles_labels()[0]:
            legend(axes)
    return Display((cost_ax, error_ax), cost_ax.figure)


def _draw_curves(ax, label, curves):
    for name, values in curves.items():
        # NaN marks an epoch that was not evaluated.
        known = [(epoch, value) for epoch, value in enumerate(values, 1) if value == value]
        if known:
            ax.plot(*zip(*known, strict=True), label=name, marker="o" if len(known) == 1 else None)
    ax.set_xlabel("epoch")
    ax.set_ylabel(label)
    ax.set_ylim(bottom=0)

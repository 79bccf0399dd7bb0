"""Pictures of learning curves and of paths of regularization."""

import numpy as np

from fastnn.plots.figure import Display, legend, one_axes, pair_of_axes


def plot_learning_curve(curve, ax=None):
    """Train and dev error by number of examples, their ranges, and the law up to twice the data."""
    ax = one_axes(ax)
    for name in ("train", "dev"):
        errors = getattr(curve, f"{name}_errors")
        (line,) = ax.plot(curve.sizes, errors.mean(axis=1), marker="o", label=name)
        if errors.shape[1] > 1:
            ax.fill_between(
                curve.sizes,
                errors.min(axis=1),
                errors.max(axis=1),
                color=line.get_color(),
                alpha=0.2,
            )
    if curve.law is not None:
        m = np.geomspace(curve.sizes[0], 2 * curve.sizes[-1], 60)
        ax.plot(
            m,
            [curve.law(v) for v in m],
            linestyle="--",
            color=line.get_color(),
            label="dev, expected",
        )
        ax.fill_between(
            m,
            *zip(*(curve.law.limits(v) for v in m), strict=True),
            color=line.get_color(),
            alpha=0.1,
        )
    ticks = [*curve.sizes, *([2 * curve.sizes[-1]] if curve.law else [])]
    ax.set(
        xlabel="training examples", ylabel="error", xscale="log", title=_what_more_data_does(curve)
    )
    ax.set_xticks(ticks, [f"{m:,}" for m in ticks])
    ax.set_xticks([], minor=True)
    ax.set_ylim(bottom=0)
    legend(ax)
    return Display(ax, ax.figure)


def _what_more_data_does(curve):
    return {
        True: "the dev error falls with more data",
        False: "more data would not lower the dev error",
        None: "cannot tell what more data would do",
    }[curve.more_data_helps]


def plot_penalty_path(path, ax=None):
    """Errors by lambda or keep_prob, with the best; norm and sparsity of the weights."""
    error_ax, weight_ax = pair_of_axes(ax)
    # Even steps: most grids have a 0, which a logarithmic axis cannot show.
    at = np.arange(len(path.values))
    labels = [f"{v:g}" if np.isscalar(v) else str(tuple(v)) for v in path.values]
    best = labels[path.values.index(path.best)]
    error_ax.plot(at, path.train_error, marker="o", label="train")
    error_ax.plot(at, path.dev_error, marker="o", label="dev")
    error_ax.axvline(path.values.index(path.best), color="0.6", linestyle="--", label="best")
    error_ax.set(
        xlabel=path.name, ylabel="error", title=f"lowest dev error at {path.name} = {best}"
    )
    error_ax.set_ylim(bottom=0)
    weight_ax.plot(
        at,
        path.weight_norm / path.weight_norm.max(initial=1e-300),
        marker="o",
        label="norm of W, of the largest",
    )
    weight_ax.plot(at, path.sparsity, marker="o", label="zero weights")
    weight_ax.set(
        xlabel=path.name, ylabel="share", ylim=(-0.02, 1.05), title="what it does to the weights"
    )
    for axes in (error_ax, weight_ax):
        axes.set_xticks(at, labels)
        legend(axes)
    return Display((error_ax, weight_ax), error_ax.figure)

"""A picture of a sweep: errors by each setting."""

from numbers import Real

import numpy as np

from fastnn.plots.figure import Display, legend, pyplot, spread_errors


def plot_sweep(sweep, ax=None):
    """Dev and train error of all trials by each numeric setting, the best one marked.

    The axis of errors does not begin at 0: good settings are told apart.
    """
    trials = [trial for trial in sweep.trials if not trial.failure]
    names = [name for name in sweep.names if _is_numeric(name, trials)]
    if not trials or not names:
        raise ValueError(
            "expected a trial that did not fail, and a setting that is a number, to "
            f"draw; got {len(trials)} such trials and the settings {sweep.names}"
        )
    if ax is None:
        _, ax = pyplot().subplots(
            1,
            len(names),
            figsize=(1.3 + 3.2 * len(names), 3.5),
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
    axes = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
    if len(axes) != len(names):
        raise ValueError(f"expected {len(names)} axes, one for each of {names}; got {len(axes)}")
    for axis, name in zip(axes, names, strict=True):
        having = [trial for trial in trials if trial.setting.get(name) is not None]
        values = np.array([trial.setting[name] for trial in having], float)
        axis.scatter(
            values,
            [trial.train_error for trial in having],
            s=16,
            alpha=0.6,
            label="train",
            marker="x",
        )
        axis.errorbar(
            values,
            [trial.dev_error for trial in having],
            [np.nan_to_num(trial.dev_error_std) for trial in having],
            fmt="o",
            markersize=4,
            alpha=0.8,
            color="C1",
            label="dev",
        )
        if trials[0] in having[:1]:
            axis.scatter(
                values[:1],
                [trials[0].dev_error],
                s=90,
                facecolors="none",
                edgecolors="red",
                label="best",
                zorder=3,
            )
        if name in sweep.logarithmic:
            positive = values[values > 0]
            # A 0 in the grid has no logarithm: near it the axis is linear.
            axis.set_xscale(
                "log" if positive.size == values.size else "symlog",
                **({} if positive.size == values.size else {"linthresh": positive.min()}),
            )
        axis.set_xlabel(name)
    axes[0].set_ylabel("error")
    errors = [error for trial in trials for error in (trial.train_error, trial.dev_error)]
    for axis in axes:
        spread_errors(axis, errors)
    legend(axes[0])
    return Display(axes, axes[0].figure)


def _is_numeric(name, trials):
    """Whether the setting is a number in all trials that have one (and it is not None)."""
    values = [trial.setting.get(name) for trial in trials]
    values = [value for value in values if value is not None]
    return bool(values) and all(
        isinstance(value, Real) and not isinstance(value, bool) for value in values
    )

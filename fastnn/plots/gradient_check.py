"""A picture of a gradient check."""

import numpy as np

from fastnn.plots.figure import Display, legend, one_axes

# Gradients of so many orders of magnitude below the largest are drawn apart from 0.
_DECADES = 9
# Most wrong components with a name, and how many of the worst are considered; their least distance,
# as a part of the axes; most ticks on either side of 0.
_MOST_NAMED, _MOST_LOOKED_AT, _APART, _MOST_TICKS = 5, 200, 0.09, 3


def plot_gradient_check(check, ax=None):
    """The analytic against the numerical gradient, by array; wrong components are circled.

    The axes are logarithmic on both sides of 0: a wrong component that is small beside others would
    lie at 0 of linear axes.
    """
    ax = one_axes(ax, (5.5, 5))
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
            label=f"off: {check.off.sum():,} of {check.compared.sum():,}",
        )
    if check.compared.any():
        _scale_both(ax, check)
        _name_worst(ax, check)
        legend(ax)
    ax.set_xlabel("numerical gradient")
    ax.set_ylabel("analytic gradient")
    ax.set_title(f"{check.verdict}, difference {check.difference:.1e}")
    return Display(ax, ax.figure)


def _name_worst(ax, check):
    """Name the worst of the wrong components that lie far enough from one another."""
    to_axes = ax.transData + ax.transAxes.inverted()
    named = []
    for component in check.worst(_MOST_LOOKED_AT):
        point = component.numeric, component.analytic
        if not (check.off[component.index] and np.isfinite(point).all()):
            continue
        place = to_axes.transform(point)
        if any(np.abs(place - other).max() < _APART for other in named):
            continue
        named.append(place)
        # Away from the diagonal, and from the edges.
        below = component.analytic < component.numeric
        rightwards = place[0] < (0.75 if below else 0.25)
        ax.annotate(
            component.parameter + (f"{list(component.position)}" if component.position else ""),
            point,
            xytext=(8 if rightwards else -8, -8 if below else 8),
            textcoords="offset points",
            ha="left" if rightwards else "right",
            va="center",
            fontsize=8,
            bbox={"facecolor": ax.get_facecolor(), "alpha": 0.8, "edgecolor": "none", "pad": 1},
        )
        if len(named) == _MOST_NAMED:
            break


def _scale_both(ax, check):
    """The same symmetric-log scale for both axes, and the diagonal, where right components lie."""
    size = np.maximum(np.abs(check.analytic), np.abs(check.numeric))[check.compared]
    size = size[np.isfinite(size)]
    largest = size.max(initial=0.0) or 1.0
    smallest = max(size[size > 0].min(initial=largest), 10.0**-_DECADES * largest)
    smallest = 10.0 ** np.floor(np.log10(smallest))  # a tick, with none between it and 0
    limit = 2.0 * largest
    decades = np.log10(limit / smallest)
    # From the largest down. The tick next to 0 is left out: their words would meet.
    step = max(1, np.ceil(decades / _MOST_TICKS))
    largest_tick = 10.0 ** np.floor(np.log10(limit))
    ticks = largest_tick / 10.0 ** np.arange(0, decades - 1, step)[::-1]
    for name in ("x", "y"):
        getattr(ax, f"set_{name}scale")("symlog", linthresh=smallest)
        getattr(ax, f"set_{name}ticks")([*-ticks[::-1], 0.0, *ticks])
    ax.plot([-limit, limit], [-limit, limit], color="0.6", linewidth=0.8, zorder=0)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), box_aspect=1)

"""A picture of a gradient check."""

from fastnn.plots.figure import Display, one_axes


def plot_gradient_check(check, ax=None):
    """The analytic against the numerical gradient, by array; wrong components are circled."""
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
            label="off",
        )
    if check.compared.any():
        ax.axline((0.0, 0.0), slope=1.0, color="0.6", linewidth=0.8, zorder=0)
        ax.legend(frameon=False)
        ax.set_aspect("equal", adjustable="datalim")  # so that what agrees lies at 45 degrees
    ax.set_xlabel("numerical gradient")
    ax.set_ylabel("analytic gradient")
    ax.set_title(f"{check.verdict}, difference {check.difference:.1e}")
    return Display(ax, ax.figure)

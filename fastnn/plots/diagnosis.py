"""A picture of a diagnosis: the errors, and the gaps between them."""

from fastnn.plots.figure import Display, legend, one_axes

# By `Gap.high`: high, not high, cannot be told.
COLOURS = {True: "tab:red", False: "tab:green", None: "tab:gray"}
WORDS = {True: "high", False: "not high", None: "cannot be told"}


def plot_diagnosis(diagnosis, titles, ax=None):
    """A bar for each error, then one for each gap, with intervals and thresholds, in per cent."""
    ax = one_axes(ax)
    names = [*diagnosis.errors, *diagnosis.gaps]
    values = [*diagnosis.errors.values(), *(gap.value for gap in diagnosis.gaps.values())]
    colours = ["tab:blue"] * len(diagnosis.errors)
    colours += [COLOURS[gap.high] for gap in diagnosis.gaps.values()]
    ax.bar(range(len(names)), [100 * value for value in values], color=colours, width=0.7)
    for at, name in enumerate(names):
        if name in diagnosis.intervals:
            low, high = (100 * limit for limit in diagnosis.intervals[name])
            ax.plot([at, at], [low, high], color="0.2", linewidth=1.5)
    for at, (name, gap) in enumerate(diagnosis.gaps.items(), start=len(diagnosis.errors)):
        ax.plot(
            [at - 0.4, at + 0.4],
            [100 * gap.threshold] * 2,
            color="0.2",
            linestyle=":",
            label="high above" if name == "bias" else None,
        )
    ax.axvline(len(diagnosis.errors) - 0.5, color="0.8", linewidth=0.8)
    ax.axhline(0, color="0.2", linewidth=0.8)
    ticks = [titles[name] for name in diagnosis.errors]
    ticks += [f"{titles[name]}\n{WORDS[gap.high]}" for name, gap in diagnosis.gaps.items()]
    ax.set_xticks(range(len(names)), ticks, rotation=30, ha="right", rotation_mode="anchor")
    unit = diagnosis.unit.removeprefix("share of ")
    ax.set(ylabel=f"{unit}, %")
    legend(ax)
    return Display(ax, ax.figure)

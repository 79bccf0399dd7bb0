"""The picture of the README: time of a training step, by case and library."""

import re
from math import floor, log10
from pathlib import Path

from bench.cases import CASES
from bench.report import duration, quantity
from bench.results import TIMES

COLORS = {"fastnn": "#c2410c", "JAX": "#64748b", "PyTorch": "#64748b", "scikit-learn": "#64748b"}
INK, MUTED = "#1f2937", "#6b7280"


def draw(measured, path):
    """A column for each CPU, a panel for each case, a bar for each library; one logarithmic scale.

    Parameters
    ----------
    measured : list of (dict, Results)
        Machines as machine.describe gives them, and their results of the section "step".
    path : str or Path
        Where the SVG goes.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    every = [results.times for _, results in measured]
    cases = [name for name in CASES if all(name in times for times in every)]
    libraries = [
        name for name in COLORS if any(name in times[case] for times in every for case in cases)
    ]
    style = {
        "svg.hashsalt": "fastnn",
        "svg.fonttype": "none",
        "font.size": 9,
        "font.family": ["DejaVu Sans", "sans-serif"],
        "text.color": INK,
        "axes.edgecolor": "#d1d5db",
        "xtick.color": MUTED,
    }
    with mpl.rc_context(style):
        figure, axes = plt.subplots(
            len(cases),
            len(measured),
            figsize=(1.4 + 4.2 * len(measured), 1.25 * len(cases) + 0.9),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for column, (machine, results) in zip(axes.T, measured, strict=True):
            _column(column, cases, libraries, machine, results)
        _scale(axes[0, 0], [times[case] for times in every for case in cases])
        figure.suptitle(
            "Time of a training step, one core (shorter is better, logarithmic)",
            x=0.01,
            ha="left",
            fontsize=11,
            fontweight="bold",
        )
        figure.supxlabel(
            "float32, ReLU, dropout (none in scikit-learn), Adam, softmax",
            fontsize=7.5,
            color=MUTED,
        )
        figure.savefig(Path(path), format="svg", facecolor="white", metadata={"Date": None})
        plt.close(figure)


def _column(axes, cases, libraries, machine, results):
    ratios = {(finding.case, finding.what): finding.value.median for finding in results.findings}
    for axis, case in zip(axes, cases, strict=True):
        times = results.times[case]
        labels = {name: duration(times[name].median) for name in libraries if name in times}
        for name in labels:
            if (case, f"vs {name}") in ratios:
                labels[name] += f"   {quantity(ratios[case, f'vs {name}'], TIMES)}"
        _panel(axis, case, times, labels, libraries)
    axes[0].annotate(
        f"{machine['cpu']}, {machine['kernels']}",
        (0, 1.32),
        xycoords="axes fraction",
        fontweight="bold",
    )


def _panel(axis, case, times, labels, libraries):
    for name, label in labels.items():
        at, seconds = libraries.index(name), times[name].median
        axis.barh(at, seconds, color=COLORS[name], height=0.72, zorder=2)
        axis.annotate(
            label,
            (seconds, at),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            fontweight="bold" if name == "fastnn" else "normal",
        )
    axis.set_yticks(range(len(libraries)), libraries)
    axis.set_ylim(len(libraries) - 0.5, -0.5)
    axis.tick_params(axis="both", which="both", length=0)
    axis.grid(axis="x", color="#e5e7eb", linewidth=0.6, zorder=0)
    for tick in axis.get_yticklabels():
        tick.set_color(COLORS["fastnn"] if tick.get_text() == "fastnn" else INK)
    axis.set_title(f"{case}: {CASES[case].label}", loc="left", fontsize=9, color=MUTED, pad=3)
    axis.spines[["top", "right", "bottom"]].set_visible(False)


def _scale(axis, times):
    medians = [summary.median for contenders in times for summary in contenders.values()]
    axis.set_xscale("log")
    # Bars from a power of ten below the fastest; room on the right for the labels.
    axis.set_xlim(10 ** floor(log10(min(medians))), 6 * max(medians))
    axis.xaxis.set_major_formatter(lambda seconds, _: re.sub(r"\.0+ ", " ", duration(seconds)))
    axis.minorticks_off()

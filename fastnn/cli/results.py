"""What ``fastnn train`` shows of a run: figures and diagnosis, as a table or as JSON."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastnn.data.parts import Split
    from fastnn.diagnosis import Diagnosis
    from fastnn.history import History
    from fastnn.network import Network


_WIDEST = 100


def results_of(
    net: Network, history: History, train: Split, dev: Split, test: Split
) -> dict[str, Any]:
    """The figures of a run."""
    return {
        "cost": net.cost(train.X, train.y),
        "train_error": net.error(train.X, train.y),
        "dev_error": net.error(dev.X, dev.y),
        "test_error": net.error(test.X, test.y),
        "zero_weights": net.sparsity()["all"],
        "epochs": len(history),
        "stopped": history.stopped,
        "best_epoch": history.best_epoch,
        "seconds": history.seconds[-1],
        "samples_per_second": history.examples / (history.training_seconds or history.seconds[-1]),
    }


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """A diagnosis in types that JSON knows."""
    gaps = {
        name: {"value": gap.value, "limits": gap.limits, "high": gap.high}
        for name, gap in diagnosis.gaps.items()
    }
    return {
        "verdict": diagnosis.verdict,
        "advice": diagnosis.advice,
        "notes": diagnosis.notes,
        "gaps": gaps,
    }


def print_results(results: dict[str, Any], diagnosis: Diagnosis) -> None:
    """A table of the figures, then the diagnosis: what to do next."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.ROUNDED, show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row("J (cost)", f"{results['cost']:.4g}")
    for name in ("train", "dev", "test"):
        table.add_row(f"{name} error", f"{100 * results[name + '_error']:.2f} %")
    if results["best_epoch"] is not None:  # early stopping took the parameters of that one
        table.add_row("best epoch", f"{results['best_epoch'] + 1} of {results['epochs']}")
    if results["zero_weights"]:
        table.add_row("zero weights", f"{100 * results['zero_weights']:.1f} %")
    table.add_row("time", f"{results['seconds']:.2f} s")
    table.add_row("samples per second", f"{results['samples_per_second']:,.0f}")
    console = Console()
    console.print(table)

    def say(text: str, indent: str = "") -> None:
        width = min(console.width, _WIDEST)
        wrapped = textwrap.fill(text, width, subsequent_indent=indent, break_on_hyphens=False)
        console.print(wrapped, markup=False, highlight=False, soft_wrap=True)

    say(f"Diagnosis: {diagnosis.verdict}")
    for i, text in enumerate(diagnosis.advice, 1):
        say(f"  {i}. {text}", "     ")
    for text in diagnosis.notes:
        say(f"  - {text}", "    ")
    for what, path in (("Saved", results["saved"]), ("Report written", results["report"])):
        if path is not None:  # whole, so that it can be copied
            console.print(f"{what} to {path}", markup=False, highlight=False, soft_wrap=True)

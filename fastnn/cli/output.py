"""The output of commands about a network: figures and diagnosis, as a table or as JSON."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

import click

from fastnn.cli.data_source import PARTS

if TYPE_CHECKING:
    from rich.console import Console

    from fastnn.cli.data_source import Source
    from fastnn.diagnosis import Diagnosis
    from fastnn.network import Network
    from fastnn.training.history import History


_WIDEST = 100


def introduce(source: Source, layers: list[int]) -> None:
    """Print the data and the layers, before training."""
    say(
        f"{source.name}: {len(source.train)} train, {len(source.dev)} dev, {len(source.test)} "
        f"test; layers {'-'.join(map(str, layers))}"
    )
    if source.schema is not None:
        classes = source.schema.classes
        what = "" if classes is None else f" of {len(classes)} classes"
        say(f"{source.schema.task.capitalize()}{what}: {source.schema.target}")
    for text in source.notices:
        say(f"  - {text}", "    ")


def results_of(net: Network, history: History, source: Source) -> dict[str, Any]:
    """The figures of a run."""
    return {
        "cost": net.cost(source.train.X, source.train.y),
        **errors_of(net, source),
        "zero_weights": net.sparsity()["all"],
        "epochs": len(history),
        "stopped": history.stopped,
        "best_epoch": None if history.best_epoch is None else history.best_epoch + 1,
        "seconds": history.seconds[-1],
        "samples_per_second": history.examples / (history.training_seconds or history.seconds[-1]),
    }


def errors_of(net: Network, source: Source) -> dict[str, float | None]:
    """Shares of wrong labels, or root mean squared errors in the target's units and R^2."""
    import numpy as np

    errors: dict[str, float | None] = {}
    for name in PARTS:
        part = getattr(source, name)
        if not source.regression:
            errors[f"{name}_error"] = net.error(part.X, part.y)
            continue
        y = source.schema.answers(part.y)
        square = float(np.square(source.schema.decode(net.forward(part.X)) - y).mean())
        errors[f"{name}_rmse"] = square**0.5
        variance = y.var()  # equal targets have no variance to explain
        errors[f"{name}_r2"] = 1 - square / variance if variance > 0 else None
    return errors


def table_as_json(source: Source) -> dict[str, Any]:
    """Target, task, rows and notices of a table; empty for the digits."""
    if source.schema is None:
        return {}
    return {
        "target": source.schema.target,
        "task": source.schema.task,
        "rows": {name: len(getattr(source, name)) for name in PARTS},
        "notices": source.notices,
    }


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """A diagnosis in types that JSON has."""
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


def error_rows(results: dict[str, Any]) -> list[tuple[str, str]]:
    """The errors of the parts in words."""
    rows = []
    for name in PARTS:
        if f"{name}_error" in results:
            rows.append((f"{name} error", f"{100 * results[name + '_error']:.2f} %"))
        else:
            r2 = results[f"{name}_r2"]
            known = "" if r2 is None else f" (R² {r2:.3f})"
            rows.append((f"{name} RMSE", f"{results[name + '_rmse']:.4g}{known}"))
    return rows


def print_results(results: dict[str, Any], diagnosis: Diagnosis) -> None:
    """Print a table of the figures, then the diagnosis: what to do next."""
    rows = [("J (cost)", f"{results['cost']:.4g}"), *error_rows(results)]
    if results["best_epoch"] is not None:  # early stopping restored its parameters
        rows.append(("best epoch", f"{results['best_epoch']} of {results['epochs']}"))
    if results["zero_weights"]:
        rows.append(("zero weights", f"{100 * results['zero_weights']:.1f} %"))
    rows.append(("time", f"{results['seconds']:.2f} s"))
    rows.append(("samples per second", f"{results['samples_per_second']:,.0f}"))
    print_rows(rows)
    say(f"Diagnosis: {diagnosis.verdict}")
    for i, text in enumerate(diagnosis.advice, 1):
        say(f"  {i}. {text}", "     ")
    for text in diagnosis.notes:
        say(f"  - {text}", "    ")
    for what, path in (("Saved", results["saved"]), ("Report written", results["report"])):
        if path is not None:  # in one line, so that it can be copied
            click.echo(f"{what} to {path}")


def print_rows(rows: list[tuple[str, str]]) -> None:
    """Print names and figures in a box."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.ROUNDED, show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in rows:
        table.add_row(name, Text(value))
    _console().print(table)


def say(text: str, indent: str = "") -> None:
    """Print a paragraph as wide as the terminal. Control characters in names are replaced."""
    text = re.sub(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]", "\ufffd", text)
    width = min(_console().width, _WIDEST)
    click.echo(
        textwrap.fill(
            text, width, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
        )
    )


def _console() -> Console:
    from rich.console import Console

    return Console()

"""The output of commands about a network: figures and diagnosis, as a table or as JSON."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

import click

from fastnn.cli.data_source import PARTS
from fastnn.text.alarm import gives_away

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import Console

    from fastnn.cli.data_source import Source
    from fastnn.diagnosis import Diagnosis
    from fastnn.many.blend import Quality
    from fastnn.network import Network
    from fastnn.training.history import History


_WIDEST = 100
# Most classes to show: those of the highest errors.
MOST_CLASSES = 10


def introduce(source: Source, layers: list[int], what: str = "") -> None:
    """Print the data and the layers, before training; notices on columns and rows to stderr.

    `what` are words before the layers.
    """
    say(
        f"{source.name}: {len(source.train)} train, {len(source.dev)} dev, {len(source.test)} "
        f"test; {what}layers {'-'.join(map(str, layers))}"
    )
    if source.schema is not None:
        classes = source.schema.classes
        what = "" if classes is None else f" of {len(classes)} classes"
        say(f"{source.schema.task.capitalize()}{what}: {source.schema.target}")
    for text in source.notices:
        say(f"  - {text}", "    ", err=True)


def results_of(
    net: Network, history: History, source: Source, quality: Quality | None, seconds: float
) -> dict[str, Any]:
    """The figures of a run. Figures of one network are None for the mean of a quality.

    `seconds` is the time of the networks of a quality.
    """
    of_one: dict[str, Any] = dict.fromkeys(
        ("zero_weights", "epochs", "stopped", "best_epoch", "samples_per_second")
    )
    if quality is None:
        seconds = history.seconds[-1]
        of_one = {
            "zero_weights": net.sparsity()["all"],
            "epochs": len(history),
            "stopped": history.stopped,
            "best_epoch": None if history.best_epoch is None else history.best_epoch + 1,
            "samples_per_second": history.examples / (history.training_seconds or seconds),
        }
    return {
        "cost": net.cost(source.train.X, source.train.y),
        **errors_of(net, source),
        "quality": quality,
        "seconds": seconds,
        **of_one,
    }


def errors_of(net: Network, source: Source) -> dict[str, Any]:
    """Shares of wrong labels, or root mean squared errors in the target's units and R^2."""
    if source.schema is None:
        parts = {name: getattr(source, name) for name in PARTS}
        return {f"{name}_error": net.error(part.X, part.y) for name, part in parts.items()}
    from fastnn.tables.figures import figures_of, no_better_than

    figures = {
        f"{name}_{what}": value
        for name in PARTS
        for what, value in figures_of(source.schema, net, getattr(source, name)).items()
    }
    dev = source.dev
    A = net.forward(dev.X)
    figures["no_better_than"] = no_better_than(
        source.schema, A, source.train.y, dev.y, dev.weight, groups=dev.groups
    )
    return figures


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
    """The errors of the parts that there are, in words."""
    rows = []
    for name in PARTS:
        if f"{name}_error" in results:
            rows.append((f"{name} error", f"{100 * results[name + '_error']:.2f} %"))
            if name != "train" and f"{name}_auc" in results:
                rows.append(
                    (f"{name} balanced error", f"{100 * results[name + '_balanced_error']:.2f} %")
                )
                if results[f"{name}_auc"] is not None:
                    rows.append((f"{name} AUC", f"{results[name + '_auc']:.4f}"))
        elif f"{name}_rmse" in results:
            r2 = results[f"{name}_r2"]
            known = "" if r2 is None else f" (R² {r2:.3f})"
            rows.append((f"{name} RMSE", f"{results[name + '_rmse']:.4g}{known}"))
    return rows


def print_results(results: dict[str, Any], diagnosis: Diagnosis, source: Source) -> None:
    """Print a table of the figures, then the diagnosis: what to do next."""
    if results.get("no_better_than"):
        say(results["no_better_than"])
    rows = [("J (cost)", f"{results['cost']:.4g}"), *error_rows(results)]
    if results["best_epoch"] is not None:  # early stopping restored its parameters
        rows.append(("best epoch", f"{results['best_epoch']} of {results['epochs']}"))
    if results["zero_weights"]:
        rows.append(("zero weights", f"{100 * results['zero_weights']:.1f} %"))
    rows.append(("time", f"{results['seconds']:.2f} s"))
    if results["samples_per_second"] is not None:
        rows.append(("samples per second", f"{results['samples_per_second']:,.0f}"))
    print_rows(rows)
    if source.schema is not None and source.schema.classes is not None:
        print_class_errors(results, "dev", source.train.y)
    say(f"Diagnosis: {diagnosis.verdict}")
    if diagnosis.unit != "share of wrong labels":
        say(f"Its errors are the {diagnosis.unit}.")
    for i, text in enumerate(diagnosis.advice, 1):
        say(f"  {i}. {text}", "     ")
    told = {name for notice in source.notices for name in gives_away(notice)}
    for text in diagnosis.notes:
        if not gives_away(text) or not told.issuperset(gives_away(text)):
            say(f"  - {text}", "    ")
    for what, path in (("Saved", results["saved"]), ("Report written", results["report"])):
        if path is not None:  # in one line, so that it can be copied
            click.echo(f"{what} to {path}")


def print_class_errors(results: dict[str, Any], part: str, labels: NDArray[Any]) -> None:
    """Print the error of each class on a part where `labels` are uneven, the highest first."""
    from fastnn.tables.figures import are_uneven

    if not are_uneven(labels):
        return
    worst = sorted(results[f"{part}_class_errors"].items(), key=lambda item: -item[1])
    # A column of their own keeps names that are numbers apart from the errors.
    of = "class" if len(worst) <= MOST_CLASSES else f"class, {MOST_CLASSES} of {len(worst)}"
    rows = [(name, f"{100 * error:.1f} %") for name, error in worst[:MOST_CLASSES]]
    print_rows(rows, (of, f"{part} error"))


def print_rows(rows: list[tuple[str, str]], head: tuple[str, str] | None = None) -> None:
    """Print names and figures in a box."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    of_names, of_values = head or ("", "")
    table = Table(box=box.ROUNDED, show_header=head is not None, title_justify="left")
    table.add_column(of_names, style="bold")
    table.add_column(of_values, justify="right")
    for name, value in rows:
        table.add_row(Text(_printable(name)), Text(value))
    _console().print(table)


def say(text: str, indent: str = "", *, err: bool = False) -> None:
    """Print a paragraph as wide as the terminal. Control characters in names are replaced."""
    text = _printable(text)
    width = min(_console().width, _WIDEST)
    click.echo(
        textwrap.fill(
            text, width, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
        ),
        err=err,
    )


def _printable(text: str) -> str:
    return re.sub(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]", "\ufffd", text)


def _console() -> Console:
    from rich.console import Console

    return Console()

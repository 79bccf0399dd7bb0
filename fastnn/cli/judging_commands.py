"""``fastnn diagnose`` and ``fastnn report``: a model on the rows that it was trained on."""

from __future__ import annotations

import json
import os

import click

from fastnn.cli.data_source import FIRST_ROW, name_of
from fastnn.cli.errors import reported, reported_file
from fastnn.cli.models import check_order, judged_on, load_table_model
from fastnn.cli.options import (
    DEV,
    JSON,
    OPTIMAL_ERROR,
    QUIET,
    TEST,
    WEIGHT,
    NewFile,
    check_different,
    ending,
)


@click.command(
    context_settings={"show_default": True},
    short_help="Tell bias from variance, and what to do next.",
    epilog=ending(
        "fastnn diagnose iris.safetensors iris.csv",
        "fastnn diagnose iris.safetensors iris.csv --optimal-error 0.02",
    ),
)
@click.argument("model", metavar="MODEL")
@click.argument("data", metavar="DATA")
@DEV
@TEST
@WEIGHT
@OPTIMAL_ERROR
@QUIET
@JSON
def diagnose(
    model: str,
    data: str,
    dev: str | None,
    test: str | None,
    weight: str | None,
    optimal_error: float | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Tell what is wrong with a model, bias or variance, and what to do next.

    MODEL is a file that fastnn train data.csv --save wrote, DATA the table that it was trained on:
    its training, dev and test rows are found again. With --dev, DATA may be any training rows.
    Errors are shares of wrong classes, or of the variance that the target has in the training rows,
    left unexplained; with 95 % intervals.
    """
    check_order(model, data)
    check_different({"DATA": data, "--dev": dev, "--test": test})
    with reported():
        from fastnn.cli import output as shown
        from fastnn.tables.judging import diagnosis_of
        from fastnn.tables.options import settings_of

        judge, parts, notes = judged_on(load_table_model(model), data, dev, test, weight)
        parameters = settings_of(judge.get_params())
        diagnosis = diagnosis_of(
            judge.network_, parts, parameters, notes, optimal_error=optimal_error
        )
    if as_json:
        figures = {"errors": diagnosis.errors, "intervals": diagnosis.intervals}
        counts = {"rows": {name: len(part) for name, part in parts.items()}}
        click.echo(json.dumps(counts | figures | shown.as_json(diagnosis), indent=2))
    elif not quiet:
        click.echo(str(diagnosis))


@click.command(
    context_settings={"show_default": True},
    short_help="Write a page about a model: verdict, mistakes.",
    epilog=ending(
        "fastnn report iris.safetensors iris.csv",
        "fastnn report iris.safetensors iris.csv --examples 30 -o iris-30.html",
    ),
)
@click.argument("model", metavar="MODEL")
@click.argument("data", metavar="DATA")
@click.option(
    "-o",
    "--output",
    type=NewFile(allow_dash=True),
    show_default="MODEL, ending in .html",
    help="Write here; - for the standard output. An existing file is replaced.",
)
@DEV
@TEST
@WEIGHT
@click.option("--title", show_default="the name of DATA", help="The title of the page.")
@click.option(
    "--examples",
    type=click.IntRange(0),
    metavar="N",
    default=12,
    help="How many dev rows of highest loss are shown.",
)
@click.option(
    "--gradcheck/--no-gradcheck",
    default=True,
    help="Check the gradient of a sample of the parameters. The first check on a machine compiles "
    "for some seconds; fastnn warmup does it ahead.",
)
@OPTIMAL_ERROR
@QUIET
def report(
    model: str,
    data: str,
    output: str | None,
    dev: str | None,
    test: str | None,
    weight: str | None,
    title: str | None,
    examples: int,
    gradcheck: bool,
    optimal_error: float | None,
    quiet: bool,
) -> None:
    """Write an HTML page about a saved model.

    MODEL is a file that fastnn train data.csv --save wrote, DATA the table that it was trained on:
    its training, dev and test rows are found again. With --dev, DATA may be any training rows.

    The page has the verdict and what to do next; signals and gradients by layer; the mistakes and
    the worst rows of the dev set, by their row in a spreadsheet; layers and settings. Curves by
    epoch are on the page of fastnn train --report only: a model file does not keep them. The page
    is one file, which loads nothing and runs no script.
    """
    path = f"{os.path.splitext(model)[0]}.html" if output is None else output
    check_order(model, data)
    check_different({"MODEL": model, "DATA": data, "--dev": dev, "--test": test, "--output": path})
    with reported():
        from fastnn.tables.judging import report_on

        made = report_on(
            judged_on(load_table_model(model), data, dev, test, weight),
            title=name_of(data) if title is None else title,
            first_row=FIRST_ROW,
            examples=examples,
            gradcheck=gradcheck,
            optimal_error=optimal_error,
        )
        if path == "-":
            click.echo(made.html.encode(), nl=False)
        else:
            with reported_file(f"write {path}"):
                made.save(path)
    if path != "-" and not quiet:
        click.echo(f"Report written to {path}")

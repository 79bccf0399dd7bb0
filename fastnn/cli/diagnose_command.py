"""``fastnn diagnose``."""

from __future__ import annotations

import json

import click

from fastnn.cli.errors import reported
from fastnn.cli.models import check_order, judged_on, load_table_model
from fastnn.cli.options import DEV, JSON, OPTIMAL_ERROR, QUIET, TEST, check_different, ending


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
@OPTIMAL_ERROR
@QUIET
@JSON
def diagnose(
    model: str,
    data: str,
    dev: str | None,
    test: str | None,
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

        judge, parts, notes = judged_on(load_table_model(model), data, dev, test)
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

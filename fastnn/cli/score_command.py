"""``fastnn score``."""

from __future__ import annotations

import json

import click

from fastnn.cli.data_source import name_of
from fastnn.cli.errors import reported, reported_data
from fastnn.cli.models import check_order, labelled_for, load_table_model
from fastnn.cli.options import JSON, QUIET, WEIGHT, ending


@click.command(
    context_settings={"show_default": True},
    short_help="Measure a model on rows with their target.",
    epilog=ending(
        "fastnn score iris.safetensors iris-new.csv",
        "fastnn score iris.safetensors iris-new.csv --json",
    ),
)
@click.argument("model", metavar="MODEL")
@click.argument("data", metavar="DATA")
@WEIGHT
@QUIET
@JSON
def score(model: str, data: str, weight: str | None, quiet: bool, as_json: bool) -> None:
    """Measure the errors of a saved model on rows with their target.

    MODEL is a file that fastnn train data.csv --save wrote, DATA a .csv, .tsv or .parquet file with
    the column of the target, or - for CSV on the standard input. The figures are those that fastnn
    train shows of test rows: the error, by class too, the balanced error and AUC; or RMSE and R².
    Rows of a class that the model does not know are errors. Rows without a target are left out.
    """
    check_order(model, data)
    with reported():
        from fastnn.cli import output as shown
        from fastnn.tables.examples import part_of
        from fastnn.tables.figures import figures_of, told_of_unseen

        known = load_table_model(model)
        schema = known.schema_
        examples = labelled_for(known, data, weight)
        where = name_of(data)
        with reported_data(where):
            part = part_of(known, schema, examples, "test")
            told = [*told_of_unseen(part, "test"), *schema.review(examples.frame)]
        notices = [*examples.notices, *(f"{where}: {text}" for text in told)]
        figures = figures_of(schema, known.network_, part)
    results = {f"test_{name}": value for name, value in figures.items()}
    if as_json:
        about = {"target": schema.target, "task": schema.task, "rows": {"test": len(part)}}
        click.echo(json.dumps(results | about | {"notices": notices}, indent=2))
    elif not quiet:
        for text in notices:
            shown.say(text, "  ", err=True)
        shown.print_rows(shown.error_rows(results))
        if schema.classes is not None:
            shown.print_class_errors(results, "test", part.y)

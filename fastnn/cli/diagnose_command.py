"""``fastnn diagnose``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from fastnn.cli.data_source import Part, fingerprint_of, labelled, matrices, name_of
from fastnn.cli.dealing import deal
from fastnn.cli.errors import reported, reported_data
from fastnn.cli.models import load_table_model
from fastnn.cli.options import EXIT_CODES, JSON, OPTIMAL_ERROR, QUIET, check_different
from fastnn.cli.output import PARTS

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.tabular import TableModel


@click.command(context_settings={"show_default": True}, epilog=EXIT_CODES)
@click.argument("model", metavar="MODEL")
@click.argument("data", metavar="DATA")
@click.option(
    "--dev",
    metavar="FILE",
    help="Rows that the model was not trained on, in place of those of DATA.",
)
@click.option("--test", metavar="FILE", help="Rows on which nothing was chosen.")
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
    check_different({"DATA": data, "--dev": dev, "--test": test})
    with reported():
        from fastnn.cli import output as shown

        known = load_table_model(model)
        parts = parts_of(known, model, data, {"dev": dev, "test": test})
        diagnosis = known.network.diagnose(
            parts["train"], parts["dev"], test=parts.get("test"), optimal_error=optimal_error
        )
    if as_json:
        figures = {"errors": diagnosis.errors, "intervals": diagnosis.intervals}
        counts = {"rows": {name: len(part) for name, part in parts.items()}}
        click.echo(json.dumps(counts | figures | shown.as_json(diagnosis), indent=2))
    elif not quiet:
        click.echo(str(diagnosis))


def parts_of(
    model: TableModel, path: str, data: str, given: dict[str, str | None]
) -> dict[str, Part]:
    """The sets to measure errors on; `given` has the files of --dev and --test."""
    schema = model.schema
    frame, _ = labelled(data, schema.target, schema.text_columns, schema.missing)
    with reported_data(name_of(data)):
        frames = found_again(model, frame)
    if frames is None:
        if given["dev"] is None:
            raise click.UsageError(
                f"{data} does not hold the rows that {path} was trained on, in their order, so "
                "that its training rows cannot be told from the others; pass that table, or --dev "
                "with rows that it was not trained on."
            )
        frames = {"train": frame}
    for name, other in given.items():
        if other is not None:
            frames[name], _ = labelled(other, schema.target, schema.text_columns, schema.missing)
    if "dev" not in frames:
        raise click.UsageError(f"{path} was trained with dev rows of their own; pass them: --dev.")
    return {name: matrices(schema, part, given.get(name) or data) for name, part in frames.items()}


def found_again(model: TableModel, frame: pd.DataFrame) -> dict[str, pd.DataFrame] | None:
    """The parts that the model was trained and judged on, if the frame has the same rows."""
    import numpy as np

    from fastnn.tabular.reading import tidy
    from fastnn.tabular.values import categories

    schema, dealt = model.schema, model.run
    if not {"seed", "sizes", "fingerprint"} <= dealt.keys():
        return None
    # Another program could have written these.
    if type(dealt["seed"]) is not int or not isinstance(dealt["sizes"], dict):
        return None
    left_out = dealt.get("classes_left_out", ())
    if left_out:
        codes, texts = categories(tidy(frame[schema.target], schema.missing))
        frame = frame[~np.isin(texts, list(map(str, left_out)))[codes]]
    if fingerprint_of(schema, frame) != dealt["fingerprint"]:
        return None
    labels = schema.targets(frame) if schema.task == "classification" else None
    names = [name for name in PARTS if name in dealt["sizes"]]
    return deal(
        frame, labels, names, dealt["seed"], groups=dealt.get("groups"), time=dealt.get("time")
    )

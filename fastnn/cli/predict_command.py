"""``fastnn predict``."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import click

from fastnn.cli.data_source import name_of, read
from fastnn.cli.errors import reported, reported_data, reported_file
from fastnn.cli.models import check_order, load_table_model
from fastnn.cli.options import QUIET, Columns, NewFile, check_different, ending

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.tables.classifier import TableClassifier
    from fastnn.tables.regressor import TableRegressor

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")


@click.command(
    context_settings={"show_default": True},
    short_help="Predict the target of each row of a table.",
    epilog=ending(
        "fastnn predict iris.safetensors new.csv",
        "fastnn predict iris.safetensors new.csv --proba -o out.csv",
    ),
)
@click.argument("model", metavar="MODEL")
@click.argument("data", metavar="DATA")
@click.option(
    "-o",
    "--output",
    type=NewFile(allow_dash=True),
    default="-",
    help="Write here: .csv, .tsv, .csv.gz, .tsv.gz or .parquet; - for CSV on the standard output.",
)
@click.option("--proba", is_flag=True, help="The probability of each class as well.")
@click.option("--keep", type=Columns(), help="Columns of DATA to copy, e.g. id,name.")
@QUIET
def predict(
    model: str, data: str, output: str, proba: bool, keep: list[str] | None, quiet: bool
) -> None:
    """Predict the target of each row of a table.

    MODEL is a file that fastnn train data.csv --save wrote; DATA a .csv, .tsv or .parquet file, or
    - for CSV on the standard input. All rows are predicted, in their order. Columns are matched by
    name; those that the model does not know are ignored. Messages count rows as a spreadsheet does:
    the names are row 1.
    """
    if output != "-":
        check_suffix("--output", output)
    check_order(model, data)
    check_different({"MODEL": model, "DATA": data, "--output": output})
    with reported():
        if output.lower().endswith(".parquet"):  # before anything is read and predicted
            from fastnn.tabular.files import check_parquet

            check_parquet()
        known = load_table_model(model)
        schema = known.schema_
        if proba and schema.task == "regression":
            raise click.UsageError(f"--proba is for classes; {model} predicts a quantity.")
        # Columns that are copied are read as text: 007 stays 007.
        as_text = [*schema.text_columns, *(keep or ())]
        frame = read(data, as_text, schema.missing, schema.whole_columns)
        with reported_data(name_of(data)):
            table = predictions(known, frame, keep or [], proba)
            notices = [*schema.review(frame), *raised_to_0(known, table["prediction"])]
        if output == "-":
            click.echo(table.to_csv(index=False, lineterminator="\n").encode(), nl=False)
        else:
            with reported_file(f"write {output}"):
                write_table(table, output)
    if not quiet:
        for text in notices:
            click.echo(f"{name_of(data)}: {text}", err=True)
        if output != "-":
            click.echo(f"{counted(len(table))} written to {output}")


def raised_to_0(model: TableClassifier | TableRegressor, values: pd.Series[Any]) -> list[str]:
    """A list with a sentence on predictions that would be below 0, or empty."""
    if model.task != "regression" or model.schema_.output == "exp":
        return []
    count = int((values == 0).sum()) if model.schema_.units[2] == 0 else 0
    if not count:
        return []
    return [
        f"{counted(count)} would be below 0, as no {model.schema_.target} of training is, and are "
        "0; fastnn train --loss poisson makes a model whose predictions are above 0."
    ]


def counted(count: int) -> str:
    """A count of predictions in words."""
    return "1 prediction" if count == 1 else f"{count:,} predictions"


def predictions(
    model: TableClassifier | TableRegressor, frame: pd.DataFrame, keep: list[str], proba: bool
) -> pd.DataFrame:
    """The columns to keep, "prediction", and "probability of ..." each class."""
    import pandas as pd

    missing = [name for name in keep if name not in frame.columns]
    if missing:
        raise click.UsageError(
            f"--keep {', '.join(missing)}: no such column; there are "
            f"{', '.join(map(str, frame.columns))}."
        )
    with warnings.catch_warnings():  # the notices of the command tell the same
        warnings.filterwarnings("ignore", "Column ", UserWarning)
        made: dict[str, Any] = {"prediction": model.predict(frame)}
        P = model.predict_proba(frame) if proba else None
    if P is not None:
        made |= {f"probability of {name}": P[:, k] for k, name in enumerate(model.classes_)}
    taken = [name for name in keep if name in made]
    if taken:
        raise click.UsageError(f"--keep {taken[0]}: this is a column of the result; rename it.")
    kept = frame[keep].reset_index(drop=True)
    return pd.concat([kept, pd.DataFrame(made)], axis="columns")


def check_suffix(option: str, path: str) -> None:
    """Refuse a path with a format that `write_table` does not know."""
    if not path.lower().endswith(SUFFIXES):
        raise click.UsageError(f"{option} {path} ends in none of {', '.join(SUFFIXES)}.")


def write_table(table: pd.DataFrame, path: str) -> None:
    """Write a table in the format of its suffix, entirely or not at all."""
    from fastnn.files.atomic import write_atomically

    file, name = io.BytesIO(), path.lower()
    if name.endswith(".parquet"):
        table.to_parquet(file, engine="pyarrow", index=False)
    else:
        # mtime: the same predictions are the same bytes.
        packed = {"method": "gzip", "mtime": 0} if name.endswith(".gz") else None
        separator = "\t" if ".tsv" in name[-7:] else ","
        table.to_csv(file, index=False, sep=separator, compression=packed, lineterminator="\n")
    write_atomically(path, file.getvalue())

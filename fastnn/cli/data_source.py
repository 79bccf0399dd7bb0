"""The data of a command: the bundled digits, or the user's own file, in three parts."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from fastnn.cli.dealing import deal, rare_of
from fastnn.cli.errors import reported_data, reported_file
from fastnn.cli.options import Columns, apply

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from fastnn.data.parts import Split
    from fastnn.tabular import TableSchema

FEWEST_ROWS = 10
# The first row of data in a spreadsheet, below the names of the columns.
FIRST_ROW = 2
OPTIONS_OF_DATA = (
    *("target", "task", "drop", "categorical", "numeric", "missing", "decimal"),
    *("rare_classes", "groups", "time", "dev", "test"),
)

data_options = apply(
    click.option("--target", metavar="NAME", help="The column to predict; needed for a file."),
    click.option(
        "--task",
        type=click.Choice(["auto", "classification", "regression"]),
        default="auto",
        help="auto: classification of text, true/false and few different integers, else "
        "regression.",
    ),
    click.option("--drop", type=Columns(), help="Columns to leave out, e.g. id,name."),
    click.option(
        "--categorical", type=Columns(), help="Columns whose numbers are codes, e.g. zip."
    ),
    click.option(
        "--numeric", type=Columns(), help="Columns to keep as numbers, even if they count rows."
    ),
    click.option(
        "--missing",
        type=Columns(),
        metavar="TEXTS",
        help="Fields that are missing values, e.g. ?,-999; else NA, N/A, NaN, null and, among "
        "numbers, also -, ?, n.a., None and the like.",
    ),
    click.option(
        "--decimal",
        type=click.Choice([".", ","]),
        help="The decimal mark of numbers; else the numbers of a column tell.",
    ),
    click.option(
        "--rare-classes",
        type=click.Choice(["drop", "keep"]),
        help="Classes of too few rows to be in all parts: drop leaves their rows out, keep trains "
        "on them; else drop.",
    ),
    click.option(
        "--groups",
        metavar="NAME",
        help="A column, e.g. patient, whose equal values stay in one part; it is no input.",
    ),
    click.option(
        "--time",
        metavar="NAME",
        help="A column of dates or numbers: train on the first rows, dev and test on later ones.",
    ),
    click.option("--dev", metavar="FILE", help="Dev examples; else they are split off."),
    click.option("--test", metavar="FILE", help="Test examples; else they are split off."),
)


@dataclass(frozen=True)
class Source:
    """Training, dev and test examples, with the schema of their table; the digits have none.

    `dealt` has the seed and the sizes of the parts: `fastnn diagnose` finds them again with it.
    """

    name: str
    train: Split | Part
    dev: Split | Part
    test: Split | Part
    outputs: int
    schema: TableSchema | None = None
    dealt: dict[str, Any] | None = None
    notices: list[str] = field(default_factory=list)

    @property
    def regression(self) -> bool:
        return self.schema is not None and self.schema.task == "regression"

    @property
    def output(self) -> str | None:
        return None if self.schema is None else self.schema.output

    def layer_sizes(self, hidden: list[int]) -> list[int]:
        return [self.train.X.shape[1], *hidden, self.outputs]


@dataclass(frozen=True)
class Part:
    """Examples as inputs and targets of the network; `index` has their rows in the file, from 0."""

    X: Any
    y: Any
    index: np.ndarray

    def __len__(self) -> int:
        return len(self.y)


def open_source(data: str | None, seed: int, options: dict[str, Any]) -> Source:
    """The digits, or the file that was given; `options` are those of `data_options`."""
    if data is not None:
        if options["target"] is None:
            raise click.UsageError(f"--target is missing: name the column of {data} to predict.")
        return from_files(data, seed, **options)
    for name, value in options.items():
        if value not in (None, "auto"):
            raise click.UsageError(f"--{name} is for a file: fastnn train data.csv --target NAME.")
    from fastnn.cli.digits import digits

    return Source("Handwritten digits", *digits(seed), outputs=10)


def from_files(
    data: str,
    seed: int,
    *,
    target: str,
    task: str,
    drop: list[str] | None,
    categorical: list[str] | None,
    numeric: list[str] | None,
    missing: list[str] | None,
    decimal: str | None,
    rare_classes: str | None,
    groups: str | None,
    time: str | None,
    dev: str | None,
    test: str | None,
) -> Source:
    """The examples of a file; the files `dev` and `test`, if given, replace parts of it."""
    import numpy as np

    from fastnn.tabular import TableSchema
    from fastnn.tabular.target import learn_target
    from fastnn.tabular.values import check_columns

    if groups is not None and time is not None:
        raise click.UsageError("--groups and --time each say how to split the rows; give one.")
    categorical = categorical or []
    paths = {"train": data, "dev": dev or data, "test": test or data}
    names = [name for name, path in paths.items() if path == data]
    frame, notices = labelled(data, target, categorical, missing)
    with reported_data(name_of(data)):
        check_columns([name for name in (groups, time) if name], frame, "column")
        if len(frame) < FEWEST_ROWS:
            raise ValueError(
                f"got {len(frame)} rows with a {target}, expected at least {FEWEST_ROWS} to learn "
                "from and to measure on: collect more"
            )
        # A split that is stratified by class has to know the task.
        answers = frame[target].astype("category") if target in categorical else frame[target]
        kind, _ = learn_target(answers, task, missing, decimal)
        how: dict[str, Any] = {"groups": groups} if groups else {"time": time} if time else {}
        labels = None
        if kind.task == "classification":
            labels = kind.encode(answers, missing)
            rare = rare_of(kind, labels, names)
            if rare and rare_classes != "keep":
                left = ~np.isin(labels, np.searchsorted(kind.classes, rare))
                how["classes_left_out"] = rare
                notices.append(
                    f"Classes of fewer than {len(names)} rows are left out, with "
                    f"{int((~left).sum())} rows: {', '.join(map(str, rare))[:200]}; --rare-classes "
                    "keep trains on them."
                )
                frame, labels = frame[left], labels[left]
        parts = deal(frame, labels, names, seed, groups=groups, time=time)
        schema = TableSchema.fit(
            parts["train"],
            target=target,
            task=kind.task,
            drop=[*(drop or []), *([groups] if groups and groups not in (drop or []) else [])],
            categorical=categorical,
            numeric=numeric or (),
            missing=missing,
            decimal=decimal,
        )
        dealt = {
            "seed": seed,
            "sizes": {name: len(part) for name, part in parts.items()},
            "fingerprint": fingerprint_of(schema, frame),
            **how,
        }
    notices += schema.notices
    for name, path in paths.items():
        if name not in parts:
            parts[name], said = labelled(path, target, schema.text_columns, missing)
            notices += said
    return Source(
        name_of(data),
        **{name: matrices(schema, part, paths[name]) for name, part in parts.items()},
        outputs=schema.n_outputs,
        schema=schema,
        dealt=dealt,
        notices=notices,
    )


def matrices(schema: TableSchema, frame: pd.DataFrame, path: str) -> Part:
    with reported_data(name_of(path)):
        index = frame.index.to_numpy() - FIRST_ROW
        return Part(schema.inputs(frame), schema.targets(frame), index)


def fingerprint_of(schema: TableSchema, frame: pd.DataFrame) -> str:
    """A fingerprint of inputs and targets; the format and the order of columns do not matter."""
    import numpy as np

    from fastnn.files.fingerprint import fingerprint

    return fingerprint(np.column_stack((schema.inputs(frame), schema.targets(frame))))["sha256"]


def labelled(
    path: str, target: str, text: Sequence[str], missing: Sequence[str] | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """The rows of a file that have a target, and a list with a notice about the others."""
    from fastnn.tabular import with_target

    frame = read(path, text, missing)
    with reported_data(name_of(path)):
        frame, without = with_target(frame, target, missing)
    if not without:
        return frame, []
    rows = "1 row" if without == 1 else f"{without:,} rows"
    return frame, [
        f"{name_of(path)}: {rows} without a {target} are left out (the field is empty or says that "
        "it is missing, as NA does)."
    ]


def read(path: str, text: Sequence[str] = (), missing: Sequence[str] | None = None) -> pd.DataFrame:
    """The table in a file or from the standard input; the columns `text` are read unchanged.

    Its index counts rows as a spreadsheet does, for messages: the names are row 1.
    """
    from fastnn.tabular import read_table

    with reported_file(f"read {name_of(path)}", "<stdin>" if path == "-" else path):
        if path == "-":
            frame = read_table(sys.stdin.buffer, text=text, missing=missing)
        elif stat.S_ISFIFO(os.stat(path).st_mode):  # a shell makes one for <(command)
            with open(path, encoding="utf-8", newline="") as file:
                frame = read_table(file, text=text, missing=missing)
        else:
            frame = read_table(path, text=text, missing=missing)
    frame.index += FIRST_ROW
    return frame


def name_of(path: str) -> str:
    """A path as it can be shown: its bytes may be no UTF-8."""
    return "standard input" if path == "-" else click.format_filename(path)

"""The data of a command: the bundled digits, or the user's own file, in three parts."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from fastnn.cli.errors import reported_data, reported_file
from fastnn.cli.options import Columns, apply

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from fastnn.data.parts import Split
    from fastnn.tabular import TableSchema
    from fastnn.tabular.target import Target

FEWEST_ROWS = 10
# The first row of data in a spreadsheet, below the names of the columns.
FIRST_ROW = 2
OPTIONS_OF_DATA = ("target", "task", "drop", "categorical", "dev", "test")

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
    dev: str | None,
    test: str | None,
) -> Source:
    """The examples of a file; the files `dev` and `test`, if given, replace parts of it."""
    from fastnn.tabular import TableSchema
    from fastnn.tabular.target import learn_target

    drop, categorical = drop or [], categorical or []
    paths = {"train": data, "dev": dev or data, "test": test or data}
    names = [name for name, path in paths.items() if path == data]
    frame, notices = labelled(data, target, categorical)
    with reported_data(name_of(data)):
        if len(frame) < FEWEST_ROWS:
            raise ValueError(
                f"got {len(frame)} rows with a {target}, expected at least {FEWEST_ROWS} to learn "
                "from and to measure on: collect more"
            )
        # A split that is stratified by class has to know the task.
        answers = frame[target].astype("category") if target in categorical else frame[target]
        kind = learn_target(answers, task)
        labels = None
        if kind.task == "classification":
            labels = kind.encode(answers)
            check_classes(kind, labels, names)
        parts = deal(frame, labels, names, seed)
        schema = TableSchema.fit(
            parts["train"], target=target, task=kind.task, drop=drop, categorical=categorical
        )
        dealt = {
            "seed": seed,
            "sizes": {name: len(part) for name, part in parts.items()},
            "fingerprint": fingerprint_of(schema, frame),
        }
    notices += schema.notices
    for name, path in paths.items():
        if name not in parts:
            parts[name], said = labelled(path, target, schema.text_columns)
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


def check_classes(target: Target, labels: np.ndarray, names: list[str]) -> None:
    """Refuse classes of which there are too few for each part to have one."""
    import numpy as np

    counts = np.bincount(labels)
    if counts.min() < len(names):
        rows = "1 row" if counts.min() == 1 else f"{counts.min()} rows"
        raise ValueError(
            f"class {target.classes[counts.argmin()]} of {target.name} has {rows}, expected at "
            f"least {len(names)}, one for each of {', '.join(names)}: collect more, leave it out, "
            "or join it with another class; for a quantity, --task regression"
        )


def deal(
    frame: pd.DataFrame, labels: np.ndarray | None, names: list[str], seed: int
) -> dict[str, pd.DataFrame]:
    """The rows of each named part, drawn at random, each with the same share of every class."""
    if len(names) == 1:
        return {names[0]: frame}
    from fastnn.data.part_sizes import rule_of_thumb
    from fastnn.data.splitting import split

    n = rule_of_thumb(len(frame))
    sizes = [len(frame) - n * (len(names) - 1)] + [n] * (len(names) - 1)
    dealt = split(frame, labels, sizes=sizes, stratify=labels is not None, rng=seed)
    return {name: part.X for name, part in zip(names, dealt, strict=False)}


def fingerprint_of(schema: TableSchema, frame: pd.DataFrame) -> str:
    """A fingerprint of inputs and targets; the format and the order of columns do not matter."""
    import numpy as np

    from fastnn.files.fingerprint import fingerprint

    return fingerprint(np.column_stack((schema.inputs(frame), schema.targets(frame))))["sha256"]


def labelled(path: str, target: str, text: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """The rows of a file that have a target, and a list with a notice about the others."""
    from fastnn.tabular import with_target

    frame = read(path, text)
    with reported_data(name_of(path)):
        frame, missing = with_target(frame, target)
    if not missing:
        return frame, []
    return frame, [
        f"{name_of(path)}: {missing:,} rows without a {target} are left out (the field is empty, "
        "NA, N/A, nan, null or None)."
    ]


def read(path: str, text: Sequence[str] = ()) -> pd.DataFrame:
    """The table in a file or from the standard input; the columns `text` are read unchanged.

    Its index counts rows as a spreadsheet does, for messages: the names are row 1.
    """
    from fastnn.tabular import read_table

    with reported_file(f"read {name_of(path)}", "<stdin>" if path == "-" else path):
        if path == "-":
            frame = read_table(sys.stdin.buffer, text=text)
        elif stat.S_ISFIFO(os.stat(path).st_mode):  # a shell makes one for <(command)
            with open(path, encoding="utf-8", newline="") as file:
                frame = read_table(file, text=text)
        else:
            frame = read_table(path, text=text)
    frame.index += FIRST_ROW
    return frame


def name_of(path: str) -> str:
    """A path as it can be shown: its bytes may be no UTF-8."""
    return "standard input" if path == "-" else click.format_filename(path)

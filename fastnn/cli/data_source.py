"""The data of a command: the bundled digits, or the user's own file, in three parts."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from fastnn.cli.errors import reported_data, reported_file

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.data.parts import Split
    from fastnn.layers.outputs import OutputName
    from fastnn.tables.classifier import TableClassifier
    from fastnn.tables.examples import Examples
    from fastnn.tables.preparation import Prepared
    from fastnn.tables.recipe import Shape
    from fastnn.tables.regressor import TableRegressor
    from fastnn.tabular import TableSchema
    from fastnn.tabular.target import Task

PARTS = ("train", "dev", "test")
# Of the digits.
IMAGE_SHAPE = 8, 8
_TABLES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".parquet")
_MODEL = ".safetensors"
_NOT_OF_AN_ESTIMATOR = {"target", "task", "weight", "dev", "test"}
# The first row of data in a spreadsheet, below the names of the columns.
FIRST_ROW = 2


@dataclass(frozen=True)
class Source:
    """Training, dev and test examples; of a file also the estimator that they are prepared for.

    `prepare_for`, where it was asked for, prepares the same rows for another estimator.
    """

    name: str
    parts: Mapping[str, Any]
    shape: Shape
    estimator: TableClassifier | TableRegressor | None = None
    prepared: Prepared | None = None
    prepare_for: Callable[[Any], Prepared] | None = None

    @property
    def train(self) -> Any:
        return self.parts["train"]

    @property
    def dev(self) -> Any:
        return self.parts["dev"]

    @property
    def test(self) -> Any:
        return self.parts["test"]

    @property
    def schema(self) -> TableSchema | None:
        return None if self.prepared is None else self.prepared.schema

    @property
    def notices(self) -> list[str]:
        return [] if self.prepared is None else self.prepared.notices

    @property
    def regression(self) -> bool:
        return self.schema is not None and self.schema.task == "regression"

    def parts_of_rows(self) -> pd.DataFrame:
        """The rows that were dealt, as a spreadsheet counts them, and the part that each is in."""
        import pandas as pd

        assert self.prepared is not None
        names = [name for name in PARTS if name in self.prepared.places]
        parts = []
        for name in names:
            part = self.prepared.parts[name]
            index = [*part.index, *(part.unseen.index if len(part.unseen) else ())]
            parts.append(pd.DataFrame({"row": index, "part": name}))
        return pd.concat(parts).sort_values("row", ignore_index=True)

    def layer_sizes(self, hidden: Sequence[int]) -> list[int]:
        return [self.shape.n_inputs, *hidden, self.shape.n_outputs]


class ShapeOfDigits(NamedTuple):
    """The inputs and outputs of a network of the digits."""

    n_inputs: int = 64
    n_outputs: int = 10
    output: OutputName | None = None


def digits(seed: int) -> tuple[Split, Split, Split]:
    """Training, dev and test set: 60, 20 and 20 % of the digits, stratified by class."""
    from sklearn.datasets import load_digits

    from fastnn.data.splitting import split

    X, y = load_digits(return_X_y=True)
    return split(X / 16.0, y, rng=seed)  # pixels are 0 to 16


def open_source(
    data: str | None,
    seed: int,
    options: dict[str, Any],
    parameters: dict[str, Any],
    *,
    again: bool = False,
) -> Source:
    """The digits, or the file that was given.

    `options` are by `data_options`, and `parameters` for a network and its fit. `again`: the
    rows are to be prepared for other estimators, too, so that the table stays in memory.
    """
    if data is not None:
        if options["target"] is None:
            raise click.UsageError(f"--target is missing: name the column of {data} to predict.")
        if is_table(options["target"]) and not is_table(data) and data != "-":
            raise click.UsageError(
                f"--target names a column; {options['target']} is a table by its name: "
                f"fastnn train {options['target']} --target {data}."
            )
        return from_files(data, seed, options, parameters, again=again)
    for name, value in options.items():
        if value not in (None, "auto"):
            raise click.UsageError(
                f"--{name.replace('_', '-')} is for a file: fastnn train data.csv --target NAME."
            )
    parts = dict(zip(PARTS, digits(seed), strict=True))
    return Source("Handwritten digits", parts, ShapeOfDigits())


def from_files(
    data: str,
    seed: int,
    options: dict[str, Any],
    parameters: dict[str, Any],
    *,
    again: bool = False,
) -> Source:
    """The examples of a file; the files `dev` and `test`, if given, replace parts of it."""
    from fastnn.tables.classifier import TableClassifier
    from fastnn.tables.options import AUTO
    from fastnn.tables.preparation import FEWEST_ROWS, add_part, parts_of_fit, prepare
    from fastnn.tables.recipe import check_parameters
    from fastnn.text.words import rows

    check_parameters(TableClassifier(**parameters))
    known = ("target", "missing", "categorical", "weight")
    target, missing, categorical, weight = (options[name] for name in known)
    for name in ("groups", "time"):
        if weight is not None and weight == options[name]:
            raise click.UsageError(f"--weight and --{name} both name {weight}; give one of them.")
    given = {name: path for name in PARTS[1:] if (path := options[name]) not in (None, data)}
    for name in given:
        if options[f"{name}_share"] is not None:
            raise click.UsageError(f"--{name} and --{name}-share: give one of them.")
    options = options | {f"{name}_share": options[f"{name}_share"] or AUTO for name in PARTS[1:]}
    if options["drop"] is not None:  # the column of weights is left out anyway
        options = options | {"drop": [name for name in options["drop"] if name != weight]}
    as_asked = {"categorical": categorical, "weight": weight}
    examples = labelled(data, target, categorical or (), missing, task=options["task"], **as_asked)
    with reported_data(name_of(data)):
        if len(examples.frame) < FEWEST_ROWS:
            raise ValueError(
                f"got {rows(len(examples.frame))} with a {target}, expected at least {FEWEST_ROWS} "
                "to learn from and to measure on: collect more"
            )
        estimator = estimator_for(examples, options, parameters | {"random_state": seed})
    read: dict[str, Examples] = {}

    def prepare_for(estimator: Any) -> Prepared:
        with reported_data(name_of(data)):
            prepared = prepare(estimator, examples, parts_of_fit(estimator, given))
        for name, path in given.items():
            if path not in read:
                schema = prepared.schema
                read[path] = labelled(
                    path,
                    target,
                    schema.text_columns,
                    missing,
                    schema.whole_columns,
                    schema.task,
                    **as_asked,
                )
            with reported_data(name_of(path)):
                add_part(estimator, prepared, name, read[path], examples)
        return prepared

    prepared = prepare_for(estimator)
    return Source(
        name_of(data),
        prepared.parts,
        prepared.schema,
        estimator,
        prepared,
        prepare_for if again else None,
    )


def estimator_for(
    examples: Examples, options: dict[str, Any], parameters: dict[str, Any]
) -> TableClassifier | TableRegressor:
    """The estimator of the target's task, with the options that were given."""
    from fastnn.tables.classifier import TableClassifier
    from fastnn.tables.examples import table_of
    from fastnn.tables.regressor import TableRegressor
    from fastnn.tabular.rows import named
    from fastnn.tabular.target import learn_target, notices_on_task

    answers, task = examples.frame[examples.target], options["task"]
    asked = named(examples.target, options["categorical"])
    learnt, _ = learn_target(
        answers, task, options["missing"], options["decimal"], categorical=asked
    )
    examples.notices.extend(notices_on_task(learnt, answers, task, asked))
    kind = {"classification": TableClassifier, "regression": TableRegressor}[learnt.task]
    for name in options.keys() - _NOT_OF_AN_ESTIMATOR:
        if options[name] is None:
            continue
        if name not in kind().get_params():
            raise click.UsageError(
                f"--{name.replace('_', '-')} is not for a {learnt.task}, which {examples.target} "
                "takes; see --task."
            )
        parameters = parameters | {name: options[name]}
    if isinstance(weights := options["class_weight"], dict):  # texts, as on the command line
        classes = {str(value): value for value in learnt.classes.tolist()}
        weights = {classes.get(text, text): weight for text, weight in weights.items()}
        parameters = parameters | {"class_weight": weights}
    estimator = kind(**parameters)
    table_of(estimator, examples.frame, reset=True, target=examples.target)  # the names of features
    return estimator


def labelled(
    path: str,
    target: str,
    text: Sequence[str],
    missing: Sequence[str] | None = None,
    whole: Sequence[str] = (),
    task: Literal[Task, "auto"] = "auto",
    categorical: str | Sequence[str] | None = None,
    weight: str | None = None,
) -> Examples:
    """The rows of a file that have a target, and a notice about the others.

    `weight` is a column of their weights, which is no input.
    """
    from fastnn.reading.values import check_columns
    from fastnn.tables.examples import Examples, weighed
    from fastnn.tabular.rows import known_rows

    once = _read_once(path)
    frame = read(path, text, missing, whole, once)
    with reported_data(name_of(path)):
        check_columns([target], frame, "target")
        known, said = known_rows(
            frame,
            target,
            missing,
            task,
            categorical,
            lambda: read(path, [target], missing, whole, once)[target],
        )
        examples = Examples(frame if known.all() else frame[known], target, None, said)
        if weight is not None:
            examples = weighed(examples, weight)
    notices = [f"{name_of(path)}: {text}" for text in examples.notices]
    return examples._replace(notices=notices)


def is_table(path: str) -> bool:
    """Whether a path names a table by its suffix."""
    return path.lower().endswith(_TABLES)


def read(
    path: str,
    text: Sequence[str] = (),
    missing: Sequence[str] | None = None,
    whole: Sequence[str] = (),
    once: bytes | None = None,
) -> pd.DataFrame:
    """The table in a file or from the standard input, by the options of `read_table`.

    Its index counts rows as a spreadsheet does, for messages: the names are row 1. `once` is the
    result of `_read_once`, where it is at hand.
    """
    from fastnn.tabular import read_table

    if path.lower().endswith(_MODEL):
        raise click.UsageError(
            f"expected a table, as data.csv; {name_of(path)} is a model file by its name."
        )
    with reported_file(f"read {name_of(path)}", "<stdin>" if path == "-" else path):
        once = _read_once(path) if once is None else once
        source: Any = path
        if once is not None:
            source = io.BytesIO(once)
            source.name = "<stdin>" if path == "-" else path
        frame = read_table(source, text, missing, whole)
    frame.index += FIRST_ROW
    return frame


def _read_once(path: str) -> bytes | None:
    """The bytes of the standard input or a pipe, which can be read once only; else None."""
    with reported_file(f"read {name_of(path)}", "<stdin>" if path == "-" else path):
        if path == "-":
            return sys.stdin.buffer.read()
        if os.path.exists(path) and stat.S_ISFIFO(os.stat(path).st_mode):
            with open(path, "rb") as file:  # a shell makes one for <(command)
                return file.read()
    return None


def name_of(path: str) -> str:
    """A path as it can be shown: its bytes may be no UTF-8."""
    return "standard input" if path == "-" else click.format_filename(path)

"""Types of option values, checks of paths, and options that several commands share."""

from __future__ import annotations

import contextlib
import functools
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from fastnn.text.slow_work import quiet


class Commas(click.ParamType):
    """One value, or a list with commas: 0.8 -> 0.8; 1,0.8,0.8 -> [1.0, 0.8, 0.8]."""

    def __init__(self, name: str, kind: type, example: str, *, always_list: bool = False) -> None:
        self.name, self.kind, self.example, self.always_list = name, kind, example, always_list

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if self.always_list and value == "none":
            return []
        try:
            values = [self.kind(part.strip()) for part in value.split(",")]
        except ValueError:
            values = [""]
        if "" in values:
            self.fail(f"got {value!r}, expected {self.example}.", param, ctx)
        return values if self.always_list or len(values) > 1 else values[0]


class Columns(click.ParamType):
    """A list of column names with commas; a name with a comma in it is quoted, as in CSV."""

    name = "NAMES"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[str]:
        import csv

        try:
            names = next(csv.reader([value], skipinitialspace=True, strict=True))
        except csv.Error as error:
            self.fail(f"got {value!r}, which is not a list with commas: {error}.", param, ctx)
        if not all(names):
            self.fail(f"got {value!r}, expected names of columns, e.g. id,name.", param, ctx)
        return names


class ClassWeights(click.ParamType):
    """balanced, or {class: weight} from a list with commas; the last = divides each part."""

    name = "WEIGHTS"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | dict[str, float]:
        if value == "balanced":
            return value
        weights: dict[str, float] = {}
        for part in Columns().convert(value, param, ctx):
            name, _, number = part.rpartition("=")
            try:
                weight = float(number)
            except ValueError:
                weight = 0.0
            if not name or name in weights or not 0 < weight < math.inf:
                self.fail(
                    f"got {value!r}, expected balanced, or each class once with a weight above 0, "
                    "e.g. yes=5,no=1.",
                    param,
                    ctx,
                )
            weights[name] = weight
        return weights


@dataclass(frozen=True)
class Range:
    """The range log:LOW:HIGH, from which values are drawn."""

    low: float
    high: float

    def distribution(self, name: str) -> Any:
        """The distribution for `fastnn.sweep`: log-uniform; for keep_prob, 1 - keep_prob is."""
        from scipy.stats import loguniform

        from fastnn.sweeps import KeepProb

        draw = KeepProb if name == "keep_prob" else loguniform
        return draw(self.low, self.high)


class Values(click.ParamType):
    """A list of numbers with commas, or log:LOW:HIGH."""

    name = "VALUES"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[float] | Range:
        kind, _, rest = value.partition(":")
        try:
            if kind == "log":
                low, high = (float(end) for end in rest.split(":"))
                if 0 < low < high < math.inf:
                    return Range(low, high)
            else:
                return [float(part) for part in value.split(",")]
        except ValueError:
            pass  # one message serves for all mistakes
        self.fail(
            f"got {value!r}, expected numbers with commas, e.g. 0.01,0.1,1, or a range of positive "
            "numbers to draw from, e.g. log:1e-4:1e-1.",
            param,
            ctx,
        )


class BatchSize(click.ParamType):
    """A number of rows, or "full" (also 0) for all of them."""

    name = "ROWS"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        if value in ("0", "full"):
            return None
        if not value.isdecimal():
            self.fail(f"got {value!r}, expected a number of rows, e.g. 64, or full.", param, ctx)
        return int(value)


class Patience(click.IntRange):
    """Epochs to wait, or "off"; an option that was not given is None."""

    name = "PATIENCE"

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: Any, ctx: Any) -> int | str:
        return value if value == "off" else super().convert(value, param, ctx)


class NewFile(click.Path):
    """A file to write. A path that cannot be written to is refused before training, not after."""

    def __init__(self, *, allow_dash: bool = False, directory: bool = False) -> None:
        super().__init__(dir_okay=directory, writable=True, allow_dash=allow_dash)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        path = super().convert(value, param, ctx)
        if path == "-" or (self.dir_okay and os.path.isdir(path)):
            return path
        directory = os.path.dirname(os.path.realpath(path))
        if not os.path.isdir(directory):
            self.fail(f"there is no directory {directory}; create it first.", param, ctx)
        if os.path.exists(path) and not os.path.isfile(path):  # a pipe, a device
            self.fail(f"{path} is not a regular file; give the name of a file.", param, ctx)
        if not os.access(directory, os.W_OK):
            self.fail(f"the directory {directory} is not writable.", param, ctx)
        return path


_TABLES = ("DATA", "--dev", "--test")


def check_different(paths: dict[str, str | None]) -> None:
    """Refuse two options, or an option and an argument, that name the same file.

    Several tables may be the same file, because they are only read. The standard input can be
    read only once.
    """
    seen: dict[str, tuple[str, str]] = {}
    for name, path in paths.items():
        if path is None or (path == "-" and name not in _TABLES):
            continue
        first = seen.setdefault(path if path == "-" else os.path.realpath(path), (name, path))
        both_read = first[0] in _TABLES and name in _TABLES
        if first[0] != name and (path == "-" or not both_read):
            raise click.UsageError(
                f"{first[0]} and {name} both name {first[1]}; give each its own file."
            )


def apply(*options: Any) -> Any:
    """A decorator that adds several options, in the order in which --help lists them."""

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


OPTIONS_OF_DATA = (
    *("target", "task", "drop", "categorical", "numeric", "missing", "decimal", "day_first"),
    *("rare_classes", "class_weight", "weight", "loss", "groups", "time", "dev", "test"),
    *("dev_share", "test_share"),
)
WEIGHT = click.option(
    "--weight",
    metavar="NAME",
    help="A column, e.g. count, that tells how much each row counts, in the errors too; it is no "
    "input, and rows of weight 0 are left out. The diagnosis counts every row once.",
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
        "--day-first/--month-first",
        default=None,
        help="The order of 03/04/2020; else the dates of a column tell, or the month is first.",
    ),
    click.option(
        "--rare-classes",
        type=click.Choice(["drop", "join", "keep"]),
        help="Classes of too few rows to be in all parts: drop leaves their rows out, join makes "
        "them one class, keep trains on them; else drop.",
    ),
    click.option(
        "--class-weight",
        type=ClassWeights(),
        help="balanced: every class weighs alike, however many rows it has; or weights one by one, "
        "e.g. yes=5,no=1, where other classes have 1.",
    ),
    WEIGHT,
    click.option(
        "--loss",
        type=click.Choice(["squared_error", "poisson", "absolute_error", "huber"]),
        help="Of a regression, else squared_error; poisson is for counts and prices (its output "
        "is e^z), absolute_error and huber are for targets with outliers.",
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
    *(
        click.option(
            f"--{part}-share",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            metavar="SHARE",
            help=f"Share of the rows of DATA that are {part} rows, e.g. 0.1; else a fifth of up to "
            "10,000 rows, and less beyond.",
        )
        for part in ("dev", "test")
    ),
)

DEV = click.option(
    "--dev",
    metavar="FILE",
    help="Rows that the model was not trained on, in place of those of DATA.",
)
TEST = click.option("--test", metavar="FILE", help="Rows on which nothing was chosen.")
OPTIMAL_ERROR = click.option(
    "--optimal-error",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Error that nobody can go below, as 0.05 for 5 %, where you know it. Else the diagnosis "
    "brackets it by nearest neighbours.",
)
JOBS = click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    show_default="as there are processors",
    help="Networks that are trained at a time.",
)
SAVE_BEST = click.option(
    "--save",
    type=NewFile(),
    help="Write the best model here, e.g. best.safetensors.",
)


def _quiet_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --quiet to a command, which then tells of no slow work."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        with quiet() if options["quiet"] else contextlib.nullcontext():
            return command(*args, **options)

    return click.option("--quiet", is_flag=True, help="Print nothing but errors.")(run)


QUIET = _quiet_option
JSON = click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
_EXIT_CODES = (
    "Exit codes: 0 done; 1 training or saving failed, or a file cannot be read or is damaged; "
    "2 wrong option, or data that does not fit; 130 interrupted."
)


def ending(*examples: str) -> str:
    """The end of a help text: commands to copy, and the exit codes."""
    lines = "".join(f"\n  {example}" for example in examples)
    return f"\b\nExamples:{lines}\n\n{_EXIT_CODES}"

"""The column that is predicted: classes, or numbers that are standardized."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastnn.arguments import lookup
from fastnn.layers.outputs import LOSSES, LossName, RegressionOutput
from fastnn.reading.clocks import CLOCKS
from fastnn.reading.dates import DateForm, learn_order
from fastnn.reading.learning import learn_reading, tidy, typed
from fastnn.reading.notation import PLAIN, Notation, has_zeros, learn_notation
from fastnn.reading.units import plural
from fastnn.reading.values import (
    EXACT,
    categories,
    is_dates,
    is_numeric,
    pandas,
    whole,
)
from fastnn.tabular.rows import few_numbers, with_target
from fastnn.text.words import rows

if TYPE_CHECKING:
    import pandas as pd

# Tasks of a model, for type checkers.
Task = Literal["classification", "regression"]
TASKS = {"auto": None, "classification": None, "regression": None}
# The class that several rare ones are joined to.
JOINED = "other"
# All but the signs that make two classes of one number, as <=50K and >50K.
_NO_LIMIT = re.compile("[^<>=\u2264\u2265]")
# Standardized values beyond and within these are far from the training rows and near them.
_FAR, _NEAR = 50, 10


@dataclass(frozen=True, eq=False)
class Target:
    """The predicted column, as learnt from training rows.

    Attributes
    ----------
    name : str
    classes : (n_classes,) array of int64, float64, bool or str objects, sorted; None in regression
    mean, scale : float
        Of the training rows in regression: a network learns ``(y - mean) / scale``.
    lowest : float
        0 if no training row has a negative value, else -inf: no prediction is lower.
    reading : Notation or None
        How numbers are written; None for classes that are text.
    output : str
        Of the network in regression. For "exp" the mean is 0, and the scale is of y.
    joined : tuple of str
        Classes that are the one class `JOINED`.
    """

    name: str
    classes: NDArray[Any] | None = None
    mean: float = 0.0
    scale: float = 1.0
    lowest: float = -np.inf
    reading: Notation | None = None
    output: RegressionOutput = "identity"
    joined: tuple[str, ...] = ()

    @property
    def task(self) -> Task:
        """ "classification" or "regression"."""
        return "regression" if self.classes is None else "classification"

    def encode(
        self,
        series: pd.Series[Any],
        missing: tuple[str, ...] | None = None,
        *,
        unseen: bool = False,
    ) -> NDArray[Any]:
        """Indices of classes, or standardized values. A gap or an unknown class is an error.

        `missing` has the texts that are gaps; None: `fastnn.reading.notation.GAPS`. With `unseen`,
        unknown classes are -1, unless all are unknown.
        """
        given = series
        series = typed(_join(tidy(series, missing), self.joined), self.reading)
        gaps = np.flatnonzero(series.isna())
        if gaps.size:
            raise ValueError(
                f"the target {self.name!r} is missing in {rows(gaps.size)}, first in row "
                f"{series.index[gaps[0]]}; leave them out with fastnn.tabular.with_target"
            )
        if self.classes is None:
            z = (series.to_numpy() - self.mean) / self.scale
            self._refuse_thousands(given, z)
            return z
        if self.classes.dtype == object:
            codes, texts = categories(series)
            place = {text: i for i, text in enumerate(self.classes)}
            index = np.array([*(place.get(text, -1) for text in texts), -1], dtype=np.intp)[codes]
        else:
            values, known = series.to_numpy(), self.classes.astype(np.float64)
            index = np.searchsorted(known, values).clip(max=len(known) - 1)
            index[known[index] != values] = -1
        unknown = np.flatnonzero(index < 0)
        if unknown.size == len(index) or (unknown.size and not unseen):
            first = series.iloc[unknown[0]]
            first = first.item() if isinstance(first, np.generic) else first
            raise ValueError(
                f"the target {self.name!r} is {first!r} in row "
                f"{series.index[unknown[0]]}, which is not one of the {len(self.classes)} classes "
                f"of the training rows: {str(self.classes.tolist())[:200]}"
            )
        return index

    def _refuse_thousands(self, given, z):
        """An error if 8,123 was read as 8123, far from all of training, where 8.123 is near."""
        small = (z * self.scale + self.mean) / 1_000
        near = np.abs(small - self.mean) < _NEAR * self.scale
        for at in np.flatnonzero((np.abs(z) > _FAR) & near):
            text = given.iloc[at]
            if isinstance(text, str) and "," in text:
                raise ValueError(
                    f"the target {self.name!r} is {text!r} in row {given.index[at]}, which would "
                    f"be {1_000 * small[at]:g}, far from the training rows; if the comma is a "
                    "decimal mark, write a point"
                )

    def answers(self, y: NDArray[Any]) -> NDArray[Any]:
        """Classes, or values in the target's own units, of encoded targets (m,)."""
        return y * self.scale + self.mean if self.classes is None else self.classes[y]

    def decode(self, A: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Classes, or values in the target's own units, of output activations A (m, n[L])."""
        if self.classes is None:
            values = A[:, 0].astype(np.float64) * self.scale + self.mean
            return np.maximum(values, self.lowest)
        index = A.argmax(axis=1) if A.shape[1] > 1 else (A[:, 0] > 0.5).astype(np.intp)
        return self.classes[index]


def task_of(series: pd.Series[Any], task: Literal[Task, "auto"] = "auto") -> Task:
    """The task of a target, "classification" or "regression".

    A stratified split of the rows needs it first. The rule of "auto" is that of `TableSchema`;
    missing values do not count.

    Examples
    --------
    >>> import pandas
    >>> from fastnn.tabular import task_of
    >>> task_of(pandas.Series(["no", "yes", None, "no", "yes"]))
    'classification'
    """
    rows_with, _ = with_target(series.to_frame("target"), "target")
    return learn_target(rows_with["target"], task)[0].task


def learn_target(
    series,
    task,
    missing=None,
    decimal=None,
    *,
    loss: LossName = "squared_error",
    joined=(),
    categorical=False,
):
    """The `Target` of training rows, all of which have a value, and sentences on how it was read.

    The `loss` is for a regression; `joined` are the classes that become one, `JOINED`. A
    `categorical` one has classes, whatever its values look like.

    Task "auto": text, booleans and categories are classes; so are whole numbers of at most 20
    different values, each in 3 rows or more on average. All other numbers are a regression.

    Classes are of the type of the values: of text that is numbers they are texts, as 02134 is.
    """
    lookup(TASKS, task, "task")
    output = lookup(LOSSES, loss, "loss")
    series = _join(tidy(series, missing), joined)
    if categorical:
        series = series.astype("category")
    if series.dtype == "category":
        task = "classification" if task == "auto" else task
        series = _without_categories(series)
    kind = pandas().api.types.infer_dtype(series)
    try:
        reading, notices = learn_reading(series, decimal=decimal, strict=True)
    except ValueError:
        if task != "classification":
            raise
        reading, notices = None, []
    if task == "auto" and is_numeric(series) and not isinstance(reading, DateForm):
        order, _ = learn_order(series.name, dict.fromkeys(series.dropna().unique(), 1))
        if order in ("digits", "m.yyyy"):
            raise ValueError(
                f"column {series.name!r} holds dates, as {series.iloc[0]} in row "
                f"{series.index[0]}: derive a number from it, such as the days since a date; if "
                "it is a number or a class, say which (task, --task)"
            )
    if isinstance(reading, DateForm):
        if task != "classification" or is_dates(series):
            raise ValueError(
                f"column {series.name!r} holds dates, as {series.iloc[0]!r} in row "
                f"{series.index[0]}: derive a number from it, such as the days since a date"
            )
        reading = None
    if task == "regression" and reading is None:
        reading = PLAIN
    _check_exact(series)
    values = typed(series, reading, "for a regression" if task == "regression" else "as classes")
    boolean = kind == "boolean"
    if task == "auto":
        is_classes = reading is None or boolean or few_numbers(values.dropna(), reading)
        task = "classification" if is_classes else "regression"
    if task == "classification":
        if kind == "string":
            values, reading, notices = series, None, []
        learnt = replace(_classes(values, boolean, reading), joined=tuple(joined))
        return learnt, [*notices, *_notices_on_one_number(learnt)]
    if reading.family not in ("", "share"):
        notices = [*notices, f"Predictions of {series.name!r} are {plural(reading.unit)}."]
    return _regression(values, reading, output), notices


def notices_on_task(
    target: Target, series: pd.Series[Any], task: Literal[Task, "auto"], categorical: bool = False
) -> list[str]:
    """A list with a sentence on numbers of a column that "auto" took for classes, or empty."""
    classes, asked = target.classes, categorical or series.dtype == "category" or task != "auto"
    if asked or classes is None or len(classes) < 3:
        return []
    numbers = _numbers_of(classes)
    if not numbers or classes.dtype == np.bool_ or any(map(has_zeros, map(str, classes))):
        return []
    whole_ones = "whole " * all(float(number).is_integer() for number in numbers.values())
    return [
        f"Target {target.name!r} is taken for classes, as it has only {len(classes)} different "
        f"values, all of them {whole_ones}numbers from {min(numbers, key=numbers.get)} to "
        f"{max(numbers, key=numbers.get)}. If it is a quantity, ask for a regression (task, "
        "--task)."
    ]


def _numbers_of(classes):
    """{class: its number}; empty if one of the classes is none."""
    if classes.dtype != object:
        return dict(zip(classes.tolist(), classes.tolist(), strict=True))
    order, _ = learn_order("", dict.fromkeys(classes, 1))
    clock = order if order in CLOCKS else None
    notation, _ = learn_notation(dict.fromkeys(classes, 1), clock=clock)
    numbers = {text: notation.number(text) for text in classes}
    return {} if None in numbers.values() else numbers


def _notices_on_one_number(target):
    """A list with a sentence on classes such as "7" and "007", or empty."""
    if target.classes.dtype != object:
        return []
    texts: dict[tuple[float, str], list[str]] = {}
    for text, number in _numbers_of(target.classes).items():
        texts.setdefault((number, _NO_LIMIT.sub("", text)), []).append(text)
    same = next((found for found in texts.values() if len(found) > 1), None)
    if same is None:
        return []
    return [
        f"Classes {', '.join(map(repr, same)):.100} of {target.name!r} are one number: write them "
        "alike, if they are one."
    ]


def _without_categories(series):
    """A column of categories that are numbers, all of them exact in float64, as these numbers."""
    known = series.cat.categories
    exact = is_numeric(known.to_series()) and not (
        known.dtype.kind in "iu" and len(known) and max(-known.min(), known.max()) >= EXACT
    )
    return series.astype(known.dtype) if exact else series


def _check_exact(series):
    """Refuse integers that float64 does not have: different ones would be the same."""
    if not pandas().api.types.is_integer_dtype(series.dtype):
        return
    at = np.flatnonzero((series >= EXACT) | (series <= -EXACT))
    if at.size:
        raise ValueError(
            f"column {series.name!r}: expected integers within 2^53, which are exact, got "
            f"{series.iloc[at[0]]} in row {series.index[at[0]]}; subtract a number from all, or "
            "name the target as categorical, if it is classes"
        )


def _join(series, joined):
    """A tidy column of classes in which some are one, `JOINED`."""
    if not joined:
        return series
    codes, texts = categories(series)
    texts = [JOINED if text in joined else text for text in texts]
    values = np.array([*texts, np.nan], dtype=object)[codes]
    return pandas().Series(values, series.index, dtype="category", name=series.name)


def _regression(series, reading, output):
    values = series.to_numpy()
    with np.errstate(over="ignore", invalid="ignore"):  # checked below
        mean, scale = float(values.mean()), float(values.std())
    if values.min() == values.max() or not 0 < scale < np.inf:
        raise ValueError(
            f"expected the target {series.name!r} to vary, with a standard deviation within "
            f"float64, got values from {values.min():g} to {values.max():g} in {rows(len(series))}"
        )
    lowest = 0.0 if values.min() >= 0 else -np.inf
    if output == "exp":
        if values.min() < 0:
            raise ValueError(
                f"expected {series.name!r} of at least 0 for loss='poisson', got {values.min():g}; "
                "use loss='squared_error' for targets that can be negative"
            )
        mean, scale = 0.0, mean
    return Target(series.name, None, mean, scale, lowest, reading, output)


def _classes(series, boolean, reading):
    """A target of classes. Booleans and numbers keep their type; float integers become int64."""
    if reading is not None:
        values = np.unique(series.to_numpy())
        kind = np.bool_ if boolean else np.int64 if whole(values) else np.float64
        classes = values.astype(kind)
    else:
        classes = np.array(sorted(set(categories(series)[1])), dtype=object)
    m, count = len(series), len(classes)
    if count < 2:
        raise ValueError(
            f"expected two classes or more in the target {series.name!r}, got {classes.tolist()} "
            f"in all {rows(m)}: there is nothing to tell apart"
        )
    if count > m / 2 and count > 2:
        raise ValueError(
            f"the target {series.name!r} has {count:,} different values in {rows(m)}, too many "
            "for classes: choose another target, or a regression if it is continuous"
        )
    return Target(series.name, classes, reading=reading)

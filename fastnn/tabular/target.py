"""The column that is predicted: classes, or numbers that are standardized."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastnn.arguments import lookup
from fastnn.tabular.columns import check_mistakes
from fastnn.tabular.values import (
    as_frame,
    categories,
    check_columns,
    check_usable,
    checked_numbers,
    is_numeric,
    not_numbers,
    numbers,
    pandas,
    rows,
    whole,
)

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.tabular.values import PolarsFrame

# Tasks of a model, for type checkers.
Task = Literal["classification", "regression"]
TASKS = {"auto": None, "classification": None, "regression": None}
# Whole numbers are classes if at most 20 are different, each in 3 rows or more on average.
_MOST_CLASSES, _ROWS_A_CLASS = 20, 3


@dataclass(frozen=True, eq=False)
class Target:
    """The predicted column, as learnt from training rows.

    Attributes
    ----------
    name : str
    classes : (n_classes,) array of int64, float64, bool or str objects, sorted; None in regression
    mean, scale : float
        Of the training rows in regression: a network learns ``(y - mean) / scale``.
    """

    name: str
    classes: NDArray[Any] | None = None
    mean: float = 0.0
    scale: float = 1.0

    @property
    def task(self) -> Task:
        """ "classification" or "regression"."""
        return "regression" if self.classes is None else "classification"

    def encode(self, series: pd.Series[Any]) -> NDArray[Any]:
        """Indices of classes, or standardized values. A gap or an unknown class is an error."""
        gaps = np.flatnonzero(series.isna())
        if gaps.size:
            raise ValueError(
                f"the target {self.name!r} is missing in {rows(gaps.size)}, first in row "
                f"{series.index[gaps[0]]}; leave them out with fastnn.tabular.with_target"
            )
        if self.classes is None:
            return (checked_numbers(series, "as in training") - self.mean) / self.scale
        if self.classes.dtype == object:
            codes, texts = categories(series)
            place = {text: i for i, text in enumerate(self.classes)}
            index = np.array([*(place.get(text, -1) for text in texts), -1], dtype=np.intp)[codes]
        else:
            values, known = numbers(series), self.classes.astype(np.float64)
            index = np.searchsorted(known, values).clip(max=len(known) - 1)
            index[known[index] != values] = -1
        unknown = np.flatnonzero(index < 0)
        if unknown.size:
            raise ValueError(
                f"the target {self.name!r} is {series.iloc[unknown[0]]!r} in row "
                f"{series.index[unknown[0]]}, which is not one of the {len(self.classes)} classes "
                f"of the training rows: {str(self.classes.tolist())[:200]}"
            )
        return index

    def decode(self, A: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Classes, or values in the target's own units, of output activations A (m, n[L])."""
        if self.classes is None:
            return A[:, 0].astype(np.float64) * self.scale + self.mean
        index = A.argmax(axis=1) if A.shape[1] > 1 else (A[:, 0] > 0.5).astype(np.intp)
        return self.classes[index]


def with_target(frame: pd.DataFrame | PolarsFrame, target: str) -> tuple[pd.DataFrame, int]:
    """The rows whose target is known, and the number of the others.

    Parameters
    ----------
    frame : pandas or polars DataFrame
    target : str

    Returns
    -------
    frame : DataFrame
    left_out : int
        Rows without a target.

    Raises
    ------
    ValueError
        There is no such column; the message suggests a similar one.

    Examples
    --------
    >>> import pandas
    >>> from fastnn.tabular import with_target
    >>> rows, left_out = with_target(pandas.DataFrame({"y": [1.5, None, 2.5]}), "y")
    >>> len(rows), left_out
    (2, 1)
    """
    frame = as_frame(frame)
    check_columns([target], frame, "target")
    known = frame[target].notna().to_numpy(dtype=bool)
    return (frame, 0) if known.all() else (frame[known], int((~known).sum()))


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
    return learn_target(series.dropna(), task).task


def learn_target(series, task):
    """The `Target` of training rows, all of which have a value.

    Task "auto": text, booleans and categories are classes; so are whole numbers of at most 20
    different values, each in 3 rows or more on average. All other numbers are a regression.
    """
    lookup(TASKS, task, "task")
    check_usable(series)
    numeric = series.dtype != "category" and is_numeric(series)
    values = numbers(series)
    if not numeric and series.dtype != "category":
        bad = not_numbers(series, values)
        numeric = not bad.any()
        if task != "classification" and not numeric:
            check_mistakes(series, bad, len(series), "task='classification', if it is classes")
    if task == "auto":
        few = series.nunique() <= min(_MOST_CLASSES, len(series) / _ROWS_A_CLASS)
        is_classes = not numeric or _boolean(series) or (few and whole(values))
        task = "classification" if is_classes else "regression"
    return _classes(series, numeric) if task == "classification" else _regression(series)


def _regression(series):
    values = checked_numbers(series, "for a regression")
    with np.errstate(over="ignore", invalid="ignore"):  # checked below
        mean, scale = float(values.mean()), float(values.std())
    if values.min() == values.max() or not 0 < scale < np.inf:
        raise ValueError(
            f"expected the target {series.name!r} to vary, with a standard deviation within "
            f"float64, got values from {values.min():g} to {values.max():g} in {rows(len(series))}"
        )
    return Target(series.name, None, mean, scale)


def _classes(series, numeric):
    """A target of classes. Booleans and numbers keep their type; float integers become int64."""
    if numeric:
        values = np.unique(checked_numbers(series, "as classes"))
        kind = np.bool_ if _boolean(series) else np.int64 if whole(values) else np.float64
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
            "for classes: choose another target, or task='regression' if it is numbers"
        )
    return Target(series.name, classes)


def _boolean(series):
    return pandas().api.types.infer_dtype(series) == "boolean"

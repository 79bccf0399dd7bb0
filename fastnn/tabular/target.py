"""The column that is predicted: classes, or numbers that are standardized."""

from dataclasses import dataclass

import numpy as np

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

TASKS = {"auto": None, "classification": None, "regression": None}
# Whole numbers are classes if there are no more than so many, each in so many rows on average.
_MOST_CLASSES, _ROWS_A_CLASS = 20, 3


@dataclass(frozen=True, eq=False)
class Target:
    """What is known of the predicted column.

    Attributes
    ----------
    name : str
    classes : (n_classes,) array of int64, float64, bool or str objects, sorted; None in regression
    mean, scale : float
        Of the training rows in regression: ``(y - mean) / scale`` is what a network learns.
    """

    name: str
    classes: np.ndarray | None = None
    mean: float = 0.0
    scale: float = 1.0

    @property
    def task(self):
        return "regression" if self.classes is None else "classification"

    def encode(self, series):
        """Indices of classes, or standardized values; every value must be there and known."""
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

    def decode(self, A):
        """Classes, or values in the target's own units, of output activations A (m, n[L])."""
        if self.classes is None:
            return A[:, 0].astype(np.float64) * self.scale + self.mean
        index = A.argmax(axis=1) if A.shape[1] > 1 else (A[:, 0] > 0.5).astype(np.intp)
        return self.classes[index]


def with_target(frame, target):
    """The rows whose target is known.

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
        There is no such column; the message says which is like it.

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


def task_of(series, task="auto"):
    """What a target is: "classification" or "regression".

    It is known before the rows are split, so that the split can be stratified. The rule of "auto"
    is that of `TableSchema`; values that are missing do not count.

    Examples
    --------
    >>> import pandas
    >>> from fastnn.tabular import task_of
    >>> task_of(pandas.Series(["no", "yes", None, "no", "yes"]))
    'classification'
    """
    return learn_target(series.dropna(), task).task


def learn_target(series, task):
    """The target of training rows, none of which lacks it.

    "auto": text, booleans and categories are classes; so are whole numbers of at most 20 different
    values, each in 3 rows or more on average; all other numbers are a regression.
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
    with np.errstate(over="ignore", invalid="ignore"):  # looked at below
        mean, scale = float(values.mean()), float(values.std())
    if values.min() == values.max() or not 0 < scale < np.inf:
        raise ValueError(
            f"expected the target {series.name!r} to vary, with a standard deviation within "
            f"float64, got values from {values.min():g} to {values.max():g} in {rows(len(series))}"
        )
    return Target(series.name, None, mean, scale)


def _classes(series, numeric):
    """Booleans and numbers stay what they are, integers with gaps become integers again."""
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

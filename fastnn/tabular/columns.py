"""The columns of a table: which are inputs of a network, of which kind, and what was learnt."""

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fastnn.tabular.values import (
    categories,
    check_not_dates,
    check_usable,
    checked_numbers,
    is_numeric,
    not_numbers,
    numbers,
    rows,
)

# A gap in a column of categories is this category.
MISSING = "missing"
# If at least this share of a text column is numbers, the rest are mistakes. If at least this share
# of its values are different, they are names or keys.
_MOSTLY = 0.9
# Numbers as people write them: with commas, currencies, per cent.
_WRITTEN = r"[-+]?([\d.,]*\d,\d[\d.,]*|[$€£¥] ?[-+]?\d[\d.,]*|\d[\d.,]* ?[%$€£¥])"
# Squares of larger numbers, and their sums, could overflow float64.
_LARGEST = 1e100


@dataclass(frozen=True)
class NumericColumn:
    """A column of numbers: the input is ``(x - mean) / scale``, with `fill` for a missing x.

    Attributes
    ----------
    fill : float
        The median of the training rows.
    mean, scale : float
        Mean and standard deviation after filling; scale is 1 for a constant.
    missing : (mean, scale) or None
        If training rows had gaps, one more input standardizes the indicator of a gap (1 where x is
        missing, else 0) with this mean and scale.
    """

    name: str
    fill: float
    mean: float
    scale: float
    missing: tuple[float, float] | None = None
    kind: ClassVar[str] = "numeric"


@dataclass(frozen=True)
class CategoricalColumn:
    """A column of categories: each has an input, 1 in rows of this category and 0 elsewhere.

    Attributes
    ----------
    categories : tuple of str
    rare : bool
        Whether one more input stands for all other categories, unseen ones included. Without it,
        an unseen category has 0 in all inputs.
    """

    name: str
    categories: tuple[str, ...]
    rare: bool
    kind: ClassVar[str] = "categorical"


def choose_columns(frame, categorical):
    """Two dicts by column name: the kind of each input column; why each other one is left out."""
    kinds, left_out = {}, {}
    for name in frame.columns:
        series, asked = frame[name], name in categorical
        # A column without any value has no kind.
        kind = None if series.isna().all() else kind_of(series, asked)
        why = why_left_out(series, kind, asked)
        if why:
            left_out[name] = why
        else:
            kinds[name] = kind
    return kinds, left_out


def kind_of(series, categorical):
    """The kind of a column, "numeric" or "categorical"; ValueError for values that are neither.

    Text is numeric if all of it is numbers. If nearly all is, the rest are mistakes: an error.
    """
    check_usable(series)
    if categorical or series.dtype == "category":
        return "categorical"
    if is_numeric(series):
        return "numeric"
    check_not_dates(series)
    values = numbers(series)
    bad, given = not_numbers(series, values), int(series.notna().sum())
    if given and not bad.any():
        return "numeric"
    check_mistakes(series, bad, given, "name the column as categorical, if it is")
    return "categorical"


def check_mistakes(series, bad, given, otherwise):
    """Refuse text that is numbers apart from mistakes, or apart from commas and signs."""
    if bad.sum() <= (1 - _MOSTLY) * given:
        checked_numbers(
            series, f"as {given - int(bad.sum()):,} of the {given:,} values are (or {otherwise})"
        )
    text = series.iloc[np.flatnonzero(bad)].astype(str)
    written = text[text.str.fullmatch(_WRITTEN)]
    if len(written) >= _MOSTLY * len(text):
        raise ValueError(
            f"column {series.name!r} holds numbers with commas or signs, as {written.iloc[0]!r} in "
            f"row {written.index[0]}; write 1234.5 for them, since 1,234 can mean two numbers (or "
            f"{otherwise})"
        )


def why_left_out(series, kind, categorical):
    """The reason why a column is useless as an input, or None."""
    if re.fullmatch(r"Unnamed: \d+", series.name):
        return "it has no name: row numbers, most often"
    given = int(series.notna().sum())
    if not given:
        return "all its values are missing"
    if given == len(series) and series.nunique() == 1:
        return f"it is {series.iloc[0]!s:.40} in all rows"
    if kind == "categorical":
        different = len(set(categories(series)[1]))
        if different == given:
            return "all its values are different, as names or keys are"
        if not categorical and series.dtype != "category" and different >= _MOSTLY * given:
            return (
                f"{different:,} of its {given:,} values are different, as names or keys are; "
                "name it as categorical to keep it"
            )
    return None


def numeric_values(frame, names):
    """(m, len(names)) float64 values of numeric columns, with NaN for gaps."""
    values = np.empty((len(frame), len(names)))
    for j, name in enumerate(names):
        values[:, j] = checked_numbers(frame[name], "as in training")
        large = np.flatnonzero(np.abs(values[:, j]) > _LARGEST)
        if large.size:
            raise ValueError(
                f"column {name!r}: expected numbers up to {_LARGEST:g}, got "
                f"{values[large[0], j]:g} in row {frame.index[large[0]]}; scale it down"
            )
    return values


def category_texts(series):
    """(m,) object array of a column's texts, NaN for gaps."""
    codes, texts = categories(series)
    return np.array([*texts, np.nan], dtype=object)[codes]


def unknown_categories(series, column):
    """A list with a sentence about categories that have no input of their own, or empty."""
    codes, texts = categories(series)
    texts = [*texts, MISSING]  # the code of a gap, -1, takes the last
    at = np.flatnonzero(~np.isin(np.array(texts, dtype=object), column.categories)[codes])
    if not at.size:
        return []
    then = "they count as rare" if column.rare else "all its inputs are 0 for them"
    return [
        f"Column {column.name!r}: {rows(at.size)} with categories that training has "
        f"{'hardly or ' * column.rare}never seen, as {texts[codes[at[0]]]!r:.60} in row "
        f"{series.index[at[0]]}; {then}."
    ]

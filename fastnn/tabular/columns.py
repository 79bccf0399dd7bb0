"""The columns of a table that are a network's inputs: what is kept of each, and which are not."""

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
# Share of a text column that must be numbers for the rest to be taken for mistakes, and share of
# different values from which on a column of text is taken for names or keys.
_MOSTLY = 0.9
# Numbers as people write them: with commas, currencies, per cent.
_WRITTEN = r"[-+]?([\d.,]*\d,\d[\d.,]*|[$€£¥] ?[-+]?\d[\d.,]*|\d[\d.,]* ?[%$€£¥])"
# Numbers beyond it have squares, and sums of squares, that float64 may not have.
_LARGEST = 1e100


@dataclass(frozen=True)
class NumericColumn:
    """``(x - mean) / scale``, with `fill` for a missing x.

    Attributes
    ----------
    fill : float
        The median.
    mean, scale : float
        Mean and standard deviation after filling; scale is 1 for a constant.
    missing : (mean, scale) or None
        Of 1 where x is missing and 0 elsewhere, an input of its own if training rows had gaps.
    """

    name: str
    fill: float
    mean: float
    scale: float
    missing: tuple[float, float] | None = None
    kind: ClassVar[str] = "numeric"


@dataclass(frozen=True)
class CategoricalColumn:
    """An input for each category, 1 where it is that and 0 elsewhere.

    Attributes
    ----------
    categories : tuple of str
    rare : bool
        Whether one more input stands for all other categories. It then also stands for those that
        training has not seen; without it, all inputs are 0 for them.
    """

    name: str
    categories: tuple[str, ...]
    rare: bool
    kind: ClassVar[str] = "categorical"


def choose_columns(frame, categorical):
    """The kind of each column that is an input, and why each other one is not, by their names."""
    kinds, left_out = {}, {}
    for name in frame.columns:
        series, asked = frame[name], name in categorical
        # A column without any value is of no kind.
        kind = None if series.isna().all() else kind_of(series, asked)
        why = why_left_out(series, kind, asked)
        if why:
            left_out[name] = why
        else:
            kinds[name] = kind
    return kinds, left_out


def kind_of(series, categorical):
    """ "numeric" or "categorical"; ValueError for values that are neither.

    Text is numbers where all of it is, and refused where nearly all of it is.
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
    """Refuse text that is numbers but for mistakes, or but for commas and signs."""
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
    """Why a column says nothing, or None."""
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
    """(m, len(names)) float64 with NaN for what is missing."""
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
    """(m,) object array of texts, NaN where there is none."""
    codes, texts = categories(series)
    return np.array([*texts, np.nan], dtype=object)[codes]


def unknown_categories(series, column):
    """A sentence on categories that have no input of their own, or none."""
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

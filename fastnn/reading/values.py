"""The values of a column as numbers or as categories, with gaps."""

from __future__ import annotations

import difflib
import re
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fastnn.text.words import rows

if TYPE_CHECKING:
    import pandas as pd


class PolarsFrame(Protocol):
    """A polars DataFrame, for type checkers."""

    def to_pandas(self) -> pd.DataFrame: ...


# pandas's names for types of dates.
_DATES = ("datetime64", "datetime", "date", "period")
# Numbers by which surveys mark gaps, and those that do so by themselves, not only beside others.
# Beside fewer other values -1 may be one of the answers -1, 0 and 1.
_MARK, _SURE = re.compile(r"-[1789]|-?(9+[789]|77+|88+)"), re.compile(r"-[1789]|-?99+")
_MOST_MARKS, _MANY = 4, 10
# Types that are neither numbers, dates nor categories -> (what they are, what to do).
_REFUSED = {
    "interval": ("intervals", "give its middle"),
    "bytes": ("bytes", "decode it"),
    "complex": ("complex numbers", "give real and imaginary part a column each"),
}
_USABLE = (str, bool, np.bool_, Real, Decimal)
# float64 does not have all integers beyond it.
EXACT = 2**53


def pandas():
    """The module pandas, or an error that says how to install it."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "tables need pandas; install it with: pip install 'fastnn-cpu[table]'"
        ) from error
    return pandas


def as_frame(table):
    """A pandas or polars table as a pandas DataFrame; its column names are different texts."""
    pd = pandas()
    polars = type(table).__module__.startswith("polars.") and hasattr(table, "to_pandas")
    frame = table.to_pandas() if polars else table
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(
            f"expected a pandas or polars DataFrame, got {type(table).__name__}; read files with "
            "fastnn.tabular.read_table"
        )
    for name in frame.columns:
        if not isinstance(name, str):
            raise TypeError(
                f"expected column names that are text, got {name!r} of type {type(name).__name__}; "
                "rename them, as with frame.columns = frame.columns.map(str)"
            )
        if "\0" in name:  # pandas takes a name to end there when it looks for it
            raise ValueError(
                f"expected column names without NUL characters, got {name!r}; rename them"
            )
    if not frame.columns.is_unique:
        name = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(
            f"expected columns of different names, got several named {name!r}; rename them"
        )
    return frame


def check_columns(names, frame, what):
    """`names` as a tuple; an error for those that `frame` lacks, which suggests similar names.

    >>> import pandas
    >>> check_columns(["prcie"], pandas.DataFrame({"price": [1]}), "columns")
    Traceback (most recent call last):
        ...
    ValueError: the table has no columns 'prcie' (did you mean 'price'?); it has: 'price'
    """
    names = (names,) if isinstance(names, str) else tuple(names)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(
                f"expected names that are text, got {name!r} of type {type(name).__name__}"
            )
    missing = [name for name in names if name not in frame.columns]
    if missing:
        there = list(frame.columns)
        lower = {name.lower(): name for name in there}
        shown = []
        for name in missing[:10]:
            like = difflib.get_close_matches(str(name).lower(), lower, 1)
            shown.append(f"{name!r}" + (f" (did you mean {lower[like[0]]!r}?)" if like else ""))
        raise ValueError(
            f"the table has no {what} {', '.join(shown)}"
            + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
            + f"; it has: {', '.join(map(repr, there[:30]))}"
            + (", ..." if there[30:] else "")
            + _no_header(there)
        )
    return names


def _no_header(names):
    """Advice if a name is a number: the first line of a file may be data."""
    if not any(as_number(name) is not None for name in names):
        return ""
    return "; the first line of a file has to be the names of its columns"


def check_usable(series):
    """Refuse values that are neither numbers, dates nor categories."""
    kind = pandas().api.types.infer_dtype(series, skipna=True)
    if kind == "categorical":
        kind = pandas().api.types.infer_dtype(series.cat.categories)
    if kind in _REFUSED:
        what, remedy = _REFUSED[kind]
        raise ValueError(f"column {series.name!r} holds {what}: {remedy}, or drop it")
    if kind.startswith(("mixed", "unknown")):  # lists, for example
        for row, value in series.dropna().items():
            if not isinstance(value, _USABLE):
                raise ValueError(
                    f"column {series.name!r} holds values of type {type(value).__name__}, as in "
                    f"row {row}, expected numbers or text; convert them, or drop it"
                )


def texts_of_times(series):
    """A column of durations or times of a day as texts, which are read as those of files."""
    if pandas().api.types.infer_dtype(series, skipna=True) in ("timedelta64", "timedelta", "time"):
        return series.astype(object).map(str, na_action="ignore")
    return series


def is_dates(series):
    """Whether pandas has the column as dates."""
    return pandas().api.types.infer_dtype(series, skipna=True) in _DATES


def is_numeric(series):
    """Whether pandas has the column as numbers or booleans."""
    pd = pandas()
    return pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.infer_dtype(series) in (
        "boolean",
        "integer",
        "floating",
        "mixed-integer-float",
        "decimal",
    )


def marks_of_gaps(missing):
    """The parameter `missing` as a tuple of texts, or None; one mark may be by itself."""
    if missing is None:
        return None
    marks = (missing,) if isinstance(missing, str | Real) else tuple(missing)
    for mark in marks:
        if not isinstance(mark, str | Real):
            raise TypeError(
                f"missing: expected texts such as '?' or '-999', got {mark!r}; NaN and None are "
                "missing values always"
            )
    return tuple(map(str, marks))


def as_number(value):
    """A number, or the number of a text as Python writes it; None if it is neither."""
    if not isinstance(value, str | Real | Decimal | np.bool_):
        return None
    if isinstance(value, str) and "_" in value:  # 2020_01_14 is a date, though 20200114 to Python
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def refuse(series, at, expected):
    """An error that names the first of the values at the places `at` of a column."""
    more = f", and {at.size - 1:,} more" if at.size > 1 else ""
    raise ValueError(
        f"column {series.name!r}: {expected}; got {_shown(series.iloc[at[0]])} in row "
        f"{series.index[at[0]]}{more}; correct it, or leave the field empty where the value is "
        "not known"
    )


def categories(series):
    """A column as (m,) indices into a list of texts; -1 for a gap.

    1, 1.0 and "1" are one category, since a gap in a column of integers makes pandas read floats.
    """
    pd = pandas()
    try:
        codes, unique = pd.factorize(series)
    except TypeError as error:  # not hashable
        raise ValueError(
            f"column {series.name!r} holds values that are neither numbers nor text ({error}); "
            "drop it"
        ) from error
    return codes, [_text(value, series.name) for value in unique]


def whole(values):
    """Whether all of these float64 values are integers within 2^53, which are exact."""
    return bool(((values == np.floor(values)) & (np.abs(values) < EXACT)).all())


def beyond_floats(values):
    """Whether different integers, or texts of such, are the same number in float64.

    >>> beyond_floats([2**60, 2**60 + 1]), beyond_floats(["7", "07"]), beyond_floats([7, 8])
    (True, False, False)
    """
    values = np.asarray(values)
    kind = values.dtype.kind
    small = kind in "iu" and not (np.abs(values.astype(np.float64)) >= EXACT).any()
    if small or kind == "f":
        return False
    texts = [str(value) for value in values.tolist() if isinstance(value, Integral | str)]
    texts = [text for text in texts if re.fullmatch("-?\\d{1,300}", text)]
    return len(set(map(float, texts))) < len(set(map(int, texts)))


def told_of_digits(series):
    """A list with a sentence on a column of `beyond_floats`; empty where all are different."""
    return [
        f"Column {series.name!r} has integers of so many digits that numbers do not tell them "
        "apart: it is read as categories."
    ] * (not series.dropna().is_unique)


def _text(value, name):
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_ | Integral):
        return str(value)
    if isinstance(value, Real | Decimal):
        value = float(value)
        return str(int(value)) if whole(np.float64(value)) else repr(value)
    raise ValueError(
        f"column {name!r} holds {_shown(value)} of type {type(value).__name__}, expected numbers "
        "or text; convert it, or drop it"
    )


def _shown(value):
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 60 else text[:57] + "..."


def notices_on_marks(columns):
    """Sentences on numbers such as -999, far from all others of their column, or an empty list.

    `columns` are {name: (m,) numbers}, with NaN for gaps.
    """
    said = []
    for name, values in columns.items():
        values, counts = np.unique(values[np.isfinite(values)], return_counts=True)
        for _end in ("low", "high"):
            n = _marks_before(values, counts)
            if n:
                said.append(_told_of_marks(name, values[:n], int(counts[:n].sum()), values[n:]))
            values, counts = values[n:][::-1], counts[n:][::-1]  # then from the other end
    return said


def _marks_before(values, counts):
    """How many of the first of some sorted values can stand for gaps, by those that follow."""
    n = 0
    while n < min(_MOST_MARKS, len(values) - 2) and counts[n] > 1 and _is(_MARK, values[n]):
        n += 1
    for k in range(n, 0, -1):
        marks, others = values[:k], values[k:]
        large, other_sign = np.abs(marks).min() > 9, marks.max() < 0 <= others.min()
        apart = (large and _is_far(marks[-1], others)) or (
            other_sign and (large or len(others) >= _MANY)
        )
        if apart and any(_is(_SURE, mark) for mark in marks):
            return k
    return 0


def _told_of_marks(name, marks, times, others):
    texts = [f"{mark:.10g}" for mark in marks[:: 1 if marks[0] < others[0] else -1]]
    unlike = "far from" if _is_far(marks[-1], others) else "of another sign than"
    one = len(texts) == 1
    return (
        f"Column {name!r}: {' and '.join(texts)} in {rows(times)}, {unlike} the other values, "
        f"{others.min():g} to {others.max():g}, can stand for {'a gap' if one else 'gaps'}; if "
        f"{'it does' if one else 'they do'}: missing={texts}, --missing {','.join(texts)}."
    )


def _is_far(mark, others):
    low, high = others.min(), others.max()
    return max(low - mark, mark - high) > high - low


def _is(pattern, mark):
    return pattern.fullmatch(f"{mark:.10g}") is not None

"""The reading of a table's columns: as numbers, dates or categories, and in which notation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fastnn.reading.clocks import CLOCKS
from fastnn.reading.dates import (
    NUMBERS,
    PARTS,
    DateForm,
    form_of,
    learn_order,
    part_name,
    parts_of,
    said_of_doubt,
    said_of_zeros,
    why_unreadable,
)
from fastnn.reading.lookalikes import told_of_unread
from fastnn.reading.notation import (
    GAPS,
    PLAIN,
    WHOLE,
    Notation,
    has_zeros,
    is_factor,
    learn_notation,
    units_of,
)
from fastnn.reading.units import plural
from fastnn.reading.values import (
    as_number,
    beyond_floats,
    categories,
    check_usable,
    is_dates,
    is_numeric,
    marks_of_gaps,
    pandas,
    refuse,
    texts_of_times,
    told_of_digits,
)
from fastnn.text.words import rows

# A column of text in which at least this share of values is numbers has mistakes in it, if it has
# more than so many different texts beside them; so few texts are gaps.
_MOSTLY = 0.9
_MOST_GAPS = 5
_BOOLEANS = {"true": 1.0, "false": 0.0}
# Codes can be numbers and letters. So many different numbers are no codes.
_MOST_CODES = 20


def tidy(series, missing=None):
    """A column without blanks at the ends of its texts, with NaN for texts that are gaps.

    `missing` are those texts, or numbers, besides the empty one; None: `GAPS`.
    """
    pd, missing = pandas(), marks_of_gaps(missing)
    gaps = {"", *(GAPS if missing is None else missing)}
    if pd.api.types.is_numeric_dtype(series.dtype):
        numbers = [value for value in map(as_number, missing or ()) if value is not None]
        return series.mask(series.isin(numbers)) if numbers else series
    if series.dtype != object and not pd.api.types.is_string_dtype(series.dtype):
        return texts_of_times(series)

    def tidied(value):
        text = value.strip() if isinstance(value, str) else value
        return np.nan if isinstance(text, str) and text in gaps else text

    if series.dtype == object:  # different objects can be equal, such as 1 and True
        values = [tidied(value) for value in texts_of_times(series).array]
        return pd.Series(values, series.index, dtype=object, name=series.name)
    codes, texts = pd.factorize(series)
    values = [tidied(text) for text in texts]
    if all(value is text or value == text for value, text in zip(values, texts, strict=True)):
        return series
    values = np.array([*values, np.nan], dtype=object)[codes]
    return pd.Series(values, series.index, dtype=object, name=series.name)


def learn_reading(series, *, categorical=False, decimal=None, strict=False, day_first=None):
    """How a tidy column is read: a `Notation` of numbers, a `DateForm`, or None for categories.

    Returns the reading and a list with a sentence of what is odd about it, or empty. `strict` is
    for a target: text among its numbers is never taken for a gap.
    """
    check_usable(series)
    if categorical or series.dtype == "category":
        return None, []
    if is_dates(series):
        return DateForm("ymd"), []
    if is_numeric(series):
        numbers = () if strict else series.dropna().unique()
        order = learn_order(series.name, dict.fromkeys(numbers, 1))[0]
        if order is not None:
            return DateForm(order), said_of_zeros(series, order)
        if beyond_floats(numbers):
            return None, told_of_digits(series)
        integers = pandas().api.types.is_integer_dtype(series.dtype) and not strict
        return (WHOLE if integers else PLAIN), []
    codes, texts = categories(series)
    times = np.bincount(codes[codes >= 0], minlength=len(texts))
    counts = dict(zip(texts, times.tolist(), strict=True))
    given = {text: count for text, count in counts.items() if not PLAIN.is_gap(text)}
    order, doubt = learn_order(series.name, given, day_first)
    if strict and order in CLOCKS:  # a target is one number: that of its hours, or its minutes
        said = [f"Column {series.name!r}: {text}." for text in said_of_doubt(order, doubt)]
        reading, more = _learn_numbers(series, codes, texts, times, decimal, strict, order)
        return reading, said + more
    if order is not None and not (strict and order in NUMBERS):
        return form_of(series, codes, texts, order, doubt)
    if not strict and beyond_floats(texts):
        return None, told_of_digits(series)
    return _learn_numbers(series, codes, texts, times, decimal, strict)


def _learn_numbers(series, codes, texts, times, decimal, strict, clock=None):
    """The `Notation` of a column of texts, or None if they are categories; and notices."""
    notation, in_doubt = learn_notation(dict(zip(texts, times, strict=True)), decimal, clock)
    numbers = [notation.number(text) for text in texts]
    is_number = np.array([number is not None for number in numbers], dtype=bool)
    is_gap = ~is_number & np.array([notation.is_gap(text) for text in texts], dtype=bool)
    is_other = ~is_number & ~is_gap
    n_numbers, n_gaps, n_other = (int(times[some].sum()) for some in (is_number, is_gap, is_other))
    several = {} if notation.family else units_of(texts, notation.factors)
    if n_other and len(several) > 1 and _share_of(several, times) >= _MOSTLY:
        shown = ", ".join(f"{texts[found[0]]!r:.40}" for found in list(several.values())[:3])
        return None, [
            f"Column {series.name!r} is numbers of several units, as {shown}: it is not read as "
            "numbers, for these do not compare; give all the same unit."
        ]
    if not notation.factors:
        _refuse_factors(series, codes, texts, times, several, notation.decimal)
    other = [texts[i] for i in np.flatnonzero(is_other)]
    codes_too = len({number for number in numbers if number is not None}) <= _MOST_CODES
    if not n_numbers or 2 * n_numbers < n_other or (n_numbers <= n_other and codes_too):
        counts = {texts[i]: int(times[i]) for i in np.flatnonzero(is_number | is_other)}
        return None, [] if strict else told_of_unread(series.name, counts)
    mixed = n_numbers <= n_other or len(other) > _MOST_GAPS
    if other and (strict or codes_too or mixed):
        if n_numbers >= _MOSTLY * (n_numbers + n_other):
            share = f"{n_numbers:,} of the {n_numbers + n_other:,} values are"
            kind = "name the column as categorical, if it is"
            kind = "task='classification', if it is classes" if strict else kind
            at = np.flatnonzero((codes >= 0) & is_other[codes])
            refuse(series, at, f"expected numbers, as {share} (or {kind})")
        said = (
            f"Column {series.name!r}: {rows(n_other)} hold texts among numbers, as "
            f"{other[0]!r:.60}: all of it is read as categories."
        )
        return None, [] if codes_too else [said]
    if in_doubt is not None:
        row = series.index[int(np.argmax(codes == texts.index(in_doubt)))]
        raise ValueError(
            f"column {series.name!r}: {in_doubt!r} in row {row} can mean two numbers; say what the "
            "decimal mark is (decimal='.' or ',', --decimal on the command line), or name the "
            "column as categorical, if it is"
        )
    found = [text for text, number in zip(texts, numbers, strict=True) if number is not None]
    said = []
    if n_gaps or n_other:
        marks = ", ".join(repr(texts[i]) for i in np.flatnonzero(is_gap | is_other))
        said.append(f"{rows(n_gaps + n_other)} with {marks:.60} count as missing")
    bare = int(times[_lack_unit(texts, notation)].sum()) if notation.unit else 0
    if bare and not is_factor(notation.unit):
        said.append(f"{rows(bare)} without {notation.unit!r} count as if they had it")
    code = next(filter(has_zeros, found), None)
    if code is not None:
        said.append(
            f"{code!r:.40} is read as {int(code)}; if such numbers are codes, name the column as "
            "categorical (--categorical)"
        )
    unlike = [
        (text, number)
        for text, number in zip(texts, numbers, strict=True)
        if number is not None and as_number(text) != number
    ]
    if unlike:  # one with a mark tells most and, where factors multiply, one of the largest
        text, number = max(
            unlike,
            key=lambda pair: (not {",", "."}.isdisjoint(pair[0]), abs(pair[1]) * notation.factors),
        )
        shown = f"{number:.12g}"
        if notation.family not in ("", "share"):
            text, number = max(unlike, key=lambda pair: len(pair[0]))
            shown = f"{number:.4g} {plural(notation.unit)}"
        said.append(f"{text!r:.40} is read as {shown}")
    said = [f"Column {series.name!r} is numbers: {'; '.join(said)}."] if said else []
    whole = decimal is None and not any(notation.decimal in text for text in found)
    return replace(notation, gaps=tuple(other), whole=whole), said


def _refuse_factors(series, codes, texts, times, several, decimal):
    """An error if nearly all texts are numbers, and only some have a factor, as 1.5k and 950 do."""
    factors = [unit for unit in several if is_factor(unit)]
    bare = np.flatnonzero(_lack_unit(texts, Notation(decimal)))
    if not factors or not bare.size:
        return
    if _share_of(several | {"": bare.tolist()}, times) < _MOSTLY:
        return
    refuse(
        series,
        np.flatnonzero(np.isin(codes, bare)),
        f"expected {factors[0]!r} at all numbers, as in {texts[several[factors[0]][0]]!r:.40}, or "
        "at none (or name the column as categorical)",
    )


def _share_of(several, times):
    """The share of the rows with texts that are numbers of some unit."""
    return sum(int(times[i]) for found in several.values() for i in found) / max(times.sum(), 1)


def typed(series, reading, why="as in training", *, lenient=False):
    """A tidy column as (m,) float64 numbers or days, with NaN for gaps; texts stay as they are.

    An error names the first value that `reading` cannot read. A `lenient` one takes such texts for
    gaps, whatever the other values are.
    """
    if reading is None:
        return series
    pd = pandas()
    if isinstance(reading, DateForm) and is_dates(series) and series.dtype != object:
        return pd.Series(_days(series), series.index, name=series.name)
    if isinstance(reading, Notation) and pd.api.types.is_numeric_dtype(series.dtype):
        values, bad = series.to_numpy(dtype=np.float64, na_value=np.nan), None
    else:
        values, bad = _read_each(series, reading)
    what = "numbers" if isinstance(reading, Notation) else "dates"
    if lenient and bad is not None and bad.any():
        bad = bad & [not isinstance(value, str) for value in series]
    if bad is not None and bad.any():
        refuse(series, np.flatnonzero(bad), f"expected {what}, {why}")
    if np.isinf(values).any():
        refuse(series, np.flatnonzero(np.isinf(values)), f"expected finite {what}, {why}")
    return pd.Series(values, series.index, name=series.name)


def remarks(frame, readings, missing=None):
    """{(column, kind of remark): sentence} on what columns hold that their readings do not expect.

    `readings` are those of the columns to look at.
    """
    said = {}
    for name, reading in readings.items():
        if reading is not None:
            series = tidy(frame[name], missing)
            for tell in (_unreadable, _without_unit):
                if text := tell(series, reading):
                    said[name, tell] = text
    return said


def _unreadable(series, reading):
    """A sentence on the values of a tidy column that are read as gaps, or an empty text."""
    if pandas().api.types.is_numeric_dtype(series.dtype) or is_dates(series):
        return ""
    at = np.flatnonzero(_read_each(series, reading)[1])
    if not at.size:
        return ""
    what, value, why = "dates", series.iloc[at[0]], ""
    if isinstance(reading, Notation):
        what = "numbers"
        if isinstance(value, str) and replace(reading, whole=False).number(value) is not None:
            why = " (it can mean two numbers, and training has none with a decimal mark)"
    elif isinstance(value, str):
        why = why_unreadable(value, reading)
    return (
        f"Column {series.name!r}: {rows(at.size)} with no {what}, as {value!r:.60} in "
        f"row {series.index[at[0]]}{why}, count{'s' * (at.size == 1)} as missing."
    )


def _without_unit(series, reading):
    """A sentence on numbers of a tidy column that lack its unit, or an empty text.

    0 needs none.
    """
    if not isinstance(reading, Notation) or not reading.unit or is_factor(reading.unit):
        return ""
    codes, texts = categories(series)
    at = np.flatnonzero(np.array([*_lack_unit(texts, reading), False])[codes])
    if not at.size:
        return ""
    one = at.size == 1
    return (
        f"Column {series.name!r}: {rows(at.size)} without {reading.unit!r} "
        f"count{'s' * one} as if {'it' if one else 'they'} had it, as {series.iloc[at[0]]} in row "
        f"{series.index[at[0]]}."
    )


def _lack_unit(texts, notation):
    bare = Notation(notation.decimal, factors=notation.factors)
    return [bool(bare.number(text)) for text in texts]


def typed_columns(series, reading, *, lenient=False):
    """A column as {name: values}; a column of dates has several, one for each of its parts."""
    values = typed(series, reading, lenient=lenient)
    if not isinstance(reading, DateForm):
        return {series.name: values}
    table = parts_of(values.to_numpy())
    pd = pandas()
    return {
        part_name(series.name, part): pd.Series(table[:, PARTS.index(part)], series.index)
        for part in reading.parts
    }


def _days(series):
    """(m,) days since 1970 of a column of pandas's dates; a time zone becomes UTC."""
    if getattr(series.dtype, "tz", None) is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    elif str(series.dtype).startswith("period"):
        series = series.dt.to_timestamp()
    stamps = series.to_numpy(dtype="datetime64[ms]")
    days = stamps.astype(np.int64) / 86_400_000
    days[np.isnat(stamps)] = np.nan
    return days


def _read_each(series, reading):
    """(m,) float64 values, read once for each different one, and a mask of those that cannot be."""
    pd = pandas()
    try:
        codes, unique = pd.factorize(series)
    except TypeError:  # not hashable
        return np.full(len(series), np.nan), series.notna().to_numpy(dtype=bool)
    values, bad = np.full(len(unique) + 1, np.nan), np.zeros(len(unique) + 1, dtype=bool)
    for i, value in enumerate(unique):
        number = None
        if isinstance(reading, DateForm):
            if isinstance(value, str) or is_dates(series) or as_number(value) is not None:
                number = reading.days(value)
            gap = PLAIN.is_gap(value) if isinstance(value, str) else value == 0
        elif isinstance(value, str):
            number, gap = reading.number(value), reading.is_gap(value)
            if number is None:  # a column of booleans that was read as text
                number = _BOOLEANS.get(value.lower())
        else:
            number, gap = as_number(value), False
        values[i], bad[i] = np.nan if number is None else number, number is None and not gap
    return values[codes], bad[codes]

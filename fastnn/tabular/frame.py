"""A whole table: the reading of its columns, the choice of inputs, and notices on new rows."""

from __future__ import annotations

import re
from dataclasses import replace
from numbers import Real

import numpy as np

from fastnn.reading.dates import (
    FIRST_NUMBER,
    DateForm,
    can_be_months,
    is_time,
    other_days,
    part_name,
    varying_parts,
)
from fastnn.reading.learning import learn_reading, tidy, typed, typed_columns
from fastnn.reading.moments import written_day
from fastnn.reading.notation import PLAIN, WHOLE, Notation
from fastnn.reading.values import EXACT, as_number, pandas, whole
from fastnn.tabular.columns import (
    BUCKETS,
    arrays_of,
    unknown_categories,
    why_numbers_left_out,
    why_texts_left_out,
)
from fastnn.tabular.leaks import notices_on_leaks
from fastnn.text.words import rows

# In fewer rows a column can agree with the target by chance.
_FEWEST = 20
# A target of a larger skewness has a few values that make most of its variance: an exponential
# distribution has 2. Of the 12 regressions of bench/frames.py one is beyond it, with 4.6; the next
# have 1.7. They only decide which notice is given, not how is trained.
_SKEWED = 2
# The largest share of different values among counts. Those regressions have up to 0.65, and 0.82
# where they are amounts of money that hardly repeat.
_COUNTS = 0.75
# Days that programs put where there is none: the ends of their calendars, or their first day.
_NO_DAY = re.compile(
    r"(2[2-9]|[3-9]\d)\d\d-.*|20[89]9-12-31|(0001|1[0-7]\d\d|1800)-.*|18(58|99)-.*"
    r"|19[07]0-01-01"
)
# The share of the rows whose categories have no input of their own.
_SHARED = 0.25
# Of a table of many columns nobody reads more.
_MOST_NOTICES = 20


def learn_readings(frame, categorical=(), numeric=(), missing=None, decimal=None, day_first=None):
    """The readings of the columns of a frame that are not plain, the typed frame, and notices.

    The names of the parts that vary replace the names of dates.
    """
    pd = pandas()
    readings, values, notices = {}, {}, []
    plain = _plain_numbers(frame, categorical, missing)
    for name in frame.columns:
        if name in plain:
            readings[name], values[name] = plain[name]
            continue
        series = tidy(frame[name], missing)
        if series.isna().all():
            values[name] = series
            continue
        reading, said = learn_reading(
            series, categorical=name in categorical, decimal=decimal, day_first=day_first
        )
        if name in numeric and not isinstance(reading, Notation):
            reading, said = PLAIN, []
        notices += said
        if isinstance(reading, DateForm):
            days = typed(series, reading, lenient=True).to_numpy()
            reading = replace(reading, parts=varying_parts(days, reading.order))
        readings[name] = reading
        values |= typed_columns(series, reading, lenient=isinstance(reading, DateForm))
    return readings, pd.DataFrame(values, index=frame.index), notices


def _plain_numbers(frame, categorical, missing):
    """{name: (reading, (m,) float64 values)} of columns that are numbers, and no dates.

    One step for all of them takes a tenth of the time of a look at each.
    """
    if any(as_number(mark) is not None for mark in missing or ()):
        return {}
    kinds = {
        name: dtype.kind for name, dtype in frame.dtypes.items() if isinstance(dtype, np.dtype)
    }
    names = [name for name, kind in kinds.items() if kind in "fiu" and name not in categorical]
    values = frame[names].to_numpy(dtype=np.float64).T
    low, high = np.fmin.reduce(values, axis=1), np.fmax.reduce(values, axis=1)
    plain = (low > -EXACT) & (high < FIRST_NUMBER)  # False where all are gaps
    for j in np.flatnonzero((low >= 1) & (high < 13)):
        plain[j] = not can_be_months(values[j])
    return {
        name: (PLAIN if kinds[name] == "f" else WHOLE, values[j])
        for j, name in enumerate(names)
        if plain[j]
    }


def sources_of(names, readings):
    """{name of a typed column: name of the column of the table that it is read from}."""
    sources = {name: name for name in names}
    for name, reading in readings.items():
        if isinstance(reading, DateForm):
            sources |= {part_name(name, part): name for part in reading.parts}
    return sources


def choose_inputs(table, readings, asked):
    """Names of numeric and of categorical inputs, and why each other column is left out.

    `asked` names the columns of a kind that the user has given. Days count no rows, even if
    they follow each other.
    """
    sources = sources_of(table.columns, readings)
    numbers, texts, left_out = [], [], {}
    of_names = {name: readings.get(sources[name]) for name in table.columns}
    arrays = arrays_of(table, [name for name, reading in of_names.items() if reading is not None])
    for name, reading in of_names.items():
        named = sources[name] in asked
        if reading is None:
            why = why_texts_left_out(table[name], named)
        else:
            dates = isinstance(reading, DateForm)
            written = written_day if dates and reading.of_days else "{:g}".format
            why = why_numbers_left_out(name, arrays[name], table.index, dates or named, written)
        if why:  # only the time of dates is checked: other parts that do not vary are left out
            left_out[sources[name]] = why
        else:
            (texts if reading is None else numbers).append(name)
    return numbers, texts, left_out


def notices_on_dates(readings, names, frame, table):
    """A list with a sentence on the columns of dates, as far as `names` are inputs, or empty.

    `table` has the columns of `frame` as numbers.
    """
    said = []
    for name, reading in readings.items():
        parts = [part for part in getattr(reading, "parts", ()) if part_name(name, part) in names]
        if parts:
            days = table[part_name(name, "time")].to_numpy()
            example = _date_as_read(frame[name], days, reading)
            said.append(f"{name!r} ({', '.join(parts)}{example})")
    return [f"Dates are read as numbers: {', '.join(said)}."] if said else []


def _date_as_read(series, days, reading):
    """The first date of a column, as it is written and read; or an empty text if both are alike."""
    at = int(np.argmax(np.isfinite(days)))
    value = series.iloc[at]
    day = written_day(days[at]) if reading.of_days else f"{24 * days[at]:.4g} hours"
    if not isinstance(value, str | Real) or str(value).strip().startswith(day):
        return ""
    return f"; {repr(value) if isinstance(value, str) else value} is {day}"


def notices_on_far_days(frame, table, readings):
    """Sentences on days such as 9999-12-31, far from all others of their column, or empty.

    `table` has the columns of `frame` as numbers.
    """
    said = []
    for name, reading in readings.items():
        dates = isinstance(reading, DateForm) and reading.of_days
        if not dates or part_name(name, "time") not in table:
            continue
        days = table[part_name(name, "time")].to_numpy()
        known = np.unique(np.floor(days[np.isfinite(days)]))
        for mark, others in ((known[at], np.delete(known, at)) for at in (0, -1) if len(known) > 2):
            low, high = others[0], others[-1]
            far = max(low - mark, mark - high) > high - low
            if far and _NO_DAY.fullmatch(day := written_day(mark)):
                at = np.flatnonzero(np.floor(days) == mark)
                value = frame[name].iloc[at[0]]
                remedy = (
                    f"missing=['{value}'], --missing {value}"
                    if isinstance(value, str | Real)
                    else "make it a gap, pandas.NaT"
                )
                said.append(
                    f"Column {name!r}: {day} in {rows(at.size)}, far from the other days, "
                    f"{written_day(low)} to {written_day(high)}, can stand for a gap; if it does: "
                    f"{remedy}."
                )
    return said


def notices_on_shared_inputs(columns, table):
    """Sentences on categories too many to have an input of their own, in many of the rows."""
    said = []
    for column in columns:
        if column.kind == "categorical" and column.hashed and not column.means:
            m = int(table[column.name].isin(column.hashed).sum())
            if m > _SHARED * len(table):
                said.append(
                    f"Column {column.name!r}: {len(column.hashed):,} of its categories, in "
                    f"{rows(m)}, share {BUCKETS} inputs, so that little is learnt of them; add "
                    "what is known of each as numbers, or join them to fewer."
                )
    return said


def notices_on_target(target, y, table, names, readings):
    """Sentences about classes of a single row, and about columns that give the target away.

    `y` is the encoded target; `names` are the inputs. Parts of a date are named as its column.
    """
    said = []
    if target.classes is not None:
        alone = target.classes[np.bincount(y, minlength=len(target.classes)) == 1].tolist()
        if alone:
            said.append(
                f"Classes of {target.name!r} with a single training row: {str(alone)[:200]}."
            )
    elif target.output == "identity":
        # Standardizing and back leaves errors in the last digits, so that counts are not whole.
        said += _notices_on_values(target, np.round(target.answers(y), 6))
    return said + notices_on_leaks(target, y, table, names, sources_of(names, readings))


def _notices_on_values(target, values):
    """A list with a sentence on counts and on skewed values in a fit of squares, or empty."""
    bounded = target.lowest == 0
    # Counts repeat; whole numbers that hardly do are amounts, such as prices.
    repeat = len(np.unique(values)) <= _COUNTS * len(values)
    count = bounded and whole(values) and repeat and len(values) >= _FEWEST
    skewness = float(np.mean(((values - values.mean()) / values.std()) ** 3))
    skewed = abs(skewness) > _SKEWED and len(values) >= _FEWEST
    if not (count or skewed):
        return []
    what = ["whole numbers of at least 0"] * count
    what += [
        f"skewed (skewness {skewness:.1f}): a few far values make most of the squared error"
    ] * skewed
    what += ["predictions below 0 become 0"] * bounded
    poisson = "loss='poisson' (--loss poisson) predicts e^z and counts errors in proportion"
    robust = "loss='absolute_error' or 'huber' lets far values weigh less"
    offers = [poisson] * bounded + [robust] * skewed
    return [
        f"Target {target.name!r} is {'; '.join(what)}. Where that is better: {'; '.join(offers)}."
    ]


def oddities(frame, table, columns, readings, missing):
    """Sentences on values of new rows that are unlike the training rows; `table` is typed."""
    said = _without_values(frame, table, [column.name for column in columns], readings, missing)
    for column in columns:
        series = table[column.name]
        if column.kind == "categorical":
            said += unknown_categories(series, column)
            continue
        if column.missing is None and series.isna().any():
            count = rows(int(series.isna().sum()))
            fill = _written(column, readings)
            said.append(
                f"Column {column.name!r} is missing in {count}, and was in none of "
                f"training: {fill} is put there."
            )
        said += (other_days if is_time(column, readings) else _far_outside)(series, column)
    if len(said) > _MOST_NOTICES:
        more = len(said) - _MOST_NOTICES
        said = [*said[:_MOST_NOTICES], f"{more} more notices of this kind, on other columns."]
    return said


def _written(column, readings):
    """What fills the gaps of a column, as a date, a time of a day, or a number."""
    reading = readings.get(column.name.removesuffix(part_name("", "time")))
    if is_time(column, readings):
        return written_day(column.fill)
    if not isinstance(reading, DateForm):
        return f"{column.fill:g}"
    minutes, seconds = divmod(round(86_400 * column.fill), 60)
    return f"{minutes // 60}:{minutes % 60:02}" + f":{seconds:02}" * (seconds > 0)


def _without_values(frame, table, names, readings, missing):
    """Sentences on rows of which no value is known: of empty ones, and of those not read."""
    nothing = np.flatnonzero(table[names].isna().all(axis=1))
    some, sources = frame.iloc[nothing], sources_of(names, readings)
    given = [tidy(some[sources[name]], missing).notna() for name in names]
    held, said = np.any(given, axis=0), []
    for at, that, most in (
        (nothing[~held], "", "an empty line, most often; "),
        (nothing[held], " that can be read", ""),
    ):
        if at.size:
            its = "its prediction says" if at.size == 1 else "their predictions say"
            said.append(
                f"{rows(at.size)} without a value{that} in any column of the model, as row "
                f"{table.index[at[0]]}: {most}{its} nothing."
            )
    return said


def _far_outside(series, column):
    """A list with a sentence on numbers beyond the bounds of a column, or empty."""
    values, (least, most) = series.to_numpy(), column.bounds
    at = np.flatnonzero((values > most) | (values < least))
    if not at.size:
        return []
    return [
        f"Column {column.name!r}: {rows(at.size)} far outside the {column.low:g} to "
        f"{column.high:g} of training, as {values[at[0]]:g} in row {series.index[at[0]]}, "
        f"count as {least if values[at[0]] < least else most:g}: do not trust their predictions."
    ]

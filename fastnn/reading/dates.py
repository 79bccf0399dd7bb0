"""Dates as people write them, and the numbers that a network can use of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from fastnn.reading.clocks import CLOCKS, order_of_times
from fastnn.reading.moments import (
    DAY_AND_MONTH,
    DOTTED,
    DOTTED_MONTH,
    are_first_days,
    can_be_two_days,
    days_in,
    days_of,
    is_date,
    is_year,
    two_centuries,
    written_day,
    zone_of,
)
from fastnn.reading.notation import PLAIN
from fastnn.reading.quantities import quantity
from fastnn.reading.values import as_number, refuse
from fastnn.text.words import rows

PARTS = ("time", "month", "weekday", "hour")
# Numbers that count from 1970, and how many of them are a day.
_EPOCHS = {
    "seconds": 86_400,
    "milliseconds": 86_400 * 10**3,
    "microseconds": 86_400 * 10**6,
    "nanoseconds": 86_400 * 10**9,
}
# Orders of what can be numbers or classes where it is a target.
NUMBERS = ("digits", "yyyy/yy", *_EPOCHS)
_OF_TEXTS = (*DAY_AND_MONTH, "clock", "digits", "m.yyyy")
ORDERS = ("ymd", "yyyy/yy", *_OF_TEXTS, *CLOCKS[1:], *_EPOCHS)
# Orders in words, and what to do where they are in doubt.
_OR_ANOTHER_DAY = (
    "year, but can be another day: say which it is (day_first=True or False, --day-first or "
    "--month-first)"
)
_SPOKEN = {
    "dmy": f"day, month, {_OR_ANOTHER_DAY}",
    "mdy": f"month, day, {_OR_ANOTHER_DAY}",
    "clock": "hours and minutes, but can be minutes and seconds; write these with hours: 0:12:30",
    "m:ss": "minutes and seconds, but can be hours and minutes; write these with seconds: 12:30:00",
}
# Columns of such names may hold seconds or milliseconds since 1970.
_CLOCK_NAME = re.compile(r"(?i)(.*(time|date|stamp|epoch).*|ts|.*_at)")
# Those of such names may hold numbers like 202003.
_MONTH_NAME = re.compile(r"(?i).*(month|period|date|yyyymm|monat|mois|mes).*")
_EARLIEST, _LATEST = 3_500, 48_600  # days since 1970: 1979 and 2103
# No smaller number is a date, but months like 3.2021: January 1900.
FIRST_NUMBER = 190_001
_MOST_GAPS = 5  # other texts among dates
# Numbers such as 20200305 are dates if so many, all of them, are days of a calendar.
_FEWEST = 5
# A column is one of dates if at least this share of its values are dates.
_MOSTLY = 0.9
# If fewer than half of so many texts are dates, the others are not read.
_SAMPLE = 100


@dataclass(frozen=True)
class DateForm:
    """How the dates of a column are written.

    Attributes
    ----------
    order : str
        dmy or mdy: order of day and month where both are numbers and the year is last. ymd: no date
        of the training rows shows that order. digits: numbers like 20200305. m.yyyy: months like
        3.2020. yyyy/yy: seasons like 2020/21. clock: times of a day, or durations, as h:mm and
        h:mm:ss; those orders are for times that are all alike, and m:ss for m:ss beside h:mm:ss.
        Others: the unit of numbers that count from 1970.
    parts : tuple of str
        Those of time (days since 1970), month, weekday and hour that vary in the training rows.
    zone : str or None
        The zone that training rows have by its name, such as CET, if any: it does not count, and
        no other one is read. None: they have several, and none counts.
    """

    order: str
    parts: tuple[str, ...] = PARTS
    zone: str | None = ""

    @property
    def of_days(self) -> bool:
        """Whether the values are days, and no times."""
        return self.order not in CLOCKS

    def days(self, value: object) -> float | None:
        """Days since 1970 of a value in a column of dates; None if it is no date.

        >>> DateForm("dmy").days("05/03/1970 12:00"), DateForm("mdy").days("5 Mar 1970")
        (63.5, 63.0)
        """
        if isinstance(value, datetime):
            return days_of(value)
        if isinstance(value, date):
            return days_of(datetime(value.year, value.month, value.day))
        text = value.strip() if isinstance(value, str) else None
        if self.order in _EPOCHS:
            number = as_number(value if text is None else text)
            return None if number is None else number / _EPOCHS[self.order]
        if text is None and self.order == "digits" and value == value and value == int(value):
            text = str(int(value))
        if text is None and self.order == "m.yyyy" and round(value, 4) == value:
            text = f"{value:.4f}"
        if text is None or not (self.zone is None or zone_of(text, self.order) in ("", self.zone)):
            return None
        days = days_in(text, self.order)
        durations = days is None and not self.of_days
        return quantity(text, "day", self.order) if durations else days


def learn_order(name, counts, day_first=None):
    """The order of a column's dates, None if they are none; and a text in doubt, if any is.

    `counts` has how often each different value occurs: texts, or numbers. Nine tenths of them must
    be dates. `day_first` tells the order where both orders read all of them. ValueError where some
    texts have the day first and others the month.
    """
    numbers = _as_numbers(counts)
    if numbers is not None and can_be_months(numbers) and are_months(counts):
        return "m.yyyy", None
    if numbers is not None:
        return _order_of_numbers(name, numbers), None
    if len(counts) > 1 and all(is_date(text, "yyyy/yy") for text in counts):
        return "yyyy/yy", None
    sample = list(counts)[:_SAMPLE]
    if 2 * max(map(len, _read(sample).values())) < len(sample):
        return None, None
    days = _read(counts)
    read = {order: sum(map(counts.__getitem__, found)) for order, found in days.items()}
    order, total = max(read, key=read.__getitem__), sum(counts.values())
    if order in NUMBERS and len(counts) < _FEWEST:
        return None, None
    if order in DAY_AND_MONTH and 2 * read[order] > total:
        total -= sum(n for text, n in counts.items() if is_year(text))
    if read[order] < _MOSTLY * total:
        _refuse_two_orders(name, counts)
        return None, None
    if order == "m.yyyy" and not _vary(map(DOTTED_MONTH.match, days[order])):
        return None, None
    if order == "clock":
        return order_of_times(days["clock"])
    if order not in DAY_AND_MONTH or read["dmy"] != read["mdy"]:
        return order, None
    if day_first is not None:
        return ("dmy" if day_first else "mdy"), None
    differ = [text for text in counts if days["dmy"].get(text) != days["mdy"].get(text)]
    if not differ:
        return "ymd", None
    # 3.5.2020 is European; 3/5/2020 may be either, and is American more often.
    order = "dmy" if any(map(DOTTED.match, differ)) else "mdy"
    return order, next(filter(can_be_two_days, differ), None)


def _told_of_centuries(texts, order):
    """A list with the reading of years of two digits in two centuries, or empty."""
    two = two_centuries(texts, order)
    if not two:
        return []
    shown = [f"{text!r} is read as {written_day(days_in(text, order))}" for text in two]
    return [f"{' and '.join(shown)}; if a century is wrong, write years of four digits"]


def form_of(series, codes, texts, order, doubt):
    """The `DateForm` of a column of texts, and a list with a sentence on what is odd, or empty.

    Its dates can be other days or of other zones, or gaps.
    """
    dates = [text for text in reversed(texts) if days_in(text, order) is not None]
    zones = {zone_of(text, order): text for text in dates}
    named = [zone for zone in zones if zone]
    form = DateForm(order, zone=None if len(named) > 1 else "".join(named))
    said = said_of_doubt(order, doubt)
    if len(zones) > 1 and named:
        shown = " and ".join(repr(text) for text in list(zones.values())[:-3:-1])
        said.append(f"{shown} are read as of one zone: names of zones do not count, +01:00 would")
    said += _told_of_centuries(texts, order)
    said += [f"{text!r} is read as its first day" for text in filter(is_year, dates)][:1]
    others = np.array([form.days(text) is None for text in texts])
    at = np.flatnonzero((codes >= 0) & others[codes])
    others = [texts[i] for i in np.flatnonzero(others)]
    if len([text for text in others if not PLAIN.is_gap(text)]) > _MOST_GAPS:
        refuse(series, at, "expected dates, as most values are (or name the column as categorical)")
    if others:
        said.append(f"{rows(at.size)} with {', '.join(map(repr, others)):.60} count as missing")
    return form, [f"Column {series.name!r}: {'; '.join(said)}."] if said else []


def said_of_doubt(order, doubt):
    """A list with a clause on a date or a time that can be another one, or empty."""
    return [] if doubt is None else [f"{doubt!r} is read as {_SPOKEN[order]}"]


def said_of_zeros(series, order):
    """A list with a sentence on numbers 0 that are no date, or empty."""
    zeros = int((series == 0).sum()) if order == "digits" else 0
    return [f"Column {series.name!r}: {rows(zeros)} with 0 count as missing."] if zeros else []


def why_unreadable(text, form):
    """The reason why a date or a time is none of a form, in brackets; or an empty text."""
    if form.order in ("h:mm", "h:mm:ss") and is_date(text, "clock"):
        numbers = "two" if form.order == "h:mm" else "three"
        return f" (two numbers can be h:mm or m:ss; all times of training have {numbers})"
    if form.zone is not None and (zone := zone_of(text, form.order)) not in ("", form.zone):
        return f" (training has no zone {zone}; write the offset, as +01:00)"
    if form.of_days and can_be_two_days(text):
        return " (it can be two days; write 2020-03-05, or say day_first at training)"
    return ""


def can_be_months(values):
    """Whether all of these numbers, but gaps, can be months like 3.2021."""
    values = values[~np.isnan(values)]
    if not ((values >= 1) & (values < 13)).all():
        return False
    years = (values - np.floor(values)) * 10_000
    exact = np.abs(years - np.round(years)) < 1e-6
    return bool((exact & (np.abs(years - 2_000) < 100)).all())


def are_months(values):
    """Whether texts or numbers are all months like 3.2021; 1.1905 to 1.2095 can be a price."""
    texts = all(isinstance(value, str) for value in values)
    matches = [DOTTED_MONTH.fullmatch(v if texts else f"{v:.4f}") for v in values]
    if None in matches or not _vary(matches):
        return False
    # Numbers have lost the zeros at their ends: 1.2 to 9.2 are no months of 2000.
    return texts or 2 * sum(match[2][-1] != "0" for match in matches) > len(matches)


def _vary(matches):
    """Whether matches of months have several of them, or a zero in front, as no number has."""
    months = [match[1] for match in matches if match is not None]
    zeros = any(month.startswith("0") for month in months)
    return zeros or (len(months) >= _FEWEST and len(set(months)) > 2)


def parts_of(days):
    """(m, 4) time, month, weekday and hour of (m,) days since 1970; NaN for NaN."""
    known = np.isfinite(days)
    whole = np.floor(np.where(known, days, 0)).astype(np.int64)
    month = whole.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    hour = np.floor((np.where(known, days, 0) - whole) * 24 + 1e-6)
    parts = np.stack([days, month, (whole + 3) % 7, hour], axis=1)
    parts[~known] = np.nan
    return parts


def varying_parts(days, order):
    """Which of `PARTS` vary in (m,) days since 1970; of times and seasons only the time is one."""
    table = parts_of(days)
    varying = np.nanmin(table, axis=0) < np.nanmax(table, axis=0)
    varying[2] &= not are_first_days(days)
    parts = tuple(part for part, varies in zip(PARTS, varying, strict=True) if varies)
    return ("time",) if order in (*CLOCKS, "yyyy/yy") else parts or ("time",)


def part_name(name, part):
    """The name of an input made of a column of dates."""
    return f"{name}: {part}"


def is_time(column, readings):
    """Whether a column of numbers is the days since 1970 of a column of dates."""
    of = readings.get(column.name.removesuffix(part_name("", "time")))
    return isinstance(of, DateForm) and of.of_days


def other_days(series, column):
    """A list with a sentence on days before or after the training rows, or empty."""
    days, said = np.floor(series.to_numpy()), []
    for outside, end, word in (
        (days > np.floor(column.high), column.high, "after"),
        (days < np.floor(column.low), column.low, "before"),
    ):
        if outside.any():
            first, last = (written_day(limit(days[outside])) for limit in (np.min, np.max))
            said.append(
                f"{rows(int(outside.sum()))} {word} {written_day(end)}, the "
                f"{'last' if word == 'after' else 'first'} day of training, "
                + (f"on {first}" if first == last else f"from {first} to {last}")
            )
    return [f"Column {column.name!r}: {'; '.join(said)}: trust them less."] if said else []


def _as_numbers(values):
    """Different values, all texts or all numbers, as (n,) float64; None if one is no number."""
    if not isinstance(next(iter(values), None), str):  # a long column: as_number takes its time
        return np.array([float(value) for value in values if value == value])
    numbers = [as_number(value) for value in values]
    return None if None in numbers else np.array(numbers, dtype=np.float64)


def _order_of_numbers(name, values):
    values = values[values != 0]  # 0 stands for no date
    if len(values) < _FEWEST or not (low := values.min()) < (high := values.max()):
        return None
    if low >= 19_000_101 and high < 21e12 and (values == np.floor(values)).all():
        form = DateForm("digits")
        if all(form.days(value) is not None for value in values):
            return "digits"
    if _MONTH_NAME.fullmatch(name) and low >= FIRST_NUMBER and high <= 209_912:
        form = DateForm("digits")
        if all(form.days(value) is not None for value in values):
            return "digits"
    if _CLOCK_NAME.fullmatch(name):
        for order, day in _EPOCHS.items():
            if _EARLIEST * day <= low and high <= _LATEST * day:
                return order
    return None


def _read(texts):
    """{order: {text: its days}} of the texts that each order of texts reads; of no year alone."""
    return {
        order: {
            text: days
            for text in texts
            if not is_year(text) and (days := days_in(text, order)) is not None
        }
        for order in _OF_TEXTS
    }


def _refuse_two_orders(name, counts):
    """An error if all texts are dates, some of which have the day first and others the month."""
    unread = {
        order: [text for text in counts if not is_date(text, order)] for order in DAY_AND_MONTH
    }
    if all(unread.values()) and not set(unread["dmy"]) & set(unread["mdy"]):
        raise ValueError(
            f"column {name!r}: {unread['mdy'][0]!r} has the day first, {unread['dmy'][0]!r} the "
            "month: write the dates alike, as 2020-03-05, or name the column as categorical"
        )

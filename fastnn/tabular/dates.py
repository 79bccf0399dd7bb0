"""Dates as people write them, and the numbers that a network can use of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np

PARTS = ("time", "month", "weekday", "hour")
ORDERS = ("dmy", "mdy", "digits", "seconds", "milliseconds")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_CLOCK = (
    r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?\s*(Z|UTC|[-+]\d\d:?\d\d)?)?"
)
_NAME = rf"({'|'.join(_MONTHS)})[a-z]*\.?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_CLOCK}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d\d){_CLOCK}")
_DAY_NAME = re.compile(rf"(\d{{1,2}})[-. ]+{_NAME}[-, ]+(\d{{4}}|\d\d){_CLOCK}", re.IGNORECASE)
_NAME_DAY = re.compile(rf"{_NAME} (\d{{1,2}}),? +(\d{{4}}){_CLOCK}", re.IGNORECASE)
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
# Columns of such names may hold seconds or milliseconds since 1970.
_CLOCK_NAME = re.compile(r"(?i)(.*(time|date|stamp|epoch).*|ts|.*_at)")
_SECONDS = 300_000_000, 4_200_000_000  # 1979 to 2103
# Eight digits are dates if so many numbers, all of them, are days of a calendar.
_FEWEST = 5


@dataclass(frozen=True)
class DateForm:
    """How the dates of a column are written.

    Attributes
    ----------
    order : {"dmy", "mdy", "digits", "seconds", "milliseconds"}
        Order of day and month where both are numbers and the year is last; or numbers like
        20200305, or seconds or milliseconds since 1970.
    parts : tuple of str
        Those of time (days since 1970), month, weekday and hour that vary in the training rows.
    """

    order: str
    parts: tuple[str, ...] = PARTS

    def days(self, value: object) -> float | None:
        """Days since 1970 of a value in a column of dates; None if it is no date.

        >>> DateForm("dmy").days("05/03/1970 12:00"), DateForm("mdy").days("5 Mar 1970")
        (63.5, 63.0)
        """
        if isinstance(value, datetime):
            return _days(value)
        if isinstance(value, date):
            return _days(datetime(value.year, value.month, value.day))
        if isinstance(value, str):
            return _from_text(value.strip(), self.order)
        if self.order == "digits" and value == value and value == int(value):
            return _from_text(str(int(value)), "digits")
        scale = {"seconds": 86_400, "milliseconds": 86_400_000}.get(self.order)
        return None if scale is None else float(value) / scale


def learn_order(series, texts):
    """The order of a column's dates, and whether it is in doubt; None if they are no dates.

    `texts` are the different values of a column of text, or None for a column of numbers.
    """
    if texts is None:
        return _order_of_numbers(series), False
    if not texts:
        return None, False
    for order in ("dmy", "mdy"):
        if all(_from_text(text, order) is not None for text in texts):
            other = "mdy" if order == "dmy" else "dmy"
            last = [match for text in texts if (match := _YEAR_LAST.fullmatch(text))]
            doubt = bool(last) and all(_from_text(text, other) is not None for text in texts)
            # 3.5.2020 is European; 3/5/2020 may be either, and is American more often.
            return ("mdy" if doubt and last[0][2] != "." else order), doubt and last[0][2] != "."
    if all(_from_text(text, "digits") is not None for text in texts) and len(texts) >= _FEWEST:
        return "digits", False
    return None, False


def parts_of(days):
    """(m, 4) time, month, weekday and hour of (m,) days since 1970; NaN for NaN."""
    known = np.isfinite(days)
    whole = np.floor(np.where(known, days, 0)).astype(np.int64)
    month = whole.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    hour = np.floor((np.where(known, days, 0) - whole) * 24 + 1e-6)
    parts = np.stack([days, month, (whole + 3) % 7, hour], axis=1)
    parts[~known] = np.nan
    return parts


def written_day(days):
    """A number of days since 1970 as a date."""
    return str(np.datetime64(int(np.floor(days)), "D"))


def _order_of_numbers(series):
    values = series.dropna().to_numpy(dtype=np.float64)
    if len(values) < _FEWEST or (values != np.floor(values)).any():
        return None
    low, high = values.min(), values.max()
    if 19000101 <= low < high <= 20991231:
        form = DateForm("digits")
        return "digits" if all(form.days(v) is not None for v in np.unique(values)) else None
    if _CLOCK_NAME.fullmatch(series.name):
        for order, scale in (("seconds", 1), ("milliseconds", 1000)):
            if _SECONDS[0] * scale <= low < high <= _SECONDS[1] * scale:
                return order
    return None


def _from_text(text, order):
    if order == "digits":
        match = _COMPACT.fullmatch(text)
        return None if match is None else _calendar(*map(int, match.groups()))
    if match := _YEAR_FIRST.fullmatch(text):
        year, _, month, day, *clock = match.groups()
    elif match := _YEAR_LAST.fullmatch(text):
        first, _, second, year, *clock = match.groups()
        day, month = (first, second) if order == "dmy" else (second, first)
    elif match := _DAY_NAME.fullmatch(text):
        day, month, year, *clock = match.groups()
    elif match := _NAME_DAY.fullmatch(text):
        month, day, year, *clock = match.groups()
    else:
        return None
    if not month.isdigit():
        month = _MONTHS.index(month.lower()) + 1
    year = int(year) + (0 if len(year) == 4 else 1900 if int(year) > 68 else 2000)
    return _calendar(year, int(month), int(day), *clock)


def _calendar(year, month, day, hour=None, minute=None, second=None, half=None, zone=None):
    hour = int(hour or 0)
    if half is not None:
        hour = hour % 12 + 12 * (half.lower() == "pm")
    try:
        moment = datetime(year, month, day, hour, int(minute or 0), int(second or 0), tzinfo=UTC)
    except ValueError:  # no day of the calendar
        return None
    east = 0.0
    if zone and zone[0] in "+-":
        east = (int(zone[1:3]) * 60 + int(zone[-2:])) * (-1 if zone[0] == "-" else 1)
    return _days(moment) - east / 1440


def _days(moment):
    return (
        moment.replace(tzinfo=UTC).timestamp() / 86_400
        if moment.tzinfo is None
        else (moment.timestamp() / 86_400)
    )

"""Texts of dates and times as numbers of days."""

import re
import time
from datetime import UTC, datetime

from fastnn.text.months import month_of

# Orders in which numbers of one or two digits are day and month.
DAY_AND_MONTH = ("dmy", "mdy")
_THIS_CENTURY = 10_957  # 2000-01-01
# Orders of times.
CLOCKS = ("clock", "h:mm", "h:mm:ss", "m:ss")
_NAME = r"([^\W\d_]{3,10})\.?"
_ZONE = r"\s*(Z|UTC|GMT|[-+]\d\d(?::?\d\d)?)?"
_CLOCK = rf"(?:[T ,]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*([AaPp][Mm])?{_ZONE})?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/._])(\d\d?)\2(\d\d?){_CLOCK}")
_YEAR_LAST = re.compile(rf"(\d\d?)([-/._])(\d\d?)\2(\d{{4}}|(?<!_)\d\d){_CLOCK}")
_DAY_NAME = re.compile(rf"(\d\d?)[-. ]+{_NAME}[-, ]+(\d{{4}}|\d\d){_CLOCK}", re.IGNORECASE)
_NAME_DAY = re.compile(rf"{_NAME} +(\d\d?),? +(\d{{4}}){_CLOCK}", re.IGNORECASE)
_YEAR_NAME = re.compile(rf"(\d{{4}})[- ]{_NAME}[- ](\d\d?){_CLOCK}", re.IGNORECASE)
_COMPACT = re.compile(rf"((?:19|20)\d\d)(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?(?:\.\d+)?(){_ZONE})?")
_COMPACT_MONTH = re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])")
DOTTED = re.compile(r"\D*\d\d?\.")
# A month, a quarter or a week is its first day.
_MONTH = re.compile(r"(\d{4})[-/_](\d\d)|(\d\d?)[-/](\d{4})")
DOTTED_MONTH = re.compile(r"(0?[1-9]|1[0-2])\.((?:19|20)\d\d)")
# A season or a fiscal year; its first year counts.
_SEASON = re.compile(r"(\d{4})[-/](\d\d)")
_NAMED_MONTH = re.compile(rf"{_NAME}(?:[- ](\d{{4}})|[-'](\d\d))", re.IGNORECASE)
_QUARTER = re.compile(r"(\d{4})[- ]?Q([1-4])|Q([1-4])[- ](\d{4})", re.IGNORECASE)
_WEEK = re.compile(r"(\d{4})-?W(\d\d)")
_TIME_OF_DAY = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?(?:\s*([AaPp][Mm]))?")
# The name of a day, the letters of 1st and 2nd, and "de" in Spanish add nothing.
_EMPTY_WORDS = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? +|(?<=\d)(?:st|nd|rd|th|er)\b|(?<= )de ",
    re.IGNORECASE,
)
_YEAR_AT_THE_END = re.compile(r"(\D+\d+) ([\d:]+)(?: UTC| GMT)? (\d{4})")  # as `date` of Unix


def order_of_times(texts):
    """Whether 59:30 is hours or minutes, by the hours of h:mm:ss; and a text in doubt, or None."""
    short, hours = {}, []
    for text in texts:
        first, _, second, half = _TIME_OF_DAY.fullmatch(text).groups()
        if half:
            return "clock", None
        if second is None:
            short[text] = int(first)
        else:
            hours.append(int(first))
    if not short or not hours:
        return ("h:mm" if short else "h:mm:ss"), None
    longer = [first for first in short.values() if first > max(hours)]
    if not longer:
        return "clock", None
    minutes = 2 * len(longer) > len(short) and 23 < max(longer) < 60
    return ("m:ss" if minutes else "clock"), max(short, key=short.__getitem__)


def two_centuries(texts, order):
    """Two dates with years of two digits, one before 2000 and one later than today; or none."""
    days = {text: days_in(text, order) for text in texts if _has_short_year(text)}
    days = {text: day for text, day in days.items() if day is not None}
    if not days:
        return ()
    first, last = (end(days, key=days.__getitem__) for end in (min, max))
    apart = days[first] < _THIS_CENTURY and days[last] > time.time() / 86_400
    return (first, last) if apart else ()


def _has_short_year(text):
    text = _EMPTY_WORDS.sub("", text)
    for pattern, group in ((_YEAR_LAST, 4), (_DAY_NAME, 3), (_NAMED_MONTH, 3)):
        if match := pattern.fullmatch(text):
            return len(match[group] or "") == 2
    return False


def can_be_two_days(text):
    """Whether day and month of a date can be in either order, as in 03/05/2020.

    >>> [can_be_two_days(text) for text in ("03/05/2020", "05/05/2020", "3.5.2020", "25/12/2020")]
    [True, False, False, False]
    """
    return is_date(text, "dmy") and not is_date(text, "ymd")


def is_date(text, order):
    """Whether `days_in` reads a text.

    >>> is_date("2020-02-29", "dmy"), is_date("2021-02-29", "dmy")
    (True, False)
    """
    return days_in(text, order) is not None


def days_in(text, order):
    """Days since 1970 of a text, as `DateForm.order` reads it; None if it is no date.

    >>> days_in("05/03/1970 12:00", "dmy"), days_in("05/03/1970", "mdy"), days_in("soon", "dmy")
    (63.5, 122.0, None)
    """
    if order in CLOCKS:
        match = _TIME_OF_DAY.fullmatch(text)
        return None if match is None else _time_of_day(order, *match.groups())
    if order == "digits" and (match := _COMPACT.fullmatch(text)):
        return _calendar(*match.groups())
    if order == "digits" and (match := _COMPACT_MONTH.fullmatch(text)):
        return _calendar(*match.groups(), 1)
    if order == "m.yyyy" and (match := DOTTED_MONTH.fullmatch(text)):
        return _calendar(match[2], match[1], 1)
    if order == "yyyy/yy":
        match = _SEASON.fullmatch(text)
        follows = match is not None and (int(match[1]) + 1) % 100 == int(match[2])
        return _calendar(match[1], 1, 1) if follows else None
    text = _EMPTY_WORDS.sub("", text)
    if match := _YEAR_AT_THE_END.fullmatch(text):
        text = "{0} {2} {1}".format(*match.groups())
    if match := _YEAR_FIRST.fullmatch(text):
        year, _, month, day, *clock = match.groups()
    elif match := _YEAR_LAST.fullmatch(text):
        first, _, second, year, *clock = match.groups()
        if order not in DAY_AND_MONTH:
            order = _only_order(int(first), int(second), match[2])
        if order is None:
            return None
        month, day = (first, second) if order == "mdy" else (second, first)
    elif match := _DAY_NAME.fullmatch(text):
        day, month, year, *clock = match.groups()
    elif match := _NAME_DAY.fullmatch(text):
        month, day, year, *clock = match.groups()
    elif match := _YEAR_NAME.fullmatch(text) or ("T" in text and _COMPACT.fullmatch(text)):
        year, month, day, *clock = match.groups()
    else:
        return _first_day(text)
    return _calendar(year, month, day, *clock)


def _only_order(first, second, mark):
    """The order of day and month which the numbers, or points between them, show; or None."""
    if max(first, second) > 12 and min(first, second) <= 12:
        return "dmy" if first > 12 else "mdy"
    return "dmy" if mark == "." or first == second else None


def _first_day(text):
    """Days since 1970 of the first day of a month, a quarter or a week."""
    if match := _MONTH.fullmatch(text):
        return _calendar(match[1] or match[4], match[2] or match[3], 1)
    if match := _NAMED_MONTH.fullmatch(text):
        return _calendar(match[2] or match[3], match[1], 1)
    if match := _QUARTER.fullmatch(text):
        return _calendar(match[1] or match[4], 3 * int(match[2] or match[3]) - 2, 1)
    if match := _WEEK.fullmatch(text):
        try:
            return days_of(datetime.fromisocalendar(int(match[1]), int(match[2]), 1))
        except ValueError:
            return None
    return None


def _calendar(year, month, day, hour=None, minute=None, second=None, half=None, zone=None):
    """Days since 1970 of the texts of a date; None if it is no day of the calendar."""
    if isinstance(month, str) and not month.isdigit():
        month = month_of(month)
        if month is None:
            return None
    year = int(year) + (0 if len(year) == 4 else 1900 if int(year) > 68 else 2000)
    clock = _hour(int(hour or 0), half), int(minute or 0), int(second or 0)
    try:
        moment = datetime(year, int(month), int(day), *clock, tzinfo=UTC)
    except ValueError:
        return None
    if not zone or zone[0] not in "+-":
        return days_of(moment)
    east = 60 * int(zone[1:3]) + (int(zone[-2:]) if len(zone) > 3 else 0)
    return days_of(moment) - (-east if zone[0] == "-" else east) / 1440


def _time_of_day(order, hour, minute, second, half):
    """The part of a day since midnight; durations may be longer than a day."""
    if order == ("h:mm:ss" if second is None else "h:mm") and not half:
        return None
    if order == "m:ss" and second is None and not half:
        hour, minute, second = "0", hour, minute
    hours = _hour(int(hour), half)
    return hours / 24 + int(minute) / 1440 + int(second or 0) / 86_400


def _hour(hour, half):
    """An hour of 24, of one of 12 with AM or PM."""
    return hour % 12 + 12 * (half.lower() == "pm") if half else hour


def days_of(moment):
    """Days since 1970 of a datetime, which is in UTC if it names no zone."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() / 86_400

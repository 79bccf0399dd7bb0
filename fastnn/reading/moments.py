"""Texts of dates and times as numbers of days."""

import re
import time
from calendar import isleap
from datetime import UTC, datetime

import numpy as np

from fastnn.reading.clocks import CLOCKS, HALF, hour_of, time_in
from fastnn.reading.months import is_weekday, month_of

# Orders in which numbers of one or two digits are day and month.
DAY_AND_MONTH = ("dmy", "mdy")
_THIS_CENTURY = 10_957  # 2000-01-01
_NAME = r"([^\W\d_]{3,10})\.?"
# An offset counts; a name alone is ambiguous. A name in brackets says the same again.
_ZONE = (
    r"\s*(Z|(?:UTC|GMT)?\s?[-+]\d\d?(?::?\d\d)?(?:\s(?-i:[A-Z]{3,5}))?|(?-i:[A-Z]{3,5}))?"
    r"(?:\s*\([^()]*\)|\[[\w/+-]+\])?"
)
_OFFSET = re.compile(r"([-+])(\d\d?):?(\d\d)?")
_UTC = ("Z", "UTC", "GMT")
_CAPITALS = re.compile("[A-Z]{3}")
_CLOCK = rf"(?:[T ,:]+(?:at )?(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*{HALF}?{_ZONE})?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/._])(\d\d?)\2(\d\d?){_CLOCK}")
_YEAR_LAST = re.compile(rf"(\d\d?)([-/._])(\d\d?)\2(\d{{4}}|(?<!_)\d\d){_CLOCK}")
_DAY_NAME = re.compile(rf"(\d\d?)[-. ]*{_NAME}[-, ]*(\d{{4}}|\d\d){_CLOCK}", re.IGNORECASE)
_NAME_DAY = re.compile(rf"{_NAME} +(\d\d?),? +(\d{{4}}){_CLOCK}", re.IGNORECASE)
_YEAR_NAME = re.compile(rf"(\d{{4}})[- ]{_NAME}[- ](\d\d?){_CLOCK}", re.IGNORECASE)
_COMPACT = re.compile(rf"((?:19|20)\d\d)(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?(?:\.\d+)?(){_ZONE})?")
_COMPACT_MONTH = re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])")
DOTTED = re.compile(r"\D*\d\d?\.")
_DAY_OF_YEAR = re.compile(r"((?:19|20)\d\d)-(\d{3})")
# Beside whole dates, a year is its first day. So is a month, a quarter or a week.
_YEAR = re.compile(r"(?:19|20)\d\d")
_MONTH = re.compile(r"(\d{4})[-/_](\d\d)|(\d\d?)[-/](\d{4})")
DOTTED_MONTH = re.compile(r"(0?[1-9]|1[0-2])\.((?:19|20)\d\d)")
# A season or a fiscal year; its first year counts.
_SEASON = re.compile(r"(\d{4})[-/](\d{4}|\d\d)")
_NAMED_MONTH = re.compile(rf"{_NAME}(?:[- ]?(\d{{4}})|(?:-| ?')(\d\d))", re.IGNORECASE)
# With the year before or after it; H1 is half a year, T1 a "trimestre".
_QUARTER = re.compile(
    r"(?:FY ?)?(\d{4})?[-/. ]?(?:([QTH])([1-4])|([1-4])(?:([QTH])|\.? (?:Quartal|quarter),?))"
    r"(?:[-/. ]?(?:FY ?)?'?(\d{4})|(?:(?<=Q)|[-/. ](?:FY)?'?|')(\d\d))?",
    re.IGNORECASE,
)
_W = r"(?:W|KW|CW|wk|week)[-. ]?"
_WEEK = re.compile(
    rf"(\d{{4}})[-/ ]?{_W}(\d\d?)(?:-?([1-7]))?|{_W}(\d\d?)[-/ ](\d{{4}})", re.IGNORECASE
)
# The name of a day, as (Tue) too, the letters of 1st and 2nd, and "de" in Spanish add nothing.
_EMPTY_WORDS = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? +|(?<=\d)(?:st|nd|rd|th|er)\b|(?<= )de |"
    r"(?<=\d)\s*\([^\W\d_]{2,10}\)$",
    re.IGNORECASE,
)
_WORD = re.compile(r"([^\W\d_]{2,12})\.?,? +(?=\d)")
_YEAR_AT_THE_END = re.compile(  # as `date` of Unix
    r"(\D+\d+) ([\d:]+(?: [AP]M)?)((?: [A-Z]{3,5})?) (\d{4})"
)
# 2020年3月5日 10時4分, and in Korean.
_DAY_IN_MARKS = re.compile(r"(\d{4})\s*[年년]\s*(\d\d?)\s*[月월](?:\s*(\d\d?)\s*[日일])?")
_CLOCK_IN_MARKS = re.compile(r"(\d\d?)\s*[时時点點시]\s*(\d\d?)\s*[分분](?:\s*(\d\d?)\s*[秒초])?")


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
        return time_in(text, order)
    if order == "yyyy/yy":
        match = _SEASON.fullmatch(text)
        follows = match is not None and str(int(match[1]) + 1).endswith(match[2])
        return _calendar(match[1], 1, 1) if follows else None
    fields = _written(text, order)
    days = None if fields is None else _calendar(*fields)
    return _first_day(text, order) if days is None else days


def is_year(text):
    """Whether a text is a year alone, as among dates of which the day is not always known."""
    return _YEAR.fullmatch(text) is not None


def zone_of(text, order):
    """The name of the zone of a date, if a name is all that it has of it; or an empty text.

    >>> [zone_of(f"2020-03-05 10:00{zone}", "ymd") for zone in (" CET", " UTC", "+01:00", "")]
    ['CET', '', '', '']
    """
    if not _CAPITALS.search(text):
        return ""
    zone = (_written(text, order) or ("",))[-1] or ""
    return zone if zone.isalpha() and zone not in _UTC else ""


def _written(text, order):
    """Year, month and day of a text, and its clock; None if it has none."""
    if order == "digits" and (match := _COMPACT.fullmatch(text)):
        return match.groups()
    text = _plain(text)
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
    elif (match := _WORD.match(text)) and is_weekday(match[1]):  # "mar 5 mars", not "mar 5"
        return _written(text[match.end() :], order)
    else:
        return None
    return year, month, day, *clock


def _plain(text):
    """A date without words that add nothing, in the order of its parts, and with hyphens."""
    if not text.isascii():
        text = _DAY_IN_MARKS.sub(lambda match: _joined("-", match) + " ", text)
        text = _CLOCK_IN_MARKS.sub(lambda match: " " + _joined(":", match), text).strip()
    text = _EMPTY_WORDS.sub("", text)
    if match := _YEAR_AT_THE_END.fullmatch(text):
        text = "{0} {3} {1}{2}".format(*match.groups())
    return text


def _joined(mark, match):
    return mark.join(part.zfill(2) for part in match.groups() if part)


def _only_order(first, second, mark):
    """The order of day and month which the numbers, or points between them, show; or None."""
    if max(first, second) > 12 and min(first, second) <= 12:
        return "dmy" if first > 12 else "mdy"
    return "dmy" if mark == "." or first == second else None


def _first_day(text, order):
    """Days since 1970 of the first day of a month, a quarter, a half, a week or a season."""
    if order == "digits" and (match := _COMPACT_MONTH.fullmatch(text)):
        return _calendar(*match.groups(), 1)
    if order == "m.yyyy" and (match := DOTTED_MONTH.fullmatch(text)):
        return _calendar(match[2], match[1], 1)
    text = _plain(text)
    if is_year(text) and order in ("ymd", *DAY_AND_MONTH):
        return _calendar(text, 1, 1)
    if match := _DAY_OF_YEAR.fullmatch(text):
        first, day = _calendar(match[1], 1, 1), int(match[2])
        return first + day - 1 if 0 < day < 366 + isleap(int(match[1])) else None
    if match := _MONTH.fullmatch(text):
        return _calendar(match[1] or match[4], match[2] or match[3], 1)
    if match := _NAMED_MONTH.fullmatch(text):
        return _calendar(match[2] or match[3], match[1], 1)
    if match := _QUARTER.fullmatch(text):
        return _first_of_quarter(*match.groups())
    if match := _WEEK.fullmatch(text):
        year, week, day = match[1] or match[5], match[2] or match[4], match[3] or 1
        try:
            return days_of(datetime.fromisocalendar(int(year), int(week), int(day)))
        except ValueError:
            return None
    return None


def _first_of_quarter(before, kind, number, first, letter, after, short):
    """Days since 1970 of the first day of a quarter, or of half a year; None if there is none."""
    years = [year for year in (before, after, short) if year is not None]
    months = 6 if (kind or letter or "Q") in "hH" else 3
    month = months * (int(number or first) - 1) + 1
    return _calendar(years[0], month, 1) if len(years) == 1 else None


def _calendar(year, month, day, hour=None, minute=None, second=None, half=None, zone=None):
    """Days since 1970 of the texts of a date; None if it is no day of the calendar."""
    if isinstance(month, str) and not month.isdigit():
        month = month_of(month)
        if month is None:
            return None
    year = int(year) + (0 if len(year) == 4 else 1900 if int(year) > 68 else 2000)
    clock = hour_of(int(hour or 0), half), int(minute or 0), int(second or 0)
    try:
        moment = datetime(year, int(month), int(day), *clock, tzinfo=UTC)
    except ValueError:
        return None
    offset = _OFFSET.search(zone or "")
    if offset is None:
        return days_of(moment)
    east = 60 * int(offset[2]) + int(offset[3] or 0)
    return days_of(moment) - (-east if offset[1] == "-" else east) / 1440


def days_of(moment):
    """Days since 1970 of a datetime, which is in UTC if it names no zone."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() / 86_400


def written_day(days):
    """A number of days since 1970 as a date, or as that number where no date is so far away."""
    if abs(days) < 1e18:
        return str(np.datetime64(int(np.floor(days)), "D"))
    return f"{days:g} days after 1970"


def are_first_days(days):
    """Whether (m,) days since 1970 are all the first of a month: their weekdays mean nothing."""
    known = days[np.isfinite(days)]
    months = np.floor(known).astype("datetime64[D]").astype("datetime64[M]")
    return bool((months.astype("datetime64[D]").astype(np.float64) == known).all())

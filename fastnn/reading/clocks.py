"""Texts of times of a day, or of durations as clocks show them, as numbers of days."""

import re

# Orders of times.
CLOCKS = ("clock", "h:mm", "h:mm:ss", "m:ss")
HALF = r"([AaPp]\.?\s?[Mm]\.?)"
_TIME_OF_DAY = re.compile(
    rf"(\d{{1,3}})(?::([0-5]\d)(?::([0-5]\d))?([.,]\d{{1,9}})?)?(?:\s*{HALF})?"
)


def order_of_times(texts):
    """Whether 59:30 is hours or minutes, by the hours of h:mm:ss; and a text in doubt, or None.

    Beside 59:30.5 it is minutes.
    """
    short, hours = {}, []
    matches = {text: _TIME_OF_DAY.fullmatch(text) for text in texts}
    if any(match[4] and match[3] is None for match in matches.values()):
        return "m:ss", None
    for text, match in matches.items():
        first, _, second, _, half = match.groups()
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


def time_in(text, order):
    """The part of a day since midnight; None if it is no time. Durations may be longer than a day.

    >>> time_in("18:00", "clock"), time_in("6 p.m.", "clock"), time_in("18:00", "m:ss")
    (0.75, 0.75, 0.0125)
    """
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        return None
    first, minute, second, fraction, half = match.groups()
    if not half and (minute is None or order == ("h:mm:ss" if second is None else "h:mm")):
        return None
    if second is None and fraction and (half or order not in ("clock", "m:ss")):
        return None
    if second is None and (fraction or (order == "m:ss" and not half)):
        first, minute, second = "0", first, minute
    seconds = float((second or "0") + (fraction or "").replace(",", "."))
    return hour_of(int(first), half) / 24 + int(minute or 0) / 1440 + seconds / 86_400


def hour_of(hour, half):
    """An hour of 24, of one of 12 with AM or PM."""
    return hour % 12 + 12 * (half[0] in "Pp") if half else hour

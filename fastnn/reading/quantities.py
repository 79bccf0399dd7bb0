"""Quantities of several units, such as 1h 20m and 5'11", and shares, such as 4 out of 5."""

from __future__ import annotations

import math
import re

from fastnn.reading.clocks import CLOCKS, time_in
from fastnn.reading.units import (
    DAY,
    HOUR,
    MONTH,
    SECOND,
    UNITS,
    name_of,
    place_of,
    size_of,
    unit_named,
)

# The units in which times are told, by their sizes; and those of the other families.
_TOLD = ("year", "day", "hour", "minute", "second")
_UNIT_OF = {"length": "inch", "weight": "pound", "angle": "degree"}
# If fewer than half of so many texts are quantities, the others are not read.
_SAMPLE, _MOSTLY = 100, 0.9
# So many different shares of different wholes are no codes, such as 1/2 and 2/2.
_FEWEST_SHARES = 10

_START = re.compile(r"(?:[<>≤≥~≈]=?|ca\.|about)?\s*([-+\u2212])?\s*")
_PIECE = re.compile(
    r"(?P<sign>[-+\u2212])?\s*+"
    r"(?:(?P<clock>\d++:[0-5]\d(?::[0-5]\d)?+(?:[.,]\d++)?+)"
    r"|(?P<amount>\d++(?:[.,]\d++)*+|an?(?=\s))\s*+\+?\s*+"
    r"(?P<unit>[^\W\d_]++\.?|''|['\u2032\u2019\"\u2033\u201d°º])?+)"
    r"\s*+(?:[,;]|(?:and|und|et|&)(?=\s))?+\s*+"
)
_END = re.compile(r"(?<! ) +(?:ago|old|her|alt)\.?$", re.IGNORECASE)
_POLE = re.compile(r"^(?P<first>[NSEWnsew])?\s*+(?P<rest>.*?)\s*(?P<last>[NSEWnsew])?$", re.DOTALL)
_N = r"(?:(\d+(?:[.,]\d+)?)"
_ISO = re.compile(
    rf"([-+\u2212])?P(?=[\dT]){_N}Y)?{_N}M)?{_N}W)?{_N}D)?(?:T(?=\d){_N}H)?{_N}M)?{_N}S)?)?"
)
_SHARE = re.compile(
    r"(?:(\d{1,3}) )?((?!0\d)\d{1,4}(?:[.,]\d{1,4})?)"
    r"(?:\s?/\s?|\s(?:[^\W\d_]{1,12}\s)?(out of|of|von|sur|de|su|van)\s)([1-9]\d{0,3})"
    r"(?:\s[^\W\d_]{1,12})?"
)


def quantity(text, unit, family, decimal="."):
    """The number of a text in a unit; None if it is no such quantity.

    Parameters
    ----------
    text : str
    unit : str
        Any name of a unit, in the singular; or / and the number that is the whole of a share.
    family : str
        One of `FAMILIES`, "" for that of the unit. "months": m is a month, not a minute. The orders
        of clocks say what 10:30 is.
    decimal : str

    >>> quantity("1h 20m", "min", ""), quantity("5'11\\"", "inch", "length")
    (80.0, 71.0)
    >>> quantity("0 days 00:35:00", "hour", "time"), quantity("PT1H", "day", "time")
    (0.5833333333333334, 0.041666666666666664)
    >>> quantity("4 out of 5", "/10", "share"), quantity("1 kg", "hour", "time")
    (8.0, None)
    """
    if family == "share":
        return _share(text, unit, decimal)
    if family in CLOCKS:
        days = time_in(text, family)
        if days is not None:
            return days * 86_400 / size_of(unit, "time")
        if time_in(text, "clock") is not None:  # the order does not read it
            return None
        family = "time"
    if not family:
        family = next((each for each in UNITS if unit_named(unit, each)), None)
        if family is None:
            return None
    pieces = _pieces(text, family, decimal)
    return None if pieces is None else _total(pieces, family) / size_of(unit, family)


def learn_quantity(counts, decimal=None, clock=None):
    """How most texts are quantities, or None: (unit, family, decimal mark), as `quantity` takes it.

    `counts` has how often each text occurs. Texts with one unit, and one number each, are none.
    `clock` is the order of times, if they are times.
    """
    if clock is not None:
        seconds = {text: days * 86_400 for text in counts if (days := time_in(text, clock))}
        return _told(seconds, counts), clock, decimal or "."
    sample = list(counts)[:_SAMPLE]
    for mark in (decimal,) if decimal else (".", ","):
        for family in ("time", "length", "weight", "angle"):
            if 2 * sum(_pieces(text, family, mark) is not None for text in sample) < len(sample):
                continue
            if family == "time":
                family = _meaning_of_m(counts, mark)
            found = {text: _pieces(text, family, mark) for text in counts}
            found = {text: pieces for text, pieces in found.items() if pieces is not None}
            if sum(map(counts.__getitem__, found)) < _MOSTLY * sum(counts.values()):
                continue
            pieces = [piece for each in found.values() for piece in each if piece[2] is not None]
            places = {place for place, _, _ in pieces}
            joined = any(len(each) > 1 for each in found.values())
            several = joined or not all(named for _, _, named in pieces)
            if several or (family in ("time", "months") and len(places) > 1):
                totals = {text: _total(pieces, family) for text, pieces in found.items()}
                unit = _UNIT_OF.get(family) or (
                    name_of(min(places), family)
                    if len(places) == 1 and places != {SECOND}  # or a clock
                    else _told(totals, counts)
                )
                return unit, family, mark
    return _learn_share(counts)


def _total(pieces, family):
    """The quantity of some pieces, in the unit of size 1."""
    return math.fsum(amount * UNITS[family][place][0] for place, amount, _ in pieces)


def _told(totals, counts):
    """The largest unit of time that half of the texts, or more, have at least one of."""
    half, seen = sum(map(counts.__getitem__, totals)) / 2, 0
    for text in sorted(totals, key=lambda text: -abs(totals[text])):
        seen += counts[text]
        if seen >= half:
            break
    largest = abs(totals[text]) if totals else 0
    return next((name for name in _TOLD if largest >= size_of(name, "time")), "second")


def _pieces(text, family, decimal):
    """The pieces of a quantity: place of the unit, amount, and whether it names its unit.

    That is None for a 0, which needs no unit.
    None if a text is something else. Units become smaller from piece to piece.
    """
    if text[:1] in "PpTt+-\u2212" and family in ("time", "months") and (m := _ISO.fullmatch(text)):
        return _of_iso(m, decimal)
    (text, cut), sign = _END.subn("", text), 1
    if family == "angle":
        text, sign = _of_pole(text)
    start = _START.match(text)
    sign, at, found = -sign if start[1] in ("-", "\u2212") else sign, start.end(), []
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            return None
        piece = _piece(match, family, decimal, found[-1][0] if found else None)
        if piece is None:
            return None
        place, amount, named = piece
        if match["sign"] or (match["clock"] and found):  # -1 day, 23:00:00 is an hour below nothing
            sign = -1 if match["sign"] in ("-", "\u2212") else 1
        found.append((place, sign * amount, named and not cut))
        at = match.end()
    if not found or (family == "angle" and found[0][0] > 0):
        return None
    return found if math.isfinite(_total(found, family)) else None


def _piece(match, family, decimal, last):
    """Place, amount and whether the unit is named, of a match after the unit at place `last`."""
    if match["clock"]:
        if family not in ("time", "months") or (last is not None and last >= HOUR):
            return None
        return _of_clock(match["clock"].replace(",", "."), last)
    amount = _number(match["amount"], decimal)
    if amount is None:
        return None
    if match["unit"]:
        place = place_of(match["unit"], family)
        if place is None or (last is not None and place <= last):
            return None
        if last is not None and family in _UNIT_OF:  # 5'30" can be minutes and seconds
            sizes = UNITS[family]
            if amount >= sizes[last][0] / sizes[place][0]:
                return None
        return place, amount, True
    if last is None:
        return (0, 0.0, None) if amount == 0 and match.end() == len(match.string) else None
    units = UNITS[family]
    follows = match.end() == len(match.string) and last + 1 < len(units) and family != "angle"
    if not follows or (family in ("time", "months") and not HOUR <= last < SECOND):
        return None
    area = match["amount"] in ("2", "3") and match.string[match.start() - 1] == "m"  # 38 m2
    fits = not area and amount < units[last][0] / units[last + 1][0] and match["amount"].isdecimal()
    return (last + 1, amount, False) if fits else None


def _of_clock(text, last):
    first, *others = text.split(":")
    if len(others) == 2:
        seconds = 3_600 * int(first) + 60 * int(others[0]) + float(others[1])
    elif "." in others[0]:
        seconds = 60 * int(first) + float(others[0])
    elif last is not None:
        seconds = 3_600 * int(first) + 60 * int(others[0])
    else:  # 10:30 can be hours and minutes, or minutes and seconds
        return None
    return SECOND, seconds, False


def _of_iso(match, decimal):
    sign, *amounts = match.groups()
    places = (0, MONTH, 2, DAY, HOUR, HOUR + 1, SECOND)
    found = [
        (place, float(amount.replace(",", ".")) * (-1 if sign in ("-", "\u2212") else 1), False)
        for place, amount in zip(places, amounts, strict=True)
        if amount
    ]
    return found if found and math.isfinite(_total(found, "time")) else None


def _of_pole(text):
    """An angle without N, S, E or W, and its sign; it must have a degree."""
    match = _POLE.match(text)
    poles = (match["first"] or "") + (match["last"] or "")
    text = match["rest"] if len(poles) == 1 and re.search("[°º]", text) else text
    return text, -1 if len(poles) == 1 and poles in "SWsw" else 1


def _number(text, decimal):
    """The number of "a", or of digits with a decimal mark; the other mark separates thousands."""
    if text in ("a", "an"):
        return 1.0
    other = "," if decimal == "." else "."
    whole, _, part = text.partition(decimal)
    if other in whole and not re.fullmatch(rf"[1-9]\d{{0,2}}(?:[{other}]\d{{3}})+", whole):
        return None
    return (
        float(f"{whole.replace(other, '')}.{part or 0}") if part.isdecimal() or not part else None
    )


def _meaning_of_m(counts, decimal):
    """The family of times in which m is what it is for most: a minute, or a month."""
    found = {family: {} for family in ("time", "months")}
    for family, read in found.items():
        for text in counts:
            if (pieces := _pieces(text, family, decimal)) is not None:
                read[text] = {place for place, _, _ in pieces}
    minutes, months = (set().union(*read.values()) for read in found.values())
    if minutes == months:
        return "time"
    if len(found["time"]) != len(found["months"]):
        return max(found, key=lambda family: len(found[family]))
    others = minutes & months
    return "time" if any(place >= HOUR for place in others) or not others else "months"


def _share(text, unit, decimal):
    match = _SHARE.fullmatch(text)
    if match is None:
        return None
    whole, part, _, of = match.groups()
    of_all = int(unit[1:])
    part = float(part.replace(",", "."))
    return int(whole or 0) * of_all + part * of_all / int(of)


def _learn_share(counts):
    """("/5", "share", ".") for shares of 5, /1 for shares of different wholes; or None."""
    matches = {text: match for text in counts if (match := _SHARE.fullmatch(text))}
    bare = {text for text in counts if text.isdecimal()}
    several = len({match[4] for match in matches.values()}) > 1
    known = [*matches, *(bare if several else ())]
    if not matches or sum(map(counts.__getitem__, known)) < _MOSTLY * sum(counts.values()):
        return None
    spoken = all(match[3] for match in matches.values())
    for match in matches.values():
        if float(match[2].replace(",", ".")) > int(match[4]) or re.fullmatch("(19|20)..", match[4]):
            return None
    # 1/86 to 12/90 can be months.
    months = all(re.fullmatch(r"\d|1[0-2]", m[2]) and len(m[4]) == 2 for m in matches.values())
    if several and not spoken and (months or len(matches) < _FEWEST_SHARES):
        return None
    whole = "1" if several else next(iter(matches.values()))[4]
    return f"/{whole}", "share", "."

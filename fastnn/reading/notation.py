"""Numbers as people write them: gaps, decimal commas, thousands, units, limits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastnn.reading.quantities import learn_quantity, quantity
from fastnn.reading.units import unit_named

# Texts that are gaps in any column; an empty field is one, too.
GAPS = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "Null", "null", "#N/A", "#NA", "<NA>")
# Texts that are gaps among numbers; elsewhere they may be classes and categories.
_MARK = re.compile(
    r"-+|[\u2013\u2014]|\?+|\.+|\*|n[./]?a\.?|-?nan|<na>|null|none|nil|n[./]?[dk]\.?|missing|unknown"
    r"|not (available|applicable)|no data|#(n/?a|value!|div/0!|ref!|num!|name\?|null!)"
    r"|-?1\.#(ind|qnan)|0000-00-00.*",
    re.IGNORECASE,
)

_MONEY = (
    r"(?:(?:US|AU|CA|NZ|HK|NT|A|C|S|R)?[$]|[€£¥₹₩₽₺₫฿]|EUR|USD|GBP|CHF|JPY|CNY|INR|RUB|BRL|AUD|CAD|NZD"
    r"|SEK|NOK|DKK|PLN|CZK|HUF|ZAR|MXN|SGD|HKD|KRW|[Ee]uros?|[Dd]ollars?|Rs\.?|kr\.?|zł)"
)
_IS_MONEY = re.compile(_MONEY)
# Of countries that separate thousands by commas.
_WITH_COMMAS = re.compile(r"(?:US|AU|NZ|HK|A|S)?[$]|[£¥₹₩]|USD|GBP|JPY|CNY|INR|AUD|NZD|SGD|HKD|KRW")
# Letters and words that multiply a number, and by which power of ten; m is a metre.
_FACTORS = {
    **{"k": 3, "K": 3, "M": 6, "B": 9, "tsd": 3, "thousand": 3, "mille": 3, "lac": 5, "lakh": 5},
    **{"mn": 6, "mln": 6, "mio": 6, "million": 6, "cr": 7, "crore": 7, "bn": 9, "mrd": 9},
    **{"billion": 9},
}
_FACTOR = (
    r"[kKMB]|(?i:bn|mn|mln|mio\.?|mrd\.?|tsd\.?|cr\.?"
    r"|(?:thousand|million|billion|mille|lac|lakh|crore)s?)"
)
_PER = "per|an?|pro|je|par|por"  # as in $17 per hour, which is $17/hr
_SPACES = " \u00a0\u2009\u202f'\u2019"  # they separate thousands; so does a point or comma
# m\u00b2 and m^2 are m2.
_POWERS = str.maketrans({"\u00b2": "2", "\u00b3": "3", "^": None})
_LETTERS = r"[^\W\d_][^\d\s,;:()/*\u2020\u2021\[]{0,9}(?:\^?[23](?!\w))?"
_NUMBER = re.compile(  # possessive: long blanks are read once
    rf"""'?(?P<limit>[<>≤≥~≈]=?|(?i:ca\.|circa|approx\.|about))?\s*+
    (?P<sign>[-+\u2212])?\s*+
    (?P<before>{_MONEY})?\s*+
    (?P<negative>\()?\s*+
    (?P<within>{_MONEY})?\s*+
    (?P<inner>[-+\u2212])?
    (?P<digits>\d[\d.,{_SPACES}]*+(?<!\.\s)|[.,]\d+)
    (?P<power>[eE][-+]?\d+)?(?:(?<!\s)\+)?\s*+
    (?:(?P<factor>{_FACTOR})?\s*+(?P<money>{_MONEY})?
    |(?P<after>%|‰|°\s?[CFK]?|{_LETTERS}))
    \s*+(?P<rate>(?:/\s?|(?:{_PER})\s|(?<=[^\W\d_])/\d+\s?){_LETTERS})?
    \s*+\+?\s*+(?P<close>\))?(?P<behind>(?<=[.,]\d\d)-)?
    (?:\s?[*\u2020\u2021]+|\s?\[\w{{1,2}}\]|/-|(?<=\.)[-\u2013\u2014])?""",
    re.VERBOSE,
)
_WITH = {
    decimal: re.compile(
        rf"(?P<whole>\d+|[1-9]\d{{0,2}}(?:[{_SPACES}{thousands}]\d{{3}})+"
        rf"|[1-9]\d?(?:,\d\d)+,\d{{3}}{'' if thousands == ',' else '(?!)'})?"  # 12,34,567
        rf"(?:{re.escape(decimal)}(?P<part>\d*))?"
    )
    for decimal, thousands in ((".", ","), (",", "."))
}


@dataclass(frozen=True)
class Notation:
    """How the numbers of a column are written.

    Attributes
    ----------
    decimal : str
        The decimal mark, a point or a comma. The other one can separate thousands.
    unit : str
        What follows or precedes numbers, such as kg, % or $; "" for nothing.
    gaps : tuple of str
        Texts that are gaps in this column alone.
    factors : bool
        k, M, Mio and the like multiply: 1.5k is 1500.
    family : str
        Of a quantity of several units, such as 1h 20m, read as one number in `unit`; see
        `fastnn.reading.quantities`. "": the numbers have one unit, or none.
    whole : bool
        No number of the training rows has a decimal mark: 2.000 can be 2 and 2000, and is not read.
    """

    decimal: str = "."
    unit: str = ""
    gaps: tuple[str, ...] = ()
    whole: bool = False
    factors: bool = False
    family: str = ""

    def number(self, text: str) -> float | None:
        """The number in a text without blanks around it; None if there is none.

        >>> Notation(",", "kg").number("1.234,5 kg"), Notation().number("1 000")
        (1234.5, 1000.0)
        >>> Notation(unit="h").number("90 min"), Notation().number("5.2 kg")
        (1.5, None)
        >>> Notation(unit="€", factors=True).number("€1.5M")
        1500000.0
        """
        match = _NUMBER.fullmatch(text)
        unit = None if match is None else unit_of(match, self.factors)
        value = None
        if unit is not None and (unit in ("", self.unit) or alike(unit) == alike(self.unit)):
            if self.whole and self.decimal in match["digits"] and _means_two(match):
                return None
            value = value_of(match, self.decimal, power_of(match) if self.factors else 0)
        if value is None:
            return quantity(text, self.unit, self.family, self.decimal)
        return None if value and not unit and is_factor(self.unit) else value

    def is_gap(self, text: str) -> bool:
        """Whether a text stands for a missing number."""
        return text in self.gaps or bool(_MARK.fullmatch(text))


PLAIN = Notation()
# Of columns that pandas has as integers.
WHOLE = Notation(whole=True)


def unit_of(match, factors=False):
    """The unit of a number, in the singular; a factor is one where `factors` do not multiply."""
    unit = (_money(match) or "") + (match["after"] or "")
    unit = unit.removesuffix("s") if len(unit) > 2 else unit
    if match["rate"]:
        unit += "/" + re.sub(rf"^(?:/|(?:{_PER})\s)\s*", "", match["rate"])
    return unit if factors or not match["factor"] else match["factor"] + unit


def _money(match):
    return match["before"] or match["within"] or match["money"]


def alike(unit):
    """A unit by one name: KG is kg, and hrs are hours, but MW is no mW, and kB is no kb."""
    unit, per, time = unit.rpartition("/")
    if named := unit_named(time.removesuffix(".")):
        return (alike(unit) + per if per else "") + named
    unit += per + time
    if unit in ("st", "nd", "rd", "th"):  # 1st, 2nd, 3rd, 4th
        return "th"
    unit = unit.translate(_POWERS)
    lower = unit.lower()
    if is_factor(unit) or re.fullmatch("[kmgt]i?b.*", lower):
        return unit
    lower = lower.removesuffix("s") if len(lower) > 2 else lower
    # m and M are 10^9 apart, but in words.
    apart = lower[:1] == "m" and not re.fullmatch("m(in|i|ile|onth|ph|pg|et(er|re))", lower)
    return unit[0] + lower[1:] if apart else lower


def is_factor(unit):
    """Whether a unit multiplies the number, as k and Mio do."""
    return re.fullmatch(_FACTOR, unit) is not None


def power_of(match):
    """The power of ten by which the factor of a number multiplies it, as 3 for k."""
    factor = match["factor"] or ""
    short = factor.lower().rstrip(".").removesuffix("s")
    return _FACTORS.get(factor, _FACTORS.get(short, 0))


def _multiply(matches):
    """Whether it is sure that the factors of numbers multiply.

    12B can be a house, and 300K a temperature, but for money, for several factors, for words, and
    for 1.5k beside nothing or whole numbers.
    """
    some = [match for match in matches if match["factor"]]
    if any(_money(match) or len(match["factor"]) > 1 for match in some):
        return True
    if len({match["factor"].lower() for match in some}) > 1:
        return True
    bare = [match for match in matches if not unit_of(match)]
    return any(re.search("[.,]", match["digits"]) for match in some) and all(
        match["digits"].rstrip(_SPACES).isdecimal() for match in bare
    )


def value_of(match, decimal, power=0):
    """The number of a match of `_NUMBER` with this decimal mark; None if it cannot have it.

    It is multiplied by ten to the `power`.
    """
    digits = _WITH[decimal].fullmatch(match["digits"].rstrip(_SPACES))
    if digits is None or bool(match["negative"]) != bool(match["close"]):
        return None
    whole = re.sub(r"\D", "", digits["whole"] or "")
    if not whole and not digits["part"]:
        return None
    if match["power"] and whole != (digits["whole"] or ""):  # nobody separates thousands in 1.234e5
        return None
    power += int((match["power"] or "e0")[1:])
    value = float(f"{whole or 0}.{digits['part'] or 0}e{power}")
    signs = (match[name] in ("-", "\u2212") for name in ("sign", "inner", "behind"))
    return -value if any((*signs, match["negative"])) else value


def _means_two(match):
    """Whether a point or comma of a match can be the decimal mark and can separate thousands."""
    return None not in (value_of(match, "."), value_of(match, ","))


def means_two(text):
    """Whether a text can be two numbers, as 1.540 can."""
    match = _NUMBER.fullmatch(text)
    return match is not None and "." in match["digits"] and _means_two(match)


def _are_thousands(doubts, unit, bare):
    """Whether the commas of amounts of money that can mean two numbers separate thousands.

    `doubts` are all texts of the column with a comma, and their units: three digits follow each.
    Only the price of a litre has three decimals. A program that writes them writes them in every
    row: a `bare` 0 speaks against it.
    """
    return (
        bool(doubts)
        and _IS_MONEY.fullmatch(unit) is not None
        and (bare or _WITH_COMMAS.fullmatch(unit) is not None)
        and all("," in text and of in ("", unit) for text, of in doubts.items())
    )


def has_point(text):
    """Whether a text is a number with a decimal point for sure, as 1.5 is."""
    match = _NUMBER.fullmatch(text)
    return match is not None and "." in match["digits"] and value_of(match, ",") is None


def has_zeros(text):
    """Whether a text is a number that begins with needless zeros, as codes can."""
    return len(text) > 1 and text[0] == "0" and text.isdecimal()


def units_of(texts, factors):
    """{unit: places of the texts that are numbers with it}, without those that have none.

    Capitals make no other unit where they say nothing.
    """
    found: dict[str, list[int]] = {}
    first: dict[str, str] = {}
    for i, text in enumerate(texts):
        match = _NUMBER.fullmatch(text)
        if match is not None and (unit := unit_of(match, factors)):
            found.setdefault(first.setdefault(alike(unit), unit), []).append(i)
    return found


def learn_notation(counts, decimal=None, clock=None):
    """The notation of most texts, and what is odd about it.

    Parameters
    ----------
    counts : dict
        How often each text occurs.
    decimal : str, optional
        The decimal mark, if it is known.
    clock : str, optional
        The order of times, if the texts are times.

    Returns
    -------
    notation : Notation
        Without `gaps`.
    in_doubt : str or None
        A text that can mean two numbers, as 1,234 does, if no other text settles the matter.
    """
    given = {text: count for text, count in counts.items() if not PLAIN.is_gap(text)}
    if given and (found := learn_quantity(given, decimal, clock)) is not None:
        unit, family, mark = found
        return Notation(mark, unit, family=family), None
    matches = {text: match for text in counts if (match := _NUMBER.fullmatch(text))}
    factors = _multiply(matches.values())
    units: dict[str, int] = {}
    for text, match in matches.items():
        unit = unit_of(match, factors)
        units[unit] = units.get(unit, 0) + counts[text]
    together: dict[str, int] = {}
    for unit, count in units.items():
        together[alike(unit)] = together.get(alike(unit), 0) + count
    most = {unit: (together[alike(unit)], count) for unit, count in units.items() if unit}
    unit = max(most, key=most.get, default="")
    if decimal is not None:
        return Notation(decimal, unit, factors=factors), None
    proofs, doubts = {".": 0, ",": 0}, []
    bare = any(match["digits"].rstrip(_SPACES).isdecimal() for match in matches.values())
    for text, match in matches.items():
        if not re.search("[.,]", match["digits"]):
            continue
        point, comma = value_of(match, "."), value_of(match, ",")
        if point is None or comma is None:
            if (point, comma) != (None, None):
                proofs["." if comma is None else ","] += counts[text]
        # 1.234 is 1.234 to a computer, but not beside a unit of money, nor beside 950: a program
        # that writes three decimals writes them everywhere.
        elif "," in match["digits"] or bare or _IS_MONEY.fullmatch(unit_of(match, factors)):
            doubts.append(text)
    if proofs[","] > proofs["."]:
        return Notation(",", unit, factors=factors), None
    of_doubts = {text: unit_of(matches[text], factors) for text in doubts}
    if not any(proofs.values()) and _are_thousands(of_doubts, unit, bare):
        doubts = []
    return Notation(".", unit, factors=factors), doubts[0] if doubts and not proofs["."] else None

"""Numbers as people write them: gaps, decimal commas, thousands, units, limits."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Texts that are gaps in any column; an empty field is one, too.
GAPS = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "Null", "null", "#N/A", "#NA", "<NA>")
# Texts that are gaps among numbers; elsewhere they may be classes and categories.
_MARK = re.compile(
    r"-+|[\u2013\u2014]|\?+|\.+|\*|n[./]?a\.?|-?nan|<na>|null|none|nil|n[./]?[dk]\.?|missing|unknown"
    r"|not (available|applicable)|no data|#(n/?a|value!|div/0!|ref!|num!|name\?|null!)"
    r"|-?1\.#(ind|qnan)|0000-00-00.*",
    re.IGNORECASE,
)

_MONEY = (*"$€£¥₹", "EUR", "USD", "GBP", "CHF")
# Letters and words that multiply a number, beside which one without them is another quantity.
_FACTORS = re.compile(  # m is a metre
    r"[kKMB]|(?i:bn|mn|mln|mio\.?|mrd\.?|tsd\.?|(thousand|million|billion|mille)s?)"
)
_SPACES = " \u00a0\u2009\u202f'\u2019"  # they separate thousands; so does a point or comma
_NUMBER = re.compile(
    rf"""(?P<limit>[<>≤≥~≈]=?)?\s*
    (?P<negative>\()?\s*
    (?P<sign>[-+\u2212])?\s*
    (?P<before>[$€£¥₹])?\s*
    (?P<inner>[-+\u2212])?
    (?P<digits>\d[\d.,{_SPACES}]*|[.,]\d+)
    (?P<power>[eE][-+]?\d+)?
    \s*(?P<after>%|‰|°\s?[CFK]?|[$€£¥₹]|[^\W\d_][^\d\s,;:()]{{0,9}})?
    \s*(?P<close>\))?""",
    re.VERBOSE,
)
_WITH = {
    decimal: re.compile(
        rf"(?P<whole>\d+|[1-9]\d{{0,2}}(?:[{_SPACES}{thousands}]\d{{3}})+)?"
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
    whole : bool
        No number of the training rows has a decimal mark: 2.000 can be 2 and 2000, and is not read.
    """

    decimal: str = "."
    unit: str = ""
    gaps: tuple[str, ...] = ()
    whole: bool = False

    def number(self, text: str) -> float | None:
        """The number in a text without blanks around it; None if there is none.

        >>> Notation(",", "kg").number("1.234,5 kg"), Notation().number("1 000")
        (1234.5, 1000.0)
        >>> Notation().number("5.2 kg")
        """
        match = _NUMBER.fullmatch(text)
        if match is None or unit_of(match) not in ("", self.unit):
            return None
        if self.whole and self.decimal in match["digits"] and _means_two(match):
            return None
        value = value_of(match, self.decimal)
        return None if value and not unit_of(match) and is_factor(self.unit) else value

    def is_gap(self, text: str) -> bool:
        """Whether a text stands for a missing number."""
        return text in self.gaps or bool(_MARK.fullmatch(text))


PLAIN = Notation()
# Of columns that pandas has as integers.
WHOLE = Notation(whole=True)


def unit_of(match):
    """The unit of a number, in the singular; $k for $5k."""
    unit = (match["before"] or "") + (match["after"] or "")
    return unit.removesuffix("s") if len(unit) > 2 else unit


def is_factor(unit):
    """Whether a unit multiplies the number, as k and Mio do."""
    return bool(_FACTORS.fullmatch(unit.strip("$€£¥₹")))


def value_of(match, decimal):
    """The number of a match of `_NUMBER` with this decimal mark; None if it cannot have it."""
    digits = _WITH[decimal].fullmatch(match["digits"].rstrip(_SPACES))
    if digits is None or bool(match["negative"]) != bool(match["close"]):
        return None
    whole = re.sub(r"\D", "", digits["whole"] or "")
    if not whole and not digits["part"]:
        return None
    if match["power"] and whole != (digits["whole"] or ""):  # nobody separates thousands in 1.234e5
        return None
    value = float(f"{whole or 0}.{digits['part'] or 0}{match['power'] or ''}")
    minus = (match["sign"] in ("-", "\u2212"), match["inner"] in ("-", "\u2212"))
    return -value if any((*minus, match["negative"])) else value


def _means_two(match):
    """Whether a point or comma of a match can be the decimal mark and can separate thousands."""
    return None not in (value_of(match, "."), value_of(match, ","))


def means_two(text):
    """Whether a text can be two numbers, as 1.540 can."""
    match = _NUMBER.fullmatch(text)
    return match is not None and "." in match["digits"] and _means_two(match)


def has_point(text):
    """Whether a text is a number whose decimal mark is a point for sure, as that of 1.5 is."""
    match = _NUMBER.fullmatch(text)
    return match is not None and "." in match["digits"] and value_of(match, ",") is None


def has_zeros(text):
    """Whether a text is a number that begins with needless zeros, as codes can."""
    return len(text) > 1 and text[0] == "0" and text.isdecimal()


def units_of(texts):
    """{unit: places of the texts that are numbers with it}, without those that have none."""
    found: dict[str, list[int]] = {}
    for i, text in enumerate(texts):
        match = _NUMBER.fullmatch(text)
        if match is not None and unit_of(match):
            found.setdefault(unit_of(match), []).append(i)
    return found


def learn_notation(counts, decimal=None):
    """The notation of most texts, and what is odd about it.

    Parameters
    ----------
    counts : dict
        How often each text occurs.
    decimal : str, optional
        The decimal mark, if it is known.

    Returns
    -------
    notation : Notation
        Without `gaps`.
    in_doubt : str or None
        A text that can mean two numbers, as 1,234 does, if no other text settles the matter.
    """
    matches = {text: match for text in counts if (match := _NUMBER.fullmatch(text))}
    units = dict.fromkeys(map(unit_of, matches.values()), 0)
    for text, match in matches.items():
        units[unit_of(match)] += counts[text]
    unit = max((unit for unit in units if unit), key=units.get, default="")
    if decimal is not None:
        return Notation(decimal, unit), None
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
        elif "," in match["digits"] or bare or unit_of(match) in _MONEY:
            doubts.append(text)
    if proofs[","] > proofs["."]:
        return Notation(",", unit), None
    return Notation(".", unit), doubts[0] if doubts and not proofs["."] else None

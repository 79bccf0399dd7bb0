"""Texts that look alike and are not the same; or like numbers or dates, and are no such."""

import re
import unicodedata

from fastnn.reading.months import month_of
from fastnn.text.words import rows

# So many of the rows begin with a number.
_MOSTLY = 0.9
# Fewer different texts are categories, whatever they begin with; of so few, ranges are.
_FEWEST, _FEW_RANGES = 6, 20
# Amounts have the same words around their numbers, two texts or more each; addresses have more.
_ALIKE, _SHAPES = 2, 10
_BEGINS = re.compile(
    r"(?:[<>≤≥~≈]=?)?\s?[-+\u2212(]?\s?(?:[A-Z]{0,3}[$€£¥₹₩₽₺₫฿]|(?:[A-Z]{3}|Rs\.?)\s)?\s?[-+]?[.,]?\d"
)
_MONEY = re.compile("[$€£¥₹₩₽₺₫฿]")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_WORD = re.compile(r"[^\W\d_]{3,}")
# Codes have letters beside digits, or zeros in front, or more numbers than an amount and its unit.
_CODE = re.compile(
    r".*(?:[^\W\d_]\d|\d[^\W\d_]|(?<![\d.,:/])0\d(?!.*/)).*"
    r"|(?:[^\w\s]*\d++){3,}\W*|(?=(?:\D*\d){7})[\d\s()+./-]+|\d+|\d+[-:]\d+",
    re.DOTALL,
)
_RANGE = re.compile(
    r"\D{0,9}?(\d[\d.,]*)[^-\u2013\u2014\d]{0,9}?\s?(?:-|\u2013|\u2014|to|bis|\u00e0|and|until)"
    r"\s?\D{0,9}?(\d[\d.,]*)\D*"
)


def notices_on_capitals(texts):
    """A list with a sentence on the texts of {name: texts} that look alike, or empty.

    They differ in capitals, in kinds of blanks, or in the code of a letter with an accent. Texts of
    one name are different.
    """
    said = []
    for name, different in texts.items():
        alike: dict[str, list[str]] = {}
        for text in sorted(different):
            alike.setdefault(_simplified(text), []).append(text)
        some = [_told(text) for group in alike.values() if len(group) > 1 for text in group]
        if some:
            said.append(f"{', '.join(some):.100} of {name!r}")
    if not said:
        return []
    return [
        "Texts that differ in capitals, blanks or codes of one letter only count as different: "
        f"{'; '.join(said):.400}. Write them alike, if they are one."
    ]


def _simplified(text):
    """A text in lower case, without signs that nobody sees, in the usual codes of its letters."""
    text = unicodedata.normalize("NFKC", text)
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return " ".join(seen.split()).casefold()


def _told(text):
    """A text in quotes; where it looks like another, as codes of its signs."""
    plain = unicodedata.normalize("NFC", text) == text and text.isprintable()
    return repr(text) if plain else ascii(text)


def told_of_unread(name, counts):
    """A list with a sentence on a column of texts that are numbers, by their look; or empty.

    `counts` has how often each text occurs. Numbers vary while the words around them do not:
    addresses, codes and ranges such as 18-25 are categories.
    """
    total = sum(counts.values())
    amounts = [text for text in counts if _BEGINS.match(text) or _has_month(text)]
    if len(amounts) < _FEWEST or sum(map(counts.__getitem__, amounts)) < _MOSTLY * total:
        return []
    codes = sum(
        counts[text] for text in amounts if _CODE.fullmatch(text) and not _MONEY.search(text)
    )
    ranges = sum(counts[text] for text in amounts if _is_range(text))
    if 2 * codes > total or (2 * ranges > total and len(amounts) <= _FEW_RANGES):
        return []
    if len({_shape(text) for text in amounts}) > min(_SHAPES, len(amounts) / _ALIKE):
        return []
    example = max(amounts, key=counts.__getitem__)
    many = rows(sum(map(counts.__getitem__, amounts)))
    return [
        f"Column {name!r}: {many} with values such as {example!r:.40} look like numbers or dates, "
        "and are not read as such: to have a number, write a column of it."
    ]


def _has_month(text):
    """Whether a text has a number and the name of a month."""
    return any(map(str.isdigit, text)) and any(map(month_of, _WORD.findall(text)))


def _shape(text):
    """A text without its numbers and months."""
    words = _WORD.sub(lambda match: "M" if month_of(match[0]) else match[0], text)
    return _NUMBER.sub("0", words)


def _is_range(text):
    """Whether a text is two numbers, the larger one last, or two days."""
    if sum(month_of(word) is not None for word in _WORD.findall(text)) > 1:
        return True
    match = _RANGE.fullmatch(text)
    if match is None:
        return False
    first, last = (float(re.sub("[^0-9]", "", part)[:15]) for part in match.groups())
    return first <= last

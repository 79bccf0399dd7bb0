"""Texts that look alike, and are not the same."""

import unicodedata


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

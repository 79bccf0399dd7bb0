"""Notices on data that a program can tell from others."""

from __future__ import annotations

from collections.abc import Iterable


class Notice(str):
    """A sentence about data.

    Attributes
    ----------
    gives_away : tuple of str
        The columns that alone give the target away, as the sentence shows them.
    """

    gives_away: tuple[str, ...] = ()

    @classmethod
    def on(cls, columns: Iterable[str], text: str) -> Notice:
        """A sentence that these columns give the target away."""
        notice = cls(text)
        notice.gives_away = tuple(columns)
        return notice


class Alarm(Notice):
    """A notice that a result is probably worthless: in Python it is a `UserWarning` as well."""


def gives_away(text: str) -> tuple[str, ...]:
    """The columns that give the target away by a sentence.

    >>> gives_away(Notice.on(["'refund'"], "Column 'refund' gives it away.")), gives_away("Hello.")
    (("'refund'",), ())
    """
    return text.gives_away if isinstance(text, Notice) else ()

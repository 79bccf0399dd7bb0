"""Names of inputs and classes in sentences, if a table gave some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Names(NamedTuple):
    """Names of the columns of X, of the classes and of y; None: their numbers are the names.

    `sources` are the columns of a table that those of X are made from.
    """

    columns: Sequence[str] | None = None
    classes: Sequence[Any] | None = None
    target: str = "y"
    sources: Sequence[str] | None = None

    def of_columns(self, indices: Sequence[int]) -> str:
        """Some columns in words.

        >>> Names().of_columns([3]), Names(["age", "city=Oslo"]).of_columns([0, 1])
        ('column 3', "columns 'age', 'city=Oslo'")
        """
        return columns_in_words([self._column(int(j)) for j in indices])

    def of_sources(self, indices: Sequence[int]) -> list[str]:
        """The different columns of the table that some columns are made from, as words show them.

        >>> names = Names(["day: time", "day: hour"], sources=["day", "day"])
        >>> names.of_sources([0, 1]), Names().of_sources([0, 1])
        (["'day'"], ['0', '1'])
        """
        if self.sources is None:
            return [self._column(int(j)) for j in indices]
        return list(dict.fromkeys(repr(self.sources[int(j)]) for j in indices))

    def of_classes(self, labels: Sequence[int]) -> str:
        """Some classes in words.

        >>> Names().of_classes([1]), Names(classes=["no", "yes"]).of_classes([0, 1])
        ('class 1', "classes 'no', 'yes'")
        """
        known = self.classes
        shown = ", ".join(f"{int(k) if known is None else known[int(k)]!r}" for k in labels)
        return f"class{'es' if len(labels) > 1 else ''} {shown}"

    def _column(self, j):
        return str(j) if self.columns is None else repr(self.columns[j])


def columns_in_words(shown: Sequence[str]) -> str:
    """Some columns in words.

    >>> columns_in_words(["'age'"]), columns_in_words(["3", "4"])
    ("column 'age'", 'columns 3, 4')
    """
    more = ", ..." if len(shown) > 5 else ""
    return f"column{'s' if len(shown) > 1 else ''} {', '.join(shown[:5])}{more}"


UNNAMED = Names()


def names_of(part: Any) -> Names:
    """The `names` of a part of a table; `UNNAMED` of any other set."""
    found = getattr(part, "names", None)
    return found if isinstance(found, Names) else UNNAMED

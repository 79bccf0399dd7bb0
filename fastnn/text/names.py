"""Names of inputs and classes in sentences, if a table gave some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Names(NamedTuple):
    """Names of the columns of X, of the classes and of y; None: their numbers are the names."""

    columns: Sequence[str] | None = None
    classes: Sequence[Any] | None = None
    target: str = "y"

    def of_columns(self, indices: Sequence[int]) -> str:
        """Some columns in words.

        >>> Names().of_columns([3]), Names(["age", "city=Oslo"]).of_columns([0, 1])
        ('column 3', "columns 'age', 'city=Oslo'")
        """
        named = [self._column(int(j)) for j in indices[:5]]
        shown = ", ".join(named) + (", ..." if len(indices) > 5 else "")
        return f"column{'s' if len(indices) > 1 else ''} {shown}"

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


UNNAMED = Names()


def names_of(part: Any) -> Names:
    """The `names` of a part of a table; `UNNAMED` of any other set."""
    found = getattr(part, "names", None)
    return found if isinstance(found, Names) else UNNAMED

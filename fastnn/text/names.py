"""Names of inputs and classes in sentences, where a table gave some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Names(NamedTuple):
    """What the columns of X, the classes and y are called; None: as they are numbered."""

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
    """Those that a part of a table has as its `names`; of any other set there are none."""
    found = getattr(part, "names", None)
    return found if isinstance(found, Names) else UNNAMED

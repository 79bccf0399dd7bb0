"""A fitted estimator of tables as notebooks show it."""

from __future__ import annotations

from typing import Any

from sklearn.utils import estimator_html_repr

from fastnn.text.markup import Markup, result, tag


class Shown:
    """Prints the parameters and, once fitted, the notices; a notebook shows everything."""

    def __repr__(self, *args: Any) -> str:
        count = len(vars(self).get("notices_", ()))
        told = f"\n# with {count} notice{'s' * (count > 1)}: print it, or its notices_"
        return super().__repr__(*args) + (told if count else "")

    def __str__(self) -> str:
        notices = (f"- {notice}" for notice in vars(self).get("notices_", ()))
        return "\n".join([super().__repr__(), *notices])

    def _repr_html_(self) -> str:
        return as_html(self) if "network_" in vars(self) else str(estimator_html_repr(self))

    # IPython asks for this one first, which scikit-learn has too.
    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}


def as_html(estimator: Any) -> str:
    """The columns, the network and its curves, under the parameters that were given."""
    parts = (estimator.schema_, estimator.network_, estimator.history_)
    shown = [Markup(part._repr_html_()) for part in parts if part is not None]
    notices = [tag("p", notice, class_="soft") for notice in estimator.notices_]
    return str(result(repr(estimator), *shown, *notices))

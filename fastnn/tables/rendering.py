"""A fitted estimator of tables as notebooks show it."""

from __future__ import annotations

from typing import Any

from sklearn.utils import estimator_html_repr

from fastnn.text.markup import Markup, result, tag


class InNotebooks:
    """What a notebook shows: once fitted, what was made of the table; before, the parameters."""

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

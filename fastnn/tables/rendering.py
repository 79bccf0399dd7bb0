"""A fitted estimator of tables as it is shown and kept: in a notebook, as a page, as a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sklearn.utils import estimator_html_repr
from sklearn.utils.validation import check_is_fitted

from fastnn.export import to_onnx
from fastnn.tables.examples import examples_of, pair_of
from fastnn.tables.fitting import to_dict
from fastnn.tables.judging import Judged, diagnosis_of, judged, report_on
from fastnn.tables.options import settings_of
from fastnn.text.markup import Markup, result, tag

if TYPE_CHECKING:
    from fastnn.diagnosis import Diagnosis
    from fastnn.reporting import Report
    from fastnn.tables.examples import Given, Table, Target
    from fastnn.tabular import TableSchema


class Shown:
    """Prints the parameters and, once fitted, the notices; a notebook shows everything."""

    schema_: TableSchema

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

    def diagnose(
        self,
        X: Table,
        y: Target | None = None,
        *,
        dev: Given | None = None,
        test: Given | None = None,
        optimal_error: float | None = None,
        **options: Any,
    ) -> Diagnosis:
        """Tell what is wrong with the model, bias or variance, and what to do next.

        Parameters
        ----------
        X, y : the table of the fit
            Its training and dev rows are found again. With `dev`, any training rows. None as y is
            the column of the target in X. Where a `quality` was trained on all rows and there is no
            `dev`, the same is trained anew on four fifths of X, and judged by the others: that
            takes as long as `fit`.
        dev, test : a table with the column of the target, or (X, y), optional
        optimal_error : float, optional
            No model can have a lower error.
        **options
            Options of `Network.diagnose`.

        Returns
        -------
        Diagnosis
            Errors are shares of wrong classes, or of the variance of the target that is not
            explained.
        """
        model, parts, notes = self._judged(X, y, dev, test)
        options["optimal_error"], settings = optimal_error, settings_of(model.get_params())
        return diagnosis_of(model.network_, parts, settings, notes, **options)

    def report(
        self,
        X: Table,
        y: Target | None = None,
        path: str | os.PathLike[str] | None = None,
        *,
        dev: Given | None = None,
        test: Given | None = None,
        **options: Any,
    ) -> Report:
        """Write a page about the model: verdict, curves, mistakes by row and column, settings.

        Parameters
        ----------
        X, y, dev, test : as for `diagnose`
        path : path, optional
        **options
            Options of `fastnn.report`, such as title, or first_row=2 for rows as in a spreadsheet.

        Returns
        -------
        Report
        """
        if path is None and isinstance(y, str | os.PathLike) and str(y).endswith(".html"):
            raise TypeError(
                f"expected y to be the target or the name of its column, got {str(y)!r}: the path "
                f"comes after it, as in report(X, path={str(y)!r})"
            )
        return report_on(self._judged(X, y, dev, test), path, **options)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to a safetensors file; `fastnn.load` reads it.

        The command line reads it, too: ``fastnn predict``, ``diagnose`` and ``info``.

        Parameters
        ----------
        path : str or path-like
            Overwritten when it exists, entirely or not at all.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            There is nothing to save before `fit`.
        OSError
            The file cannot be written; the old file is unchanged.
        """
        from fastnn.files.model import save

        check_is_fitted(self)
        save(self.network_, path, kind="table", model=to_dict(self))

    def to_onnx(self, path: str | os.PathLike[str]) -> None:
        """Write the model as ONNX, for columns of `schema_.columns_of`: see `fastnn.to_onnx`."""
        check_is_fitted(self)
        to_onnx(self, path)

    def _judged(self, X, y, dev, test) -> Judged:
        """The estimator to judge, and the parts to judge it on."""
        check_is_fitted(self)
        examples = examples_of(self, X, y)
        target = self.schema_.target
        given = {
            name: pair_of(self, part, target)
            for name, part in (("dev", dev), ("test", test))
            if part is not None
        }
        return judged(self, examples, given)


def as_html(estimator: Any) -> str:
    """The columns, the network and its curves, under the parameters that were given."""
    parts = (estimator.schema_, estimator.network_, estimator.history_)
    shown = [Markup(part._repr_html_()) for part in parts if part is not None]
    notices = [tag("p", notice, class_="soft") for notice in estimator.notices_]
    return str(result(repr(estimator), *shown, *notices))

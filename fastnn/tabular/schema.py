"""The schema of a table: which columns a network reads, and how, as learnt from training rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastnn.tabular.columns import choose_columns, unknown_categories
from fastnn.tabular.encoding import encode, input_names, learn_columns
from fastnn.tabular.stored import schema_parts, schema_state
from fastnn.tabular.target import learn_target, with_target
from fastnn.tabular.values import as_frame, check_columns, rows

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.tabular.columns import CategoricalColumn, NumericColumn
    from fastnn.tabular.target import Target, Task
    from fastnn.tabular.values import PolarsFrame


class TableSchema:
    """Turns rows of a table into inputs and targets of a network; made by `fit`.

    - Numbers and booleans: the median fills gaps, then the mean is 0 and the standard deviation 1.
      If training rows had gaps, one more input tells whether there was one.
    - Text and pandas categories: each category has an input, up to 50. Those of a single training
      row, and the less frequent ones beyond 50, share one input, "rare". A gap is a category,
      "missing". A category that training has not seen counts as rare; if there were no rare ones,
      its inputs are all 0.
    - Integers are numbers, codes or not, unless named as categorical. Text that is numbers is
      numbers; if at most a tenth of it is not, an error names the mistakes. Dates are refused.
    - These columns are left out, with a notice: those with the same value in all rows, with
      missing values only, without a name, and text that differs in nearly all rows.
    - A target of whole numbers is classes if at most 20 are different, each in 3 rows or more on
      average. All other numbers are a regression, and all other values are classes.

    Attributes
    ----------
    columns : tuple of NumericColumn or CategoricalColumn
        The columns that are inputs, numbers first.
    dropped : dict
        The reason why a column of the training rows is not used, by its name.
    notices : list of str
        Sentences that tell the user of `fit` what was left out or looks wrong.
    target, task : str
        task: "classification" or "regression".
    classes : array or None
        Sorted; of str, bool, int or float as the target's values are.
    target_scale : float or None
        Standard deviation of a regression's target: an error of the network times this is in the
        target's units.
    n_inputs, n_outputs : int
        Of the network; one output for two classes.
    output : str
        Of the network: softmax, sigmoid or identity.
    input_names : list of str

    Notes
    -----
    Messages name rows by the frame's index, which `read_table` counts from 0.

    Examples
    --------
    >>> import pandas
    >>> from fastnn.tabular import TableSchema
    >>> frame = pandas.DataFrame({"area": [54, 71, None, 38], "city": ["Rome", "Oslo"] * 2,
    ...                           "price": [210.5, 380.2, 405.1, 160.3]})
    >>> schema = TableSchema.fit(frame, target="price")
    >>> schema
    <TableSchema of 2 columns, 4 inputs, regression of 'price'>
    >>> schema.input_names
    ['area', 'area is missing', 'city=Oslo', 'city=Rome']
    >>> schema.inputs(frame[:0]).shape
    (0, 4)
    """

    columns: tuple[NumericColumn | CategoricalColumn, ...]
    dropped: dict[str, str]
    notices: list[str]
    input_names: list[str]

    def __init__(
        self,
        columns: Iterable[NumericColumn | CategoricalColumn],
        target: Target,
        dropped: Mapping[str, str] | None = None,
        notices: Iterable[str] = (),
    ) -> None:
        self.columns, self._target = tuple(columns), target
        self.dropped, self.notices = dict(dropped or {}), list(notices)
        self.input_names = input_names(self.columns)

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame | PolarsFrame,
        target: str,
        task: Literal[Task, "auto"] = "auto",
        drop: str | Sequence[str] = (),
        categorical: str | Sequence[str] = (),
    ) -> TableSchema:
        """Learn from training rows, and from no others.

        Parameters
        ----------
        frame : pandas or polars DataFrame
            Rows without a target are left out.
        target : str
        task : {"auto", "classification", "regression"}, default "auto"
        drop, categorical : sequence of str
            Columns to leave out; columns whose values are categories, whatever they look like.

        Returns
        -------
        TableSchema

        Raises
        ------
        ValueError
            There is no such column, or nothing to predict or to predict from; or a column holds
            values that are neither numbers nor categories: the message names column and row.
        """
        frame, left_out = with_target(frame, target)
        drop = check_columns(drop, frame, "columns to drop")
        categorical = check_columns(categorical, frame, "categorical columns")
        if target in drop:
            raise ValueError(f"expected drop to hold other columns than the target, got {target!r}")
        if len(frame) < 2:
            raise ValueError(
                f"expected at least 2 rows whose target {target!r} is known, got {len(frame)}"
            )
        notices = []
        if left_out:
            notices.append(f"{rows(left_out)} without {target!r}: left out.")
        as_target = frame[target]
        if target in categorical:
            as_target = as_target.astype("category")
        learnt = learn_target(as_target, task)
        others = [name for name in frame.columns if name != target and name not in drop]
        kinds, left = choose_columns(frame[others], categorical)
        notices += [f"Column {name!r} is left out: {why}." for name, why in left.items()]
        dropped = dict.fromkeys(drop, "as asked for") | left
        if not kinds:
            reasons = "; ".join(f"{name!r}: {why}" for name, why in list(dropped.items())[:10])
            raise ValueError(
                f"expected columns to predict {target!r} from, got none that is "
                f"usable{': ' * bool(reasons)}{reasons}"
            )
        if learnt.classes is not None:
            counts = np.bincount(learnt.encode(as_target), minlength=len(learnt.classes))
            alone = learnt.classes[counts == 1].tolist()
            if alone:
                notices.append(f"Classes of {target!r} with a single row: {str(alone)[:200]}.")
        numeric = [name for name, kind in kinds.items() if kind == "numeric"]
        texts = [name for name, kind in kinds.items() if kind == "categorical"]
        return cls(learn_columns(frame, numeric, texts), learnt, dropped, notices)

    # --- facts -------------------------------------------------------------------------------

    @property
    def target(self) -> str:
        """The name of the predicted column."""
        return self._target.name

    @property
    def task(self) -> Task:
        """ "classification" or "regression"."""
        return self._target.task

    @property
    def classes(self) -> NDArray[Any] | None:
        """The classes, sorted; None in regression."""
        return self._target.classes

    @property
    def target_scale(self) -> float | None:
        """The standard deviation of a regression's target; None in classification."""
        return self._target.scale if self.task == "regression" else None

    @property
    def n_inputs(self) -> int:
        """The number of features of the network."""
        return len(self.input_names)

    @property
    def n_outputs(self) -> int:
        """The number of outputs of the network; 1 for two classes."""
        classes = self.classes
        return 1 if classes is None or len(classes) == 2 else len(classes)

    @property
    def output(self) -> Literal["softmax", "sigmoid", "identity"]:
        """The output activation of the network."""
        if self.task == "regression":
            return "identity"
        return "sigmoid" if self.n_outputs == 1 else "softmax"

    @property
    def text_columns(self) -> list[str]:
        """Columns that `read_table` has to read unchanged: categories, and a target of text."""
        names = [column.name for column in self.columns if column.kind == "categorical"]
        return names + [self.target] * (self.classes is not None and self.classes.dtype == object)

    def __repr__(self) -> str:
        return (
            f"<TableSchema of {len(self.columns)} columns, {self.n_inputs} inputs, "
            f"{self.task} of {self.target!r}>"
        )

    # --- work --------------------------------------------------------------------------------

    def inputs(self, frame: pd.DataFrame | PolarsFrame) -> NDArray[np.float32]:
        """(m, n_inputs) float32 inputs of the network.

        Parameters
        ----------
        frame : pandas or polars DataFrame
            Columns are found by their names, in any order; unknown ones are ignored.

        Raises
        ------
        ValueError
            A column is missing, or has a value of another kind than in training; the message
            names the column and the row.
        """
        return encode(self._checked(frame), self.columns)

    def targets(self, frame: pd.DataFrame | PolarsFrame) -> NDArray[Any]:
        """(m,) indices of classes, or ``(y - mean) / target_scale``.

        Raises
        ------
        ValueError
            A target is missing, or not one of the classes.
        """
        frame = as_frame(frame)
        check_columns([self.target], frame, "target")
        return self._target.encode(frame[self.target])

    def decode(self, A: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Classes, or values in the target's units, of the network's output activations A."""
        return self._target.decode(A)

    def extra_columns(self, frame: pd.DataFrame | PolarsFrame) -> list[str]:
        """Names of the columns that training has not seen, which are ignored."""
        known = {column.name for column in self.columns} | {self.target, *self.dropped}
        return [name for name in as_frame(frame).columns if name not in known]

    def review(self, frame: pd.DataFrame | PolarsFrame) -> list[str]:
        """Sentences about a new table that its user ought to know.

        They tell of columns that are ignored, categories that training has not seen, and gaps
        where training had none.
        """
        frame = self._checked(frame)
        extra = self.extra_columns(frame)
        said = (
            [f"Columns that training has not seen are ignored: {str(extra)[1:-1]:.300}."]
            if extra
            else []
        )
        for column in self.columns:
            series = frame[column.name]
            if column.kind == "categorical":
                said += unknown_categories(series, column)
            elif column.missing is None and series.isna().any():
                count = rows(int(series.isna().sum()))
                said.append(
                    f"Column {column.name!r} is missing in {count}, and was in none of "
                    f"training: {column.fill:g} is put there."
                )
        return said

    def to_dict(self) -> dict[str, Any]:
        """The schema in types that JSON has, to the last bit."""
        return schema_state(self.columns, self._target, self.dropped)

    @classmethod
    def from_dict(cls, state: Any) -> TableSchema:
        """The schema from the result of `to_dict`.

        Raises
        ------
        ModelFormatError
            `state` is not such a dict.
        """
        return cls(*schema_parts(state))

    def _checked(self, frame):
        frame = as_frame(frame)
        check_columns([column.name for column in self.columns], frame, "columns")
        return frame

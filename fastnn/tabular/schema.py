"""The schema of a table: which columns a network reads, and how, as learnt from training rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastnn.arguments import integer, lookup
from fastnn.layers.outputs import LossName
from fastnn.reading.learning import remarks, tidy, typed_columns
from fastnn.reading.lookalikes import notices_on_capitals
from fastnn.reading.notation import PLAIN, Notation
from fastnn.reading.values import as_frame, check_columns, marks_of_gaps, notices_on_marks, pandas
from fastnn.tabular.columns import arrays_of
from fastnn.tabular.encoding import encode, learn_columns, named_inputs, plain_columns
from fastnn.tabular.facts import Facts
from fastnn.tabular.frame import (
    choose_inputs,
    learn_readings,
    notices_on_dates,
    notices_on_far_days,
    notices_on_shared_inputs,
    notices_on_target,
    oddities,
    sources_of,
)
from fastnn.tabular.rows import rows_with
from fastnn.tabular.stored import schema_parts, schema_state
from fastnn.tabular.target import learn_target, notices_on_task
from fastnn.tabular.target_means import names_of_means

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.reading.dates import DateForm
    from fastnn.reading.notation import Notation
    from fastnn.reading.values import PolarsFrame
    from fastnn.tabular.columns import CategoricalColumn, NumericColumn
    from fastnn.tabular.target import Target, Task


class TableSchema(Facts):
    """Turns rows of a table into inputs and targets of a network; made by `fit`.

    Print it for the inputs of each column, and why others are left out; a notebook shows a table.

    - Numbers and booleans: the median fills gaps, then the mean is 0 and the standard deviation 1.
      If training rows had gaps, one more input tells whether there was one. With `bins`, an input
      of each rises from 0 to 1 from one quantile to the next (Gorishniy et al., 2022).
    - Text and pandas categories: each category has an input, up to 256; a hash deals the less
      frequent ones to 64 inputs. Those of a single training row share one, "rare". A gap is a
      category of its own. An unseen one counts as rare; without rare ones its inputs are all 0.
    - Of more than 256 categories, those of fewer than 20 rows or beyond the 256 have one more
      input, or one for each of up to 64 classes: their mean target, nearer to that of all rows the
      fewer their rows. For a training row it leaves out its fold. Weights of rows do not count.
    - Integers are numbers, codes or not, unless named as categorical. Text that is numbers is
      numbers, also with decimal commas, thousands, a unit or several (1h 20m), or marks of gaps as
      "-" and "n.a.": a notice tells. If at most a tenth of it is not, an error names the mistakes.
    - Dates become numbers: time, month, weekday and hour, as far as they vary.
    - Blanks around texts do not count.
    - These columns are left out, with a notice: those with the same value in all rows, with
      missing values only, without a name, text that differs in nearly all rows, and numbers that
      count the rows or are a key by their name.
    - A target of whole numbers is classes if at most 20 are different, each in 3 rows or more on
      average. All other numbers are a regression, and all other values are classes. If no target
      is negative, as counts and prices are, no prediction is.

    Messages name rows by the frame's index, which `read_table` counts from 0.

    Attributes
    ----------
    columns : tuple of NumericColumn or CategoricalColumn
        The columns that are inputs, numbers first.
    dropped : dict
        The reason why a column of the training rows is not used, by its name.
    notices : list of str
        Sentences for the user of `fit`, on columns and rows that were left out or look wrong.
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
        Of the network: softmax, sigmoid, or the output of the loss of a regression.
    input_names : list of str
    dates : list of str
        Columns of the table that are read as dates.

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
    missing: tuple[str, ...] | None

    def __init__(
        self,
        columns: Iterable[NumericColumn | CategoricalColumn],
        target: Target,
        dropped: Mapping[str, str] | None = None,
        notices: Iterable[str] = (),
        readings: Mapping[str, Notation | DateForm] | None = None,
        missing: tuple[str, ...] | None = None,
    ) -> None:
        self.columns, self._target = tuple(columns), target
        self.dropped, self.notices = dict(dropped or {}), list(notices)
        self.missing: tuple[str, ...] | None = missing
        self._readings = dict(readings or {})
        self._categorical = {c.name for c in self.columns if c.kind == "categorical"}
        self.input_names = [name for name, _ in named_inputs(self.columns)]

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame | PolarsFrame,
        target: str,
        task: Literal[Task, "auto"] = "auto",
        drop: str | Sequence[str] = (),
        categorical: str | Sequence[str] = (),
        numeric: str | Sequence[str] = (),
        missing: Sequence[str] | None = None,
        decimal: Literal[".", ","] | None = None,
        bins: int = 0,
        *,
        loss: LossName = "squared_error",
        joined: Sequence[str] = (),
        day_first: bool | None = None,
    ) -> TableSchema:
        """Learn from training rows, and from no others.

        Parameters
        ----------
        frame : pandas or polars DataFrame
            Rows without a target are left out.
        target : str
        task : {"auto", "classification", "regression"}, default "auto"
        drop, categorical, numeric : sequence of str
            Columns to leave out; columns whose values are categories, whatever they look like; and
            columns that are numbers and are kept, even if they count rows or look like dates.
        missing : str or sequence of str, optional
            Texts that are missing values, such as "?" or "-999"; an empty field always is. None:
            NA, N/A, NaN, null and the like; among numbers also -, ?, n.a., None and the like.
        decimal : {".", ","}, optional
            The decimal mark of numbers in text. None: the texts of a column tell.
        bins : int
            At most so many bins of each number.
        loss : {"squared_error", "poisson", "absolute_error", "huber"}, default "squared_error"
            Of a regression; it determines `output`. Poisson is for counts and other targets of at
            least 0.
        joined : sequence of str
            Classes that are made one, "other".
        day_first : bool, optional
            Whether 03/04/2020 is in April, where all dates of a column can be read both ways.

        Returns
        -------
        TableSchema

        Raises
        ------
        ValueError
            There is no such column, or nothing to predict or to predict from; or a column holds
            values that are neither numbers nor categories: the message names column and row.
        """
        missing = marks_of_gaps(missing)
        lookup({".": None, ",": None}, decimal or ".", "decimal mark")
        integer(bins, "bins", 0)
        frame, notices = rows_with(frame, target, missing, task, categorical)
        drop = check_columns(drop, frame, "columns to drop")
        categorical = check_columns(categorical, frame, "categorical columns")
        numeric = check_columns(numeric, frame, "numeric columns")
        if target in drop:
            raise ValueError(f"expected drop to hold other columns than the target, got {target!r}")
        if len(frame) < 2:
            raise ValueError(
                f"expected at least 2 rows whose target {target!r} is known, got {len(frame)}"
            )
        named, as_target, joined = target in categorical, frame[target], tuple(joined)
        learnt, said = learn_target(
            as_target, task, missing, decimal, loss=loss, joined=joined, categorical=named
        )
        others = [name for name in frame.columns if name != target and name not in drop]
        readings, table, more = learn_readings(
            frame[others], categorical, numeric, missing, decimal, day_first
        )
        notices += said + notices_on_task(learnt, as_target, task, named) + more
        numbers, texts, left = choose_inputs(table, readings, (*categorical, *numeric))
        notices += [f"Column {name!r} is left out: {why}." for name, why in left.items()]
        notices += notices_on_dates(readings, numbers, frame, table)
        dropped = dict.fromkeys(drop, "as asked for") | left
        if not texts and not numbers:
            reasons = "; ".join(f"{name!r}: {why}" for name, why in list(dropped.items())[:10])
            raise ValueError(
                f"expected columns to predict {target!r} from, got none that is "
                f"usable{': ' * bool(reasons)}{reasons}{' ' * bool(more)}{' '.join(more)[:400]}"
            )
        y = learnt.encode(as_target, missing)
        columns = learn_columns(table, numbers, texts, bins, y, names_of_means(learnt))
        notices += notices_on_target(learnt, y, table, [*numbers, *texts], readings)
        marks = arrays_of(table, [name for name in numbers if type(readings.get(name)) is Notation])
        words = {column.name: column.units for column in columns if column.name in texts}
        if learnt.classes is None:
            marks = {target: learnt.answers(y)} | marks
        elif learnt.classes.dtype == object:
            words = {target: learnt.classes} | words
        notices += notices_on_marks(marks) + notices_on_far_days(frame, table, readings)
        notices += notices_on_capitals(words) + notices_on_shared_inputs(columns, table)
        sources = sources_of(table.columns, readings)
        used = dict.fromkeys(sources[column.name] for column in columns)
        kept = {name: readings[name] for name in used if readings[name] not in (None, PLAIN)}
        return cls(columns, learnt, dropped, notices, kept, missing)

    # --- work --------------------------------------------------------------------------------

    def inputs(
        self,
        frame: pd.DataFrame | PolarsFrame,
        out: NDArray[np.float32] | None = None,
        *,
        y: NDArray[Any] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> NDArray[np.float32]:
        """(m, n_inputs) float32 inputs of the network.

        Parameters
        ----------
        frame : pandas or polars DataFrame
            Columns are found by their names, in any order; unknown ones are ignored.
        out : (m, n_inputs) float32 array of zeros, optional
            Where to write them.
        y : (m,) array, optional
            Of training rows, by `targets`: mean targets of categories then leave out a row's fold.
        groups : (m,) array, optional
            Of training rows: those of one group are in one fold.

        Raises
        ------
        ValueError
            A column is missing, or has a value of another type than in training; the message
            names the column and the row. A text that is no number is a gap: see `unreadable`.
        """
        return encode(self._typed(self._checked(frame)), self.columns, out, y, groups)

    def columns_of(self, frame: pd.DataFrame | PolarsFrame) -> dict[str, NDArray[Any]]:
        """The columns as the model of `fastnn.to_onnx` takes them, by the names of its inputs.

        Returns
        -------
        dict of (m, 1) arrays
            float64 with NaN for gaps; or texts, with an empty one for gaps.
        """
        return plain_columns(self._typed(self._checked(frame)), self.columns)

    def targets(self, frame: pd.DataFrame | PolarsFrame, unseen: bool = False) -> NDArray[Any]:
        """(m,) indices of classes, or ``(y - mean) / target_scale``.

        With `unseen`, a class that training does not have is -1, unless all rows are of such ones.

        Raises
        ------
        ValueError
            A target is missing, or not one of the classes.
        """
        frame = as_frame(frame)
        check_columns([self.target], frame, "target")
        return self._target.encode(frame[self.target], self.missing, unseen=unseen)

    def decode(self, A: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Classes, or values in the target's units, of the network's output activations A."""
        return self._target.decode(A)

    def answers(self, y: NDArray[Any]) -> NDArray[Any]:
        """Classes, or values in the target's units, of encoded targets y."""
        return self._target.answers(y)

    def extra_columns(self, frame: pd.DataFrame | PolarsFrame) -> list[str]:
        """Names of the columns that training has not seen, which are ignored."""
        known = {*self.sources, self.target, *self.dropped}
        return [name for name in as_frame(frame).columns if name not in known]

    def review(self, frame: pd.DataFrame | PolarsFrame) -> list[str]:
        """Sentences about a new table that its user ought to know.

        They tell of columns that are ignored, categories that training has not seen, gaps where
        training had none, and numbers and dates far outside the training rows.
        """
        frame = self._checked(frame)
        extra, said = self.extra_columns(frame), []
        if extra:
            said = [f"Columns that training has not seen are ignored: {str(extra)[1:-1]:.300}."]
        said += self.unreadable(frame)
        read = self._typed(frame)
        return said + oddities(frame, read, self.columns, self._readings, self.missing)

    def unreadable(self, frame: pd.DataFrame | PolarsFrame, trained: Any = None) -> list[str]:
        """Sentences on texts that count as gaps, and on numbers without the unit of training.

        There are none of a column whose rows in the frame `trained` give the same sentence.
        """
        readings = {name: self._reading_of(name) for name in self.sources}
        said = remarks(self._checked(frame), readings, self.missing)
        known = remarks(trained, readings, self.missing) if said and trained is not None else {}
        return [text for kind, text in said.items() if kind not in known]

    def to_dict(self) -> dict[str, Any]:
        """The schema in types that JSON has, to the last bit."""
        return schema_state(self.columns, self._target, self.dropped, self._readings, self.missing)

    @classmethod
    def from_dict(cls, state: Any) -> TableSchema:
        """The schema from the result of `to_dict`; a ModelFormatError where it is none."""
        return cls(*schema_parts(state))

    def _checked(self, frame):
        frame = as_frame(frame)
        check_columns(self.sources, frame, "columns")
        return frame

    def _typed(self, frame):
        """The columns that are read, as numbers and categories."""
        values = {}
        for name in self.sources:
            series = tidy(frame[name], self.missing)
            values |= typed_columns(series, self._reading_of(name), lenient=True)
        return pandas().DataFrame(values, index=frame.index)

    def _reading_of(self, name):
        """How a column of a table is read; None for categories."""
        return self._readings.get(name, None if name in self._categorical else PLAIN)

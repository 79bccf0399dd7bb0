"""What a network must know of a table: which columns, and what they were in the training rows."""

import numpy as np

from fastnn.tabular.columns import choose_columns, unknown_categories
from fastnn.tabular.encoding import encode, input_names, learn_columns
from fastnn.tabular.stored import schema_parts, schema_state
from fastnn.tabular.target import learn_target, with_target
from fastnn.tabular.values import as_frame, check_columns, rows


class TableSchema:
    """Turns rows of a table into inputs and targets of a network; made by `fit`.

    - Numbers and booleans: gaps become the median, then mean 0 and standard deviation 1. Where
      training rows had gaps, one more input says whether there was one.
    - Text and pandas categories: an input for each category, up to 50; those of a single training
      row, and the less frequent beyond 50, share one input, "rare". A gap is a category,
      "missing". A category that training has not seen counts as rare; if there were no rare ones,
      its inputs are all 0.
    - Integers are numbers, codes or not, unless named as categorical. Text that is numbers is
      numbers; with mistakes in no more than a tenth of it, an error names them. Dates are refused.
    - Left out, with a notice: columns that are the same in all rows, or all missing, or text that
      differs in nearly all rows, or that have no name.
    - Whole numbers as a target are classes if there are at most 20 of them, each in 3 rows or more
      on average; all other numbers are a regression, and all else are classes.

    Attributes
    ----------
    columns : tuple of NumericColumn or CategoricalColumn
        Those that are inputs, numbers first.
    dropped : dict
        Why a column of the training rows is not used, by its name.
    notices : list of str
        What the user of `fit` ought to know.
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
    Rows are named in messages by the frame's index, which `read_table` counts from 0.

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

    def __init__(self, columns, target, dropped=None, notices=()):
        self.columns, self._target = tuple(columns), target
        self.dropped, self.notices = dict(dropped or {}), list(notices)
        self.input_names = input_names(self.columns)

    @classmethod
    def fit(cls, frame, target, task="auto", drop=(), categorical=()):
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
            There is no such column, nothing to predict or to predict from, or a column has values
            of a kind that is not taken; the message names the column and the row.
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

    # --- what it is --------------------------------------------------------------------------

    @property
    def target(self):
        return self._target.name

    @property
    def task(self):
        return self._target.task

    @property
    def classes(self):
        return self._target.classes

    @property
    def target_scale(self):
        return self._target.scale if self.task == "regression" else None

    @property
    def n_inputs(self):
        return len(self.input_names)

    @property
    def n_outputs(self):
        return 1 if self.task == "regression" or len(self.classes) == 2 else len(self.classes)

    @property
    def output(self):
        return (
            "identity"
            if self.task == "regression"
            else ("sigmoid" if self.n_outputs == 1 else "softmax")
        )

    @property
    def text_columns(self):
        """What `read_table` is to read as it stands: categories, and a target that is text."""
        names = [column.name for column in self.columns if column.kind == "categorical"]
        return names + [self.target] * (self.classes is not None and self.classes.dtype == object)

    def __repr__(self):
        return (
            f"<TableSchema of {len(self.columns)} columns, {self.n_inputs} inputs, "
            f"{self.task} of {self.target!r}>"
        )

    # --- what it does ------------------------------------------------------------------------

    def inputs(self, frame):
        """(m, n_inputs) float32 inputs of the network.

        Parameters
        ----------
        frame : pandas or polars DataFrame
            Columns are found by their names, in any order; others are ignored.

        Raises
        ------
        ValueError
            A column is missing, or holds what it did not in training; the message names the
            column and the row.
        """
        return encode(self._checked(frame), self.columns)

    def targets(self, frame):
        """(m,) indices of classes, or ``(y - mean) / target_scale``.

        Raises
        ------
        ValueError
            A target is missing, or not one of the classes.
        """
        frame = as_frame(frame)
        check_columns([self.target], frame, "target")
        return self._target.encode(frame[self.target])

    def decode(self, A):
        """Classes, or values in the target's units, of the network's output activations A."""
        return self._target.decode(A)

    def extra_columns(self, frame):
        """Names of the columns that training has not seen, which are ignored."""
        known = {column.name for column in self.columns} | {self.target, *self.dropped}
        return [name for name in as_frame(frame).columns if name not in known]

    def review(self, frame):
        """What a user ought to know of a new table.

        Returns
        -------
        list of str
            Columns that are ignored, categories that training has not seen, gaps where training
            had none.
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

    def to_dict(self):
        """The schema in types that JSON knows, to every bit."""
        return schema_state(self.columns, self._target, self.dropped)

    @classmethod
    def from_dict(cls, state):
        """The schema of a `to_dict`.

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

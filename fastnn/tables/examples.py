"""Tables and targets as users pass them, as one data frame, and as a network takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import (
    _check_sample_weight,
    assert_all_finite,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from fastnn.reading.notation import means_two
from fastnn.reading.values import as_frame, check_columns, pandas
from fastnn.tables.dealing import group_names
from fastnn.tabular.rows import known_rows
from fastnn.text.names import UNNAMED, Names
from fastnn.text.warning import warn_user
from fastnn.text.words import rows

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from fastnn.reading.values import PolarsFrame
    from fastnn.tabular import TableSchema

    # A table with its columns, and the targets of its rows or the name of their column.
    Table = pd.DataFrame | PolarsFrame | Mapping[str, Any] | ArrayLike
    Target = ArrayLike | str
    Given = Table | tuple[Table, Target]

# Names of the columns of an array, which has none, as in scikit-learn.
_COLUMN = "x{}"


class Examples(NamedTuple):
    """Rows of a table with a known target.

    Attributes
    ----------
    frame : DataFrame
        The target is one of its columns.
    target : str
    weight : (m,) array or None
    notices : list of str
    places : (m,) array or None
        Of the rows in the table that they are taken from; None: they are all of it.
    """

    frame: Any
    target: str
    weight: NDArray[np.floating[Any]] | None
    notices: list[str]
    places: NDArray[np.intp] | None = None

    def at(self, places: NDArray[np.intp]) -> Examples:
        """The rows at these places, without the notices."""
        weight = None if self.weight is None else self.weight[places]
        taken = places if self.places is None else self.places[places]
        return Examples(self.frame.iloc[places], self.target, weight, [], taken)


@dataclass(frozen=True)
class Part:
    """Rows as a network takes them.

    Attributes
    ----------
    X : (m, n_inputs) float32 array
    y : (m,) array
    weight : (m,) array or None
    index : (m,) array
        The rows' names in the table: their numbers, most often.
    groups : (m,) array or None
        Rows of equal values belong together.
    room : (2 m, n_inputs) array or None
        An array that begins with X. `fit_blend` takes it over.
    names : Names
        Of the inputs, the classes and the target, for sentences.
    raw : DataFrame or None
        The columns that the inputs are made from, as they were passed. Not kept of training rows:
        the table would be in memory twice.
    unseen : Series
        The targets of rows that are not in X and y, as no training row has their class; or ().
    row_weight : (m + len(unseen),) array or None
        The weights of the rows alone, without those of classes; those of `unseen` are the last.
    """

    X: NDArray[np.float32]
    y: NDArray[Any]
    weight: NDArray[np.floating[Any]] | None
    index: NDArray[Any]
    groups: NDArray[Any] | None = None
    room: NDArray[np.float32] | None = None
    names: Names = UNNAMED
    raw: Any = None
    unseen: Any = ()
    row_weight: NDArray[np.floating[Any]] | None = None

    def __len__(self) -> int:
        return len(self.y)


def table_of(estimator: Any, X: Any, *, reset: bool = False, target: str | None = None) -> Any:
    """X as a data frame with names that are text.

    Parameters
    ----------
    estimator : TableClassifier or TableRegressor
        A fit, `reset`, sets its `n_features_in_` and `feature_names_in_`.
    X : pandas or polars DataFrame, dict of columns, or (m, n) array-like
    target : str, optional
        A column of X that is no feature.
    """
    if hasattr(X, "collect") and not hasattr(X, "shape"):
        raise TypeError(f"expected a table, got a {type(X).__name__}: collect() it first")
    if isinstance(X, Mapping) and not hasattr(X, "tocsr"):
        X = pandas().DataFrame(dict(X))
    if hasattr(X, "columns") and hasattr(X, "shape"):
        if hasattr(X, "rename") and not any(isinstance(name, str) for name in X.columns):
            X = X.set_axis([str(name) for name in X.columns], axis="columns")
        frame = as_frame(X)
        if reset:
            features = [name for name in frame.columns if name != target]
            validate_data(estimator, frame[features], skip_check_array=True)
        return frame
    X = validate_data(estimator, X, dtype=None, ensure_all_finite="allow-nan", reset=reset)
    if X.dtype.kind == "f" and not np.isnan(X).any():
        assert_all_finite(X, estimator_name=type(estimator).__name__, input_name="X")
    names = [_COLUMN.format(j) for j in range(X.shape[1])]
    if not reset:  # an array after a fit of names: in their order, as the warning says
        names = vars(estimator).get("feature_names_in_", names)
    return pandas().DataFrame(X, columns=names)


def inputs_of(estimator: Any, X: Any) -> NDArray[np.float32]:
    """The inputs of the network of a fitted estimator.

    The user is warned of texts that are read as gaps, and of numbers without a unit.
    """
    frame = table_of(estimator, X)
    inputs = estimator.schema_.inputs(frame)
    for text in estimator.schema_.unreadable(frame):
        warn_user(text)
    return inputs


def examples_of(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    reset: bool = False,
    target: str | None = None,
) -> Examples:
    """X, and y or the name of the column of X that holds it, as `Examples`.

    Rows without a target, and those of weight 0, are left out. None as y is the target of the last
    fit, a column of X. `target` is the name that a y without one gets.
    """
    if y is None:
        if reset or not hasattr(estimator, "schema_"):
            raise ValueError(
                "estimator requires y to be passed, but the target y is None: pass the targets, or "
                "the name of their column"
            )
        y = estimator.schema_.target
    if isinstance(y, str):
        frame = table_of(estimator, X, reset=reset, target=y)
        if y not in frame.columns and y in frame.index.names:
            raise ValueError(
                f"the target {y!r} is the index of the table: make it a column, by X.reset_index()"
            )
        check_columns([y], frame, "target")
        target = y
    else:
        frame = table_of(estimator, X, reset=reset)
        check_consistent_length(frame, y)
        target = target or _name_of(estimator, y, frame, reset)
        frame = frame.assign(**{target: _values_of(y, frame.index)})
    weight = None
    if sample_weight is not None:
        weight = _check_sample_weight(sample_weight, frame, ensure_non_negative=True)
    known, notices = known_rows(
        frame, target, estimator.missing, estimator.task, estimator.categorical
    )
    if weight is not None:
        known = known & (weight > 0)
    if reset and known.sum() < 2:
        raise ValueError(
            f"expected at least 2 rows whose {target} is known, got n_samples={known.sum()}"
        )
    kept = Examples(frame, target, weight, notices)
    return kept if known.all() else kept.at(np.flatnonzero(known))._replace(notices=notices)


def class_weights(wanted: Any, classes: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
    """The weight of the class of each row; one that a dict does not name has 1."""
    if isinstance(wanted, Mapping):
        return np.array([wanted.get(name, 1.0) for name in classes.tolist()], dtype=np.float64)[y]
    return compute_sample_weight(wanted, classes[y])


def weighed(examples: Examples, column: str) -> Examples:
    """The examples with the weights in a column, which is no input; those of 0 are left out."""
    frame, pd = examples.frame, pandas()
    check_columns([column], frame, "weight")
    if column == examples.target:
        raise ValueError(f"column {column!r} is the target: expected weights in another column")
    cells = frame[column]
    weight = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    right = np.isfinite(weight) & (weight >= 0)
    if not pd.api.types.is_numeric_dtype(cells.dtype):  # a date, or 1.540, which may be thousands
        right &= [isinstance(cell, str) and not means_two(cell) for cell in cells]
    if not right.all():
        row = int(right.argmin())
        got = "a gap" if pd.isna(cells.iloc[row]) else repr(str(cells.iloc[row]))
        raise ValueError(
            f"column {column!r}: expected a weight in every row, a number of 0 or more, got {got} "
            f"in row {frame.index[row]}: mend it, or leave the row out"
        )
    known = examples._replace(frame=frame.drop(columns=column), weight=weight)
    told = [f"Column {column!r} has the weights of the rows, and is left out of the inputs."]
    if none := int((weight == 0).sum()):
        told.append(f"{rows(none)} of weight 0 {'is' if none == 1 else 'are'} left out.")
        known = known.at(np.flatnonzero(weight))
    return known._replace(notices=[*examples.notices, *told])


def pair_of(estimator: Any, given: Any, target: str) -> Examples:
    """Rows that were given apart, as (X, y), (X, y, weight), or a table with the target."""
    parts = given if isinstance(given, tuple) else (given, target)
    if len(parts) not in (2, 3):
        raise ValueError(f"expected (X, y), or a table with a column {target!r}, got {parts!r:.80}")
    X, y, weight = (*parts, None)[:3]
    return examples_of(estimator, X, y, weight, target=target)


def part_of(
    estimator: Any,
    schema: TableSchema,
    examples: Examples,
    name: str,
    *,
    class_weight: bool = False,
    room: bool = False,
) -> Part:
    """The examples as the part of a table with this name, train, dev or test.

    Parameters
    ----------
    estimator : TableClassifier or TableRegressor
    schema : TableSchema
    examples : Examples
    name : str
    class_weight : bool
        Whether classes have the weights of the estimator.
    room : bool
        Whether to make `Part.room`.
    """
    y, unseen = schema.targets(examples.frame, unseen=name != "train"), ()
    row_weight = examples.weight
    if schema.classes is not None and (y < 0).any():
        if row_weight is not None:
            row_weight = row_weight[np.argsort(y < 0, kind="stable")]
        unseen = examples.frame[examples.target].iloc[np.flatnonzero(y < 0)]
        examples, y = examples.at(np.flatnonzero(y >= 0)), y[y >= 0]
    m, whole = len(examples.frame), None
    if room:  # memory that nothing is written to is not taken
        whole = np.zeros((2 * m, schema.n_inputs), dtype=np.float32)
    weight = examples.weight
    wanted = getattr(estimator, "class_weight", None)
    if class_weight and wanted is not None:
        by_class = class_weights(wanted, schema.classes, y)
        weight = by_class if weight is None else weight * by_class
    index = examples.frame.index
    numbers = index.to_numpy() if index.dtype.kind in "iu" else np.arange(len(index))
    groups = None
    if estimator.groups is not None and estimator.groups in examples.frame:
        groups = group_names(examples.frame[estimator.groups])
    trained = {"y": y, "groups": groups} if name == "train" else {}
    X = schema.inputs(examples.frame, None if whole is None else whole[:m], **trained)
    classes = None if schema.classes is None else schema.classes.tolist()
    names = Names(schema.input_names, classes, repr(schema.target), schema.input_sources)
    kept = None
    if name == "dev":  # in the order of the table
        read = set(schema.sources)
        kept = examples.frame[[column for column in examples.frame.columns if column in read]]
    return Part(X, y, weight, numbers, groups, whole, names, kept, unseen, row_weight)


def _name_of(estimator, y, frame, reset):
    """The name of the target, which no feature has."""
    if not reset:
        return estimator.schema_.target
    name = getattr(y, "name", None)
    if isinstance(name, str) and name:
        if name in frame.columns:
            raise ValueError(
                f"X holds the target column {name!r} itself: name it, as in fit(X, {name!r}), or "
                "drop it from X; if y is another column, rename one of them"
            )
        return name
    names = chain(("target", "y"), (f"target {k}" for k in count(2)))
    return next(name for name in names if name not in frame.columns)


def _refuse_another_order(of_y, of_X):
    """Refuse targets with the labels of the table's rows in another order.

    Rows numbered from 0 have no labels of their own: the places count.
    """
    pd = pandas()
    if isinstance(of_y, pd.RangeIndex) or isinstance(of_X, pd.RangeIndex) or of_y.equals(of_X):
        return
    if of_y.is_unique and of_X.is_unique and of_y.isin(of_X).all():
        at = int(np.argmax(of_y.to_numpy() != of_X.to_numpy()))
        raise ValueError(
            "X and y have rows of the same labels in another order, first "
            f"{of_X[at]!r} in X and {of_y[at]!r} in y at place {at}: pass y.loc[X.index], or "
            "y.to_numpy() if they belong together by their places"
        )


def _values_of(y, index):
    """The targets as a column with the index of a table."""
    pd = pandas()
    if hasattr(y, "to_pandas"):
        y = y.to_pandas()
    if isinstance(y, pd.Series):
        _refuse_another_order(y.index, index)
    else:
        y = column_or_1d(y, warn=True)
        if y.dtype.kind == "U":
            y = y.astype(object)
    if pd.api.types.is_float_dtype(y.dtype):
        values = np.asarray(y, dtype=np.float64)
        assert_all_finite(values[~np.isnan(values)], input_name="y")
    return pd.Series(getattr(y, "array", y), index=index)

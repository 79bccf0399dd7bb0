"""Tables and targets as users pass them, as one data frame with the target in a column."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import (
    _check_sample_weight,
    assert_all_finite,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from fastnn.tabular.rows import known_rows
from fastnn.tabular.values import as_frame, check_columns, pandas
from fastnn.text.warning import warn_user

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
    return pandas().DataFrame(X, columns=[_COLUMN.format(j) for j in range(X.shape[1])])


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


def pair_of(estimator: Any, given: Any, target: str) -> Examples:
    """Rows that were given apart, as (X, y), (X, y, weight), or a table with the target."""
    parts = given if isinstance(given, tuple) else (given, target)
    if len(parts) not in (2, 3):
        raise ValueError(f"expected (X, y), or a table with a column {target!r}, got {parts!r:.80}")
    X, y, weight = (*parts, None)[:3]
    return examples_of(estimator, X, y, weight, target=target)


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


def _values_of(y, index):
    """The targets as a column with the index of a table."""
    pd = pandas()
    if hasattr(y, "to_pandas"):
        y = y.to_pandas()
    if not isinstance(y, pd.Series):
        y = column_or_1d(y, warn=True)
        if y.dtype.kind == "U":
            y = y.astype(object)
    if pd.api.types.is_float_dtype(y.dtype):
        values = np.asarray(y, dtype=np.float64)
        assert_all_finite(values[~np.isnan(values)], input_name="y")
    return pd.Series(getattr(y, "array", y), index=index)

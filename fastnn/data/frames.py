"""Frames and series of pandas and polars as arrays of numbers, column by column."""

import numpy as np


def import_pandas():
    """The module pandas, which a method `to_frame` needs."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError("to_frame needs pandas; install it with: pip install pandas") from error
    return pandas


def is_frame(X):
    """Whether X is a data frame of pandas or polars."""
    return hasattr(X, "columns") and hasattr(X, "dtypes") and hasattr(X, "to_numpy")


def frame_values(X, name):
    """A frame (m, n) or series (m,) as an array, gaps as NaN; an error names the column.

    Columns of truth values, of numbers that can have gaps and of numbers of several types become
    one array. A series without numbers is left as NumPy sees it.
    """
    if not is_frame(X):
        return _column_values(X) if hasattr(X, "dtype") else np.asarray(X)
    # Of other columns the libraries make objects, or days of dates.
    if all(map(_is_plain, X.dtypes)):
        values = np.asarray(X)
        if values.dtype.kind in "fiub":
            return values
    columns = list(X.columns)
    pieces = (X.iloc[:, j] for j in range(len(columns))) if hasattr(X, "iloc") else X.iter_columns()
    arrays = []
    for column, piece in zip(columns, pieces, strict=True):
        arrays.append(_column_values(piece))
        if arrays[-1].dtype.kind not in "fiub":
            raise TypeError(
                f"expected {name} to hold real numbers, got dtype {piece.dtype} in column "
                f"{column!r}; leave it out, or make numbers of it"
            )
    out = np.empty(
        (len(X), len(arrays)), np.result_type(bool, *{a.dtype for a in arrays}), order="F"
    )
    for j, values in enumerate(arrays):
        out[:, j] = values
    return out


def _is_plain(dtype):
    """Whether a column holds numbers, and neither truth values nor pandas' gaps."""
    if isinstance(dtype, np.dtype):
        return dtype.kind in "fiu"
    return hasattr(dtype, "is_numeric") and dtype.is_numeric()  # of polars


def _column_values(series):
    """The numbers of a series; its objects if it has none."""
    values = series.to_numpy()
    if values.dtype.kind != "O":
        return values
    dtype = series.dtype
    if getattr(dtype, "kind", "O") in "fiub":  # of pandas: Float64, boolean and their like
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    if hasattr(dtype, "is_numeric") and (dtype.is_numeric() or str(dtype) == "Boolean"):  # polars
        return series.cast(float).to_numpy()
    return values

"""The user's X, y and sample_weight, checked, as `Rows` that the compiled core gathers from.

The core reads any strides and any number type, so little is copied: a read-only, Fortran-ordered
or memory-mapped array larger than memory is fine.
"""

import sys
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from fastnn._kernels import Rows
from fastnn.data.frames import frame_values, is_frame


class SparseMatrix(Protocol):
    """A sparse matrix or array of scipy's, for type checkers."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def tocsr(self) -> Any: ...


# What X may be, for type checkers; frames of pandas and polars count as ArrayLike.
Features = ArrayLike | SparseMatrix

# Values that one uninterruptible check for finite numbers looks at: some milliseconds.
_CHECKED_AT_ONCE = 1 << 22
# Probabilities in float16 sum to 1 as closely as this.
_SUM_TOLERANCE = 2e-3


def as_features(X, columns, dtype, normalizer=None):
    """X (m, n[0]), finite numbers, as Rows; they are normalized while they are gathered."""
    moments = {} if normalizer is None else {"mean": normalizer.mean_, "scale": normalizer.scale}
    names = list(X.columns) if is_frame(X) else None
    if is_sparse(X):
        rows = _csr_rows(X, columns, moments)
    else:
        X = as_numbers(X, "X")
        if X.ndim == 1 and X.shape[0] == columns:
            raise ValueError(
                f"expected X to have shape (m, {columns}), got ({columns},); "
                "for a single example write X.reshape(1, -1)"
            )
        if X.ndim != 2 or X.shape[1] != columns:
            raise ValueError(
                f"expected X to have shape (m, {columns}), one example a row and one of the "
                f"network's {columns} features a column; got {X.shape}"
            )
        rows = Rows(X, X.shape, **moments)
    _check_finite(rows, X, "X", dtype, names, normalized=normalizer is not None)
    return rows


def as_targets(y, m, output, units, dtype, *, own_loss=False):
    """y for m examples as Rows of numbers (m, n[L]).

    For softmax also class labels (m, 1); for a loss of the user's own any number of columns.
    """
    if is_sparse(y):
        raise TypeError("expected y to be a dense array, got a sparse matrix; pass y.toarray()")
    y = as_numbers(y, "y")
    width = 1 if output == "softmax" else units
    expected = f"({m},)" if width == 1 else f"({m}, {width})"
    if y.ndim == 1 and (width == 1 or own_loss):
        y = y[:, np.newaxis]
    probabilities = output == "softmax" and not own_loss and y.ndim == 2 and y.shape[1] == units
    if y.ndim != 2 or not (y.shape[1] == width or probabilities or (own_loss and y.shape[1])):
        hint = ""
        if output == "softmax" and y.ndim == 2:
            hint = f"; pass class labels, as with y.argmax(axis=1), or probabilities ({m}, {units})"
        raise ValueError(f"expected y to have shape {expected}, got {y.shape}{hint}")
    if y.shape[0] != m:
        raise ValueError(f"expected y to have as many rows as X, {m}; got {y.shape[0]}")
    rows = Rows(y, y.shape)
    _check_finite(rows, y, "y", dtype)
    if own_loss or not m:
        return rows
    if probabilities:
        _check_probabilities(y)
    elif output == "softmax":
        if not rows.within(0, units - 1, whole=True):
            _refuse_labels(y, units)
    elif output == "sigmoid" and not rows.within(0, 1, whole=False):
        raise ValueError(
            f"expected y in [0, 1] for a sigmoid output, got values from {y.min()} to {y.max()}; "
            "use labels 0 and 1, or output='identity' for real targets"
        )
    elif output == "exp" and not rows.within(0, np.inf, whole=False):
        raise ValueError(
            f"expected y of at least 0 for an exp output, got {y.min()}; use output='identity' for "
            "targets that can be negative"
        )
    return rows


def as_weights(sample_weight, m):
    """Weights u_i = w_i m / sum w, float64 (m,); None for no weights."""
    if sample_weight is None:
        return None
    w = as_numbers(sample_weight, "sample_weight").astype(np.float64)
    if w.shape != (m,):
        raise ValueError(f"expected sample_weight to have shape ({m},), got {w.shape}")
    bad = np.flatnonzero(~((w >= 0) & (w < np.inf)))
    if bad.size:
        raise ValueError(
            f"expected sample_weight to be finite and not negative, got {w[bad[0]]} at index "
            f"{bad[0]}"
        )
    largest = w.max(initial=0)
    if largest == 0:
        raise ValueError("expected a positive sum of sample_weight, got 0")
    w /= largest  # so that no sum overflows
    return w * (m / w.sum())


def as_factors(sample_weight, m, dtype):
    """Weights of a step, float64 (m,) of any sign and finite in dtype; None for no weights."""
    if sample_weight is None:
        return None
    w = as_numbers(sample_weight, "sample_weight").astype(np.float64)
    if w.shape != (m,):
        raise ValueError(f"expected sample_weight to have shape ({m},), got {w.shape}")
    bad = np.flatnonzero(~(np.abs(w) <= np.finfo(dtype).max))
    if bad.size:
        raise ValueError(
            f"expected sample_weight to be finite in {dtype}, got {w[bad[0]]} at index {bad[0]}"
        )
    return w


def as_derivatives(dA, shape, dtype):
    """dJ/dA[L] as an array of that shape and dtype, of finite numbers."""
    given = as_numbers(dA, "dA")
    if given.shape != shape and not (shape[1] == 1 and given.shape == shape[:1]):
        raise ValueError(
            f"expected dA to have shape {shape}, that of the outputs of forward; got {given.shape}"
        )
    with np.errstate(over="ignore"):  # the next check reports it
        dA = np.asarray(given, dtype).reshape(shape)
    bad = np.argwhere(~np.isfinite(dA))
    if len(bad):
        row, column = bad[0]
        raise ValueError(
            f"expected dA to be finite in {dtype}, got a NaN, an infinity or a number too large "
            f"for it in row {row}, column {column}"
        )
    return dA


def check_same_columns(X, X_dev):
    """Raise an error where the data frames X and dev have their columns in different orders.

    Frames of pandas or polars are read by the order of their columns, whatever the names.
    """
    names, others = (list(getattr(part, "columns", ())) for part in (X, X_dev))
    if names and others and names != others:
        there = next(
            (pair for pair in zip(names, others, strict=False) if pair[0] != pair[1]),
            (f"{len(names)} columns", f"{len(others)}"),
        )
        raise ValueError(
            f"expected the columns of dev to be those of X, in the same order; X has {there[0]!r} "
            f"where dev has {there[1]!r}: pass dev with Xd[X.columns]"
        )


def is_sparse(X):
    """Whether X is a sparse matrix or array of scipy's."""
    # Where scipy.sparse is not loaded, no sparse matrix exists: no need to import it.
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and sparse.issparse(X)


def as_numbers(X, name):
    """`X` as an array of real numbers in native byte order."""
    masked = sys.modules.get("numpy.ma")  # likewise; it takes longer to load than a small fit
    if masked is not None and isinstance(X, masked.MaskedArray):
        raise TypeError(f"expected {name} without a mask; fill it first, as with {name}.filled(0)")
    try:
        X = frame_values(X, name) if hasattr(X, "to_numpy") else np.asarray(X)
    except ValueError as error:
        raise ValueError(f"expected {name} to be a rectangular array of numbers: {error}") from None
    if X.dtype.kind not in "fiub":
        hint = (
            "; encode labels as 0 .. C-1: np.unique(y, return_inverse=True)[1]"
            if name == "y"
            else f"; convert it, as with {name}.astype(float)"
        )
        raise TypeError(f"expected {name} to hold real numbers, got dtype {X.dtype}{hint}")
    if X.dtype.itemsize > 8:
        with np.errstate(over="ignore"):  # callers that need finite numbers check
            return X.astype(np.float64)
    return X if X.dtype.isnative else X.astype(X.dtype.newbyteorder("="))


def _csr_rows(X, columns, moments):
    if X.ndim != 2 or X.shape[1] != columns:
        raise ValueError(f"expected X to have shape (m, {columns}), got {X.shape}")
    X = X.tocsr()
    # A wrapper of our own, since the check cuts off arrays that are longer than needed.
    X = type(X)((X.data, X.indices, X.indptr), shape=X.shape, copy=False)
    try:
        X.check_format(full_check=True)
    except ValueError as error:
        raise ValueError(f"expected X to be a well-formed sparse matrix, but {error}") from None
    data = np.ascontiguousarray(as_numbers(X.data, "X"))
    index = np.result_type(X.indptr, X.indices)
    return Rows(
        data[: X.indptr[-1]],
        X.shape,
        np.ascontiguousarray(X.indptr, index),
        np.ascontiguousarray(X.indices, index),
        **moments,
    )


def _check_finite(rows, X, name, dtype, names=None, *, normalized=False):
    if X.dtype.kind != "f" and not normalized:  # a tiny sigma can make any number too large
        return
    m, n = X.shape
    at_once = max(1, _CHECKED_AT_ONCE // max(n, 1))
    for first in range(0, m, at_once):
        row = rows.first_not_finite(first, min(at_once, m - first), dtype == np.float64)
        if row >= 0:
            raise ValueError(
                f"expected {name} to be finite in {dtype}, got a NaN, an infinity or a number "
                f"too large for it in row {row}{_column_in(X, row, dtype, names)}; remove or "
                "impute it"
            )


def _column_in(X, row, dtype, names):
    """Words that name the column of a row in which there is no finite number of this dtype."""
    if is_sparse(X):
        return ""
    with np.errstate(over="ignore"):
        bad = np.flatnonzero(~np.isfinite(X[row].astype(dtype)))
    if not bad.size or (names is None and X.shape[1] == 1):  # or it is too large once normalized
        return ""
    return f", column {bad[0] if names is None else repr(names[bad[0]])}"


def _check_probabilities(y):
    total = y.sum(axis=1, dtype=np.float64)
    bad = np.flatnonzero((np.abs(total - 1) > _SUM_TOLERANCE) | (y.min(axis=1) < 0))
    if bad.size:
        raise ValueError(
            f"expected the rows of y (m, {y.shape[1]}) to be probabilities of the classes, not "
            f"negative and of sum 1, got {y[bad[0]]} in row {bad[0]}; divide each row by its sum"
        )


def _refuse_labels(y, classes):
    if y.dtype.kind == "f" and (y != np.floor(y)).any():
        raise ValueError(
            "expected y to hold class labels, integers 0 .. "
            f"{classes - 1}, for a softmax output; got numbers with a fractional part"
        )
    raise ValueError(
        f"expected class labels 0 .. {classes - 1} for a softmax output of {classes} units, "
        f"got labels from {y.min()} to {y.max()}; encode them with "
        "np.unique(y, return_inverse=True)[1], or give the network more outputs"
    )

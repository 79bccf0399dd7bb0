"""A part of the data: which examples, and the examples themselves once they are asked for."""

from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.data.frames import is_frame
from fastnn.data.inputs import Features, as_numbers, is_sparse
from fastnn.text.markup import result, table
from fastnn.text.meanings import MEANINGS

# Classes that are counted where a part is shown.
_MOST_CLASSES = 20


class Split:
    """A part of a data set, one of those that `fastnn.split` returns.

    It holds only `index` at first. `X` and `y` are taken when they are first used, and kept. Where
    `index` is a range of rows in order, an array is not copied: the part is a view on it.

    Parameters
    ----------
    X, y : array-like, sparse matrix, pandas or polars frame or series; y may be None
    index : (k,) int array
        Rows of X and y.

    Attributes
    ----------
    X, y
        Of the type that was given; sparse matrices become CSR.
    index : (k,) int array

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> part = fastnn.Split(np.arange(10) * 1.5, None, np.array([4, 2]))
    >>> part.X, len(part)
    (array([6., 3.]), 2)
    """

    index: NDArray[np.integer[Any]]

    def __init__(self, X: Features, y: ArrayLike | None, index: NDArray[np.integer[Any]]) -> None:
        self._source = X, y
        self.index = index

    @cached_property
    def X(self) -> Any:
        """The examples, one a row."""
        return _take(self._source[0], self.index)

    @cached_property
    def y(self) -> Any:
        """The labels or targets; None where there are none."""
        return None if self._source[1] is None else _take(self._source[1], self.index)

    def __len__(self) -> int:
        return len(self.index)

    def __repr__(self) -> str:
        return f"<Split of {len(self):,} examples>"

    def _repr_html_(self) -> str:
        X, y = self.X, self.y
        shape = getattr(X, "shape", (len(self.index),))
        facts = [("examples", f"{len(self.index):,}")]
        if len(shape) > 1:
            facts.append(("features", f"{shape[1]:,}"))
        values, counts = (
            (None, ()) if y is None else np.unique(np.asarray(y).astype(str), return_counts=True)
        )
        if 0 < len(counts) <= _MOST_CLASSES:
            facts += [(f"y = {v}", f"{n:,}") for v, n in zip(values, counts, strict=True)]
        first = f", rows {self.index[:3].tolist()} ..." if len(self.index) else ""
        shown = table(("", "count"), facts, caption=f"Split{first}")
        return result("A part of the data", shown, columns=MEANINGS["Split"])

    def __getstate__(self) -> dict[str, Any]:
        # Another process gets the examples of this part, not all of them.
        return {"X": self.X, "y": self.y, "index": self.index, "_source": None}


class HasXy(Protocol):
    """An object with X and y, such as a `Split`, for type checkers."""

    @property
    def X(self) -> Any: ...

    @property
    def y(self) -> Any: ...


# A set of examples, as `as_pair` takes it, for type checkers.
Examples = tuple[Features, ArrayLike] | list[Any] | HasXy
# One that may have weights, as `with_weights` takes it.
WeightedExamples = Examples | tuple[Features, ArrayLike, ArrayLike | None]


def rows_of(data, name):
    """Number of examples in `data`."""
    shape = getattr(data, "shape", None)
    if is_sparse(data) or shape:
        return shape[0]
    if shape == () or isinstance(data, str | bytes | dict) or not hasattr(data, "__len__"):
        raise TypeError(
            f"expected {name} to be an array, a sparse matrix, a frame or a list with one entry "
            f"for each example, got {type(data).__name__}"
        )
    return len(data)


def _take(data, index):
    if is_sparse(data):
        return data.tocsr()[index]
    if hasattr(data, "iloc"):  # pandas
        return data.iloc[index]
    if hasattr(data, "shape"):  # NumPy's arrays and their like, polars' frames and series
        first, count = (index[0], len(index)) if len(index) else (0, 0)
        if isinstance(data, np.ndarray) and (index == np.arange(first, first + count)).all():
            return data[first : first + count]
        return data[index]
    return [data[i] for i in index]


def as_pair(part, name):
    """(X, y) of a pair, or of an object with `.X` and `.y` such as a part of a split."""
    if isinstance(part, tuple | list) and len(part) == 2:
        return tuple(part)
    if hasattr(part, "X") and hasattr(part, "y"):
        return part.X, part.y
    raise TypeError(
        f"expected {name} to be a pair (X, y) or to have attributes X and y, got "
        f"{type(part).__name__}"
    )


def as_examples(X, y):
    """X and y of a call, where X alone may be a part of a split with both.

    >>> import numpy as np
    >>> as_examples(Split(np.arange(3), np.arange(3) > 0, np.array([0, 2])), None)
    (array([0, 2]), array([False,  True]))
    """
    if y is not None:
        if isinstance(X, Split):
            raise TypeError(
                "expected a part of a split alone, which has a y, got another argument in the "
                f"place of y, of type {type(y).__name__}; pass the part alone, or part.X and y"
            )
        return X, y
    if is_frame(X) or not (hasattr(X, "X") and hasattr(X, "y")):
        raise TypeError(
            f"expected X and y, or one part of a split with both, got {type(X).__name__} and no y"
        )
    if X.y is None:
        raise ValueError("expected a part with a y, the labels or targets; got y=None")
    return X.X, X.y


def with_weights(part, name):
    """(X, y, weight) of a pair, a triple, or an object with `.X` and `.y`, which has no weight."""
    if isinstance(part, tuple | list) and len(part) == 3:
        return tuple(part)
    if isinstance(part, tuple | list) and len(part) != 2:
        raise TypeError(
            f"expected {name} to be a pair (X, y) or (X, y, sample_weight), got "
            f"{type(part).__name__} of {len(part)}"
        )
    return *as_pair(part, name), None


def take(X, index, name="X"):
    """The rows of X, an array-like or sparse matrix, at `index`."""
    if is_sparse(X):
        return X.tocsr()[index]
    return as_numbers(X, name)[index]

"""Normalization of features: x := (x - mu) / sigma, with mu and sigma of the training set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.arguments import DtypeName, check_dtype, integer
from fastnn.data.inputs import Features, as_numbers, is_sparse

# Values made float64 at a time: a copy that stays in the cache, whatever the size of X.
_AT_ONCE = 1 << 17
# Sums of squares below this have lost digits to underflow, or all of them.
_LEAST_SQUARE = 1e-290


class Normalizer:
    """Give every feature mean 0 and standard deviation 1.

    ``z = (x - mean) / std``, with the mean and the standard deviation (of m examples, not m - 1)
    of the training set, used unchanged on every other set. Features that are the same in all
    examples have no standard deviation; they become 0.

    Parameters
    ----------
    dtype : {"float32", "float64"}, default "float32"
        Of the arrays that `transform` returns. Everything is computed in float64.

    Attributes
    ----------
    mean_, std_ : (n,) float64 array
        ``std_`` is 0 where the feature is constant.
    n_seen_ : int
        Number of examples so far.
    constant_ : (k,) int array
        Numbers of the features that are constant.

    Raises
    ------
    ValueError
        X is not (m, n), or holds a NaN or an infinity; the message says where. mean and std of a
        single example, or of numbers too large, or too near to each other, to square.
    sklearn.exceptions.NotFittedError
        The normalizer has seen no examples.

    Notes
    -----
    The first example is subtracted from x before moments are taken, so that 1e8 + noise loses
    nothing. The pairwise update of Chan, Golub and LeVeque (1983) merges them over chunks.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X = np.array([[1.0, 5.0], [3.0, 5.0]])
    >>> normalizer = fastnn.Normalizer().fit(X)
    >>> normalizer
    <Normalizer of 2 features, 2 examples seen, constant: 1>
    >>> normalizer.transform([[1.0, 5.0], [5.0, 6.0]])
    array([[-1.,  0.],
           [ 3.,  0.]], dtype=float32)
    """

    def __init__(self, *, dtype: DtypeName | np.dtype[Any] | type = "float32") -> None:
        self._dtype = check_dtype(dtype)
        self._n_seen, self._origin = 0, None  # origin: subtracted from x before the moments
        self._offset = self._squares = None  # mean - origin; sum of squared deviations
        self._std = None  # given by a dict, as it may not be the root of a float64

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers that `transform` returns."""
        return self._dtype

    @property
    def n_seen_(self) -> int:
        """Number of examples so far."""
        return self._n_seen

    @property
    def mean_(self) -> NDArray[np.float64]:
        """Mean of each feature."""
        self._check_fitted(1)
        return self._origin + self._offset

    @property
    def std_(self) -> NDArray[np.float64]:
        """Standard deviation of each feature; 0 where it is constant."""
        self._check_fitted(2)
        return np.sqrt(self._squares / self._n_seen) if self._std is None else self._std.copy()

    @property
    def constant_(self) -> NDArray[np.intp]:
        """Numbers of the features that are constant."""
        return np.flatnonzero(self.std_ == 0)

    @property
    def scale(self) -> NDArray[np.float64]:
        """``1 / std_``, and 0 for constant features: ``z = (x - mean_) * scale``."""
        std = self.std_
        return np.divide(1.0, std, out=np.zeros_like(std), where=std > 0)

    def fit(self, X: Features) -> Normalizer:
        """Take mean and std of X, and forget all examples from before.

        Parameters
        ----------
        X : (m, n) array-like or sparse matrix
            Read in chunks, never copied whole.

        Returns
        -------
        Normalizer
            The same object.
        """
        X = _as_matrix(X)
        if X.shape[0] == 1:
            raise ValueError(
                "expected at least 2 examples to take a standard deviation of, got 1; pass the "
                "whole training set, or its chunks one by one to partial_fit"
            )
        new = Normalizer(dtype=self._dtype)
        new._add(X)
        self.__dict__.update(new.__dict__)
        return self

    def partial_fit(self, X: Features) -> Normalizer:
        """Add the examples of X; after all chunks the result is as by `fit` on the whole."""
        X = _as_matrix(X)
        if self._n_seen:
            self._check_width(X)
        new = Normalizer(dtype=self._dtype)
        new.__dict__.update(self.__dict__)
        new._add(X)
        self.__dict__.update(new.__dict__)
        return self

    def transform(self, X: Features) -> NDArray[np.floating[Any]]:
        """``(X - mean_) / std_`` as a new (m, n) array of `dtype`."""
        mean, scale = self.mean_, self.scale
        if is_sparse(X):
            raise TypeError(
                "expected a dense X, got a sparse matrix: normalized, its zeros are zeros no "
                "longer. Give it to Network(normalize=True), which normalizes rows as it reads "
                "them; or pass X.toarray()"
            )
        return self._apply(X, lambda x: (x - mean) * scale, self._dtype)

    def fit_transform(self, X: Features) -> NDArray[np.floating[Any]]:
        """`fit`, then `transform`, of the same X."""
        return self.fit(X).transform(X)

    def inverse_transform(self, Z: Features) -> NDArray[np.float64]:
        """``Z * std_ + mean_``, the original units, as a new float64 (m, n) array.

        A constant feature gets its constant back.
        """
        mean, std = self.mean_, self.std_
        return self._apply(Z, lambda z: z * std + mean, np.dtype(np.float64))

    def as_dtype(self, dtype: DtypeName | np.dtype[Any] | type) -> Normalizer:
        """A copy that transforms to another dtype."""
        twin = Normalizer(dtype=dtype)
        # Its arrays are never written to, only replaced: the two may share them.
        twin.__dict__.update({**self.__dict__, "_dtype": twin._dtype})
        return twin

    def to_dict(self) -> dict[str, Any]:
        """The whole state, to the last bit, in types that JSON has."""
        return {
            "mean": self.mean_.tolist(),
            "std": self.std_.tolist(),
            "n_seen": self._n_seen,
            "dtype": self._dtype.name,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Normalizer:
        """The normalizer that `to_dict` was called on.

        Examples
        --------
        >>> import fastnn
        >>> normalizer = fastnn.Normalizer().fit([[1.0], [3.0]])
        >>> fastnn.Normalizer.from_dict(normalizer.to_dict()).mean_
        array([2.])
        """
        expected = {"mean", "std", "n_seen", "dtype"}
        if not isinstance(state, dict) or state.keys() != expected:
            got = sorted(map(str, state)) if isinstance(state, dict) else type(state).__name__
            raise ValueError(
                f"expected a normalizer's dict with {sorted(expected)}, got "
                f"{str(got)[:120]}; make it with Normalizer.to_dict"
            )
        self = cls(dtype=state["dtype"])
        mean, std = (_finite_vector(state[name], name) for name in ("mean", "std"))
        if mean.size != std.size or (std < 0).any():
            raise ValueError(
                f"expected std to hold as many numbers as mean, {mean.size}, none of them "
                f"negative; got {std.size}, the least {std.min():g}"
            )
        n_seen = integer(state["n_seen"], "n_seen", 2, 2**63 - 1)
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            sound = np.isfinite(np.square(std) * n_seen) & ((std == 0) | np.isfinite(1 / std))
        if not sound.all():
            raise ValueError(f"expected std to have a square and an inverse, got {std[~sound][0]}")
        self._n_seen, self._origin, self._offset = n_seen, mean, np.zeros_like(mean)
        self._squares = np.square(std) * n_seen
        self._std = std
        return self

    def __repr__(self) -> str:
        if self._n_seen < 2:
            return f"<Normalizer, {self._n_seen} examples seen>"
        constant = self.constant_
        shown = ", ".join(map(str, constant[:10])) + (", ..." if constant.size > 10 else "")
        return (
            f"<Normalizer of {self._origin.size} features, {self._n_seen:,} examples seen"
            + (f", constant: {shown}" if constant.size else "")
            + ">"
        )

    # --- how ---------------------------------------------------------------------------------

    def _add(self, X):
        self._std = None
        for _, chunk in _chunks(X, "X"):
            if self._origin is None:
                # + 0.0: the chunk may be a view on the user's X.
                self._origin = chunk[0] + 0.0
                self._offset, self._squares = np.zeros((2, chunk.shape[1]))
            n, more = self._n_seen, len(chunk)
            with np.errstate(over="ignore", invalid="ignore"):  # an error below
                x = chunk - self._origin
                mean = x.mean(axis=0)
                x -= mean
                # The second term corrects for the rounding of the mean; it would be 0 without.
                # einsum is faster, but fuses the operations on some CPUs, which gives other bits.
                squares = np.square(x).sum(axis=0) - np.square(x.sum(axis=0)) / more
                delta = mean - self._offset
                self._offset = self._offset + delta * (more / (n + more))
                self._squares = (
                    self._squares
                    + np.maximum(squares, 0)
                    + np.square(delta) * (n * more / (n + more))
                )
            self._n_seen = n + more
            bad = np.flatnonzero(~np.isfinite(self._squares))
            if bad.size:
                raise ValueError(
                    f"expected X to have a variance within float64, got values too large in "
                    f"column {bad[0]}; scale it down first"
                )
            lost = np.flatnonzero((self._squares < _LEAST_SQUARE) & x.any(axis=0))
            if lost.size:
                raise ValueError(
                    "expected X to have a variance within float64, got values too close to each "
                    f"other in column {lost[0]}, whose squares are 0; scale it up first"
                )

    def _apply(self, X, function, dtype):
        X = _as_matrix(X)
        self._check_width(X)
        out = np.empty(X.shape, dtype)
        for first, chunk in _chunks(X, "X"):
            part = out[first : first + len(chunk)]
            with np.errstate(over="ignore"):
                part[...] = function(chunk)
            if not np.isfinite(part).all():
                row, column = np.argwhere(~np.isfinite(part))[0]
                raise ValueError(
                    f"expected X within the range of {dtype}, got {chunk[row, column]:g} at row "
                    f"{first + row}, column {column}, which is not"
                )
        return out

    def _check_width(self, X):
        if X.shape[1] != self._origin.size:
            raise ValueError(
                f"expected X to have the {self._origin.size} features that the normalizer was "
                f"fitted on, got {X.shape[1]}"
            )

    def _check_fitted(self, least):
        if self._n_seen >= least:
            return
        if self._n_seen == 1:
            raise ValueError(
                "expected at least 2 examples to take a standard deviation of, got 1; call "
                "partial_fit with more"
            )
        from sklearn.exceptions import NotFittedError

        raise NotFittedError("this Normalizer has seen no examples: call fit with the training set")


def _as_matrix(X):
    """X as a two-dimensional array of numbers, or a CSR matrix; at least one row and column."""
    if is_sparse(X):
        X = X.tocsr()
        as_numbers(X.data[:0], "X")  # refuses complex numbers
    else:
        X = as_numbers(X, "X")
    if X.ndim != 2:
        hint = ": for a single feature write X.reshape(-1, 1)" if X.ndim == 1 else ""
        raise ValueError(f"expected X to have shape (m, n), got {X.shape}{hint}")
    if 0 in X.shape:
        raise ValueError(f"expected X to have examples and features, got shape {X.shape}")
    return X


def _chunks(X, name):
    """First row and float64 values of some rows at a time, checked to be finite."""
    rows = max(1, min(4096, _AT_ONCE // X.shape[1]))
    for first in range(0, X.shape[0], rows):
        chunk = X[first : first + rows]
        # Sums run in the order of memory. The same bits for every layout of X need one layout here.
        chunk = np.ascontiguousarray(chunk.toarray() if is_sparse(chunk) else chunk, np.float64)
        if not np.isfinite(chunk).all():
            row, column = np.argwhere(~np.isfinite(chunk))[0]
            raise ValueError(
                f"expected {name} to be finite, got {chunk[row, column]} at row {first + row}, "
                f"column {column}; remove or impute it"
            )
        yield first, chunk


def _finite_vector(values, name):
    # NumPy would make numbers of strings and booleans as well.
    if (
        not isinstance(values, list)
        or not values
        or not all(type(value) in (int, float) and math.isfinite(value) for value in values)
    ):
        raise ValueError(f"expected {name} to be a list of finite numbers, got {str(values)[:80]}")
    return np.array(values, dtype=np.float64)

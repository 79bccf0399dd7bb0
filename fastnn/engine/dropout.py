"""Outputs with dropout on: of one update of `fit`, and the mean and spread over many."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastnn import _kernels
from fastnn.arguments import Rng, generator, integer
from fastnn.data.inputs import Features, as_numbers, is_sparse
from fastnn.engine import passes
from fastnn.engine.examples import current_normalizer, features


class Samples(NamedTuple):
    """The outputs of a network over many draws of its dropout masks.

    Attributes
    ----------
    mean : (m, n[L]) float64 array
        The mean of the outputs.
    spread : (m, n[L]) float64 array
        The standard deviation of the outputs from one draw to the next (divisor n - 1).
    """

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]


def sample(network: Any, X: Features, n: int = 100, *, rng: Rng = 0) -> Samples:
    """Mean and spread of the outputs over n draws of the dropout masks (Monte Carlo dropout).

    The spread says how much the outputs depend on which units are there. It is a measure of the
    uncertainty about the parameters (Gal and Ghahramani, 2016). The noise of the targets is not in
    it: a new target differs from the mean by more than the spread.

    Parameters
    ----------
    X : (m, n[0]) array-like or sparse matrix
    n : int, default 100
        Draws, at least 2. Draw k has the outputs ``forward(X, dropout=(seed, k))``.
    rng : int, numpy.random.Generator or None, default 0
        Source of the seed.

    Returns
    -------
    Samples
        With `mean` and `spread`, each (m, n[L]).

    Raises
    ------
    ValueError
        Every keep_prob is 1, so that all draws would be the same.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X = np.linspace(-1, 1, 200).reshape(-1, 1)
    >>> net = fastnn.Network([1, 50, 1], output="identity", keep_prob=0.8, rng=0)
    >>> history = net.fit(X, X**2, epochs=200, learning_rate=0.01)
    >>> mean, spread = net.sample([[0.0], [5.0]])
    >>> bool(spread[1, 0] > 5 * spread[0, 0])  # 5 is far from the training set
    True
    """
    n = integer(n, "n", 2)
    if min(network.keep_prob) == 1:
        raise ValueError(
            "expected a network with dropout, got keep_prob 1 in every layer: all draws would be "
            "the same; fit a network with, say, keep_prob=0.8"
        )
    seed = int(generator(rng).integers(2**63))
    mean = squares = 0.0
    for k, A in enumerate(_draws(network, X, ((seed, step) for step in range(n)))):
        A = A.astype(np.float64)
        # Welford (1962): nothing cancels.
        difference = A - mean
        mean = mean + difference / (k + 1)
        squares = squares + difference * (A - mean)
    return Samples(mean, np.sqrt(squares / (n - 1)))


def outputs_with_dropout(network, X, dropout):
    """A[L] (m, n[L]) of the user's X with the masks of the update (seed, step)."""
    (A,) = _draws(network, X, [check_dropout(dropout)])
    return A


def check_dropout(dropout):
    """The pair (seed, step) that chooses the masks of an update."""
    if not isinstance(dropout, tuple | list) or len(dropout) != 2:
        raise TypeError(f"expected dropout to be None or (seed, step), got {dropout!r}")
    seed, step = dropout
    return integer(seed, "seed", 0, 2**64 - 1), integer(step, "step", 0, 2**63)


def _draws(network, X, updates):
    """A[L] for each of the updates (seed, step).

    The core runs the layers between two that drop units at once, and those below the first such
    layer only once for all updates.
    """
    rows = features(network, X)
    dropped = [l for l, p in enumerate(network.keep_prob) if p < 1]
    ends = [*dropped, len(network.layer_sizes) - 1]
    if ends[0]:
        below = passes.outputs(network, rows, (0, ends[0]))
    else:
        below = dense_features(network, X, rows.shape[0])
    for seed, step in updates:
        A = below
        for l, end in pairwise(ends):
            A = _drop(A, seed, step, l, network.keep_prob[l])
            A = passes.outputs(network, _kernels.Rows(A, A.shape), (l, end))
        yield A


def dense_features(network, X, m):
    """The m rows of X as the first layer gets them: dense, of the network's dtype, normalized."""
    normalizer = current_normalizer(network)
    X = X.toarray() if is_sparse(X) else X
    if normalizer is not None and m:
        return normalizer.transform(X)
    return np.asarray(as_numbers(X, "X"), network.dtype)


def _drop(A, seed, step, layer, keep_prob):
    """A * mask / keep_prob by the core, which works in whole cache lines."""
    m, units = A.shape
    padded = np.zeros((m, -(-units // 64) * 64), A.dtype)
    padded[:, :units] = A
    _kernels.apply_dropout(padded, seed, step, layer, keep_prob)
    return padded[:, :units]

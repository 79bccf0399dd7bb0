"""The lowest error that any predictor could have, bracketed by nearest neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from fastnn.arguments import integer, lookup, number
from fastnn.data.inputs import as_numbers, is_sparse
from fastnn.data.parts import rows_of
from fastnn.diagnosis.causes.twins import twins_of
from fastnn.diagnosis.evidence.intervals import Estimate, estimate_of
from fastnn.text.words import percent

# Neighbours that vote; the best of these numbers is taken.
VOTES = (1, 5, 15, 45)
# Neighbours whose losses and distances show what the nearest one would err at no distance: a line
# through few of them, and one through more, which shows how much the losses bend.
FEW, NEAREST = 5, 15
# Neighbours tell of noise if the nearest one leaves at most so much of what it explains unresolved.
UNRESOLVED = 0.5
# Distances that are in memory at a time.
_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class OptimalError:
    """The optimal (Bayes) error between a bound and an estimate, as the data itself tells them.

    Errors are shares of wrong labels, or for values shares of their variance in these rows.

    Attributes
    ----------
    high : float
        An upper bound: the error of a predictor.
    low : float
        An estimate from below, which holds if y changes little from one neighbour to the next; 0
        where neighbours show that it changes much.
    limits : (float, float)
        `low` and `high` with the chance of the sample, at the given confidence. They are far apart
        where a few rows have most of the squared error, as with heavy-tailed noise.
    nearest : float
        The error of the nearest neighbour as measured. `low` follows from it, less the part that
        grows with distance.
    resolved : bool
        Whether y changes so little between neighbours that they tell noise from it. Else `low`
        is 0.
    best : int
        The number of neighbours with the error `high`.
    conflicting : float
        Share of the examples that have a twin, with the same X, and another label.
    n : int
        Examples that were looked at.
    """

    low: float
    high: float
    limits: tuple[float, float]
    nearest: float
    resolved: bool
    best: int
    conflicting: float
    n: int

    def __str__(self) -> str:
        twins = (
            f"; {percent(self.conflicting)} of them have a twin with another label"
            if self.conflicting
            else ""
        )
        low = (
            "The lower value is an estimate: it leaves out what grows with the distance of "
            "neighbours; where y has another, faster change, the optimal error can be lower"
            if self.resolved
            else "Neighbours are too far apart, or too like rows at random, to tell noise from a y "
            "that changes between them: there is no lower value but 0"
        )
        return (
            f"optimal error between {percent(self.low)} and {percent(self.high)}, by nearest "
            f"neighbours of {self.n:,} examples{twins}. The upper bound is the error of "
            f"{self.best} neighbour{'s' if self.best > 1 else ''} on examples that they have not "
            f"seen. {low}"
        )


def optimal_error(
    X: ArrayLike | Any,
    y: ArrayLike,
    *,
    kind: Literal["auto", "labels", "values"] = "auto",
    max_rows: int = 2000,
    confidence: float = 0.95,
    rng: int = 0,
) -> OptimalError:
    """Bracket the error that no predictor can go below, because of noise in y.

    Any predictor's error on unseen examples is an upper bound; here the best of 1, 5, 15 and 45
    neighbours. The lower value is an estimate. The nearest neighbour has at most twice the optimal
    error, for many examples (Cover and Hart, 1967): with C classes its error R obeys
    ``R <= R* (2 - C/(C-1) R*)``. For values, its squared error is at most twice the noise. That is
    so of neighbours at no distance. So R is taken from a line through the errors of the first five
    neighbours, each by itself, over their mean distance (squared for values), as in the Gamma test
    of Stefansson, Koncar and Jones (1997). A line through 15 neighbours is higher where errors
    saturate, and R is lowered by as much again. No data tells noise from a y that changes much from
    one neighbour to the next: where errors grow much up to the first neighbour, and where it is
    hardly better than a row at random, the lower value is 0.

    Parameters
    ----------
    X : (m, n) array-like or sparse matrix
        Columns are standardized before distances are taken.
    y : (m,) array-like
        Labels, or values of a regression.
    kind : {"auto", "labels", "values"}, default "auto"
        auto: values where y holds a number that is not whole, labels otherwise.
    max_rows : int, default 2000
        The most examples to use, drawn at random. All of these are compared with each other.
    confidence : float in (0, 1), default 0.95
    rng : int, default 0
        Seed of the drawing.

    Returns
    -------
    OptimalError

    Raises
    ------
    ValueError, TypeError
        X and y are not as above, or have fewer than 10 rows.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((2000, 2))
    >>> y = (X[:, 0] > 0) ^ (rng.random(2000) < 0.1)   # a tenth of the labels is wrong
    >>> bound = fastnn.optimal_error(X, y)
    >>> 0.08 < bound.low <= bound.high < 0.14
    True
    """
    lookup({"auto": None, "labels": None, "values": None}, kind, "kind")
    max_rows = integer(max_rows, "max_rows", 10)
    confidence = number(confidence, "confidence", "(0, 1)")
    X, y = _rows(X, y, max_rows, integer(rng, "rng", 0))
    values = kind == "values" or (kind == "auto" and not (y == np.rint(y)).all())
    by_votes, alone, near, far = _errors(X, y, values)
    best = min(by_votes, key=lambda k: by_votes[k].mean())
    high = estimate_of(by_votes[best], shares=not values)
    if high.value > 1:  # the mean of y is better
        high = replace(high, value=1.0)
    touching, resolved = _touching(alone, far, _at_random(y, values))
    low_of = (lambda error: error / 2) if values else _cover_hart(len(np.unique(y)))
    least = (0.0, 0.0)
    if resolved:
        error = _estimate(touching, alone, near, by_votes[best], values)
        least = (low_of(max(0.0, error.limits(confidence)[0])), low_of(max(0.0, error.value)))
    return OptimalError(
        low=min(least[1], high.value),
        high=high.value,
        limits=(min(least[0], high.value), min(1.0, high.limits(confidence)[1])),
        nearest=float(alone[:, 0].mean()),
        resolved=resolved,
        best=best,
        conflicting=0.0 if values else twins_of(X, y, values).share,
        n=len(y),
    )


def _rows(X, y, max_rows, seed):
    y = as_numbers(y, "y").astype(np.float64)
    m = rows_of(X, "X")
    if y.shape not in ((m,), (m, 1)) or m < 10:
        raise ValueError(
            f"expected at least 10 examples and one label or value of y for each, got X of {m} "
            f"rows and y of shape {y.shape}"
        )
    y = y.reshape(m)
    index = np.arange(m)
    if m > max_rows:
        index = np.sort(np.random.default_rng(seed).choice(m, max_rows, replace=False))
    X = X.tocsr()[index].toarray() if is_sparse(X) else as_numbers(X, "X")[index]
    if X.ndim != 2:
        raise ValueError(f"expected X to have shape (m, n), got {X.shape}")
    X, y = X.astype(np.float64), y[index]
    for name, array in (("X", X), ("y", y)):
        if not np.isfinite(array).all():
            raise ValueError(
                f"expected {name} to be finite, got a NaN or an infinity; fill or "
                "leave out such rows"
            )
    std = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(std > 0, std, 1), y


def _errors(X, y, values):
    """Losses by the votes of neighbours, and by single neighbours.

    Returns
    -------
    losses : {number of neighbours: (m,)}
        No example is its own neighbour.
    alone, nearest : (m, NEAREST) arrays
        Losses of the first, second, ... neighbour, and the rows of these.
    far : (NEAREST,)
        Their mean distances; of values, the squares.
    """
    m, most = len(y), min(VOTES[-1], len(y) - 1)
    votes = [k for k in VOTES if k <= most]
    losses = {k: np.empty(m) for k in votes}
    squares = np.square(X).sum(axis=1)
    scale = y.var() or 1.0
    single = min(NEAREST, most)
    alone, far = np.empty((m, single)), np.zeros(single)
    nearest = np.empty((m, single), np.intp)
    classes, labels = (None, None) if values else np.unique(y, return_inverse=True)
    step = max(1, _AT_ONCE // m)
    for first in range(0, m, step):
        rows = np.arange(first, min(first + step, m))
        distance = squares - 2 * X[rows] @ X.T  # + the row's own square, the same for all
        distance[rows - first, rows] = np.inf
        near = np.argpartition(distance, most - 1, axis=1)[:, :most]
        order = np.argsort(np.take_along_axis(distance, near, axis=1), axis=1, kind="stable")
        near = np.take_along_axis(near, order, axis=1)
        nearest[rows] = near[:, :single]
        there = y[near[:, :single]]
        alone[rows] = np.square(there - y[rows, None]) / scale if values else there != y[rows, None]
        squared = np.take_along_axis(distance, near[:, :single], axis=1) + squares[rows, None]
        squared = np.maximum(squared, 0)  # rounding
        far += (squared if values else np.sqrt(squared)).sum(axis=0) / m
        for k in votes:
            if values:
                losses[k][rows] = np.square(y[near[:, :k]].mean(axis=1) - y[rows]) / scale
                continue
            counts = np.zeros((len(rows), len(classes)))
            np.add.at(counts, (np.arange(len(rows))[:, None], labels[near[:, :k]]), 1)
            losses[k][rows] = counts.argmax(axis=1) != labels[rows]
    return losses, alone, nearest, far


def _at_random(y, values):
    """The mean loss of another row, drawn at random."""
    if values:
        return 2.0
    share = np.unique(y, return_counts=True)[1] / len(y)
    return 1 - float(np.square(share).sum())


def _touching(alone, far, at_random):
    """Weights of the losses of single neighbours for the loss at no distance; whether it is told.

    The loss grows from there on to `at_random`, and its growth slows down on the way.
    """
    means = alone.mean(axis=0)
    lines = {k: np.append(_weights_at_0(far[:k]), np.zeros(len(far) - k)) for k in (FEW, len(far))}
    weights = min(np.eye(len(far))[0], lines[FEW], key=lambda each: each @ means)
    few, more = weights @ means, lines[len(far)] @ means
    grown, bent = means[0] - few, max(0.0, more - few)
    resolved = grown + bent <= UNRESOLVED * (at_random - means[0])
    resolved = bool(resolved or not far.any())  # all rows are twins
    return (2 * weights - lines[len(far)] if bent else weights), resolved


def _estimate(weights, alone, near, noise, values):
    """The `Estimate` of the weighted loss of single neighbours, with its scatter.

    What is wrong with a row counts in its own losses, and in those of all rows that it is a
    neighbour of; it scatters, and so do the products of two rows. `noise` (m,) is what is wrong
    with each row, by many neighbours; a wrong label is not seen beside another wrong one.
    """
    from scipy.sparse import csr_array

    m = len(near)
    of = np.tile(weights, m), near.reshape(-1), np.arange(0, near.size + 1, near.shape[1])
    pairs = csr_array(of, shape=(m, m))
    noise = noise if values else noise * (1 - noise.mean())
    rows = (1 + pairs.sum(axis=0)) * noise
    products = 2 * noise.mean() ** 2 * np.square((pairs + pairs.T).data).sum() / m
    std = math.hypot(rows.std(ddof=1), math.sqrt(products))
    # How many rows the mean rests on is a matter of their noise, not of their places.
    spread = estimate_of(noise, shares=not values).spread
    return Estimate(float((alone @ weights).mean()), m, std, spread=spread)


def _weights_at_0(far):
    """Weights of values at `far`, whose sum is the value at 0 of their line of least squares."""
    around = far - far.mean()
    spread = np.square(around).sum()
    if spread <= 1e-12 * np.square(far).sum():  # all as far: there is no line
        return np.full(len(far), 1 / len(far))
    return 1 / len(far) - far.mean() * around / spread


def _cover_hart(classes):
    """The lower bound on R* as a function of the nearest neighbour's error."""
    if classes < 2:
        return lambda error: 0.0
    share = (classes - 1) / classes

    def low(error):
        return share * (1 - math.sqrt(max(0.0, 1 - error / share)))

    return low

"""A network's outputs, predictions and losses on each example of a set."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fastnn.data.inputs import as_numbers
from fastnn.data.parts import as_pair, rows_of, take
from fastnn.engine.sets import hard_labels

# So many rows show the usual values of a feature.
USUAL_ROWS = 1000


@dataclass(frozen=True)
class Judged:
    """A set of examples with the network's outputs, predictions and losses.

    Attributes
    ----------
    network : Network
    X : array-like or sparse matrix
    y : (m, 1) labels for softmax, (m, n[L]) for the rest
    numbers : (m,) array of int
        Row numbers: the page names examples by them.
    of_all : bool
        Whether `numbers` count the rows of the data that was split, not the rows of this part.
    first_row : int
        The number of the first row.
    target_units : (mean, scale) or (mean, scale, lowest)
        A target is shown as value * scale + mean; a prediction as at least `lowest`.
    feature_units : (mean, scale)
    raw : DataFrame or None
        The rows of the table that X was made from.
    """

    network: Any
    X: Any
    y: np.ndarray
    numbers: np.ndarray
    of_all: bool
    first_row: int = 0
    target_units: tuple[float, ...] = (0.0, 1.0)
    feature_units: tuple[Any, Any] = (0.0, 1.0)
    raw: Any = None

    @cached_property
    def logits(self):
        """Z[L] (m, n[L]) in float64. A loss computed from Z[L] never takes log 0."""
        if self.network.output.startswith("identity"):
            plain = self.network
        else:
            plain = self.network.like(
                output="identity", init="zeros", normalizer=self.network.normalizer
            )
            plain.theta = self.network.theta
        return plain.forward(self.X).astype(np.float64).reshape(len(self.y), -1)

    @cached_property
    def losses(self):
        """(m,) losses, without the penalty."""
        Z = self.logits
        if self.network.output == "softmax":
            from scipy.special import log_softmax

            return -np.take_along_axis(log_softmax(Z, axis=1), self.y.astype(np.int64), 1)[:, 0]
        if self.network.output == "sigmoid":
            return (np.logaddexp(0.0, Z) - self.y * Z).sum(axis=1)
        r = Z - self.y
        each = {
            "identity": lambda: 0.5 * np.square(r),
            "identity_absolute": lambda: np.abs(r),
            "identity_huber": lambda: np.where(np.abs(r) <= 1, r**2 / 2, np.abs(r) - 0.5),
            "exp": lambda: np.exp(Z) - self.y * Z,
        }[self.network.output]()
        return each.sum(axis=1)

    @cached_property
    def values(self):
        """True and predicted values (m, n[L]) of a regression, in `target_units`."""
        Z = np.exp(self.logits) if self.network.output == "exp" else self.logits
        mean, scale, *lowest = self.target_units
        return self.y * scale + mean, np.maximum(Z * scale + mean, [*lowest, -np.inf][0])

    @cached_property
    def probabilities(self):
        """(m, n_classes) probabilities of classes, in float64."""
        from scipy.special import expit, softmax

        if self.network.output == "softmax":
            return softmax(self.logits, axis=1)
        return np.hstack([expit(-self.logits), expit(self.logits)])

    @cached_property
    def labels(self):
        """True labels: (m,) classes for softmax, (m, n[L]) of 0 and 1 for sigmoid."""
        return (
            self.y[:, 0].astype(np.int64)
            if self.network.output == "softmax"
            else ((self.y > 0.5).astype(np.int64))
        )

    @cached_property
    def predicted(self):
        """The network's labels, in the form of `labels`."""
        return (
            self.logits.argmax(axis=1)
            if self.network.output == "softmax"
            else ((self.logits > 0).astype(np.int64))
        )

    def worst(self, count):
        """The `count` examples of highest loss, worst first."""
        return np.argsort(-self.losses, kind="stable")[:count]

    def rows(self, index):
        """The rows `index` of X as a dense array of float64."""
        return dense(take(self.X, index))

    def shown(self, X):
        """Rows of X in `feature_units`."""
        mean, scale = self.feature_units
        return X * scale + mean


def judge(network, part, first_row=0, **units):
    """The `Judged` of a dev set (X, y), or of a part of a split; `units` as of `Judged`."""
    X, y = as_pair(part, "dev")
    y = as_numbers(hard_labels(network, y), "y").astype(np.float64)
    y = y.reshape(len(y), -1)
    index = getattr(part, "index", None)
    known = isinstance(index, np.ndarray) and index.shape == (len(y),)
    numbers = first_row + (index if known else np.arange(len(y)))
    raw = getattr(part, "raw", None)
    return Judged(network, X, y, numbers, known, first_row, raw=raw, **units)


def some_rows(X):
    """At most `USUAL_ROWS` rows of X, dense in float64: a random sample, the same every time."""
    m = rows_of(X, "X")
    index = np.random.default_rng(0).choice(m, min(m, USUAL_ROWS), replace=False)
    return dense(take(X, np.sort(index)))


def dense(X):
    return np.asarray(X.toarray() if hasattr(X, "toarray") else X, np.float64)

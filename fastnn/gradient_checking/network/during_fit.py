"""Gradient checks between the epochs of a fit."""

from numbers import Integral

import numpy as np

from fastnn.arguments import integer
from fastnn.data.inputs import as_numbers, is_sparse

# An error in the formulas shows on few examples and components. A check of all would take longer
# than the fit.
EXAMPLES, COMPONENTS = 64, 10_000


class ChecksDuringFit:
    """Runs `Network.gradcheck` at chosen epochs of a fit.

    Parameters
    ----------
    at : int or sequence of int
        Numbers of epochs done: 0 is the beginning, 5 is after five epochs.
    epochs : int
        Of the fit.
    X, y, sample_weight
        The data of the fit; the first 64 examples of positive weight are used.
    loss, label_smoothing
        As for `fit`.
    """

    def __init__(self, at, epochs, X, y, sample_weight, loss=None, label_smoothing=0.0):
        self._at = _check_at(at, epochs)
        self._data, self._loss, self._smoothing = (X, y, sample_weight), loss, label_smoothing

    def run(self, network, history, done):
        """Check the gradient if `done` epochs is a chosen number, with dropout masks of the fit."""
        if done not in self._at:
            return
        X, y, weight = self._data
        X, y = X.tocsr() if is_sparse(X) else as_numbers(X, "X"), as_numbers(y, "y")
        rows = slice(EXAMPLES)
        if weight is not None:
            rows = np.flatnonzero(weight)[:EXAMPLES]
            weight = np.asarray(weight)[rows]
        y = y[rows]
        if self._smoothing:
            classes = network.layer_sizes[-1]
            y = np.eye(classes)[y.reshape(-1).astype(np.int64)] if y.size == len(y) else y
            y = (1 - self._smoothing) * y + self._smoothing / classes
        dropout = (history.dropout_seed, 0) if min(network.keep_prob) < 1 else False
        history.gradchecks[done] = network.gradcheck(
            X[rows],
            y,
            sample_weight=weight,
            dropout=dropout,
            sample=COMPONENTS,
            loss=self._loss,
        )


def _check_at(at, epochs):
    at = [at] if isinstance(at, Integral) else at
    if isinstance(at, str | bytes) or not np.iterable(at):
        raise TypeError(f"expected gradcheck_at to be numbers of epochs, as in (0, 5), got {at!r}")
    return {integer(done, f"gradcheck_at[{i}]", 0, epochs) for i, done in enumerate(at)}

"""A network's errors measured on its sets, for the diagnosis."""

import numpy as np

from fastnn.arguments import number
from fastnn.diagnosis.advice import Known
from fastnn.diagnosis.bias_variance import conclude
from fastnn.diagnosis.intervals import Estimate
from fastnn.diagnosis.sets import checked_pair
from fastnn.inputs import as_numbers


def diagnose_network(network, train, dev, *, test, train_dev, optimal_error, **thresholds):
    """See `Network.diagnose`, which documents the arguments."""
    regression = network.regression
    estimates = {"optimal_error": Estimate(number(
        optimal_error, "optimal_error", "[0, inf)" if regression else "[0, 1]"))}
    sets = {"train": train, "train_dev": train_dev, "dev": dev, "test": test}
    pairs = {name: checked_pair(network, part, name) for name, part in sets.items()
             if part is not None or name in ("train", "dev")}
    scale = _variance(pairs["train"][1]) if regression else None
    for name, (X, y, m) in pairs.items():
        estimates[f"{name}_error"] = (
            _unexplained(network, X, y, scale) if regression
            else Estimate(min(1.0, network.error(X, y)), m))
    unit = "share of the targets' variance left unexplained" if regression else (
        "share of wrong labels")
    return conclude(estimates, Known(network, network.history, pairs["train"][2]), unit=unit,
                    **thresholds)


def _targets(y):
    y = as_numbers(y, "y").astype(np.float64)
    return y[:, np.newaxis] if y.ndim == 1 else y


def _variance(y):
    """Of the training targets, summed over outputs: the error of predicting their mean."""
    y = _targets(y)
    total = y.var(axis=0).sum()
    if not total > 0:
        raise ValueError(
            f"expected train targets that vary, got {len(y)} equal ones: their variance, which "
            "errors of a regression are measured by, is 0"
        )
    return total


def _unexplained(network, X, y, scale):
    """Squared error over `scale`, with the scatter of one example's."""
    squares = np.square(_targets(y) - network.forward(X).astype(np.float64)).sum(axis=1) / scale
    # The scatter of a single example is not known; n = 1 then counts as exact.
    n = len(squares) if len(squares) > 1 else None
    return Estimate(float(squares.mean()), n, float(squares.std(ddof=1)) if n else None)

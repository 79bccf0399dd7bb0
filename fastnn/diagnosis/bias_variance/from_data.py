"""Diagnosis of a network by its errors on given sets."""

import numpy as np

from fastnn.arguments import number
from fastnn.data.inputs import as_numbers
from fastnn.data.parts import Examples
from fastnn.diagnosis.bias_variance.advice import Known, Words
from fastnn.diagnosis.bias_variance.from_errors import conclude
from fastnn.diagnosis.bias_variance.result import Diagnosis
from fastnn.diagnosis.evidence.intervals import Estimate
from fastnn.engine.base_network import BaseNetwork
from fastnn.engine.sets import check_set
from fastnn.layers.initializers import initial_std

THRESHOLDS = ("confidence", "tolerance", "relative_tolerance", "share")


def diagnose_network(
    network: BaseNetwork,
    train: Examples,
    dev: Examples,
    words: Words | None = None,
    /,
    *,
    test: Examples | None = None,
    train_dev: Examples | None = None,
    optimal_error: float = 0.0,
    **thresholds: float,
) -> Diagnosis:
    """See `Network.diagnose`, which documents the arguments; `words` are those of the advice."""
    unknown = [name for name in thresholds if name not in THRESHOLDS]
    if unknown:
        hint = (
            "; the examples are counted from the sets"
            if unknown[0].startswith("n_")
            else "; the errors are measured on the sets"
            if unknown[0].endswith("_error")
            else ""
        )
        raise TypeError(
            f"diagnose has no argument {unknown[0]!r}: expected test, train_dev, "
            f"optimal_error, {', '.join(THRESHOLDS)}{hint}"
        )
    regression = network.regression
    estimates = {"optimal_error": Estimate(number(optimal_error, "optimal_error", "[0, 1]"))}
    sets = {"train": train, "train_dev": train_dev, "dev": dev, "test": test}
    pairs = {
        name: check_set(network, part, name)
        for name, part in sets.items()
        if part is not None or name in ("train", "dev")
    }
    scale = _variance(pairs["train"][1]) if regression else None
    for name, (X, y, m) in pairs.items():
        estimates[f"{name}_error"] = (
            _unexplained(network, X, y, scale)
            if regression
            else Estimate(min(1.0, network.error(X, y)), m)
        )
    unit = (
        "share of the targets' variance left unexplained"
        if regression
        else ("share of wrong labels")
    )
    known = Known(
        network, network.history, pairs["train"][2], not _is_as_drawn(network), words or Words()
    )
    return conclude(estimates, known, unit=unit, **thresholds)


def _is_as_drawn(network):
    """Whether theta looks initial: biases of 0, and weights as large as the initializer's."""
    if network.history is not None:
        return False
    params = network.params
    if any(value.any() for name, value in params.items() if name[0] == "b"):
        return False
    for p in network.layout.weights:
        W = params[p.name].astype(np.float64)
        std = initial_std(network.spec, int(p.name[1:]), W.shape)
        # Of n normal numbers, the root mean square lies within 5 / sqrt(2 n) of 1.
        if abs(np.sqrt(np.square(W).mean()) - std) > 5 * std / np.sqrt(2 * W.size):
            return False
    return True


def _targets(y):
    y = as_numbers(y, "y").astype(np.float64)
    return y[:, np.newaxis] if y.ndim == 1 else y


def _variance(y):
    """Variance of the targets, summed over outputs: the error of predicting their mean."""
    y = _targets(y)
    total = y.var(axis=0).sum()
    if not total > 0:
        raise ValueError(
            f"expected train targets that vary, got {len(y)} equal ones: their variance, which "
            "errors of a regression are measured by, is 0"
        )
    return total


def _unexplained(network, X, y, scale):
    """Mean squared error over `scale`, with the standard deviation of one example's."""
    squares = np.square(_targets(y) - network.forward(X).astype(np.float64)).sum(axis=1) / scale
    # One example alone shows no scatter: its error is then taken as exact.
    n = len(squares) if len(squares) > 1 else None
    return Estimate(float(squares.mean()), n, float(squares.std(ddof=1)) if n else None)

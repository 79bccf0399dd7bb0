"""`Ensemble.score` and `Ensemble.diagnose`: the mean of the outputs, judged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastnn.data.inputs import Features, as_numbers
from fastnn.data.parts import Examples, HasXy, as_examples, as_pair
from fastnn.diagnosis import Diagnosis
from fastnn.diagnosis import diagnose as diagnosis_of
from fastnn.many.head import Head


def score(
    ensemble: Any,
    X: Features | HasXy,
    y: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Share of right labels, or R^2 of real outputs: see `Network.score`.

    The arguments are as for `cost`.
    """
    X, y = as_examples(X, y)
    return Head(ensemble.networks[0]).score(ensemble.forward(X), y, sample_weight)


def diagnose(
    ensemble: Any,
    train: Examples,
    dev: Examples,
    *,
    test: Examples | None = None,
    optimal_error: float = 0.0,
    **thresholds: float,
) -> Diagnosis:
    """Tell the bias of the mean from its variance.

    Parameters
    ----------
    train, dev : (X, y), or an object with `.X` and `.y`
    test : the same, optional
    optimal_error : float in [0, 1], default 0
    **thresholds
        confidence, tolerance, relative_tolerance, share of `fastnn.diagnose`.

    Returns
    -------
    Diagnosis
        Errors are shares of wrong labels; of real outputs, the squared error over the variance
        of the training targets, and 1 where that is more.
    """
    sets = {"train": train, "dev": dev, "test": test}
    pairs = {name: as_pair(part, name) for name, part in sets.items() if part is not None}
    errors = {name: ensemble.error(X, y) for name, (X, y) in pairs.items()}
    counts: dict[str, Any] = {}
    if ensemble.regression:
        variance = np.var(as_numbers(pairs["train"][1], "y"), axis=0, dtype=np.float64).sum()
        if not variance > 0:
            raise ValueError(
                "expected train targets that vary, got equal ones: their variance is 0, and the "
                "errors of a regression are shares of it"
            )
        errors = {name: min(1.0, error**2 / variance) for name, error in errors.items()}
    else:
        counts = {f"n_{name}": len(as_numbers(y, "y")) for name, (_, y) in pairs.items()}
    return diagnosis_of(
        errors["train"],
        errors["dev"],
        test_error=errors.get("test"),
        optimal_error=optimal_error,
        **counts,
        **thresholds,
    )

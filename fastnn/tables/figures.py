"""Figures of a fit on a part: errors, by class too, and the area under the ROC curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.network import Network
from fastnn.reporting.probabilities import areas
from fastnn.tabular import TableSchema

# Classes are uneven where the rarest has less than this part of its even share.
_UNEVEN = 0.5


def figures_of(schema: TableSchema, network: Network, part: Any) -> dict[str, Any]:
    """The figures of a network on a part of a table.

    Returns
    -------
    dict
        Of classes: error, balanced_error (the mean of the errors of the classes), auc (the area
        under the ROC curve, the mean of each class against the others; None where a class lacks)
        and class_errors. Of values: rmse in the target's units, and r2.
    """
    A = network.forward(part.X)
    if schema.classes is None:
        y = schema.answers(part.y)
        square = float(np.square(schema.decode(A) - y).mean())
        variance = y.var()  # equal targets have no variance to explain
        return {"rmse": square**0.5, "r2": 1 - square / variance if variance > 0 else None}
    labels = A.argmax(axis=1) if A.shape[1] > 1 else (A[:, 0] > 0.5).astype(np.intp)
    wrong = labels != part.y
    present = np.unique(part.y)
    by_class = {str(schema.classes[k]): float(wrong[part.y == k].mean()) for k in present}
    return {
        "error": float(wrong.mean()),
        "balanced_error": float(np.mean(list(by_class.values()))),
        "auc": _mean_area(A, part.y),
        "class_errors": by_class,
    }


def no_better_than(schema: TableSchema, network: Network, train: Any, dev: Any) -> str | None:
    """A sentence where a fit is no better on the dev rows than one answer to all of them."""
    figures = figures_of(schema, network, dev)
    if schema.classes is None:
        if figures["r2"] is None or figures["r2"] > 0:
            return None
        return "No better on the dev rows than always answering the mean of the target."
    most = int(np.bincount(train.y).argmax())
    always = float((dev.y != most).mean())
    if figures["error"] < always:
        return None
    return (
        f"No better on the dev rows than always answering {schema.classes[most]}, the most "
        f"frequent class, which has an error of {100 * always:.2f} %. If the other classes "
        "matter, weigh them higher (class_weight='balanced', --class-weight balanced)."
    )


def are_uneven(y: np.ndarray) -> bool:
    """Whether a class is so rare that it hardly counts in the error."""
    counts = np.bincount(y)
    counts = counts[counts > 0]
    return bool(counts.min() < _UNEVEN * counts.mean())


def _mean_area(A, y):
    """The mean area under the ROC curve of all classes; None if a class lacks."""
    area = areas(A if A.shape[1] > 1 else np.hstack([1 - A, A]), y)
    return None if np.isnan(area).any() else float(area.mean())

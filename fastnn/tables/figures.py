"""Figures of a fit on a part: errors, by class too, and the area under the ROC curve."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.diagnosis.evidence.unrelated import is_related, unrelated_in_words
from fastnn.network import Network
from fastnn.reporting.probabilities import areas
from fastnn.tables.examples import Examples, Part, examples_of
from fastnn.tabular import TableSchema
from fastnn.text.alarm import Alarm
from fastnn.text.warning import warn_user

# Classes are uneven where the rarest has less than this part of its even share.
_UNEVEN = 0.5
# Fewer dev rows can show no gain by chance.
_ENOUGH = 30


def figures_of(schema: TableSchema, network: Network, part: Any) -> dict[str, Any]:
    """The figures of a network on a part of a table.

    Returns
    -------
    dict
        Of classes: error, balanced_error (the mean of the errors of the classes), auc (the area
        under the ROC curve, the mean of each class against the others; None where a class lacks)
        and class_errors. Of values: rmse in the target's units, and r2. Rows of a class that
        training does not have are errors, and have no part in auc. Rows count by their weights,
        without those of classes.
    """
    weight = getattr(part, "row_weight", None)
    A = network.forward(part.X)
    return _figures_of(schema, A, part.y, getattr(part, "unseen", ()), weight)


def _figures_of(schema, A, labels, unseen=(), weight=None):
    """The figures of output activations; `labels` are targets of a regression."""
    m = len(labels)
    weight = np.ones(m + len(unseen)) if weight is None else weight
    weight, of_unseen = weight[:m], weight[m:]
    if schema.classes is None:
        y = schema.answers(labels)
        square = float(np.average(np.square(schema.decode(A) - y), weights=weight))
        if y.min() == y.max():  # no variance to explain
            return {"rmse": square**0.5, "r2": None}
        variance = float(np.average(np.square(y - np.average(y, weights=weight)), weights=weight))
        return {"rmse": square**0.5, "r2": 1 - square / variance}
    wrong = _labels(A) != labels
    by_class = {
        str(schema.classes[k]): float(np.average(wrong[labels == k], weights=weight[labels == k]))
        for k in np.unique(labels)
    }
    by_class |= dict.fromkeys(map(str, unseen), 1.0)
    return {
        "error": float(weight[wrong].sum() + of_unseen.sum())
        / float(weight.sum() + of_unseen.sum()),
        "balanced_error": float(np.mean(list(by_class.values()))),
        "auc": _mean_area(A, labels, weight),
        "class_errors": by_class,
    }


def scored(
    estimator: Any, X: Any, y: Any, sample_weight: Any
) -> tuple[Examples, NDArray[np.float64] | NDArray[np.intp]]:
    """Examples to score a fitted estimator on, and their targets, -1 for a class it has not seen.

    The user is warned of rows that are left out, and of such classes.
    """
    examples = examples_of(estimator, X, y, sample_weight)
    truth = estimator.schema_.targets(examples.frame, unseen=True)
    told = examples.notices
    if estimator.schema_.classes is not None and (truth < 0).any():
        unseen = examples.frame[examples.target].iloc[np.flatnonzero(truth < 0)]
        told = [*told, f"{_told_of_unseen(unseen, len(truth))}: they count as errors."]
    for text in told:
        warn_user(text)
    return examples, truth


def told_of_unseen(part: Part, name: str) -> list[str]:
    """A list with a sentence on rows of a part whose class no training row has, or empty."""
    if not len(part.unseen):
        return []
    told = _told_of_unseen(part.unseen, len(part.unseen) + len(part), f" {name}")
    return [
        f"{told}. `score` and the errors of fastnn train count them; losses, areas under the ROC "
        "curve, the diagnosis and the report are of the other rows, for such a class has no "
        "probability."
    ]


def _told_of_unseen(targets, m, where=""):
    """A sentence on the targets of those of m rows whose class no training row has."""
    counts = targets.astype(str).value_counts()
    classes = ", ".join(f"{text!r:.40} ({count:,})" for text, count in counts.head(10).items())
    return (
        f"{len(targets):,} of the {m:,}{where} rows are of classes that no training row has: "
        f"{classes}{', ...' * (len(counts) > 10)}. No prediction of them can be right"
    )


def no_better_than(
    schema: TableSchema,
    A: NDArray[np.floating[Any]],
    train: NDArray[Any],
    dev: NDArray[Any],
    weight: NDArray[np.floating[Any]] | None = None,
    where: str = "on the dev rows",
    groups: NDArray[Any] | None = None,
) -> str | None:
    """A sentence if a fit is no better on the dev rows than one answer to all of them; else None.

    Where it can have learnt nothing, as far as they tell, the sentence says that.

    Parameters
    ----------
    schema : TableSchema
    A : (m, n_outputs) array
        Output activations of the dev rows.
    train : (n,) array
        Encoded targets of the training rows.
    dev, weight : (m,) array
        Encoded targets of the dev rows, and their weights.
    where : str
        Words for the dev rows.
    groups : (m,) array, optional
        Dev rows of equal values belong together.
    """
    if not is_related(A, dev, groups):
        said = unrelated_in_words(where, repr(schema.target), len(dev), groups)
        return _alarm(f"{said[0].upper()}{said[1:]}.", dev)
    if schema.classes is None:
        r2 = _figures_of(schema, A, dev, weight=weight)["r2"]
        if r2 is None or r2 > 0:
            return None
        return _alarm(f"No better {where} than always answering the mean of the target.", dev)
    most = int(np.bincount(train).argmax())
    # Of balanced classes rare ones count more.
    always = float(np.average(dev != most, weights=weight))
    if np.average(_labels(A) != dev, weights=weight) < always:
        return None
    threshold = ": a threshold below a half" if len(schema.classes) == 2 else ""
    return _alarm(
        f"No better {where} than always answering {schema.classes[most]}, the most "
        f"frequent class, which has an error of {100 * always:.2f} %. If the other classes "
        f"matter, decide by their probability (predict_proba, --proba){threshold}. "
        "class_weight='balanced' (--class-weight balanced) comes second: what comes out then is "
        "no probability any more.",
        dev,
    )


def _alarm(text, dev):
    """The text; an `Alarm` if there are enough dev rows."""
    return Alarm(text) if len(dev) >= _ENOUGH else text


def are_uneven(y: np.ndarray) -> bool:
    """Whether a class is so rare that it hardly counts in the error."""
    counts = np.bincount(y)
    counts = counts[counts > 0]
    return bool(counts.min() < _UNEVEN * counts.mean())


def _labels(A):
    """The numbers of the predicted classes."""
    return A.argmax(axis=1) if A.shape[1] > 1 else (A[:, 0] > 0.5).astype(np.intp)


def _mean_area(A, y, weight):
    """The mean area under the ROC curve of all classes; None if a class lacks."""
    area = areas(A if A.shape[1] > 1 else np.hstack([1 - A, A]), y, weight)
    return None if np.isnan(area).any() else float(area.mean())

"""The quality of probabilities of classes: errors by class, AUC and calibration."""

from typing import NamedTuple

import numpy as np

from fastnn.reporting.charts import scatter_chart
from fastnn.text.markup import join, table, tag
from fastnn.text.words import percent

# Bins of equal width, from probability 0 to 1.
_BINS = 10
MOST_CLASSES = 30


def areas(P, y, weight=None):
    """(n_classes,) areas under the ROC curve, each class against the others.

    NaN for a class without rows, and for a class with all rows.

    Parameters
    ----------
    P : (m, n_classes) array
    y : (m,) array of int
    weight : (m,) array, optional
    """
    from sklearn.metrics import roc_auc_score

    found = np.full(P.shape[1], np.nan)
    for k in np.unique(y):
        if (y != k).any():
            found[k] = roc_auc_score(y == k, P[:, k], sample_weight=weight)
    return found


class Calibration(NamedTuple):
    """How often predictions are right, by the probability of the predicted class.

    Attributes
    ----------
    said, right : (bins,) array
        Mean probability, and share of right predictions, of the bins that have examples.
    counts : (bins,) array of int
    error : float
        The expected calibration error (Guo et al., 2017): the mean of abs(said - right) over the
        examples.
    by_chance : float
        About the error of exact probabilities on so few examples.
    """

    said: np.ndarray
    right: np.ndarray
    counts: np.ndarray
    error: float
    by_chance: float


def calibration(P, y):
    """The `Calibration` of probabilities P (m, n_classes) of labels y (m,)."""
    said, right = P.max(axis=1).astype(np.float64), P.argmax(axis=1) == y
    bins = np.minimum((said * _BINS).astype(np.intp), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    some = counts > 0
    off = np.bincount(bins, weights=said - right, minlength=_BINS)
    # The sum of a bin's rows is close to normal: E|x| = std sqrt(2 / pi).
    spread = np.sqrt(np.bincount(bins, weights=said * (1 - said), minlength=_BINS))
    return Calibration(
        np.bincount(bins, weights=said, minlength=_BINS)[some] / counts[some],
        np.bincount(bins, weights=right, minlength=_BINS)[some] / counts[some],
        counts[some],
        float(np.abs(off).sum() / len(y)),
        float(np.sqrt(2 / np.pi) * spread.sum() / len(y)),
    )


def classes_section(P, y, names):
    """Errors of the classes, areas under the ROC curve, and calibration."""
    predicted = P.argmax(axis=1)
    wrong, area = predicted != y, areas(P, y)
    counts = np.bincount(y, minlength=len(names))
    errors = np.bincount(y, weights=wrong, minlength=len(names)) / np.maximum(counts, 1)
    balanced = errors[counts > 0].mean()
    mean = "cannot be told, for a class has no rows"
    if not np.isnan(area).any():
        mean = f"is {area.mean():.4f}, where 0.5 is chance and 1 is perfect"
    told = (
        f"The balanced error, the mean of the errors of the classes, is {percent(balanced)}. The "
        f"area under the ROC curve (AUC), the mean of each class against the others, {mean}."
    )
    worst = np.argsort(-errors, kind="stable")
    shown = [k for k in worst if counts[k]][:MOST_CLASSES]
    rows = [
        [
            names[k],
            f"{counts[k]:,}",
            f"{int((predicted == k).sum()):,}",
            percent(errors[k]),
            f"{area[k]:.4f}" if area[k] == area[k] else "n/a",
        ]
        for k in shown
    ]
    which = "all" if len(shown) == len(names) else f"{len(shown)} of {len(names)}"
    by_class = table(
        ["class", "examples", "predicted", "wrong", "AUC"],
        rows,
        caption=f"Errors by class, the highest first: {which}",
    )
    return join([tag("p", told), by_class, *_calibration(calibration(P, y))])


def _calibration(found):
    """The reliability of the probabilities, in words, as points and as a table."""
    said = float(np.average(found.said, weights=found.counts))
    right = float(np.average(found.right, weights=found.counts))
    if found.error <= 2 * found.by_chance:
        verdict = "no more than so few examples show by chance"
    else:
        verdict = "the model is too " + ("sure" if said > right else "unsure")
    told = (
        f"The model gives its answers a probability of {percent(said)} on average, and "
        f"{percent(right)} of them are right. Its expected calibration error, the mean distance "
        f"between the two in {_BINS} bins, is {percent(found.error)}; exact probabilities "
        f"would have some {percent(found.by_chance)} by chance: {verdict}."
    )
    rows = [
        [percent(a), percent(b), f"{n:,}"]
        for a, b, n in zip(found.said, found.right, found.counts.tolist(), strict=True)
    ]
    chart = scatter_chart(
        found.said,
        found.right,
        title="Calibration: share that is right, by the probability of the answer",
        x_label="probability of the predicted class",
        y_label="share that is right",
    )
    return [
        tag("h3", "Calibration"),
        tag("p", told),
        tag("div", chart, class_="charts"),
        table(["probability", "right", "examples"], rows, caption="Calibration of the dev set"),
    ]

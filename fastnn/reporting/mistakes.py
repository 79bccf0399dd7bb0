"""Sections about mistakes on the dev set, one for each kind of output."""

import numpy as np

from fastnn.reporting.charts import histogram, scatter_chart
from fastnn.reporting.probabilities import classes_section
from fastnn.text.markup import cell, join, paragraphs, table, tag
from fastnn.text.words import percent

# Of more classes, the most frequent confusions are listed instead: no one reads a larger matrix.
LARGEST_MATRIX = 20
MOST_ROWS = 30
MOST_CHARTS = 3
MOST_DOTS = 500


def mistakes(judged, names):
    """Confusion matrix, table of labels, or residuals; `names` name the classes or outputs."""
    if judged.network.regression:
        return residuals(judged, names)
    if judged.network.output == "sigmoid" and judged.y.shape[1] > 1:
        return labels_table(judged, names)
    labels = judged.labels.ravel()
    return join(
        [
            confusion(labels, judged.predicted.ravel(), names),
            classes_section(judged.probabilities, labels, names),
        ]
    )


def confusion(labels, predicted, names):
    """A matrix of counts: a row for each true class, a column for each predicted one."""
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(labels, predicted, labels=np.arange(len(names)))
    wrong = int(counts.sum() - np.trace(counts))
    said = tag("p", f"{wrong:,} of {len(labels):,} dev examples are misclassified.")
    if len(names) > LARGEST_MATRIX:
        return join([said, _pairs(counts, names)])
    each = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = [
        [
            names[i],
            *(_shaded(counts[i, j], each[i, j], i == j) for j in range(len(names))),
            _share(counts[i].sum() - counts[i, i], counts[i].sum()),
        ]
        for i in range(len(names))
    ]
    caption = "Confusion matrix: a row for each true class, a column for each predicted one"
    return join(
        [said, tag("div", table(["true", *names, "wrong"], rows, caption=caption), class_="matrix")]
    )


def labels_table(judged, names):
    """Precision, recall and error of each of several labels."""
    from sklearn.metrics import precision_recall_fscore_support

    labels, predicted = judged.labels, judged.predicted
    precision, recall, _, support = precision_recall_fscore_support(
        labels, predicted, average=None, zero_division=np.nan
    )
    error = (labels != predicted).mean(axis=0)
    order = np.argsort(-error, kind="stable")[:MOST_ROWS]
    rows = [
        [
            names[k],
            f"{support[k]:,}",
            f"{predicted[:, k].sum():,}",
            _percent(precision[k]),
            _percent(recall[k]),
            _percent(error[k]),
        ]
        for k in order
    ]
    what = "Labels" if len(names) <= MOST_ROWS else f"The {MOST_ROWS} worst of {len(names)} labels"
    every = (labels == predicted).all(axis=1).mean()
    return join(
        [
            tag(
                "p",
                f"All {len(names)} labels are right for {_percent(every)} of {len(labels):,} dev "
                "examples.",
            ),
            table(
                ["label", "examples", "predicted", "precision", "recall", "wrong"],
                rows,
                caption=f"{what}, the most often wrong first: precision is the share of right ones "
                "among those predicted, recall the share of true ones that were found",
            ),
        ]
    )


def residuals(judged, names):
    """Residuals, predicted minus true: figures of every output, and charts of the first few."""
    y, Z = judged.values
    off = Z - y
    spread = y.std(axis=0)
    rms, absolute = np.sqrt(np.square(off).mean(axis=0)), np.abs(off).mean(axis=0)
    rows = [
        [
            names[k],
            f"{rms[k]:.4g}",
            f"{absolute[k]:.4g}",
            f"{off[:, k].mean():.3g}",
            f"{spread[k]:.4g}",
            f"{1 - (rms[k] / spread[k]) ** 2:.4g}" if spread[k] else "n/a",
        ]
        for k in range(min(len(names), MOST_ROWS))
    ]
    parts = [
        table(
            ["output", "root mean square", "mean absolute", "mean", "std of y", "R²"],
            rows,
            caption=f"Residuals, predicted minus true, of {len(y):,} dev examples",
        )
    ]
    if len(names) > MOST_ROWS:
        parts.append(paragraphs(f"The first {MOST_ROWS} of {len(names)} outputs are shown."))
    some = np.sort(np.random.default_rng(0).choice(len(y), min(len(y), MOST_DOTS), replace=False))
    charts = []
    for k, name in enumerate(names[:MOST_CHARTS]):
        charts += [
            scatter_chart(
                y[some, k],
                Z[some, k],
                title=f"Predicted against true, {name}",
                x_label="true",
                y_label="predicted",
            ),
            histogram(off[:, k], title=f"Residuals, {name}", x_label="predicted minus true"),
        ]
    return join([*parts, tag("div", *charts, class_="charts")])


def _pairs(counts, names):
    """The most frequent confusions, for more classes than a matrix can show."""
    off = counts - np.diag(np.diag(counts))
    order = np.argsort(-off, axis=None, kind="stable")[:MOST_ROWS]
    pairs = [divmod(int(k), len(names)) for k in order if off.flat[k]]
    rows = [
        [names[i], names[j], f"{off[i, j]:,}", _share(off[i, j], counts[i].sum())] for i, j in pairs
    ]
    if not rows:
        return paragraphs("No class is taken for another.")
    return table(
        ["true", "predicted", "times", "of the true class"],
        rows,
        caption=f"The most frequent confusions of {len(names)} classes",
    )


def _shaded(count, share, right):
    """A cell with a count, the darker the larger its share of the row."""
    if not count:
        return cell("·", class_="number none")
    # Few mistakes are to be seen, too: by the root, a share of 1 % has a tenth of the strength.
    strength = f"--strength: {100 * share**0.5:.0f}%"
    return cell(f"{count:,}", class_=f"number {'right' if right else 'wrong'}", style=strength)


def _share(part, whole):
    return _percent(part / whole) if whole else "n/a"


def _percent(share):
    return percent(share) if share == share else "n/a"

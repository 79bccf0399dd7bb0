"""The examples of highest loss: as pictures where they are images, else with their features."""

import numpy as np

from fastnn.reporting.examples import some_rows
from fastnn.reporting.pictures import picture, shape_of_images
from fastnn.text.markup import join, table, tag

# With more features than this, only the most unusual ones of each example are shown.
MOST_COLUMNS = 8
MOST_UNUSUAL = 3
# Most values of a row of a table, and most letters of a value.
MOST_VALUES, LONGEST = 20, 60


def worst_examples(judged, training_X, names, features, image_shape, count):
    """The section of the `count` worst examples; `features` names the columns of X."""
    index = judged.worst(count)
    usual = some_rows(training_X)
    X = judged.rows(index)
    shape = shape_of_images(image_shape, usual)
    where = "in the data that they come from" if judged.of_all else "in the dev set"
    said = tag(
        "p",
        f"The {len(index)} dev examples of highest loss, by their row {where}, "
        f"counted from {judged.first_row}.",
    )
    if shape is not None:
        return join([said, _pictures(judged, index, X, names, shape)])
    if judged.raw is not None:
        return join([said, _rows_of_table(judged, index, names)])
    return join([said, _table(judged, index, X, names, features, usual)])


def _pictures(judged, index, X, names, shape):
    limits = X.min(), X.max()
    figures = []
    for i, values in zip(index, X, strict=True):
        truth, said = _answer(judged, i, names)
        number = f"row {judged.numbers[i]:,}"
        words = [
            tag("b", truth),
            f" → {said}",
            tag("br"),
            f"loss {judged.losses[i]:.3g}",
            tag("br"),
            number,
        ]
        description = f"{number}: {truth}, predicted {said}"
        figures.append(
            tag(
                "figure",
                picture(values, shape, limits, description),
                tag("figcaption", *words),
                class_=_rightness(judged, i),
            )
        )
    return join(
        [
            tag("p", "True → predicted; mistakes have a frame."),
            tag("div", *figures, class_="examples"),
        ]
    )


def _table(judged, index, X, names, features, usual):
    few = len(features) <= MOST_COLUMNS
    heads = ["row", "true", "predicted", "loss", *(features if few else ["most unusual features"])]
    rows = []
    for i, values in zip(index, X, strict=True):
        units = judged.shown(values)
        shown = [f"{v:.4g}" for v in units] if few else [_unusual(values, units, features, usual)]
        rows.append(
            [
                f"{judged.numbers[i]:,}",
                *_answer(judged, i, names),
                f"{judged.losses[i]:.3g}",
                *shown,
            ]
        )
    caption = "Examples of highest loss"
    if not few:
        caption += ", with their features that are the most standard deviations from the mean"
    return table(heads, rows, caption=caption)


def _rows_of_table(judged, index, names):
    """The rows as they are in the table, without inputs that were made from them, such as bins."""
    columns = list(judged.raw.columns)
    few = len(columns) <= MOST_COLUMNS
    rows = []
    for i in index:
        values = [_value(judged.raw[name].iloc[i]) for name in columns[:MOST_VALUES]]
        if not few:
            pairs = zip(columns, values, strict=False)
            left = len(columns) - len(values)
            more = f", and {left} more" if left else ""
            values = [", ".join(f"{name}={value}" for name, value in pairs) + more]
        number, loss = f"{judged.numbers[i]:,}", f"{judged.losses[i]:.3g}"
        rows.append([number, *_answer(judged, i, names), loss, *values])
    heads = ["row", "true", "predicted", "loss", *(columns if few else ["values"])]
    return table(heads, rows, caption="Examples of highest loss, with their values in the table")


def _value(value):
    """A value as people write it in a file; a gap is empty."""
    if value is None or value != value or str(value) in ("<NA>", "NaT"):
        return ""
    if isinstance(value, float | np.floating) and 1e-4 <= abs(value) < 1e15:
        return np.format_float_positional(value, trim="-")
    text = str(value).removesuffix(" 00:00:00")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _unusual(values, units, features, usual):
    mean, std = usual.mean(axis=0), usual.std(axis=0)
    away = np.divide(values - mean, std, out=np.zeros_like(mean), where=std > 0)
    order = np.argsort(-np.abs(away), kind="stable")[:MOST_UNUSUAL]
    return ", ".join(f"{features[k]} {units[k]:.4g} ({away[k]:+.1f} std)" for k in order)


def _answer(judged, i, names):
    """The true answer of an example, and the answer of the network, in words."""
    net = judged.network
    if net.regression:
        return tuple(_numbers(values[i]) for values in judged.values)
    if net.output == "softmax" or judged.y.shape[1] == 1:
        label, said = (int(np.ravel(values[i])[0]) for values in (judged.labels, judged.predicted))
        return names[label], f"{names[said]} ({judged.probabilities[i].max():.0%})"
    return tuple(
        ", ".join(names[k] for k in np.flatnonzero(values[i])[:5]) or "none"
        for values in (judged.labels, judged.predicted)
    )


def _numbers(values):
    return ", ".join(f"{v:.4g}" for v in values[:5]) + (", …" if len(values) > 5 else "")


def _rightness(judged, i):
    if judged.network.regression:
        return "example"
    wrong = np.any(judged.labels[i] != judged.predicted[i])
    return "example wrong" if wrong else "example"

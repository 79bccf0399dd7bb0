"""A schema in words: the inputs of each column, and the reasons for leaving others out."""

from __future__ import annotations

from typing import Any

from fastnn.tabular.columns import BUCKETS, MISSING
from fastnn.tabular.dates import is_time, written_day
from fastnn.text.markup import result, table
from fastnn.text.meanings import MEANINGS
from fastnn.text.tables import aligned

_HEAD = ("column", "read as", "inputs", "details")
# So many names of categories are shown, and of a text so many letters.
_SHOWN, _LETTERS = 5, 30


def in_words(schema: Any) -> str:
    """The schema as lines of text."""
    return "\n".join([_verdict(schema), "", *aligned([_HEAD, *_rows(schema)], "<<><")])


def as_html(schema: Any) -> str:
    """The schema as a table for notebooks."""
    shown = table(_HEAD, _rows(schema), caption="What each column became")
    return str(result(_verdict(schema), shown, columns=MEANINGS["TableSchema"]))


def _verdict(schema):
    """The task in a sentence."""
    if schema.classes is None:
        return (
            f"Regression of {schema.target!r} from {len(schema.columns)} columns, by "
            f"{schema.n_inputs} inputs; a standard deviation is {schema.target_scale:.4g}."
        )
    classes = _some(schema.classes.tolist())
    return (
        f"Classification of {schema.target!r} ({classes}) from {len(schema.columns)} columns, by "
        f"{schema.n_inputs} inputs."
    )


def _rows(schema):
    """A row of texts for each column."""
    rows = []
    for column in schema.columns:
        if column.kind == "categorical":
            rows.append((column.name, *_categories(column)))
        elif is_time(column, schema._readings):
            rows.append((column.name, *_number(column, written_day)))
        else:
            rows.append((column.name, *_number(column)))
    return rows + [(name, "left out", "0", why) for name, why in schema.dropped.items()]


def _number(column, written="{:.4g}".format):
    inputs = 1 + bool(column.missing) + max(len(column.edges) - 1, 0)
    low, high, mean, fill = map(written, (column.low, column.high, column.mean, column.fill))
    details = [f"{low} to {high}, mean {mean}"]
    if column.missing:
        details.append(f"gaps become {fill} and are told by an input")
    if column.edges:
        details.append(f"{len(column.edges) - 1} bins")
    return "number", str(inputs), "; ".join(details)


def _categories(column):
    names = [text for text in column.categories if text != MISSING]
    details = [_some(names)] if names else []
    if MISSING in column.categories:
        details.append("a gap is one of them")
    if column.hashed:
        details.append(f"{len(column.hashed):,} more share {BUCKETS} inputs")
    if column.rare:
        details.append("rare and new ones share one")
    return "categories", str(column.n_inputs), "; ".join(details)


def _some(names):
    """The first of many names."""
    shown = ", ".join(str(name)[:_LETTERS] for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN:,} more" if names[_SHOWN:] else "")

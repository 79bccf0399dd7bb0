"""A schema in words, and its properties that are about the network and the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastnn.layers.outputs import OutputName
from fastnn.reading.dates import DateForm, is_time, part_name
from fastnn.reading.moments import written_day
from fastnn.reading.notation import PLAIN, WHOLE
from fastnn.tabular.columns import BUCKETS, MISSING, CategoricalColumn, NumericColumn
from fastnn.tabular.encoding import named_inputs
from fastnn.tabular.frame import sources_of
from fastnn.text.markup import result, table
from fastnn.text.meanings import MEANINGS
from fastnn.text.tables import aligned

if TYPE_CHECKING:
    from fastnn.reading.notation import Notation
    from fastnn.tabular.target import Target, Task

_HEAD = ("column", "read as", "inputs", "details")
# So many names of categories are shown, and of a text so many letters.
_SHOWN, _LETTERS = 5, 30


class Facts:
    """What a `TableSchema` shows, and its properties."""

    columns: tuple[NumericColumn | CategoricalColumn, ...]
    input_names: list[str]
    _target: Target
    _readings: dict[str, Notation | DateForm]

    def __repr__(self) -> str:
        return (
            f"<TableSchema of {len(self.columns)} columns, {self.n_inputs} inputs, "
            f"{self.task} of {self.target!r}>"
        )

    def __str__(self) -> str:
        return in_words(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    @property
    def target(self) -> str:
        """The name of the predicted column."""
        return self._target.name

    @property
    def task(self) -> Task:
        """ "classification" or "regression"."""
        return self._target.task

    @property
    def classes(self) -> NDArray[Any] | None:
        """The classes, sorted; None in regression."""
        return self._target.classes

    @property
    def target_scale(self) -> float | None:
        """The standard deviation of a regression's target; None in classification."""
        return self._target.scale if self.task == "regression" else None

    @property
    def units(self) -> tuple[float, float, float]:
        """Of a regression: its values are outputs * scale + mean, and no lower than lowest."""
        return self._target.mean, self._target.scale, self._target.lowest

    @property
    def input_units(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n_inputs,) mean and scale: the value in the table is an input * scale + mean."""
        numeric = [column for column in self.columns if isinstance(column, NumericColumn)]
        known = [(column.mean, column.scale) for column in numeric]
        known += [column.missing for column in numeric if column.missing]
        for column in self.columns:
            if isinstance(column, CategoricalColumn):
                known += [(0.0, 1.0)] * column.n_units
                if column.means:
                    known += [(center, column.means.scale) for center in column.means.center]
        known += [(0.0, 1.0)] * (self.n_inputs - len(known))
        mean, scale = np.array(known).T
        return mean, scale

    @property
    def input_sources(self) -> list[str]:
        """The column of the table that each input is made from."""
        sources = sources_of([column.name for column in self.columns], self._readings)
        return [sources[column.name] for _, column in named_inputs(self.columns)]

    @property
    def n_inputs(self) -> int:
        """The number of features of the network."""
        return len(self.input_names)

    @property
    def n_outputs(self) -> int:
        """The number of outputs of the network; 1 for two classes."""
        classes = self.classes
        return 1 if classes is None or len(classes) == 2 else len(classes)

    @property
    def output(self) -> OutputName:
        """The output activation of the network."""
        if self.task == "regression":
            return self._target.output
        return "sigmoid" if self.n_outputs == 1 else "softmax"

    @property
    def text_columns(self) -> list[str]:
        """Columns that `read_table` has to read unchanged: categories, and decimal commas."""
        names = [column.name for column in self.columns if column.kind == "categorical"]
        plain = (PLAIN, WHOLE)
        names += [name for name, reading in self._readings.items() if reading not in plain]
        return names + [self.target] * (self._target.reading != PLAIN)

    @property
    def whole_columns(self) -> list[str]:
        """Columns of integers; `read_table` has to leave 2.000 in them as it is."""
        return [name for name, reading in self._readings.items() if reading == WHOLE]

    @property
    def dates(self) -> list[str]:
        """Names of the columns of a table that are read as dates."""
        return [name for name in self.sources if isinstance(self._readings.get(name), DateForm)]

    @property
    def moments(self) -> list[str]:
        """Those of the dates that have an input which rises with time."""
        names = (column.name for column in self.columns if is_time(column, self._readings))
        return [name.removesuffix(part_name("", "time")) for name in names]

    @property
    def sources(self) -> list[str]:
        """Names of the columns of a table that are read."""
        sources = sources_of([column.name for column in self.columns], self._readings)
        return list(dict.fromkeys(sources[column.name] for column in self.columns))


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
    if column.means:
        details.append(_means(column.means))
    return "categories", str(column.n_inputs), "; ".join(details)


def _means(means):
    """Mean targets in words."""
    counted = len(means.categories)
    shown = _some(means.names)
    return f"{shown} of {counted:,} with few rows or no input of their own"


def _some(names):
    """The first of many names."""
    shown = ", ".join(str(name)[:_LETTERS] for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN:,} more" if names[_SHOWN:] else "")

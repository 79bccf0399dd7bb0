"""`Facts`: properties of a schema that are about the network and the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastnn.layers.outputs import OutputName
from fastnn.tabular.columns import NumericColumn
from fastnn.tabular.dates import DateForm, is_time, part_name
from fastnn.tabular.encoding import named_inputs
from fastnn.tabular.frame import sources_of
from fastnn.tabular.notation import PLAIN, WHOLE

if TYPE_CHECKING:
    from fastnn.tabular.columns import CategoricalColumn
    from fastnn.tabular.notation import Notation
    from fastnn.tabular.target import Target, Task


class Facts:
    """The properties of a `TableSchema`."""

    columns: tuple[NumericColumn | CategoricalColumn, ...]
    input_names: list[str]
    _target: Target
    _readings: dict[str, Notation | DateForm]

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

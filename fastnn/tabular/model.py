"""A network together with the schema of its tables."""

from __future__ import annotations

import os
import reprlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import ModelFormatError
from fastnn.files.model import save
from fastnn.network import Network
from fastnn.tabular.schema import TableSchema

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.tabular.values import PolarsFrame


class TableModel:
    """Predicts a column of a table from the others.

    Parameters
    ----------
    schema : TableSchema
    network : Network
        It has `schema.n_inputs` features and `schema.n_outputs` units of the output
        `schema.output`. For two classes, two units of a softmax are fine, too.
    run : dict, optional
        Facts about the training, of types that JSON has; they are kept in the file.

    Attributes
    ----------
    schema, network, run

    Raises
    ------
    ValueError
        The network does not fit the schema.

    Examples
    --------
    >>> import fastnn, pandas
    >>> from fastnn.tabular import TableModel, TableSchema
    >>> frame = pandas.DataFrame({"hours": [1, 2, 3, 4, 5, 6] * 2,
    ...                           "passed": ["no", "no", "no", "yes", "yes", "yes"] * 2})
    >>> schema = TableSchema.fit(frame, target="passed")
    >>> net = fastnn.Network([schema.n_inputs, 8, schema.n_outputs], output=schema.output, rng=0)
    >>> history = net.fit(schema.inputs(frame), schema.targets(frame), learning_rate=0.05)
    >>> TableModel(schema, net).predict(pandas.DataFrame({"hours": [0, 7]}))
    array(['no', 'yes'], dtype=object)
    """

    schema: TableSchema
    network: Network
    run: dict[str, Any]

    def __init__(
        self, schema: TableSchema, network: Network, run: dict[str, Any] | None = None
    ) -> None:
        if not isinstance(schema, TableSchema) or not isinstance(network, Network):
            raise TypeError(f"expected a TableSchema and a Network, got {schema!r}, {network!r}")
        if run is not None and not isinstance(run, dict):
            raise TypeError(f"expected run to be a dict or None, got {run!r}")
        _check_fit(schema, network)
        self.schema, self.network, self.run = schema, network, dict(run or {})

    def predict(self, frame: pd.DataFrame | PolarsFrame) -> NDArray[Any]:
        """Classes, or values in the target's units.

        Parameters
        ----------
        frame : pandas or polars DataFrame

        Returns
        -------
        (m,) array

        Raises
        ------
        ValueError
            The table does not fit; see `TableSchema.inputs`.
        """
        return self.schema.decode(self.network.forward(self.schema.inputs(frame)))

    def predict_proba(self, frame: pd.DataFrame | PolarsFrame) -> NDArray[np.floating[Any]]:
        """(m, n_classes) probabilities of `schema.classes`."""
        if self.schema.task == "regression":
            raise TypeError(
                f"the model predicts {self.schema.target!r}, a number, and has no "
                "probabilities; call predict"
            )
        A = self.network.forward(self.schema.inputs(frame))
        return A if A.shape[1] > 1 else np.hstack([1 - A, A])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write schema, network and run to a safetensors file; `fastnn.load` reads it.

        Raises
        ------
        ValueError
            `run` holds a type that JSON does not have, or theta is not finite.
        OSError
            The file cannot be written; the old file is unchanged.
        """

        save(self.network, path, kind="table", model=self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Schema and run, without the network, in types that JSON has."""
        return {"schema": self.schema.to_dict(), "run": self.run}

    @classmethod
    def from_dict(cls, state: Any, network: Network) -> TableModel:
        """The model from the result of `to_dict` and the network.

        Raises
        ------
        ModelFormatError
            `state` is not such a dict, or does not fit the network.
        """
        if (
            not isinstance(state, dict)
            or state.keys() != {"schema", "run"}
            or not isinstance(state["run"], dict)
        ):
            raise ModelFormatError(
                f"the model of a table is {reprlib.repr(state):.200}, expected "
                "an object with 'schema' and 'run': save it again"
            )
        schema = TableSchema.from_dict(state["schema"])
        try:
            return cls(schema, network, state["run"])
        except ValueError as error:
            raise ModelFormatError(f"schema and network do not fit: {error}") from error

    def __repr__(self) -> str:
        return f"<TableModel of {self.schema!r} and {self.network!r}>"


def _check_fit(schema, network):
    n_in, n_out = network.layer_sizes[0], network.layer_sizes[-1]
    if n_in != schema.n_inputs:
        raise ValueError(f"expected a network of the schema's {schema.n_inputs} inputs, got {n_in}")
    if schema.task == "regression":  # "exp" does not fit: standardized values can be negative
        sound = network.output.startswith("identity") and n_out == 1
    else:
        sound = (network.output, n_out) in {
            ("softmax", len(schema.classes)),
            (schema.output, schema.n_outputs),
        }
    if not sound:
        units = f"{schema.n_outputs} unit{'s' * (schema.n_outputs != 1)}"
        raise ValueError(
            f"expected a network with output {schema.output!r} of {units} for a "
            f"{schema.task} of {schema.target!r}, got {network.output!r} of {n_out}"
        )

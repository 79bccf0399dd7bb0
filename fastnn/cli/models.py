"""Model files of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fastnn.cli.errors import reported_file

if TYPE_CHECKING:
    from fastnn.cli.data_source import Source
    from fastnn.network import Network
    from fastnn.tabular import TableModel


def load_table_model(path: str) -> TableModel:
    """The model in a file that ``fastnn train data.csv --save`` wrote."""
    from fastnn.loading import load
    from fastnn.tabular import TableModel

    with reported_file(f"load {path}"):
        model = load(path)
    if not isinstance(model, TableModel):
        raise click.UsageError(
            f"{path} holds a {type(model).__name__}, which does not know the columns of a table; "
            "expected a model of fastnn train data.csv --target NAME --save FILE. This one is for "
            "Python: fastnn.load."
        )
    return model


def save_model(net: Network, source: Source, path: str) -> None:
    """Write the network, together with the schema of its table if it has one."""
    if source.schema is None:
        net.save(path)
    else:
        from fastnn.tabular import TableModel

        TableModel(source.schema, net, run=source.dealt).save(path)

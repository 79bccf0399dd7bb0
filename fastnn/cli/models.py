"""Model files of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fastnn.cli.errors import reported_file

if TYPE_CHECKING:
    from fastnn.cli.data_source import Source
    from fastnn.network import Network
    from fastnn.tables import TableClassifier, TableRegressor


def load_table_model(path: str) -> TableClassifier | TableRegressor:
    """The model in a file that ``fastnn train data.csv --save`` wrote, or `save` in Python."""
    from fastnn.loading import load
    from fastnn.tables import TableClassifier, TableRegressor

    with reported_file(f"load {path}"):
        model = load(path)
    if not isinstance(model, TableClassifier | TableRegressor):
        raise click.UsageError(
            f"{path} holds a {type(model).__name__}, which does not know the columns of a table; "
            "expected a model of fastnn train data.csv --target NAME --save FILE. This one is for "
            "Python: fastnn.load."
        )
    return model


def model_of(net: Network, source: Source) -> TableClassifier | TableRegressor | Network:
    """A network that was trained on a source; of a table, the estimator with it."""
    if source.estimator is None or source.prepared is None:
        return net
    from fastnn.tables.fitting import take_over

    take_over(source.estimator, source.prepared, net)
    return source.estimator

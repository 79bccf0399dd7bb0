"""Model files of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fastnn.cli.data_source import Source, is_table, labelled, name_of
from fastnn.cli.errors import reported_data, reported_file

if TYPE_CHECKING:
    from fastnn.network import Network
    from fastnn.tables.classifier import TableClassifier
    from fastnn.tables.examples import Examples
    from fastnn.tables.judging import Judged
    from fastnn.tables.regressor import TableRegressor


def check_order(model: str, data: str) -> None:
    """Refuse a table as MODEL and a model file as DATA: the wrong way round."""
    if is_table(model) and not is_table(data):
        command = click.get_current_context().command_path
        raise click.UsageError(
            f"MODEL comes first, then DATA; {model} is a table by its name: {command} {data} "
            f"{model}."
        )


def load_table_model(path: str) -> TableClassifier | TableRegressor:
    """The model in a file that ``fastnn train data.csv --save`` wrote, or `save` in Python."""
    from fastnn.loading import load
    from fastnn.tables.classifier import TableClassifier
    from fastnn.tables.regressor import TableRegressor

    with reported_file(f"load {path}"):
        model = load(path)
    if not isinstance(model, TableClassifier | TableRegressor):
        raise click.UsageError(
            f"{path} holds a {type(model).__name__}, which does not know the columns of a table; "
            "expected a model of fastnn train data.csv --target NAME --save FILE. This one is for "
            "Python: fastnn.load."
        )
    return model


def judged_on(
    model: TableClassifier | TableRegressor,
    data: str,
    dev: str | None,
    test: str | None,
    weight: str | None = None,
) -> Judged:
    """A model with its training, dev and test rows, found again in the table it was trained on.

    Files that are given replace parts of it. `weight` is a column of their weights.
    """
    from fastnn.tables.judging import judged

    table = labelled_for(model, data, weight)
    given = {
        name: labelled_for(model, path, weight)
        for name, path in (("dev", dev), ("test", test))
        if path is not None
    }
    with reported_data(name_of(data)):
        return judged(model, table, given)


def labelled_for(
    model: TableClassifier | TableRegressor, path: str, weight: str | None = None
) -> Examples:
    """The rows of a file that have a target, read as a model reads its table."""
    schema = model.schema_
    if weight in schema.sources:
        raise click.UsageError(f"--weight {weight} is an input of the model.")
    columns = schema.text_columns, schema.missing, schema.whole_columns
    return labelled(path, schema.target, *columns, model.task, model.categorical, weight)


def model_of(net: Network, source: Source) -> TableClassifier | TableRegressor | Network:
    """The network that was trained on a source; for a table, its estimator with the network."""
    if source.estimator is None or source.prepared is None:
        return net
    from fastnn.tables.fitting import take_over

    take_over(source.estimator, source.prepared, net)
    return source.estimator

"""Small tables with one column of interest, and the schema that is learnt of them."""

import json

import numpy as np
import pandas as pd

from fastnn.tabular import TableSchema

M = 60


def cycle(*values):
    return [values[i % len(values)] for i in range(M)]


def table(**columns):
    """M rows of a column of numbers, a target that is a regression, and these."""
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=M), "y": rng.normal(size=M)} | columns)


def learn(values, **options):
    """The schema with one more column "c"."""
    return TableSchema.fit(table(c=values), target="y", **options)


def kept(values, **options):
    """The numbers that the network gets of a column "c", in the units of the column."""
    frame = table(c=values)
    schema = TableSchema.fit(frame, target="y", **options)
    (column,) = [column for column in schema.columns if column.name == "c"]
    X = schema.inputs(frame)[:, schema.input_names.index("c")]
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    np.testing.assert_array_equal(again.inputs(frame)[:, again.input_names.index("c")], X)
    return X * column.scale + column.mean, schema.notices

"""Small tables with one column of interest, and the schema that is learnt of them."""

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

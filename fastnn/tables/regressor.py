"""`fastnn.TableRegressor`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import r2_score

from fastnn.layers.activations import ActivationName
from fastnn.layers.initializers import InitializerName
from fastnn.layers.outputs import LossName
from fastnn.many.blend import Quality
from fastnn.schedules import Schedule, ScheduleName
from fastnn.tables.base import BaseTable
from fastnn.tables.figures import scored
from fastnn.tables.options import Auto, Share
from fastnn.tabular.target import Task
from fastnn.training.optimizers import LBFGS, Optimizer, OptimizerName

if TYPE_CHECKING:
    from fastnn.tables.examples import Table, Target

    class RegressorMixin:
        """scikit-learn's class, as type checkers see it: scikit-learn has no types."""

else:
    from sklearn.base import RegressorMixin


class TableRegressor(RegressorMixin, BaseTable):
    """Predicts a number from the columns of a table, as they come: ``fastnn train`` in Python.

    The target is standardized for the network; predictions are in its units. If no target of the
    training rows is negative, as counts and prices are, no prediction is.

    Parameters
    ----------
    hidden : sequence of int, default "auto"
        Of one network: units of the hidden layers; () for linear regression. "auto" is (64, 32).
    loss : {"squared_error", "poisson", "absolute_error", "huber"}, default "squared_error"
        As of `fastnn.MLPRegressor`. "poisson" is for counts, rates and prices: the output of the
        network is e^z, and errors count in proportion to the expected value. "absolute_error" and
        "huber" are for targets with outliers.
    quality, activation, init, keep_prob, l2, l1, dtype, optimizer, learning_rate, schedule, \
epochs, batch_size, early_stopping, drop, categorical, numeric, missing, decimal, day_first, \
groups, time, dev_share, test_share, verbose, n_threads, random_state
        As for `TableClassifier`. Every `quality` uses `loss`.

    Attributes
    ----------
    schema_, network_, notices_, history_, parts_, run_, n_features_in_, feature_names_in_
        As of `TableClassifier`.

    Examples
    --------
    >>> import fastnn, pandas
    >>> frame = pandas.DataFrame({"area": range(40, 240), "city": ["Rome", "Oslo"] * 100})
    >>> price = 2.5 * frame["area"] + 100 * (frame["city"] == "Oslo")
    >>> model = fastnn.TableRegressor(numeric="area").fit(frame, price)
    >>> model.score(frame, price) > 0.99
    True
    """

    task: ClassVar[Task] = "regression"
    loss: LossName

    def __init__(
        self,
        hidden: Sequence[int] | Auto = "auto",
        *,
        quality: Quality | Auto | None = "auto",
        loss: LossName = "squared_error",
        activation: ActivationName | Sequence[ActivationName] | Auto = "auto",
        init: InitializerName = "auto",
        keep_prob: float | Sequence[float] | Auto = "auto",
        l2: float | Sequence[float] | Auto = "auto",
        l1: float | Sequence[float] | Auto = "auto",
        dtype: Literal["float32", "float64"] = "float32",
        optimizer: OptimizerName | Optimizer | LBFGS | Auto = "auto",
        learning_rate: float | Auto = "auto",
        schedule: ScheduleName | Schedule | Auto | None = "auto",
        epochs: int | Auto = "auto",
        batch_size: int | Auto | None = "auto",
        early_stopping: int | Auto | None = "auto",
        drop: str | Sequence[str] = (),
        categorical: str | Sequence[str] = (),
        numeric: str | Sequence[str] = (),
        missing: Sequence[str] | None = None,
        decimal: Literal[".", ","] | None = None,
        day_first: bool | None = None,
        groups: str | None = None,
        time: str | None = None,
        dev_share: Share | None = None,
        test_share: Share | None = None,
        verbose: bool = False,
        n_threads: int | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        given = dict(locals())
        del given["self"]
        vars(self).update(given)

    def score(
        self, X: Table, y: Target | None = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """R^2 of `predict`: 1 is perfect, 0 is as good as the mean of the targets.

        Parameters
        ----------
        X : a table, as for `fit`
        y : (m,) array-like or str, optional
            None: the column of the target in X.
        sample_weight : (m,) array-like, optional
        """
        examples, known = scored(self, X, y, sample_weight)
        truth = self.schema_.answers(known)
        return float(r2_score(truth, self.predict(examples.frame), sample_weight=examples.weight))

"""`fastnn.TableClassifier`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.layers.activations import ActivationName
from fastnn.layers.initializers import InitializerName
from fastnn.many.blend import Quality
from fastnn.schedules import Schedule, ScheduleName
from fastnn.tables.base import BaseTable
from fastnn.tables.dealing import RareClasses
from fastnn.tables.figures import scored
from fastnn.tables.options import Auto, Share
from fastnn.tabular.target import Task
from fastnn.training.optimizers import LBFGS, Optimizer, OptimizerName

if TYPE_CHECKING:
    from fastnn.tables.examples import Table, Target

    class ClassifierMixin:
        """scikit-learn's class, as type checkers see it: scikit-learn has no types."""

else:
    from sklearn.base import ClassifierMixin


class TableClassifier(ClassifierMixin, BaseTable):
    """Predicts a class from the columns of a table, as they come: ``fastnn train`` in Python.

    Numbers, text, categories, booleans, dates and gaps become inputs of a network by the rules of
    `fastnn.tabular.TableSchema`; print `schema_` to see the inputs of each column. Then the mean of
    several networks is trained by a recipe; or one network, where an option of it is given.

    Parameters
    ----------
    hidden : sequence of int, default "auto"
        Of one network: units of the hidden layers; () for softmax regression. "auto" is (64, 32).
    quality : {"auto", "best", "fast"} or None, default "auto"
        "auto" is "best", or None where an option of one network is given. "best" and "fast" are a
        recipe that was chosen on 12 tables: bins of numbers as inputs, and the mean of several
        networks, dense and sparse ones. "best" is the mean of twelve, "fast" of two. Each has
        hidden layers of 64 and 32 units with gelu, for classes a keep_prob of 0.85 (a dropout of
        0.15), no L2, and in its first layer an L1 penalty of 0 in half of them and of 3 in the
        others. Adam trains them in mini-batches of 32 rows (64 from 1,200 training rows on, 128
        from 2,400), with a learning rate of 0.0005 times the root of that, for at most 200 epochs;
        the fit ends after 20 without a lower dev loss. From 20,000 rows on the learning rate falls
        by the cosine, over 10 epochs or as many as see 750,000 rows. The recipe takes the
        place of the options of one network: `hidden`, and those from activation to early_stopping
        but dtype. Beside "best" or "fast" they are refused unless they are "auto". All rows
        are trained on, each network with dev rows of its own; with `time` the last rows are dev
        rows. None is one network by these options, with dev rows kept apart, which end the fit
        early.
    activation, init, keep_prob, l2, l1 : default "auto"
        Of one network, as for `fastnn.Network`. "auto" is "relu", by activation, 1, 5 and 0.
    dtype : {"float32", "float64"}
    optimizer, learning_rate, schedule, epochs, batch_size, early_stopping : default "auto"
        Of one network, as for `Network.fit`. "auto" is "adam", 0.002, "cosine", 200, 32 and 50.
    rare_classes : {"drop", "join", "keep"}, default "drop"
        Classes of too few rows to be in the training and the dev rows: their rows are left out; or
        they are one class, "other"; or the network is trained on them, and not judged by them.
    class_weight : dict or "balanced", optional
        A weight for each class; balanced: all classes weigh alike, however many rows they have.
    drop, categorical, numeric : sequence of str
        Columns to leave out; columns whose values are categories, whatever they look like; and
        columns that are numbers and are kept, even if they count rows or look like dates.
    missing : str or sequence of str, optional
        Texts that are missing values, besides the empty one; None: NA, N/A, NaN, null and, among
        numbers, also -, ?, n.a., None and the like.
    decimal : {".", ","}, optional
        The decimal mark of numbers in text. None: the texts of a column tell.
    day_first : bool, optional
        Whether 03/04/2020 is in April, where all dates of a column can be read both ways. None: the
        day is first beside points, else the month, and a notice tells of it.
    groups : str, optional
        A column, such as patient, whose equal values stay in one part; it is no input. For a model
        of new patients.
    time : str, optional
        A column of dates or numbers: the last rows are the dev rows, or the test rows after them.
    dev_share : float or "auto", optional
        The part of the rows that are kept apart to end the fit early, as 0.2. "auto" is a fifth of
        up to 10,000 rows, and less beyond. None: with a `quality` and without `time` each network
        keeps a tenth of the training rows for itself; else as "auto".
    test_share : float or "auto", optional
        The part of the rows that have no part in the fit, for a last judgement. None: no rows.
        ``fastnn train`` has "auto" for both shares.
    verbose : bool, default False
        Show a progress bar.
    n_threads : int, optional
        None: as many as help. The results are the same for any.
    random_state : int, RandomState or None, default 0
        Of the split, the initial weights, the shuffling and the dropout.

    Attributes
    ----------
    schema_ : TableSchema
        The kinds, scales and categories of the columns.
    network_ : Network
        With a `quality` the mean of the networks, as one with their hidden units side by side.
    classes_ : (n_classes,) array, sorted
    notices_ : list of str
        Sentences on rows and columns that were left out or look wrong; print the estimator to read
        them. If X is a DataFrame, notices that make the result worthless are a UserWarning, too.
    history_ : History or None
        Costs and errors by epoch, with a `quality` of one of the networks; None after
        `fastnn.load`.
    parts_ : dict or None
        The places of the rows in X, as of `iloc`, by their part: "train", "dev" where rows were
        kept apart for all networks, and "test" with `test_share`. None after `fastnn.load`.
    run_ : dict
        The seed and the sizes of the parts.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import fastnn, pandas
    >>> hours = [37 * k % 120 / 20 for k in range(120)]
    >>> frame = pandas.DataFrame({"hours": hours, "school": ["day", "evening", None] * 40,
    ...                           "passed": ["yes" if h > 3 else "no" for h in hours]})
    >>> model = fastnn.TableClassifier().fit(frame, "passed")
    >>> model.score(frame) > 0.9
    True
    >>> model.predict({"hours": [0, 7], "school": ["day", "night"]})
    array(['no', 'yes'], dtype=object)
    """

    task: ClassVar[Task] = "classification"
    classes_: NDArray[Any]

    def __init__(
        self,
        hidden: Sequence[int] | Auto = "auto",
        *,
        quality: Quality | Auto | None = "auto",
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
        rare_classes: RareClasses = "drop",
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
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

    def predict_proba(self, X: Table) -> NDArray[np.floating[Any]]:
        """(m, n_classes) probabilities of `classes_`."""
        A = self._forward(X)
        return A if A.shape[1] > 1 else np.hstack([1 - A, A])

    def score(
        self, X: Table, y: Target | None = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """The share of rows that `predict` gives their class.

        A class that training does not have is an error, and a UserWarning tells of such rows.

        Parameters
        ----------
        X : a table, as for `fit`
        y : (m,) array-like or str, optional
            None: the column of the target in X.
        sample_weight : (m,) array-like, optional
        """
        examples, truth = scored(self, X, y, sample_weight)
        right = self.predict(examples.frame) == self.schema_.classes[truth]
        right &= truth >= 0
        return float(np.average(right, weights=examples.weight))

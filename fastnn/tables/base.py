"""`BaseTable`: the common part of the classifier and the regressor of tables."""

from __future__ import annotations

import os
from abc import ABCMeta
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from fastnn._kernels import FITTED_BY, FitLock
from fastnn.many.blend import Quality
from fastnn.tables.examples import inputs_of
from fastnn.tables.fitting import (
    prepare_fit,
    prepare_one,
    sweep_prepared,
    train,
    unchanged_without_fit,
    warn,
)
from fastnn.tables.improving import improve_prepared, on_a_part, on_all_rows
from fastnn.tables.options import Auto, Share
from fastnn.tables.rendering import Shown

if TYPE_CHECKING:
    from fastnn.improvement import Improvement
    from fastnn.network import Network
    from fastnn.sweeps import Halving, Sweep
    from fastnn.tables.examples import Given, Table, Target
    from fastnn.tabular import TableSchema
    from fastnn.tabular.target import Task
    from fastnn.training.history import History

    class BaseEstimator:
        """scikit-learn's class, as type checkers see it: scikit-learn has no types."""

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: Any) -> Self: ...
        def __getstate__(self) -> dict[str, Any]: ...
        def __sklearn_tags__(self) -> Any: ...

else:
    from sklearn.base import BaseEstimator


class BaseTable(Shown, BaseEstimator, metaclass=ABCMeta):
    """A network and the schema of its tables, behind scikit-learn's interface."""

    task: ClassVar[Task]

    quality: Quality | Auto | None
    drop: str | Sequence[str]
    categorical: str | Sequence[str]
    numeric: str | Sequence[str]
    missing: Sequence[str] | None
    decimal: Literal[".", ","] | None
    day_first: bool | None
    groups: str | None
    time: str | None
    dev_share: Share | None
    test_share: Share | None
    verbose: bool
    n_threads: int | None
    random_state: int | np.random.RandomState | None

    schema_: TableSchema
    network_: Network
    parts_: dict[str, NDArray[np.intp]] | None
    run_: dict[str, Any]
    notices_: list[str]
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    # --- fitting -----------------------------------------------------------------------------

    def fit(
        self,
        X: Table,
        y: Target,
        sample_weight: ArrayLike | None = None,
        *,
        dev: Given | None = None,
        test: Given | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Learn how the columns are read, and train.

        Parameters
        ----------
        X : pandas or polars DataFrame, dict of columns, or (m, n) array-like
            Numbers, text, categories, booleans, dates and gaps, as they come.
        y : (m,) array-like, or str
            The targets, or the name of the column of X that has them. Rows without one are left
            out.
        sample_weight : (m,) array-like, optional
            Rows of weight 0 are left out.
        dev : a table with the column of the target, or (X, y), optional
            The rows that end the fit early. None: they are taken from X, by `dev_share`; of fewer
            than 10 rows none are.
        test : a table with the column of the target, or (X, y), optional
            Rows that have no part in the fit, for `score`, `diagnose` and `report`. `notices_` tell
            of training rows among them, and of values that training does not have. None: by
            `test_share` they are taken from X, and their places are ``parts_["test"]``.
        checkpoint : path, optional
            A directory that keeps the state of the fit, with quality=None a file; the same call
            goes on from it.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            The data, or a parameter; the message names the column and the row. The estimator stays
            as it was.
        DivergenceError
            The cost is not finite: lower `learning_rate`.
        KeyboardInterrupt
            After Ctrl-C; the estimator then has the best parameters so far.

        Warns
        -----
        UserWarning
            A column of a DataFrame gives the target away, or one answer to all rows is as good.
        """
        with FitLock([self], [f"this {type(self).__name__}"]), unchanged_without_fit(self):
            prepared = prepare_fit(self, X, y, sample_weight, dev, test, all_rows=True)
            fitted = train(self, prepared, checkpoint=checkpoint, progress=bool(self.verbose))
            if fitted.interrupted:
                raise KeyboardInterrupt
        warn(self)
        return self

    def improve(
        self,
        X: Table,
        y: Target,
        *,
        dev: Given | None = None,
        seconds: float | None = 60.0,
        trials: int | None = None,
        seeds: int = 3,
        n_jobs: int = -1,
        optimal_error: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Improvement:
        """Train one network, diagnose, try the advice, and keep it only if it is better.

        The recipe of quality="best" is trained first, on the same rows, and compared on the dev
        rows. It is kept unless a network is better beyond chance; with quality=None it has to be
        better than the best network itself. The estimator is then fitted with the better one, and
        has its parameters. With dev=None, and no share of dev or test rows, the recipe is trained
        once more on all rows, as by `fit`. Test rows have no part in it.

        Parameters
        ----------
        X, y, dev : as for `fit`
        seconds, trials, seeds, n_jobs, optimal_error
            As for `fastnn.improve`. The search has the `seconds` that the recipe leaves, which
            takes as long as `fit`, or twice as long where it is trained on all rows.
        checkpoint : path, optional
            A directory that keeps every fit, of the recipe and of the search. After Ctrl-C or a
            crash the same call goes on from it.

        Returns
        -------
        Improvement

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C while the recipe is trained. Later the search ends with the best so far.
        """
        with FitLock([self], [f"this {type(self).__name__}"]), unchanged_without_fit(self):
            own = (dev, self.time, self.dev_share, self.test_share)
            again = all(value is None for value in own)
            prepared = prepare_one(self, X, y, None, dev)
            result, kept = improve_prepared(
                self,
                prepared,
                lambda estimator: prepare_fit(estimator, X, y, None, dev),
                seconds=seconds,
                again_on=sum(map(len, prepared.parts.values())) if again else 0,
                trials=trials,
                seeds=seeds,
                n_jobs=n_jobs,
                optimal_error=optimal_error,
                checkpoint=checkpoint,
            )
            if again and self.quality is not None and result.stopped != "interrupted":
                prepared = prepare_fit(self, X, y, None, None, all_rows=True)
                result = on_all_rows(self, prepared, result, checkpoint)
            elif again:
                on_a_part(kept, result)
        warn(self)
        return result

    def sweep(
        self,
        X: Table,
        y: Target,
        space: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        sample_weight: ArrayLike | None = None,
        *,
        dev: Given | None = None,
        test: Given | None = None,
        trials: int | None = None,
        seeds: int = 1,
        select: Literal["dev_error", "dev_loss", "balanced_error", "auc"] | None = None,
        halving: int | Halving | None = None,
        n_jobs: int = -1,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Sweep:
        """Train one network for each of many settings, and keep the best on the dev rows.

        It is ``fastnn sweep`` in Python. The estimator is then fitted with the best network, and
        has its parameters; if no network could be trained it stays as it was. Compare it with a
        `fit` by quality="best" on the same test rows, which have no part in the choice.

        Parameters
        ----------
        X, y, sample_weight, dev, test : as for `fit`
        space : dict or list of dict
            Parameters of one network, such as l2 and hidden, and their values or distributions, as
            of `fastnn.sweep`.
        trials, seeds, halving, n_jobs
            As of `fastnn.sweep`.
        select : {"dev_error", "dev_loss", "balanced_error", "auc"}, optional
            What the best is best in, on the dev rows; the last two are for classes, and rungs of
            `halving` go by dev_error or dev_loss for them. None: balanced_error with
            `class_weight`, else dev_error.
        checkpoint : path, optional
            A directory that keeps finished trials; the same call goes on from them.

        Returns
        -------
        Sweep
            Print it. Errors of a regression are in standard deviations of the target.

        Raises
        ------
        ValueError
            `space` has other names than parameters of one network, or there are too few rows to
            keep dev rows.
        KeyboardInterrupt
            After Ctrl-C; the estimator stays as it was.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from fastnn import TableClassifier
        >>> X, y = load_iris(return_X_y=True, as_frame=True)
        >>> model = TableClassifier(epochs=20, random_state=0)
        >>> result = model.sweep(X, y, {"l2": [0.0, 1.0], "hidden": [(8,), (16, 8)]})
        >>> len(result.trials), model.l2 == result.trials[0].setting["l2"]
        (4, True)
        """
        with FitLock([self], [f"this {type(self).__name__}"]), unchanged_without_fit(self):
            prepared = prepare_one(self, X, y, sample_weight, dev, test)
            result = sweep_prepared(
                self,
                prepared,
                space,
                trials=trials,
                seeds=seeds,
                select=select,
                halving=halving,
                n_jobs=n_jobs,
                checkpoint=checkpoint,
                progress=bool(self.verbose),
            )
        warn(self)
        return result

    # --- results -----------------------------------------------------------------------------

    def predict(self, X: Table) -> NDArray[Any]:
        """Classes, or values in the target's units.

        Parameters
        ----------
        X : as for `fit`
            Columns are found by their names; other columns than in the fit are ignored.

        Returns
        -------
        (m,) array

        Warns
        -----
        UserWarning
            Texts that are no numbers or dates, where training has some, count as gaps; or numbers
            lack the unit of training. `schema_.review` tells more about a table.
        """
        A = self._forward(X)
        return self.schema_.decode(A)

    # --- inside ------------------------------------------------------------------------------

    @property
    def history_(self) -> History | None:
        """The `History` of the fit; None after `fastnn.load`."""
        check_is_fitted(self)
        return self.network_.history

    def _forward(self, X):
        """Output activations (m, n[L])."""
        check_is_fitted(self)
        return self.network_.forward(inputs_of(self, X))

    def __sklearn_is_fitted__(self) -> bool:
        return "network_" in vars(self)

    def __getstate__(self) -> dict[str, Any]:  # a copy is not being fitted
        return {name: v for name, v in super().__getstate__().items() if name != FITTED_BY}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.categorical = tags.input_tags.allow_nan = True
        return tags

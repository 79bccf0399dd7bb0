"""`BaseMLP`: the parameters, `fit` and the lock that the classifier and the regressor share."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from fastnn._kernels import FITTED_BY, FitLock
from fastnn.data.inputs import Features
from fastnn.estimators.callbacks import (
    Callback,
    CallbackSupportMixin,
    EpochCallbacks,
    with_callbacks,
)
from fastnn.estimators.epochs import train, train_on_stream
from fastnn.estimators.fitted import FittedMixin
from fastnn.estimators.parameters import HiddenActivationName, LearningRateName, SolverName
from fastnn.estimators.preparation import prepare
from fastnn.estimators.solvers import Stream

_Method = TypeVar("_Method", bound=Callable[..., Any])

if TYPE_CHECKING:

    class BaseEstimator:
        """scikit-learn's class, as type checkers see it: scikit-learn has no types."""

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: Any) -> Self: ...
        def get_metadata_routing(self) -> Any: ...
        def set_fit_request(self, **requests: bool | str | None) -> Self: ...
        def set_partial_fit_request(self, **requests: bool | str | None) -> Self: ...
        def set_score_request(self, **requests: bool | str | None) -> Self: ...
        def __getstate__(self) -> dict[str, Any]: ...
        def __sklearn_tags__(self) -> Any: ...

else:
    from sklearn.base import BaseEstimator


class BaseMLP(FittedMixin, CallbackSupportMixin, BaseEstimator, metaclass=ABCMeta):
    """A `Network` that is trained behind scikit-learn's interface; see the subclasses."""

    hidden_layer_sizes: int | Sequence[int]
    activation: HiddenActivationName | Sequence[HiddenActivationName]
    solver: SolverName
    alpha: float
    batch_size: int | Literal["auto"]
    learning_rate: LearningRateName
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: int | np.random.RandomState | None
    tol: float
    verbose: bool | int
    warm_start: bool | Literal["optimizer"]
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    keep_prob: float | Sequence[float]
    l1: float
    max_norm: float | Sequence[float | None] | None
    scoring: str | Callable[..., Any] | None
    callbacks: Callback | Sequence[Callback]
    n_threads: int | None

    # --- for a subclass to define --------------------------------------------------------------

    @abstractmethod
    def _check_targets(self, X, y, first):
        """X and y validated. In the first fit they determine the network's inputs and outputs."""

    @abstractmethod
    def _encode(self, y):
        """y as targets of the network."""

    @abstractmethod
    def _output(self):
        """Name of the network's output, and its units."""

    @abstractmethod
    def _score_of(self, validation, error):
        """The default score on a validation set on which the network has this error."""

    def _stratified(self):
        """Whether an equal share of every class is held out."""
        return False

    def _loss_constants(self, targets):
        """The part of each example's loss that the core leaves out, or None."""
        return None

    def _check_same_classes(self, y):
        """Refuse a y of fewer classes than in the last call, for a warm start."""

    def _class_weights(self, y, incremental):
        """A weight for each example, or None."""
        return None

    # --- fitting -----------------------------------------------------------------------------

    @with_callbacks
    def fit(
        self,
        X: Features,
        y: Features,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Features | None = None,
        y_val: Features | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train, from new parameters unless `warm_start`.

        Parameters
        ----------
        X : (n_samples, n_features) array, table or sparse matrix
            The network is trained in the dtype of X if that is float32 or float64.
        y : (n_samples,) or (n_samples, n_outputs) array
            For a classifier labels, or columns of 0 and 1 for several labels of an example; for a
            regressor numbers.
        sample_weight : (n_samples,) array, optional
            Examples of weight 0 are left out.
        X_val, y_val, sample_weight_val : optional
            A validation set, instead of a part of X.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    def _fit(self, X, y, sample_weight, validation, incremental=False):
        alone = incremental and all(part is None for part in (sample_weight, *validation))
        with FitLock([self], [f"this {type(self).__name__}"]):
            if alone and train_on_stream(self, X, y):
                return self
            with self._unchanged_by_errors():
                task = prepare(self, X, y, sample_weight, validation, incremental)
            metadata = None if sample_weight is None else {"sample_weight": sample_weight}
            train(self, task, EpochCallbacks(self, X, y, metadata))
            self._stream = Stream.of(self, task) if alone else None
        return self

    @contextmanager
    def _unchanged_by_errors(self):
        """Undo every change of the estimator and its network's settings after an error."""
        before = dict(vars(self))
        network = before.get("network_")
        settings = (
            {}
            if network is None
            else {name: getattr(network, name) for name in ("keep_prob", "l2", "l1", "max_norm")}
        )
        try:
            yield
        except BaseException:
            for name in vars(self).keys() - before.keys():
                delattr(self, name)
            vars(self).update(before)
            for name, value in settings.items():
                setattr(network, name, value)
            raise

    def __getstate__(self) -> dict[str, Any]:  # a copy that a callback makes is not being fitted
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name not in (FITTED_BY, "_stream")}

    def _is_stochastic(self):
        if self.solver == "lbfgs":
            raise AttributeError(
                f"partial_fit is only available for the solvers sgd and adam, got {self.solver!r}"
            )
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def stochastic_only(method: _Method) -> _Method:
    """Hide a method of an estimator from solver "lbfgs"."""
    hidden: Any = available_if(lambda self: self._is_stochastic())(method)
    return hidden


def plain(estimator: Any, X: Any, y: Any) -> bool:
    """Whether X and y are arrays that `validated` would return as they are, after the first fit.

    To ask scikit-learn takes longer than to train on some ten examples.
    """
    return (
        type(X) is np.ndarray
        and type(y) is np.ndarray
        and X.ndim == 2
        and y.ndim == 1
        and X.dtype in _FLOATS
        and X.shape == (len(y), vars(estimator).get("n_features_in_"))
        and len(y) > 0
        and "feature_names_in_" not in vars(estimator)
        and bool(np.isfinite(X).all())
    )


_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))  # in the byte order of the machine


def validated(estimator: Any, X: Any, y: Any, reset: bool, **options: Any) -> Any:
    """X as floats, dense or CSR, and y, by scikit-learn's rules."""
    return validate_data(
        estimator,
        X,
        y,
        accept_sparse="csr",
        multi_output=True,
        dtype=(np.float64, np.float32),
        reset=reset,
        **options,
    )

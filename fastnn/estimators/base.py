"""What the classifier and the regressor share: `fit`, and one fit at a time."""

from abc import ABCMeta, abstractmethod
from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from fastnn.engine.fit_lock import FITTED_BY, one_fit_at_a_time
from fastnn.estimators.callbacks import CallbackSupportMixin, EpochCallbacks, with_callbacks
from fastnn.estimators.epochs import train
from fastnn.estimators.fitted import FittedMixin
from fastnn.estimators.preparation import prepare


class BaseMLP(FittedMixin, CallbackSupportMixin, BaseEstimator, metaclass=ABCMeta):
    """Training of a `Network` behind scikit-learn's interface; see the subclasses."""

    # --- what a subclass knows ---------------------------------------------------------------

    @abstractmethod
    def _check_targets(self, X, y, first):
        """X and y validated; of the first fit they say what the network is to be."""

    @abstractmethod
    def _encode(self, y):
        """y as the network takes it."""

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
        """What the loss of each example has beside that of the core, or None for nothing."""
        return None

    def _class_weights(self, y, incremental):
        """A weight for each example, or None."""
        return None

    # --- fitting -----------------------------------------------------------------------------

    @with_callbacks
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Train, from new parameters unless `warm_start`.

        Parameters
        ----------
        X : (n_samples, n_features) array, table or sparse matrix
            float32 and float64 are trained in as they are.
        y : (n_samples,) or (n_samples, n_outputs) array
            Of a classifier labels, or columns of 0 and 1 for several labels an example; of a
            regressor numbers.
        sample_weight : (n_samples,) array, optional
            Examples of weight 0 are as good as left out.
        X_val, y_val, sample_weight_val : optional
            A validation set, instead of a part of X.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    def _fit(self, X, y, sample_weight, validation, incremental=False):
        with one_fit_at_a_time(self, f"this {type(self).__name__}"):
            with self._unchanged_by_errors():
                task = prepare(self, X, y, sample_weight, validation, incremental)
            metadata = None if sample_weight is None else {"sample_weight": sample_weight}
            train(self, task, EpochCallbacks(self, X, y, metadata))
        return self

    @contextmanager
    def _unchanged_by_errors(self):
        before = dict(vars(self))
        network = before.get("network_")
        settings = (
            {}
            if network is None
            else {name: getattr(network, name) for name in ("keep_prob", "l2", "l1")}
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

    def __getstate__(self):  # a copy made in a callback is not being fitted
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != FITTED_BY}

    def _is_stochastic(self):
        if self.solver == "lbfgs":
            raise AttributeError(
                f"partial_fit is only available for the solvers sgd and adam, got {self.solver!r}"
            )
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def validated(estimator, X, y, reset, **options):
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

"""`fastnn.MLPRegressor`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import r2_score
from sklearn.utils.validation import column_or_1d

from fastnn.arguments import lookup
from fastnn.data.inputs import Features
from fastnn.estimators.base import BaseMLP, plain, stochastic_only, validated
from fastnn.estimators.callbacks import Callback, with_callbacks
from fastnn.estimators.parameters import HiddenActivationName, LearningRateName, SolverName
from fastnn.layers.outputs import LOSSES, LossName

if TYPE_CHECKING:

    class RegressorMixin:
        """scikit-learn's class, as type checkers see it: scikit-learn has no types."""

        def score(self, X: Features, y: Features, sample_weight: ArrayLike | None = None) -> float:
            """The R^2 of `predict`."""
            ...

else:
    from sklearn.base import RegressorMixin


class MLPRegressor(RegressorMixin, BaseMLP):
    """A fully connected network of real outputs: scikit-learn's MLPRegressor and what it lacks.

    With equal parameters and `random_state` it starts from the same weights, sees the same
    mini-batches and takes the same gradients as ``sklearn.neural_network.MLPRegressor``.

    Losses are summed over outputs. For several outputs scikit-learn reports, and gives to L-BFGS,
    the *mean* of the squared error over outputs, but the gradient of the sum, which is n_outputs
    times as large: its line search gets a slope that the loss does not have. Here both are of one
    function, the sum; `loss_` is n_outputs times scikit-learn's.

    Parameters
    ----------
    loss : {"squared_error", "poisson", "absolute_error", "huber"}, default "squared_error"
        Half the squared error; half the Poisson deviance of y >= 0 with outputs e^z; abs(r);
        r^2 / 2 where abs(r) <= 1 and abs(r) - 1/2 beyond, so that y is best scaled.
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, \
power_t, max_iter, shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, \
early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun, \
keep_prob, l1, max_norm, scoring, callbacks, n_threads
        As for `MLPClassifier`; the default scoring is R^2.

    Attributes
    ----------
    network_, coefs_, intercepts_, loss_, loss_curve_, best_loss_, validation_scores_, \
best_validation_score_, validation_loss_curve_, n_iter_, t_, n_layers_, n_outputs_, \
n_features_in_, feature_names_in_, out_activation_
        As for `MLPClassifier`.

    Raises
    ------
    DivergenceError
        A loss, gradient or parameter was not finite. The last finite parameters are kept.
    ValueError, TypeError
        A refused `fit` or `partial_fit` leaves the estimator as it was.
    RuntimeError
        Another thread is fitting it, or the call comes from one of its own callbacks.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X = np.linspace(-3, 3, 200)[:, np.newaxis]
    >>> regressor = fastnn.MLPRegressor(activation="tanh", solver="lbfgs", max_iter=1000,
    ...                                 random_state=0)
    >>> regressor.fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])) > 0.99
    True
    """

    loss: LossName

    def __init__(
        self,
        loss: LossName = "squared_error",
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: HiddenActivationName | Sequence[HiddenActivationName] = "relu",
        *,
        solver: SolverName = "adam",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: LearningRateName = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool | Literal["optimizer"] = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        keep_prob: float | Sequence[float] = 1.0,
        l1: float = 0.0,
        max_norm: float | Sequence[float | None] | None = None,
        scoring: str | Callable[..., Any] | None = None,
        callbacks: Callback | Sequence[Callback] = (),
        n_threads: int | None = None,
    ) -> None:
        given = dict(locals())
        del given["self"]
        vars(self).update(given)

    @stochastic_only
    @with_callbacks
    def partial_fit(
        self,
        X: Features,
        y: Features,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Features | None = None,
        y_val: Features | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on the given examples: see `MLPClassifier.partial_fit`."""
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val), incremental=True)

    def predict(self, X: Features) -> NDArray[np.floating[Any]]:
        """(n_samples,) values, or (n_samples, n_outputs) where there are several."""
        A = self._forward(X)
        return A[:, 0] if A.shape[1] == 1 else A

    # --- for BaseMLP -----------------------------------------------------------------------

    def _check_targets(self, X, y, first):
        output = lookup(LOSSES, self.loss, "loss")
        known = not first and plain(self, X, y) and y.dtype.kind in "fiub"
        if not known or not np.isfinite(y).all():
            X, y = validated(self, X, y, first, y_numeric=True)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if y.dtype.kind not in "fiub":
            raise TypeError(
                f"expected y to hold real numbers, got dtype {y.dtype}; convert it, as "
                "with y.astype(float)"
            )
        if self.loss == "poisson" and y.min() < 0:
            raise ValueError(
                f"expected y of at least 0 for loss='poisson', got {y.min()}; use "
                "loss='squared_error' for targets that can be negative"
            )
        units = 1 if y.ndim == 1 else y.shape[1]
        if first:
            self._units = units
        elif units != self._units:
            raise ValueError(
                f"expected y of {self._units} outputs as in the first call, got {units}"
            )
        elif self.network_.output != output:
            raise ValueError(
                f"expected the loss of the first call, whose output is "
                f"{self.network_.output!r}; got {self.loss!r}"
            )
        return X, y

    def _encode(self, y):
        return y

    def _output(self):
        return LOSSES[self.loss], self._units

    def _loss_constants(self, targets):
        if self.loss != "poisson":
            return None
        y = np.asarray(targets, np.float64).reshape(len(targets), -1)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(y > 0, y * np.log(y), 0.0) - y
        return terms.sum(axis=1)

    def _score_of(self, validation, error):
        examples, predicted = validation.examples, validation.outputs()
        if not np.isfinite(predicted).all():
            return np.nan
        return r2_score(examples.y, predicted, sample_weight=examples.weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

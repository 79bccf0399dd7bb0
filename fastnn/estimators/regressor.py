"""`fastnn.MLPRegressor`."""

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d

from fastnn.arguments import lookup
from fastnn.estimators.base import BaseMLP, validated
from fastnn.estimators.callbacks import with_callbacks

# loss -> the network's output.
LOSSES = {
    "squared_error": "identity",
    "poisson": "exp",
    "absolute_error": "identity_absolute",
    "huber": "identity_huber",
}


class MLPRegressor(RegressorMixin, BaseMLP):
    """A fully connected network of real outputs: scikit-learn's MLPRegressor and what it lacks.

    With equal parameters and `random_state` it starts from the same weights, sees the same
    mini-batches and takes the same gradients as ``sklearn.neural_network.MLPRegressor``.

    Losses are summed over outputs. Of several outputs scikit-learn reports, and gives to L-BFGS,
    the *mean* of the squared error over outputs, but with the gradient of the sum, n_outputs times
    as large: its line search is told a slope that the loss does not have. Here gradient and loss
    are those of one function, the sum; `loss_` is n_outputs times scikit-learn's.

    Parameters
    ----------
    loss : {"squared_error", "poisson", "absolute_error", "huber"}, default "squared_error"
        Half the squared error; half the Poisson deviance of y >= 0 with outputs e^z; |r|; r^2 / 2
        where |r| <= 1 and |r| - 1/2 beyond, so that y is best scaled.
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, \
power_t, max_iter, shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, \
early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun, \
keep_prob, l1, scoring, callbacks, n_threads
        As of `MLPClassifier`; the default scoring is R^2.

    Attributes
    ----------
    network_, coefs_, intercepts_, loss_, loss_curve_, best_loss_, validation_scores_, \
best_validation_score_, validation_loss_curve_, n_iter_, t_, n_layers_, n_outputs_, \
n_features_in_, feature_names_in_, out_activation_
        As of `MLPClassifier`.

    Raises
    ------
    DivergenceError
        A loss, gradient or parameter was not finite. The last finite parameters are kept.
    ValueError, TypeError
        A refused `fit` or `partial_fit` leaves the estimator as it was.
    RuntimeError
        It is being fitted by another thread, or the call comes from a callback of its own.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X = np.linspace(-3, 3, 200)[:, np.newaxis]
    >>> regressor = fastnn.MLPRegressor(activation="tanh", solver="lbfgs", max_iter=1000,
    ...                                 random_state=0)
    >>> regressor.fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])) > 0.99
    True
    """

    def __init__(
        self,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        keep_prob=1.0,
        l1=0.0,
        scoring=None,
        callbacks=(),
        n_threads=None,
    ):
        given = dict(locals())
        del given["self"]
        vars(self).update(given)

    @available_if(lambda self: self._is_stochastic())
    @with_callbacks
    def partial_fit(
        self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None
    ):
        """One epoch over the given examples, going on from the present parameters.

        Settings changed by `set_params` hold from the next call on, the learning rate too; layers
        and activations have to stay.

        Parameters
        ----------
        X, y, sample_weight : as for `fit`
        X_val, y_val, sample_weight_val : optional
            With early_stopping, once the score on them has not risen for `n_iter_no_change` calls,
            the best parameters are restored, and further calls change nothing.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val), incremental=True)

    def predict(self, X):
        """(n_samples,) values, or (n_samples, n_outputs) where there are several."""
        A = self._forward(X)
        return A[:, 0] if A.shape[1] == 1 else A

    # --- what BaseMLP asks -------------------------------------------------------------------

    def _check_targets(self, X, y, first):
        output = lookup(LOSSES, self.loss, "loss")
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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

"""`fastnn.MLPClassifier`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.metrics import accuracy_score
from sklearn.utils.class_weight import compute_sample_weight

from fastnn.arguments import number
from fastnn.data.inputs import Features
from fastnn.estimators.base import BaseMLP, plain, stochastic_only, validated
from fastnn.estimators.callbacks import Callback, with_callbacks
from fastnn.estimators.parameters import HiddenActivationName, LearningRateName, SolverName
from fastnn.estimators.targets import Labels, as_labels, check_no_gaps

if TYPE_CHECKING:

    class ClassifierMixin:
        """scikit-learn's class, as type checkers see it: scikit-learn has no types."""

        def score(self, X: Features, y: Features, sample_weight: ArrayLike | None = None) -> float:
            """The accuracy of `predict`."""
            ...

else:
    from sklearn.base import ClassifierMixin


class MLPClassifier(ClassifierMixin, BaseMLP):
    """A fully connected network that classifies: scikit-learn's MLPClassifier and what it lacks.

    With equal parameters and `random_state` it starts from the same weights, sees the same
    mini-batches and minimizes the same J as ``sklearn.neural_network.MLPClassifier``.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default (100,)
    activation : str or sequence of str, default "relu"
        One name, or one for each hidden layer: identity logistic tanh relu, and leaky_relu elu
        gelu silu softplus.
    solver : {"adam", "sgd", "lbfgs"}, default "adam"
    alpha : float, default 0.0001
        A mini-batch's J is ``(sum_i w_i L_i + alpha/2 sum_l ||W[l]||_F^2) / sum_i w_i`` over its
        own examples; for "lbfgs" over all examples. (`Network` divides by the number of
        training examples: alpha is its l2 times n/m for mini-batches of n.)
    batch_size : int or "auto", default "auto"
        "auto": min(200, n_samples).
    learning_rate : {"constant", "invscaling", "adaptive"}, default "constant"
        For "sgd". "invscaling": learning_rate_init over (examples seen + 1)^power_t, after each
        epoch; "adaptive": divided by 5 after `n_iter_no_change` epochs without progress.
    power_t : float, default 0.5
        At most 10.
    learning_rate_init, max_iter, shuffle, random_state, tol : see scikit-learn
    verbose : bool or int, default False
    warm_start : bool or "optimizer", default False
        True: `fit` goes on from the last parameters; "optimizer": and with the optimizer's
        moments, update count and learning rate.
    momentum, nesterovs_momentum : float, bool; for "sgd"
    early_stopping : bool, default False
        Hold out `validation_fraction`, or use X_val of `fit`; stop when the score has not risen
        by `tol` for `n_iter_no_change` epochs, and restore the best parameters.
    validation_fraction, beta_1, beta_2 : see scikit-learn
    epsilon : float, default 1e-8
        For "adam": added before the bias corrections, the epsilon hat of Kingma and Ba (2015,
        section 2), as scikit-learn does; `fastnn.Adam` adds it after them, as their algorithm 1.
    n_iter_no_change, max_fun : see scikit-learn
    keep_prob : float or sequence of float, default 1.0
        Dropout: one probability for the hidden layers, or one for each layer, the input first.
    l1 : float, default 0.0
        Of sum_l ||W[l]||_1, scaled as alpha; gives exact zeros.
    max_norm : float or sequence of float, optional
        The largest norm of the weights into a unit, as for `Network`; not for "lbfgs".
    class_weight : dict, "balanced" or None
    scoring : str, callable or None
        The score of early stopping. None: accuracy; "loss": the validation loss; or a scorer.
    callbacks : function or sequence of functions
        Called with the estimator after each epoch; one that returns True stops training.
        scikit-learn's own (1.9) are set with `set_callbacks`.
    n_threads : int, optional
        None: as many as pay for the work. Results have the same bits for any number.

    Attributes
    ----------
    network_ : Network
        The trained network.
    classes_ : (n_classes,) array
    coefs_, intercepts_ : lists of arrays
        Views on the network's parameters: write to them in place, or set items.
    loss_, loss_curve_, best_loss_ : float, list, float or None
    validation_scores_, best_validation_score_, validation_loss_curve_ : list, float, list or None
    n_iter_, t_, n_layers_, n_outputs_, n_features_in_ : int
    feature_names_in_ : array
    out_activation_ : str

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
    >>> import fastnn
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = fastnn.MLPClassifier(solver="lbfgs", random_state=0, max_iter=500)
    >>> classifier.fit(X, y).score(X, y) > 0.95
    True
    """

    loss = "log_loss"  # not a parameter: there is no other loss
    class_weight: dict[Any, float] | Literal["balanced"] | None
    classes_: NDArray[Any]

    def __init__(
        self,
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
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
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
        classes: ArrayLike | None = None,
        *,
        X_val: Features | None = None,
        y_val: Features | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on the given examples, from the present parameters.

        Settings changed by `set_params` hold from the next call on, the learning rate too; layers
        and activations have to stay.

        Parameters
        ----------
        X, y, sample_weight : as for `fit`
        classes : (n_classes,) array, optional
            All classes of the whole stream; needed in the first call, except for multilabel y.
        X_val, y_val, sample_weight_val : optional
            With early_stopping, once the score on them has not risen for `n_iter_no_change` calls,
            the best parameters are restored, and further calls change nothing.

        Returns
        -------
        self
        """
        if not hasattr(self, "network_"):
            self._first_classes(y, classes)
        elif classes is not None and not np.array_equal(self.classes_, np.unique(classes)):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to "
                f"partial_fit, was: {self.classes_!r}"
            )
        try:
            return self._fit(
                X, y, sample_weight, (X_val, y_val, sample_weight_val), incremental=True
            )
        finally:
            vars(self).pop("_announced", None)

    def predict(self, X: Features) -> NDArray[Any]:
        """Labels: (n_samples,), or (n_samples, n_labels) of 0 and 1, sparse where y was."""
        return self._decoder().decode(self._forward(X))

    def predict_proba(self, X: Features) -> NDArray[np.floating[Any]]:
        """(n_samples, n_classes): probabilities of `classes_`, or that each label is present."""
        return self._decoder().probabilities(self._forward(X))

    def predict_log_proba(self, X: Features) -> NDArray[np.floating[Any]]:
        """The logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    # --- for BaseMLP -----------------------------------------------------------------------

    def _decoder(self):
        labels = vars(self).get("_labels")
        return labels if labels is not None else Labels(np.empty(0))  # _forward says what is wrong

    def _first_classes(self, y, classes):
        multilabel = np.ndim(y) == 2 and np.shape(y)[1] > 1
        if classes is None and not multilabel:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        self._announced = Labels(
            np.arange(np.shape(y)[1]) if multilabel else np.unique(classes), multilabel, issparse(y)
        )

    def _check_targets(self, X, y, first):
        if not first and plain(self, X, y) and self._are_labels(y):
            return X, y
        check_no_gaps(y)
        X, y = validated(self, X, y, first)
        sparse = issparse(y)
        y = as_labels(y)
        if first:
            self._labels = vars(self).get("_announced") or Labels.of(y, sparse)
            self.classes_ = self._labels.classes
        return X, y

    def _are_labels(self, y):
        """Whether scikit-learn has nothing to say about a vector y, after the first fit.

        It warns where more than half of over 20 examples have different labels.
        """
        few = len(y) <= 20 or len(self.classes_) <= len(y) // 2
        return few and y.dtype.kind in "iub" and not self._labels.multilabel

    def _check_same_classes(self, y):
        if self._labels.multilabel:
            return
        classes = np.unique(y)
        if len(classes) < len(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {classes}; fit anew with "
                "warm_start=False, or go on with partial_fit"
            )

    def _encode(self, y):
        return self._labels.encode(y)

    def _output(self):
        return self._labels.output, self._labels.n_outputs

    def _stratified(self):
        return self.n_outputs_ == 1

    def _class_weights(self, y, incremental):
        if self.class_weight is None:
            return None
        if incremental and self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all of y, which partial_fit does not "
                "have: pass the weights themselves, "
                "sklearn.utils.class_weight.compute_class_weight('balanced', ...)"
            )
        if isinstance(self.class_weight, dict):
            for label, weight in self.class_weight.items():
                number(weight, f"class_weight[{label!r}]", "[0, inf)")
        return compute_sample_weight(self.class_weight, y)

    def _score_of(self, validation, error):
        if not self._labels.multilabel:
            return 1 - error
        examples, predicted = validation.examples, self._labels.decode(validation.outputs())
        return accuracy_score(examples.y, predicted, sample_weight=examples.weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

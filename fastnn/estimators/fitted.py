"""`FittedMixin`: the attributes and methods of a fitted estimator."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted, validate_data

from fastnn.data.inputs import Features
from fastnn.engine.small_forward import forward_small
from fastnn.estimators.state import to_dict
from fastnn.network import Network
from fastnn.training.history import History

if TYPE_CHECKING:
    from fastnn.diagnosis import Diagnosis, SignalFlow
    from fastnn.gradient_checking.result.gradient_check import GradientCheck


class _Views(list[Any]):
    """The W or the b of all layers. An item that is set is written to the network.

    Its copies are plain lists.
    """

    def __setitem__(self, index: Any, values: Any) -> None:
        views = self[index]
        if isinstance(index, slice):
            _write(views, values)
        else:
            _write([views], [values])

    def _refuse(self, *args: Any, **options: Any) -> NoReturn:
        raise TypeError(
            f"expected the {len(self)} arrays of a network to keep their number and order; set "
            "them one by one, or fit an estimator with other hidden_layer_sizes"
        )

    append = clear = extend = insert = pop = remove = reverse = sort = _refuse
    __delitem__ = __iadd__ = __imul__ = _refuse

    def __reduce_ex__(self, protocol: Any) -> Any:
        return list, (list(self),)


def _write(views, values):
    """Copy each of `values` to a view on parameters, if all are of the right shape."""
    values = list(values)
    if len(values) != len(views):
        raise ValueError(f"expected {len(views)} arrays, got {len(values)}")
    for view, value in zip(views, values, strict=True):
        if np.shape(value) != view.shape:
            raise ValueError(f"expected parameters of shape {view.shape}, got {np.shape(value)}")
    for view, value in zip(views, values, strict=True):
        view[...] = value


class FittedMixin:
    """The parameters of `network_` by scikit-learn's names, its outputs, and its diagnosis.

    The methods take X and y as `fit` does.
    """

    network_: Network
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    validation_loss_curve_: list[float] | None
    n_iter_: int
    t_: int
    n_layers_: int
    n_outputs_: int
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    def _forward(self, X):
        """Output activations (m, n[L])."""
        network = vars(self).get("network_")
        if network is None:
            check_is_fitted(self)
        if type(X) is np.ndarray and "feature_names_in_" not in vars(self):
            A = forward_small(network, X)  # one or a few rows need no validation
            if A is not None:
                return A
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        return network.forward(X)

    @property
    def coefs_(self) -> list[NDArray[np.floating[Any]]]:
        """[W1, ..., WL], W[l] (n[l-1], n[l]): views on the parameters.

        Write to one in place, or set it, as with ``coefs_[0] = W``.
        """
        return self._parameters("W")

    @coefs_.setter
    def coefs_(self, values: Sequence[ArrayLike]) -> None:
        _write(self.coefs_, values)

    @property
    def intercepts_(self) -> list[NDArray[np.floating[Any]]]:
        """[b1, ..., bL]: views on the parameters, as `coefs_`."""
        return self._parameters("b")

    @intercepts_.setter
    def intercepts_(self, values: Sequence[ArrayLike]) -> None:
        _write(self.intercepts_, values)

    @property
    def out_activation_(self) -> Literal["softmax", "logistic", "identity", "exp"]:
        """Name of the output's activation: softmax, logistic, identity or exp."""
        output = self._fitted("out_activation_").output
        return {"sigmoid": "logistic"}.get(output, output.split("_")[0])

    @property
    def history_(self) -> History:
        """The curves of the fit as a `History`, for its `plot` and `to_frame`.

        `cost` is `loss_curve_`, and `dev_cost` is `validation_loss_curve_`. `dev_error` is 1 minus
        the accuracy of the validation set, if accuracy is the score. NaN stands for figures that
        scikit-learn's estimators do not measure: train_error, learning_rate and seconds.
        """
        self._fitted("history_")
        history, unknown = History(), [math.nan] * len(self.loss_curve_)
        history.cost = list(self.loss_curve_)
        history.train_error, history.learning_rate = list(unknown), list(unknown)
        history.seconds = list(unknown)
        history.stopped = self._ended_by
        if self.validation_loss_curve_ is not None:
            scores = self.validation_scores_
            by_accuracy = hasattr(self, "classes_") and self.scoring in (None, "accuracy")
            history.dev_cost = list(self.validation_loss_curve_)
            history.dev_error = [1 - score for score in scores] if by_accuracy else list(unknown)
            if self.early_stopping:
                history.best_epoch = int(np.argmax(scores))
        return history

    def _fitted(self, name):
        if "network_" not in vars(self):
            raise AttributeError(f"this {type(self).__name__} has no {name} before fit")
        return self.network_

    def _parameters(self, kind):
        network = self._fitted("coefs_" if kind == "W" else "intercepts_")
        return _Views(view for name, view in network.params.items() if name[0] == kind)

    def diagnose(
        self, X: Features, y: Features, X_val: Features, y_val: Features, **options: Any
    ) -> Diagnosis:
        """Tell bias from variance, and say what to do.

        Parameters
        ----------
        X, y : the training set
        X_val, y_val : a set that training has not seen
        **options
            Options of `Network.diagnose`, such as optimal_error, or test=(X_test, y_test).

        Returns
        -------
        Diagnosis
        """
        from fastnn.diagnosis import Words, diagnose_network

        network = self._known()
        for name in ("test", "train_dev"):
            if options.get(name) is not None:
                options[name] = self._pair(*options[name])
        words = Words(
            "alpha",
            1 / self._l2_per_alpha,
            "hidden_layer_sizes",
            "sklearn.model_selection.learning_curve",
            "sklearn.model_selection.validation_curve",
            "" if self.solver == "lbfgs" else "early_stopping=True, n_iter_no_change={}",
        )
        return diagnose_network(
            network, self._pair(X, y), self._pair(X_val, y_val), words, **options
        )

    def gradcheck(self, X: Features, y: Features, **options: Any) -> GradientCheck:
        """Compare the gradient at the present parameters with a numerical one.

        Parameters
        ----------
        X, y : some 64 examples are enough
        **options
            Options of `Network.gradcheck`, such as sample_weight.

        Returns
        -------
        GradientCheck
        """
        return self._known().gradcheck(*self._pair(X, y), **options)

    def _known(self):
        """The fitted `network_`; an error before `fit`."""
        check_is_fitted(self)
        return self.network_

    def _pair(self, X, y):
        """X and y for the network."""
        check_is_fitted(self)
        X, y = self._check_targets(X, y, first=False)
        return X, np.asarray(self._encode(y))

    def signal_flow(self, X: Features, y: Features) -> SignalFlow:
        """The size of signals and gradients from layer to layer: see `Network.signal_flow`."""
        return self._known().signal_flow(*self._pair(X, y))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to a safetensors file; `fastnn.load` reads it.

        The file keeps the network, the parameters, classes and feature names, and the numbers of
        the fit (`n_iter_`, `loss_curve_`, ...): predictions are the same bit for bit. It does not
        keep the optimizer's moments, the memory of early stopping and metadata routing:
        `partial_fit` goes on from the parameters with a fresh optimizer.

        Parameters
        ----------
        path : str or path-like
            Overwritten when it exists, entirely or not at all.

        Raises
        ------
        ValueError
            A parameter is a function or another object that JSON does not have; the message
            names it.
        sklearn.exceptions.NotFittedError
            There is nothing to save before `fit`.
        OSError
            The file cannot be written; the old file is unchanged.
        """
        from fastnn.files.model import save

        save(self._known(), path, kind="estimator", model=to_dict(self))

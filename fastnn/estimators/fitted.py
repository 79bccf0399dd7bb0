"""What can be asked of a fitted estimator."""

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from fastnn.engine.small_forward import forward_small


class FittedMixin:
    """The parameters of `network_` by scikit-learn's names, its outputs, and what it can tell of
    itself on X and y as `fit` takes them."""

    def _forward(self, X):
        """Output activations (m, n[L])."""
        network = vars(self).get("network_")
        if network is None:
            check_is_fitted(self)
        if type(X) is np.ndarray and "feature_names_in_" not in vars(self):
            A = forward_small(network, X)  # of one or a few rows that need no validation
            if A is not None:
                return A
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        return network.forward(X)

    @property
    def coefs_(self):
        """[W1, ..., WL], W[l] (n[l-1], n[l]): views on the parameters: write to them in place."""
        return self._parameters("W")

    @coefs_.setter
    def coefs_(self, values):
        self._set_parameters("W", values)

    @property
    def intercepts_(self):
        """[b1, ..., bL], views as `coefs_`."""
        return self._parameters("b")

    @intercepts_.setter
    def intercepts_(self, values):
        self._set_parameters("b", values)

    @property
    def out_activation_(self):
        """ "softmax", "logistic", "identity" or "exp"."""
        output = self._fitted("out_activation_").output
        return {"sigmoid": "logistic"}.get(output, output.split("_")[0])

    def _fitted(self, name):
        if "network_" not in vars(self):
            raise AttributeError(f"this {type(self).__name__} has no {name} before fit")
        return self.network_

    def _parameters(self, kind):
        network = self._fitted("coefs_" if kind == "W" else "intercepts_")
        return [view for name, view in network.params.items() if name[0] == kind]

    def _set_parameters(self, kind, values):
        views, values = self._parameters(kind), list(values)
        if len(values) != len(views):
            raise ValueError(f"expected {len(views)} arrays, got {len(values)}")
        for view, value in zip(views, values, strict=True):
            if np.shape(value) != view.shape:
                raise ValueError(
                    f"expected parameters of shape {view.shape}, got {np.shape(value)}"
                )
        for view, value in zip(views, values, strict=True):
            view[...] = value

    def diagnose(self, X, y, X_val, y_val, **options):
        """Tell bias from variance, and say what to do.

        Parameters
        ----------
        X, y : the training set
        X_val, y_val : a set that training has not seen
        **options
            Of `Network.diagnose`, such as optimal_error, or test=(X_test, y_test).

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
        )
        return diagnose_network(
            network, self._pair(X, y), self._pair(X_val, y_val), words, **options
        )

    def gradcheck(self, X, y, **options):
        """Compare the gradient at the present parameters with a numerical one.

        Parameters
        ----------
        X, y : some 64 examples are plenty
        **options
            Of `Network.gradcheck`, such as sample_weight.

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
        """X and y as the network takes them."""
        check_is_fitted(self)
        X, y = self._check_targets(X, y, first=False)
        return X, np.asarray(self._encode(y))

    def signal_flow(self, X, y):
        """How signals and gradients fare from layer to layer: see `Network.signal_flow`."""
        return self._known().signal_flow(*self._pair(X, y))

    def save(self, path):
        """Write the fitted estimator to a safetensors file; `fastnn.load` reads it.

        Kept are the network, the parameters, classes and feature names, and the numbers of the fit
        (`n_iter_`, `loss_curve_`, ...): predictions are the same bit for bit. The optimizer's
        moments, early stopping's memory and metadata routing are not: `partial_fit` goes on from
        the parameters with a fresh optimizer.

        Parameters
        ----------
        path : str or path-like
            Overwritten when it exists, entirely or not at all.

        Raises
        ------
        ValueError
            A parameter is a function or another object that JSON does not know; the message says
            which.
        sklearn.exceptions.NotFittedError
            There is nothing to save before `fit`.
        OSError
            The file cannot be written; the old file is unchanged.
        """
        from fastnn.estimators.restored import to_dict
        from fastnn.files.model import save

        save(self._known(), path, kind="estimator", model=to_dict(self))

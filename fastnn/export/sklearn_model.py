"""Networks from scikit-learn's multilayer perceptrons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastnn.export.networks import check_finite, kind_of, step_hint
from fastnn.layers.activations import ACTIVATIONS
from fastnn.network import Network

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

_ACTIVATIONS = {entry.sklearn: name for name, entry in ACTIVATIONS.items() if entry.sklearn}
_OUTPUTS = {"identity": "identity", "logistic": "sigmoid", "softmax": "softmax", "exp": "exp"}


def from_sklearn(estimator: MLPClassifier | MLPRegressor) -> Network:
    """The network of a fitted `MLPClassifier` or `MLPRegressor` of scikit-learn.

    Parameters
    ----------
    estimator : sklearn.neural_network.MLPClassifier or MLPRegressor
        With two classes it has one sigmoid unit, and so has the network.

    Returns
    -------
    Network
        `forward` gives the same as the classifier's `predict_proba` (with two classes, the
        probability of the second), or as the regressor's `predict`. `predict` gives places in
        ``estimator.classes_``. The dtype is that of ``estimator.coefs_``. `l2` is `alpha`, which
        scikit-learn divides by the examples of a mini-batch where `Network.fit` divides by all.

    Raises
    ------
    TypeError
        The estimator is not one of the two.
    ValueError
        A parameter is not finite.
    sklearn.exceptions.NotFittedError
        It has not been fitted.

    Examples
    --------
    >>> import fastnn
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> estimator = MLPClassifier((8,), solver="lbfgs", max_iter=500, random_state=0).fit(X, y)
    >>> net = fastnn.from_sklearn(estimator)
    >>> net
    <Network [4, 8, 3], activation='relu', output='softmax', dtype='float64', 67 parameters>
    >>> bool((net.predict(X) == estimator.predict(X)).all())
    True
    """
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.utils.validation import check_is_fitted

    if not isinstance(estimator, MLPClassifier | MLPRegressor):
        ours = "; its Network is its network_" if hasattr(estimator, "network_") else ""
        raise TypeError(
            "expected scikit-learn's MLPClassifier or MLPRegressor, got "
            f"{kind_of(estimator)}{ours or step_hint(estimator)}"
        )
    check_is_fitted(estimator, "coefs_")
    output = _OUTPUTS.get(estimator.out_activation_)
    if output is None:
        raise ValueError(
            f"expected an output activation of {', '.join(_OUTPUTS)}, got "
            f"{estimator.out_activation_!r}, which a Network does not have"
        )
    sizes = [estimator.coefs_[0].shape[0], *(W.shape[1] for W in estimator.coefs_)]
    net = Network(
        sizes,
        activation=_ACTIVATIONS[estimator.activation],
        output=output,
        l2=float(estimator.alpha),
        dtype=np.result_type(*estimator.coefs_),
        init="zeros",
    )
    for l, (W, b) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True), start=1):
        net.params[f"W{l}"][...], net.params[f"b{l}"][...] = W, b
    check_finite(net)
    return net

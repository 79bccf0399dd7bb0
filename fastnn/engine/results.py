"""Results of a network for examples with targets: J, error, score, gradient."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.data.inputs import Features, as_numbers
from fastnn.data.parts import HasXy, as_examples
from fastnn.engine import passes
from fastnn.engine.dropout import check_dropout
from fastnn.engine.examples import check_data, criterion_for
from fastnn.engine.step_session import differentiate_small
from fastnn.losses.criterion import AnyLoss


@overload
def cost(
    network: Any,
    X: Features,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    loss: AnyLoss | None = None,
) -> float: ...
@overload
def cost(
    network: Any,
    X: HasXy,
    *,
    sample_weight: ArrayLike | None = None,
    loss: AnyLoss | None = None,
) -> float: ...
def cost(
    network: Any,
    X: Features | HasXy,
    y: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    *,
    loss: AnyLoss | None = None,
) -> float:
    """J, with the penalty of len(X) examples; dropout off.

    ``J = sum_i w_i L_i / sum_i w_i + (1/m) sum_l (l2[l]/2 ||W[l]||_F^2 + l1[l] ||W[l]||_1)``

    The penalty depends on the number of examples. `History.dev_cost` is the cost on the dev set
    with the penalty of the training set, so that the two compare.

    Parameters
    ----------
    X, y : as for `value_and_grad`
        Or X alone, a part of `fastnn.split`.
    sample_weight : (m,) array-like, optional
    loss : Loss or function, optional
        As for `fit`.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X = np.arange(40.0).reshape(-1, 1)
    >>> train, dev, test = fastnn.split(X, X > 20, rng=0)
    >>> net = fastnn.Network([1, 4, 2], rng=0)
    >>> net.cost(test) == net.cost(test.X, test.y)
    True
    """
    return _evaluate(network, X, y, sample_weight, loss)[0]


@overload
def error(
    network: Any, X: Features, y: ArrayLike, sample_weight: ArrayLike | None = None
) -> float: ...
@overload
def error(network: Any, X: HasXy, *, sample_weight: ArrayLike | None = None) -> float: ...
def error(
    network: Any,
    X: Features | HasXy,
    y: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Share of wrong labels, or the root mean squared error of real outputs.

    The label of probabilities y (m, C) is the class of the largest. With a loss of one's own, one
    column of y is the target of all real outputs; another number of columns than outputs gives NaN.
    The arguments are as for `cost`.
    """
    return _evaluate(network, X, y, sample_weight)[1]


@overload
def value_and_grad(
    network: Any,
    X: Features,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    dropout: tuple[int, int] | None = None,
    *,
    loss: AnyLoss | None = None,
) -> tuple[float, NDArray[np.floating[Any]]]: ...
@overload
def value_and_grad(
    network: Any,
    X: HasXy,
    *,
    sample_weight: ArrayLike | None = None,
    dropout: tuple[int, int] | None = None,
    loss: AnyLoss | None = None,
) -> tuple[float, NDArray[np.floating[Any]]]: ...
def value_and_grad(
    network: Any,
    X: Features | HasXy,
    y: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    dropout: tuple[int, int] | None = None,
    *,
    loss: AnyLoss | None = None,
) -> tuple[float, NDArray[np.floating[Any]]]:
    """J and its gradient dtheta, both with the penalty.

    Parameters
    ----------
    X : (m, n[0]) array-like or sparse matrix
        Or a part of `fastnn.split`, which has its own y.
    y : (m,) labels 0 .. C-1 or (m, C) probabilities for softmax; (m,) or (m, n[L]) in [0, 1] for
        sigmoid, real for identity
    sample_weight : (m,) array-like, optional
    dropout : None or (seed, step)
        Dropout with the masks that `fit` has at that update; None for no dropout.
    loss : Loss or function, optional
        As for `fit`.

    Returns
    -------
    J : float
    dtheta : (N,) array, laid out as theta
    """
    if dropout is not None:
        dropout = check_dropout(dropout)
    if sample_weight is None and loss is None and network.loss is None:
        result = differentiate_small(network, X, y, dropout)
        if result is not None:
            return result
    X, y = as_examples(X, y)
    criterion = criterion_for(network, loss)
    data = check_data(network, X, y, sample_weight, criterion=criterion)
    return passes.differentiate(network, *data, dropout, criterion=criterion)


@overload
def score(
    network: Any, X: Features, y: ArrayLike, sample_weight: ArrayLike | None = None
) -> float: ...
@overload
def score(network: Any, X: HasXy, *, sample_weight: ArrayLike | None = None) -> float: ...
def score(
    network: Any,
    X: Features | HasXy,
    y: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Share of right labels, or R^2 of real outputs: more is better, and 1 is the best.

    R^2 is 1 minus the squared error of `predict` over the squared error of the mean of y, averaged
    over the outputs, as in scikit-learn. The arguments are as for `cost`.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X = np.linspace(-1, 1, 100).reshape(-1, 1)
    >>> net = fastnn.Network([1, 1], output="identity", l2=0.0, rng=0)
    >>> history = net.fit(X, 3 * X, optimizer="lbfgs")
    >>> bool(net.score(X, 3 * X) > 0.999)
    True
    """
    X, y = as_examples(X, y)
    if not network.regression:
        return 1 - error(network, X, y, sample_weight)
    from sklearn.metrics import r2_score

    check_data(network, X, y, sample_weight)
    given, units = as_numbers(y, "y"), network.layer_sizes[-1]
    if given.size != len(given) * units:
        raise ValueError(
            f"expected a y of {units} columns, one for each output, got shape {given.shape}, which "
            "only a loss of one's own takes: R^2 compares each output with a target of its own. "
            "For quantiles, use cost"
        )
    return float(r2_score(given, network.predict(X), sample_weight=sample_weight))


def predict_proba(network: Any, X: Features) -> NDArray[np.floating[Any]]:
    """Probabilities of the classes, as scikit-learn's classifiers give them.

    Parameters
    ----------
    X : (m, n[0]) array-like or sparse matrix

    Returns
    -------
    (m, C) array
        Softmax: of the classes 0 .. C-1. One sigmoid: of the classes 0 and 1. Several sigmoids:
        of a 1 in each of the outputs.

    Raises
    ------
    ValueError
        The network predicts real values.

    Examples
    --------
    >>> import fastnn
    >>> net = fastnn.Network([2, 1], init="zeros")
    >>> net.predict_proba([[3.0, 4.0]])
    array([[0.5, 0.5]], dtype=float32)
    """
    if network.regression:
        raise ValueError(
            f"expected a softmax or sigmoid output, got {network.output!r}, whose outputs are no "
            "probabilities; use predict"
        )
    A = network.forward(X)
    return np.hstack([1 - A, A]) if A.shape[1] == 1 else A


def sparsity(network: Any) -> dict[str, float]:
    """Share of weights that are exactly zero: of each W[l] by name, and of "all" of them."""
    weights = {p.name: network.theta[p.slice] for p in network.layout.weights}
    zeros = {name: int(np.count_nonzero(W == 0)) for name, W in weights.items()}
    shares = {name: zeros[name] / W.size for name, W in weights.items()}
    return {**shares, "all": sum(zeros.values()) / sum(W.size for W in weights.values())}


def _evaluate(network, X, y, sample_weight, loss=None):
    X, y = as_examples(X, y)
    criterion = criterion_for(network, loss)
    rows, targets, weight = check_data(network, X, y, sample_weight, criterion=criterion)
    session = passes.open_session(network, rows, targets, weight, criterion=criterion)
    return passes.evaluate(session, network, rows.shape[0])

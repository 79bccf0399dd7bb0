"""Derivatives of a network's outputs and of J, with respect to theta and to X."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn._kernels import Rows
from fastnn.data.inputs import Features, as_derivatives
from fastnn.engine.dropout import check_dropout
from fastnn.engine.examples import check_data, criterion_for, some_features
from fastnn.engine.step_session import open_steps

Array = NDArray[np.floating[Any]]


def vjp(
    network: Any, X: Features, dropout: tuple[int, int] | None = None
) -> tuple[Array, Callable[[ArrayLike], tuple[Array, Array]]]:
    """The outputs, and a function that pulls their derivatives back to theta and X.

    For a loss of one's own: with dA, the derivatives of any J with respect to the outputs, the
    function gives those with respect to theta and X (a vector-Jacobian product). It may be called
    more than once, and keeps the theta of now.

    Parameters
    ----------
    X : (m, n[0]) array-like or sparse matrix
    dropout : None or (seed, step)
        As for `value_and_grad`.

    Returns
    -------
    A : (m, n[L]) array
    pullback : function
        ``dtheta, dX = pullback(dA)``, where dA is (m, n[L]), dtheta is laid out as theta, and dX is
        (m, n[0]). The penalty is not in them.

    Raises
    ------
    ValueError, TypeError
        X or dA is not as above, or not finite.

    Examples
    --------
    The gradient of the sum of the fourth powers of the errors:

    >>> import numpy as np, fastnn
    >>> X, y = np.array([[1.0], [2.0]]), np.array([[0.0], [1.0]])
    >>> net = fastnn.Network([1, 1], output="identity", init="zeros", dtype="float64")
    >>> A, pullback = net.vjp(X)
    >>> dtheta, dX = pullback(4 * (A - y) ** 3)
    >>> dtheta
    array([-8., -4.])
    """
    if dropout is not None:
        dropout = check_dropout(dropout)
    rows = some_features(network, X)
    session = open_steps(network, rows.shape[0], theta=network.theta.copy())
    if dropout is not None:
        session.set_dropout(network.keep_prob, *dropout)
    A = session.forward(rows)

    def pullback(dA: ArrayLike) -> tuple[Array, Array]:
        given = as_derivatives(dA, A.shape, network.dtype)
        dtheta = np.empty_like(network.theta)
        dX = session.backward(Rows(given, given.shape), dtheta, True)
        return dtheta, dX

    return A, pullback


def input_gradient(
    network: Any,
    X: Features,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    dropout: tuple[int, int] | None = None,
) -> Array:
    """The derivatives of J with respect to X.

    They show to which features the cost is sensitive, and in which direction a small change of an
    example hurts most (Goodfellow et al., 2015). J is a mean: m times a row is the gradient of
    that example's own loss.

    Parameters
    ----------
    X, y, sample_weight, dropout : as for `value_and_grad`

    Returns
    -------
    dX : (m, n[0]) array
        Of X as it was given, also where the network normalizes it.

    Examples
    --------
    The second feature means nothing to this network:

    >>> import numpy as np, fastnn
    >>> net = fastnn.Network([2, 1], dtype="float64")
    >>> net.theta = [3.0, 0.0, 0.0]
    >>> net.input_gradient([[0.0, 5.0]], [1])
    array([[-1.5,  0. ]])
    """
    if dropout is not None:
        dropout = check_dropout(dropout)
    criterion = criterion_for(network)
    rows, targets, weight = check_data(network, X, y, sample_weight, criterion=criterion)
    session = open_steps(network, rows.shape[0], criterion=criterion, columns=targets.shape[1])
    if dropout is not None:
        session.set_dropout(network.keep_prob, *dropout)
    _, dX = session.gradients(rows, targets, weight, None, True)
    return dX

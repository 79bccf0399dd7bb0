"""The values of every layer for some examples, which the compiled core never keeps."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.data.inputs import Features, as_numbers
from fastnn.engine.dropout import dense_features
from fastnn.engine.examples import check_data, some_features

Array = NDArray[np.floating[Any]]


class LayerValues(NamedTuple):
    """The values of one layer, (m, n[l]) each; see `Network.layers`."""

    A: Array
    Z: Array | None = None
    dA: Array | None = None
    dZ: Array | None = None


def layers(network: Any, X: Features, y: ArrayLike | None = None) -> list[LayerValues]:
    """Z and A of each layer, and with y their derivatives dZ and dA; dropout off.

    They come from formulas in NumPy, in float64, which share nothing with the compiled core.

    Parameters
    ----------
    X : (m, n[0]) array-like or sparse matrix
    y : as for `value_and_grad`, optional

    Returns
    -------
    list of LayerValues
        Of the layers 0 .. L, each with Z, A, dZ, dA of shape (m, n[l]): copies in the network's
        dtype. Layer 0 is the input, as layer 1 sees it (normalized); it has no Z. dZ and dA are the
        derivatives of the mean loss, without the penalty; None without y.

    Examples
    --------
    >>> import fastnn
    >>> net = fastnn.Network([2, 3, 1], init="zeros")
    >>> [layer.A.shape for layer in net.layers([[1.0, 2.0]])]
    [(1, 2), (1, 3), (1, 1)]
    >>> net.layers([[1.0, 2.0]], [1])[2].dZ
    array([[-0.5]], dtype=float32)
    """
    rows = some_features(network, X) if y is None else check_data(network, X, y, None)[0]
    m = rows.shape[0]
    with np.errstate(over="ignore", invalid="ignore"):  # of exploding weights
        values = forward_values(network, dense_features(network, X, m).astype(np.float64))
        if y is not None:
            values = backward_values(network, values, y, m)
    return [
        LayerValues(*(None if v is None else v.astype(network.dtype) for v in layer))
        for layer in values
    ]


def forward_values(network, X):
    """A and Z of each layer, from X as layer 1 gets it, in float64."""
    from fastnn.layers.formulas import FORMULAS, OUTPUT_FORMULAS  # SciPy is slow to load

    formulas = [FORMULAS[name][0] for name in network.activation]
    formulas.append(OUTPUT_FORMULAS[network.output])
    values = [LayerValues(X)]
    for (W, b), formula in zip(_parameters(network), formulas, strict=True):
        Z = values[-1].A @ W + b
        values.append(LayerValues(formula(Z), Z))
    return values


def backward_values(network, values, y, divisor):
    """`values` with dA and dZ of the sum of the losses over `divisor`."""
    from fastnn.layers.formulas import FORMULAS, LOSS_SLOPES

    parameters, top = list(_parameters(network)), values[-1]
    if network.loss is not None:
        dZ = _own_slopes(network.loss, top.Z, y) / divisor
    else:
        slope_of_loss = LOSS_SLOPES.get(network.output, lambda r: r)
        dZ = slope_of_loss(top.A - _as_outputs(y, network)) / divisor
    done = [top._replace(dA=_before_output(network, top.A, dZ, y, divisor), dZ=dZ)]
    for l in range(len(values) - 2, -1, -1):
        dA = dZ @ parameters[l][0].T
        if l:
            dZ = dA * FORMULAS[network.activation[l - 1]][1](values[l].Z)
        done.append(values[l]._replace(dA=dA, dZ=dZ if l else None))
    return done[::-1]


def _parameters(network):
    """(W, b) of the layers 1 .. L, in float64."""
    arrays = [array.astype(np.float64) for array in network.params.values()]
    return zip(arrays[::2], arrays[1::2], strict=True)


def _own_slopes(loss, Z, y):
    """dloss/dZ (m, n[L]) of a loss of the user's own, by its plain Python function."""
    Y, dZ = as_numbers(y, "y").astype(np.float64).reshape(len(Z), -1), np.zeros_like(Z)
    for r in range(len(Z)):
        loss.functions[1](Z[r].copy(), Y[r].copy(), dZ[r])
    return dZ


def _before_output(network, A, dZ, y, divisor):
    """dA of the output: dZ over the slope of the output; for softmax, of -sum y log A."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if network.output == "softmax" and network.loss is None:
            Y = _as_outputs(y, network)
            return np.where(Y > 0, -Y / (A * divisor), 0.0)
        # The sum of a softmax output's dZ is 0, and dA only known up to a constant.
        slopes = {"sigmoid": A * (1 - A), "exp": A, "softmax": A}
        return dZ / slopes.get(network.output, 1.0)


def _as_outputs(y, network):
    """The right outputs by y, (m, n[L]); labels become one-hot rows."""
    y = as_numbers(y, "y")
    if network.output == "softmax" and y.size == len(y):  # labels
        return np.eye(network.layer_sizes[-1])[y.reshape(-1).astype(np.int64)]
    return y.astype(np.float64).reshape(len(y), -1)

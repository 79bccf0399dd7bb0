"""One pass forward and back, and the sizes of its signals and gradients in each layer."""

import math
from dataclasses import dataclass

import numpy as np

from fastnn.data.inputs import as_numbers
from fastnn.layers.formulas import FORMULAS, LOSS_SLOPES, OUTPUT_FORMULAS

# An activation is flat where its slope is below this share of its steepest slope.
FLAT = 0.1
# Below this share there is no slope at all. The 0.01 of leaky_relu is a slope.
NO_SLOPE = 0.009
STEEPEST = {"sigmoid": 0.25}  # about 1 for all others


@dataclass(frozen=True)
class LayerSignal:
    """The signals and gradients of one layer, over the rows that were used.

    Attributes
    ----------
    layer : int
        From 1; the last is the output.
    activation : str
    z_mean, z_std, a_mean, a_std : float
        Over rows and units.
    flat : float
        Share of Z where the slope of the activation is below a tenth of its steepest. For tanh and
        sigmoid these units are saturated. For relu this is the share of zeros: a half is normal.
    dead : float
        Share of units without a slope in every row: no gradient reaches the weights before them.
    dW_rms : float
        Root mean square of dW, the gradient of the mean loss, without the penalty.
    dA_rms : float
        Root mean square of the derivatives of one example's loss with respect to A[l]; to Z[L] in
        the output layer.
    """

    layer: int
    activation: str
    z_mean: float
    z_std: float
    a_mean: float
    a_std: float
    flat: float
    dead: float
    dW_rms: float
    dA_rms: float

    @property
    def a_rms(self) -> float:
        """Root mean square of A[l]: the size of the signal."""
        return math.hypot(self.a_mean, self.a_std)


def layer_signals(network, X, y):
    """LayerSignal of every layer, and the root mean square of X."""
    names = [*network.activation, network.output]
    params = {name: value.astype(np.float64) for name, value in network.params.items()}
    A, Z = [X], []
    for l, name in enumerate(names, start=1):
        Z.append(A[-1] @ params[f"W{l}"] + params[f"b{l}"])
        value = OUTPUT_FORMULAS[name] if l == len(names) else FORMULAS[name][0]
        A.append(value(Z[-1]))
    dA = dZ = LOSS_SLOPES.get(network.output, lambda r: r)(A[-1] - _as_outputs(y, network))
    layers = []
    for l in range(len(names), 0, -1):
        flat = dead = 0.0
        if l < len(names):
            dA = dZ @ params[f"W{l + 1}"].T
            slope = FORMULAS[names[l - 1]][1](Z[l - 1])
            steepness = np.abs(slope) / STEEPEST.get(names[l - 1], 1.0)
            flat = float((steepness < FLAT).mean())
            dead = float((steepness < NO_SLOPE).all(axis=0).mean())
            dZ = dA * slope
        dW = A[l - 1].T @ dZ / len(X)
        layers.append(
            LayerSignal(
                l,
                names[l - 1],
                *(float(v) for v in (Z[l - 1].mean(), Z[l - 1].std(), A[l].mean(), A[l].std())),
                flat,
                dead,
                _rms(dW),
                _rms(dA),
            )
        )
    return layers[::-1], _rms(X)


def _as_outputs(y, network):
    """The outputs that y asks for, (m, n[L]); labels become one-hot rows."""
    y = as_numbers(y, "y")
    if network.output == "softmax":
        return np.eye(network.layer_sizes[-1])[y.reshape(-1).astype(np.int64)]
    return y.astype(np.float64).reshape(len(y), -1)


def _rms(x):
    # Scaled first: squares of 1e200 would overflow where the signal itself has not.
    largest = np.abs(x).max()
    if not 0 < largest < np.inf:
        return float(largest)
    return float(largest * np.sqrt(np.mean(np.square(x / largest))))


def growths(layers, input_rms):
    """The factors per layer of the signal and, backward, of the gradient; None for a lost one."""
    hidden = layers[:-1]
    return (
        _growth([input_rms, *(s.a_rms for s in hidden)]),
        _growth([s.dA_rms for s in reversed(hidden)]),
    )


def _growth(sizes):
    """Geometric mean of the factors from each size to the next."""
    if len(sizes) < 2 or not all(0 < size < math.inf for size in sizes):
        return None
    return math.exp((math.log(sizes[-1]) - math.log(sizes[0])) / (len(sizes) - 1))

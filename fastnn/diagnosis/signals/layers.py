"""One pass forward and back, and the sizes of its signals and gradients in each layer."""

import math
from dataclasses import dataclass

import numpy as np

from fastnn.derivatives.layer_values import backward_values, forward_values
from fastnn.layers.formulas import FORMULAS

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
    values = backward_values(network, forward_values(network, X), y, 1)
    layers = []
    for l, (name, value) in enumerate(zip(names, values[1:], strict=True), start=1):
        flat, dead, dA = 0.0, 0.0, value.dZ
        if l < len(names):
            dA = value.dA
            steepness = np.abs(FORMULAS[name][1](value.Z)) / STEEPEST.get(name, 1.0)
            flat = float((steepness < FLAT).mean())
            dead = float((steepness < NO_SLOPE).all(axis=0).mean())
        dW = values[l - 1].A.T @ value.dZ / len(X)
        layers.append(
            LayerSignal(
                l,
                name,
                *(float(v) for v in (value.Z.mean(), value.Z.std(), value.A.mean(), value.A.std())),
                flat,
                dead,
                _rms(dW),
                _rms(dA),
            )
        )
    return layers, _rms(X)


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

"""How signals and gradients fare from layer to layer: do they vanish, explode, die, saturate?"""

import math
from dataclasses import dataclass, field

import numpy as np

from fastnn.arguments import integer
from fastnn.diagnosis import signal_findings
from fastnn.diagnosis.formulas import FORMULAS, LOSS_SLOPES, OUTPUT_FORMULAS
from fastnn.diagnosis.sets import checked_pair, take

# A slope below this share of the activation's steepest counts as flat.
FLAT = 0.1
# Below this one it counts as none; leaky_relu's 0.01 is some.
NO_SLOPE = 0.009
STEEPEST = {"sigmoid": 0.25}   # 1, about, for all others


@dataclass(frozen=True)
class LayerSignal:
    """One layer over the rows looked at.

    Attributes
    ----------
    layer : int
        From 1; the last is the output.
    activation : str
    z_mean, z_std, a_mean, a_std : float
        Over rows and units.
    saturated : float
        Share of Z where the activation is flat, its slope below a tenth of the steepest. For relu
        that is the share of zeros: a half is normal.
    dead : float
        Share of units that are flat for every row: nothing reaches the weights before them.
    dW_rms : float
        Root mean square of dW, the gradient of the mean loss, without the penalty.
    dA_rms : float
        The same of the derivatives of one example's loss by A[l]; by Z[L] for the output layer.
    """

    layer: int
    activation: str
    z_mean: float
    z_std: float
    a_mean: float
    a_std: float
    saturated: float
    dead: float
    dW_rms: float
    dA_rms: float

    @property
    def a_rms(self):
        """Size of the signal: root mean square of A[l]."""
        return math.hypot(self.a_mean, self.a_std)


@dataclass(frozen=True)
class SignalFlow:
    """What `Network.signal_flow` found; print it for the table.

    Attributes
    ----------
    layers : list of LayerSignal
    forward_growth : float or None
        Factor a layer, the geometric mean, of the root mean square of A from the input to the last
        hidden layer. None with no hidden layer, or when a signal is 0 or overflows.
    backward_growth : float or None
        The same of dA, from the last hidden layer down to the first.
    verdict : str
        Begins with "vanishing", "exploding", "dead" or "healthy".
    findings : list of str
        Every remark with its advice.
    rows, of_rows : int
        Rows looked at, and rows there were.
    """

    layers: list
    forward_growth: float | None
    backward_growth: float | None
    verdict: str
    rows: int
    of_rows: int
    findings: list = field(default_factory=list)

    def __repr__(self):
        return f"<SignalFlow of {len(self.layers)} layers: {self.verdict}>"

    def __str__(self):
        heads = ("layer", "", "Z mean", "Z std", "A mean", "A std", "saturated", "dead",
                 "dW rms", "dA rms")
        table = [heads]
        for s in self.layers:
            figures = (s.z_mean, s.z_std, s.a_mean, s.a_std)
            table.append((str(s.layer), s.activation, *(f"{v:.3g}" for v in figures),
                          f"{s.saturated:.0%}", f"{s.dead:.0%}", f"{s.dW_rms:.3g}",
                          f"{s.dA_rms:.3g}"))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
                 for row in table]
        growth = [f"{name} x{value:.3g} a layer" for name, value in
                  (("forward", self.forward_growth), ("backward", self.backward_growth))
                  if value is not None]
        seen = f"{self.rows:,} rows" if self.rows == self.of_rows else (
            f"{self.rows:,} of {self.of_rows:,} rows, drawn at random")
        return "\n".join([self.verdict, *self.findings[1:], "", *lines, "",
                          ", ".join([*growth, seen])])

    def plot(self, ax=None):
        """Draw the size of signals and gradients by layer (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        ax : pair of matplotlib axes, optional
            For sizes and for saturated and dead shares; None makes a figure with both.

        Returns
        -------
        SignalFlowDisplay
        """
        from fastnn.plots_signals import plot_signal_flow

        return plot_signal_flow(self, ax)


def measure_signals(network, X, y, *, max_rows=1000):
    """See `Network.signal_flow`."""
    max_rows = integer(max_rows, "max_rows", 1)
    if not np.isfinite(network.theta).all():
        raise ValueError("expected theta to be finite, got a NaN or infinity written to it")
    X, y, m = checked_pair(network, (X, y), "the data")
    normalizer = network.normalizer_for(X)   # before the first fit, mu and sigma of this X
    rows = min(m, max_rows)
    # The same rows every time: two looks at one network agree.
    index = np.sort(np.random.default_rng(0).choice(m, rows, replace=False))
    X, y = take(X, index), take(y, index, "y")
    X = np.asarray(X.toarray() if hasattr(X, "toarray") else X, np.float64)
    if normalizer is not None:
        X = (X - normalizer.mean_) * normalizer.scale
    # Overflow is a finding here, not an error.
    with np.errstate(over="ignore", invalid="ignore"):
        layers, input_rms = _passes(network, X, y)
    hidden = layers[:-1]
    forward = _growth([input_rms, *(s.a_rms for s in hidden)])
    backward = _growth([s.dA_rms for s in reversed(hidden)])
    findings = signal_findings.describe(network, layers, input_rms, forward, backward)
    return SignalFlow(layers, forward, backward, findings[0], rows, m, findings)


def _passes(network, X, y):
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
        layers.append(LayerSignal(
            l, names[l - 1], *(float(v) for v in (Z[l - 1].mean(), Z[l - 1].std(), A[l].mean(),
                                                  A[l].std())), flat, dead, _rms(dW), _rms(dA)))
    return layers[::-1], _rms(X)


def _as_outputs(y, network):
    """y as the outputs should be: (m, n[L]), one-hot for labels."""
    y = np.asarray(y)
    if network.output == "softmax":
        return np.eye(network.layer_sizes[-1])[y.reshape(-1).astype(np.int64)]
    return y.astype(np.float64).reshape(len(y), -1)


def _rms(x):
    # Scaled first: squares of 1e200 would overflow where the signal itself has not.
    largest = np.abs(x).max()
    if not 0 < largest < np.inf:
        return float(largest)
    return float(largest * np.sqrt(np.mean(np.square(x / largest))))


def _growth(sizes):
    """Geometric mean of the factors from each to the next."""
    if len(sizes) < 2 or not all(0 < size < math.inf for size in sizes):
        return None
    return math.exp((math.log(sizes[-1]) - math.log(sizes[0])) / (len(sizes) - 1))

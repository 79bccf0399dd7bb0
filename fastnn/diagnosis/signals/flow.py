"""Signals and gradients from layer to layer: do they vanish, explode, die or saturate?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from fastnn.arguments import integer
from fastnn.data.inputs import Features
from fastnn.data.parts import take
from fastnn.diagnosis.signals.findings import describe
from fastnn.diagnosis.signals.layers import LayerSignal, growths, layer_signals
from fastnn.engine.base_network import BaseNetwork
from fastnn.engine.examples import normalizer_for
from fastnn.engine.sets import check_set
from fastnn.plots.figure import Display
from fastnn.plots.signals import plot_signal_flow
from fastnn.text.markup import listed, result, table
from fastnn.text.meanings import MEANINGS
from fastnn.text.tables import aligned

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class SignalFlow:
    """The result of `Network.signal_flow`; print it for the table.

    Attributes
    ----------
    layers : list of LayerSignal
    forward_growth : float or None
        The factor per layer, a geometric mean, by which the root mean square of A grows from the
        input to the last hidden layer. None with no hidden layer, or when a signal is 0 or
        overflows.
    backward_growth : float or None
        The same for dA, from the last hidden layer down to the first.
    verdict : str
        Begins with "dead", "symmetric", "vanishing", "exploding" or "healthy".
    findings : list of str
        All findings, each with its advice; the verdict is the first.
    rows, of_rows : int
        The number of rows that were used, and of rows that were given.
    """

    layers: list[LayerSignal]
    forward_growth: float | None
    backward_growth: float | None
    verdict: str
    rows: int
    of_rows: int
    findings: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<SignalFlow of {len(self.layers)} layers: {self.verdict}>"

    def __str__(self) -> str:
        table = [("layer", "", *HEADS[2:]), *written_layers(self)]
        growth = [
            f"{name} x{value:.3g} a layer"
            for name, value in (
                ("forward", self.forward_growth),
                ("backward", self.backward_growth),
            )
            if value is not None
        ]
        seen = (
            f"{self.rows:,} rows"
            if self.rows == self.of_rows
            else (f"{self.rows:,} of {self.of_rows:,} rows, drawn at random")
        )
        return "\n".join(
            [self.verdict, *self.findings[1:], "", *aligned(table), "", ", ".join([*growth, seen])]
        )

    def _repr_html_(self) -> str:
        return result(
            self.verdict,
            listed("ul", self.findings[1:]) if self.findings[1:] else None,
            table(HEADS, written_layers(self), caption=f"{self.rows:,} of {self.of_rows:,} rows"),
            columns=MEANINGS["SignalFlow"],
        )

    def plot(self, ax: Sequence[Axes] | None = None) -> Display:
        """Draw the size of signals and gradients by layer (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        ax : pair of matplotlib axes, optional
            For sizes, and for the shares of flat and dead units; None makes a figure with both.

        Returns
        -------
        Display
        """
        return plot_signal_flow(self, ax)


# Heads of the columns that `written_layers` gives.
HEADS = (
    "layer",
    "activation",
    "Z mean",
    "Z std",
    "A mean",
    "A std",
    "flat",
    "dead",
    "dW rms",
    "dA rms",
)


def written_layers(flow: SignalFlow) -> list[tuple[str, ...]]:
    """A row of texts for each layer of a SignalFlow, for tables."""
    return [
        (
            str(s.layer),
            s.activation,
            *(f"{v:.3g}" for v in (s.z_mean, s.z_std, s.a_mean, s.a_std)),
            f"{s.flat:.0%}",
            f"{s.dead:.0%}",
            f"{s.dW_rms:.3g}",
            f"{s.dA_rms:.3g}",
        )
        for s in flow.layers
    ]


def measure_signals(
    network: BaseNetwork, X: Features, y: ArrayLike, *, max_rows: int = 1000
) -> SignalFlow:
    """See `Network.signal_flow`."""
    max_rows = integer(max_rows, "max_rows", 1)
    if not np.isfinite(network.theta).all():
        raise ValueError("expected theta to be finite, got a NaN or infinity written to it")
    X, y, m = check_set(network, (X, y), "the data")
    normalizer = normalizer_for(network, X)  # before the first fit, mu and sigma of this X
    rows = min(m, max_rows)
    # The same rows every time: two calls on one network agree.
    index = np.sort(np.random.default_rng(0).choice(m, rows, replace=False))
    X, y = take(X, index), take(y, index, "y")
    X = np.asarray(X.toarray() if hasattr(X, "toarray") else X, np.float64)
    if normalizer is not None:
        X = (X - normalizer.mean_) * normalizer.scale
    # Overflow is a finding here, not an error.
    with np.errstate(over="ignore", invalid="ignore"):
        layers, input_rms = layer_signals(network, X, y)
        forward, backward = growths(layers, input_rms)
        findings = describe(network, layers, input_rms, X, y)
    return SignalFlow(layers, forward, backward, findings[0], rows, m, findings)

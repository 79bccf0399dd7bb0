"""A fully connected network: settings, theta, and its results for examples."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping, Sequence
from numbers import Real
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.arguments import (
    DtypeName,
    Rng,
    boolean,
    check_dtype,
    generator,
    lookup,
    number,
    per_layer,
)
from fastnn.data.inputs import Features
from fastnn.data.normalizer import Normalizer
from fastnn.engine import passes
from fastnn.engine.dropout import outputs_with_dropout
from fastnn.engine.examples import check_normalizer, check_theta, features
from fastnn.engine.fit_lock import FITTED_BY
from fastnn.engine.results import cost, error, value_and_grad
from fastnn.engine.small_forward import forward_small
from fastnn.layers.activations import ActivationName
from fastnn.layers.initializers import INITIALIZERS, InitializerName, initialize
from fastnn.layers.layout import Layout, aligned_vector
from fastnn.layers.outputs import OUTPUTS, OutputName
from fastnn.layers.sizes import check_activation, check_layer_sizes


class BaseNetwork:
    """The part of `fastnn.Network` that training, checks and diagnosis build on.

    `fastnn.Network` documents the parameters and attributes.
    """

    def __init__(
        self,
        layer_sizes: Sequence[int],
        *,
        activation: ActivationName | Sequence[ActivationName] = "relu",
        output: OutputName | None = None,
        keep_prob: float | Sequence[float] = 1.0,
        l2: float | Sequence[float] = 0.0,
        l1: float | Sequence[float] = 0.0,
        init: InitializerName = "auto",
        init_gain: float = 1.0,
        dtype: DtypeName | np.dtype[Any] | type = "float32",
        normalize: bool = False,
        normalizer: Normalizer | Mapping[str, Any] | None = None,
        rng: Rng = None,
    ) -> None:
        self._layer_sizes = check_layer_sizes(layer_sizes)
        depth = len(self._layer_sizes) - 1
        self._activation = check_activation(activation, depth - 1)
        if output is None:
            output = "softmax" if self._layer_sizes[-1] > 1 else "sigmoid"
        lookup(OUTPUTS, output, "output")
        if output == "softmax" and self._layer_sizes[-1] == 1:
            raise ValueError(
                "expected at least 2 units for a softmax output, got 1, which is always 1; "
                "use output='sigmoid'"
            )
        self._output = output
        self.keep_prob = keep_prob
        self.l2, self.l1 = l2, l1
        lookup({"auto": None, **INITIALIZERS}, init, "init")
        self._init, self._init_gain = init, number(init_gain, "init_gain", "[0, inf)")
        self._dtype = check_dtype(dtype)
        self._normalize = boolean(normalize, "normalize")
        self.normalizer = normalizer
        self._rng = generator(rng)
        self._layout = Layout.dense(self._layer_sizes)
        if self._layout.size * self._dtype.itemsize > sys.maxsize:
            raise ValueError(
                f"expected layers that fit into memory, got {self._layout.size} parameters"
            )
        self._theta = aligned_vector(self._layout.size, self._dtype)
        with np.errstate(over="ignore"):
            initialize(
                self._theta, self._layout, self._activation, init, self._init_gain, self._rng
            )
        if not np.isfinite(self._theta).all():
            raise ValueError(f"expected init_gain to give finite {self._dtype}, got {init_gain!r}")
        self.history: Any = None  # a History

    # --- settings and parameters -------------------------------------------------------------

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        return self._layer_sizes

    @property
    def activation(self) -> tuple[ActivationName, ...]:
        """Names of the hidden layers' activations, l = 1 .. L-1."""
        return self._activation

    @property
    def output(self) -> OutputName:
        return self._output

    @property
    def regression(self) -> bool:
        """Whether the outputs are real values rather than classes."""
        return OUTPUTS[self._output].regression

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    @property
    def layout(self) -> Layout:
        return self._layout

    @property
    def keep_prob(self) -> tuple[float, ...]:
        """keep_prob of the layers 0 .. L-1. May be assigned to, as in the constructor."""
        return self._keep_prob

    @keep_prob.setter
    def keep_prob(self, keep_prob: float | Sequence[float]) -> None:
        depth = len(self._layer_sizes) - 1
        if isinstance(keep_prob, Real):
            keep_prob = (1.0,) + (number(keep_prob, "keep_prob", "(0, 1]"),) * (depth - 1)
        self._keep_prob = per_layer(
            keep_prob, "keep_prob", depth, "(0, 1]", f"the layers 0 .. {depth - 1}, the input first"
        )

    @property
    def l2(self) -> tuple[float, ...]:
        """lambda of the L2 penalty of W1 .. WL. May be assigned to, as in the constructor."""
        return self._l2

    @l2.setter
    def l2(self, l2: float | Sequence[float]) -> None:
        self._l2 = self._check_penalty(l2, "l2")

    @property
    def l1(self) -> tuple[float, ...]:
        """lambda of the L1 penalty of W1 .. WL. May be assigned to, as in the constructor."""
        return self._l1

    @l1.setter
    def l1(self, l1: float | Sequence[float]) -> None:
        self._l1 = self._check_penalty(l1, "l1")

    def _check_penalty(self, value, name):
        depth = len(self._layer_sizes) - 1
        return per_layer(value, name, depth, "[0, inf)", f"the layers 1 .. {depth}")

    @property
    def normalize(self) -> bool:
        """Whether X is normalized: by `normalizer`, or by the one that the next `fit` makes."""
        return self._normalize or self._normalizer is not None

    @property
    def normalizer(self) -> Normalizer | None:
        return copy.copy(self._normalizer)

    @normalizer.setter
    def normalizer(self, normalizer: Normalizer | Mapping[str, Any] | None) -> None:
        if normalizer is not None:
            normalizer = check_normalizer(normalizer, self._layer_sizes[0]).as_dtype(self._dtype)
        self._normalizer = normalizer
        self._small_forward = None  # made by the first forward

    @property
    def theta(self) -> NDArray[np.floating[Any]]:
        return self._theta

    @theta.setter
    def theta(self, theta: ArrayLike) -> None:
        self._theta[...] = check_theta(theta, self._theta.shape, self._dtype)

    @property
    def params(self) -> Mapping[str, NDArray[np.floating[Any]]]:
        """W1, b1, ..., WL, bL by name, live views on theta: ``net.params["W1"][...] = W``."""
        return MappingProxyType(self._layout.views(self._theta))

    @property
    def rng(self) -> np.random.Generator:
        """The generator of the initial weights and, in `fit`, of the order of rows and masks."""
        return self._rng

    @property
    def spec(self) -> dict[str, Any]:
        """The arguments that make a network like this one, in types that JSON knows."""
        return {
            "layer_sizes": list(self._layer_sizes),
            "activation": list(self._activation),
            "output": self._output,
            "keep_prob": list(self._keep_prob),
            "l2": list(self._l2),
            "l1": list(self._l1),
            "init": self._init,
            "init_gain": self._init_gain,
            "dtype": self._dtype.name,
            "normalize": self._normalize,
            "normalizer": None if self._normalizer is None else self._normalizer.to_dict(),
        }

    def __repr__(self) -> str:
        alike = len(set(self._activation)) == 1
        activation = self._activation[0] if alike else list(self._activation)
        return (
            f"<Network {list(self._layer_sizes)}, activation={activation!r}, "
            f"output={self._output!r}, dtype={self._dtype.name!r}, "
            + ("normalize=True, " if self.normalize else "")
            + f"{self._theta.size:,} parameters>"
        )

    def __dir__(self) -> list[str]:
        """The public names alone."""
        return [name for name in super().__dir__() if not name.startswith("_")]

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in vars(self).items()
            if name not in (FITTED_BY, "_small_forward")
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        # It may come as a read-only view on a file (joblib).
        self._theta = aligned_vector(self._layout.size, self._dtype)
        self._theta[...] = state["_theta"]
        self._small_forward = None

    def like(self, rng: Rng = None, **changes: Any) -> Self:
        """A network of the same settings with new initial weights.

        Parameters
        ----------
        rng : int, numpy.random.Generator or None
        **changes
            Other settings, as the constructor takes them. With ``normalize=True`` the new network
            takes mu and sigma from the X that it is fitted to, unless a `normalizer` is given.

        Returns
        -------
        Network

        Examples
        --------
        >>> import fastnn
        >>> fastnn.Network([4, 8, 3], l2=0.1, rng=0).like(rng=1, dtype="float64")
        <Network [4, 8, 3], activation='relu', output='softmax', dtype='float64', 67 parameters>
        """
        spec = {**self.spec, **changes}
        if spec["normalize"] and "normalizer" not in changes:
            spec["normalizer"] = None
        return type(self)(**spec, rng=rng)

    # --- results for examples ----------------------------------------------------------------

    cost = cost
    error = error
    value_and_grad = value_and_grad

    def forward(
        self, X: Features, dropout: tuple[int, int] | None = None
    ) -> NDArray[np.floating[Any]]:
        """Output activations.

        Parameters
        ----------
        X : (m, n[0]) array-like or sparse matrix
        dropout : None or (seed, step)
            As for `value_and_grad`: row i of X has the masks of the mini-batch's row i.

        Returns
        -------
        A : (m, n[L]) array
            Probabilities for softmax and sigmoid outputs.
        """
        if dropout is not None:
            return outputs_with_dropout(self, X, dropout)
        A = forward_small(self, X)
        return passes.outputs(self, features(self, X)) if A is None else A

    def predict(self, X: Features) -> NDArray[Any]:
        """Class labels 0 .. C-1 (softmax), 0 or 1 (sigmoid), or real values (identity).

        Returns
        -------
        (m,) array; (m, n[L]) for a sigmoid or identity output of several units
        """
        return OUTPUTS[self._output].predict(self.forward(X))

    def sparsity(self) -> dict[str, float]:
        """Share of weights that are exactly zero: of each W[l] by name, and of "all" of them."""
        weights = {p.name: self._theta[p.slice] for p in self._layout.weights}
        zeros = {name: int(np.count_nonzero(W == 0)) for name, W in weights.items()}
        shares = {name: zeros[name] / W.size for name, W in weights.items()}
        return {**shares, "all": sum(zeros.values()) / sum(W.size for W in weights.values())}

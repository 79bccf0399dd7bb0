"""A fully connected network: settings, theta, and its results for examples."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn import _kernels
from fastnn.arguments import (
    DtypeName,
    Rng,
    boolean,
    check_dtype,
    generator,
    lookup,
    number,
)
from fastnn.data.inputs import Features
from fastnn.data.normalizer import Normalizer
from fastnn.engine import passes
from fastnn.engine.copies import copy_network
from fastnn.engine.dropout import outputs_with_dropout
from fastnn.engine.examples import (
    check_normalizer,
    check_theta,
    features,
    output_and_loss,
    output_spec,
)
from fastnn.engine.frozen import freeze
from fastnn.engine.results import cost, error, sparsity, value_and_grad
from fastnn.engine.small_forward import forward_small
from fastnn.layers.activations import ActivationName
from fastnn.layers.initializers import INITIALIZERS, InitializerName, initialize
from fastnn.layers.layout import Layout
from fastnn.layers.outputs import OUTPUTS, OutputName
from fastnn.layers.settings import LayerSettings, spec_of_norms
from fastnn.layers.sizes import (
    check_activation,
    check_keep_prob,
    check_layer_sizes,
    check_max_norm,
    check_penalty,
)
from fastnn.losses.criterion import check_own
from fastnn.losses.loss import Loss, MissingLoss

# Attributes with sessions that the next calls may use again; copies leave them out.
KEPT_FIT = "_kept_fit"
_KEPT = "_small_forward", "_small_gradient", "_small_dropout_gradient", KEPT_FIT
_INITS = {"auto": None, **INITIALIZERS}


class BaseNetwork(LayerSettings):
    """The part of `fastnn.Network` that training, checks and diagnosis build on.

    `fastnn.Network` documents the parameters and attributes.
    """

    history: Any = None  # a History
    _layer_sizes: tuple[int, ...]
    _activation: tuple[ActivationName, ...]
    _output: OutputName
    _loss: Loss | MissingLoss | None = None
    _keep_prob: tuple[float, ...]
    _l2: tuple[float, ...]
    _l1: tuple[float, ...]
    _max_norm: tuple[float, ...]
    _init: InitializerName
    _init_gain: float
    _dtype: np.dtype[Any]
    _normalize: bool
    _normalizer: Normalizer | None
    _rng: np.random.Generator
    _layout: Layout
    _theta: NDArray[np.floating[Any]]

    def __init__(
        self,
        layer_sizes: Sequence[int],
        *,
        activation: ActivationName | Sequence[ActivationName] = "relu",
        output: OutputName | Loss | Mapping[str, Any] | None = None,
        keep_prob: float | Sequence[float] = 1.0,
        l2: float | Sequence[float] = 0.0,
        l1: float | Sequence[float] = 0.0,
        max_norm: float | Sequence[float | None] | None = None,
        init: InitializerName = "auto",
        init_gain: float = 1.0,
        dtype: DtypeName | np.dtype[Any] | type = "float32",
        normalize: bool = False,
        normalizer: Normalizer | Mapping[str, Any] | None = None,
        rng: Rng = None,
    ) -> None:
        sizes = check_layer_sizes(layer_sizes)
        depth = len(sizes) - 1
        activation = check_activation(activation, depth - 1)
        output, loss = output_and_loss(output, sizes[-1])
        keep_prob = check_keep_prob(keep_prob, depth)
        l2, l1 = check_penalty(l2, "l2", depth), check_penalty(l1, "l1", depth)
        max_norm = check_max_norm(max_norm, depth)
        lookup(_INITS, init, "init")
        gain, dtype = number(init_gain, "init_gain", "[0, inf)"), check_dtype(dtype)
        normalize = boolean(normalize, "normalize")
        normalizer = _check_normalizer(normalizer, sizes[0], dtype)
        rng, layout = generator(rng), Layout.dense(sizes)
        if layout.size * dtype.itemsize > sys.maxsize:
            raise ValueError(f"expected layers that fit into memory, got {layout.size} parameters")
        theta = _kernels.aligned_zeros(layout.size, dtype)
        initialize(theta, layout, activation, init, gain, rng)
        if gain > 1 and not _kernels.all_finite(theta):
            raise ValueError(f"expected init_gain to give finite {dtype}, got {init_gain!r}")
        # One update takes less time than a call of __setattr__ for each attribute.
        vars(self).update(
            _layer_sizes=sizes,
            _activation=activation,
            _output=output,
            _loss=loss,
            _keep_prob=keep_prob,
            _l2=l2,
            _l1=l1,
            _max_norm=max_norm,
            _init=init,
            _init_gain=gain,
            _dtype=dtype,
            _normalize=normalize,
            _normalizer=normalizer,
            _rng=rng,
            _layout=layout,
            _theta=theta,
        )

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
    def loss(self) -> Loss | MissingLoss | None:
        """A loss of one's own; None: the loss of `output`. It may be assigned to."""
        return self._loss

    @loss.setter
    def loss(self, loss: Loss | None) -> None:
        self._loss = check_own(loss, self._output)

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
    def normalize(self) -> bool:
        """Whether X is normalized: by `normalizer`, or by the one that the next `fit` makes."""
        return self._normalize or self._normalizer is not None

    @property
    def normalizer(self) -> Normalizer | None:
        return copy.copy(self._normalizer)

    @normalizer.setter
    def normalizer(self, normalizer: Normalizer | Mapping[str, Any] | None) -> None:
        self._normalizer = _check_normalizer(normalizer, self._layer_sizes[0], self._dtype)
        self._forget()

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
            "output": output_spec(self._output, self._loss),
            "keep_prob": list(self._keep_prob),
            "l2": list(self._l2),
            "l1": list(self._l1),
            "max_norm": spec_of_norms(self._max_norm),
            "init": self._init,
            "init_gain": self._init_gain,
            "dtype": self._dtype.name,
            "normalize": self._normalize,
            "normalizer": None if self._normalizer is None else self._normalizer.to_dict(),
        }

    def __repr__(self) -> str:
        alike = len(set(self._activation)) == 1
        activation = self._activation[0] if alike else list(self._activation)
        norms = spec_of_norms(self._max_norm)
        one = len(set(self._max_norm)) == 1
        return (
            f"<Network {list(self._layer_sizes)}, activation={activation!r}, "
            f"output={self._loss or self._output!r}, dtype={self._dtype.name!r}, "
            + ("normalize=True, " if self.normalize else "")
            + ("" if norms is None else f"max_norm={norms[0] if one else norms}, ")
            + f"{self._theta.size:,} parameters>"
        )

    def __dir__(self) -> list[str]:
        """The public names alone."""
        return [name for name in super().__dir__() if not name.startswith("_")]

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in vars(self).items()
            if name != _kernels.FITTED_BY and name not in _KEPT
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        # It may come as a read-only view on a file (joblib).
        self._theta = _kernels.aligned_zeros(self._layout.size, self._dtype)
        self._theta[...] = state["_theta"]
        self._forget()

    def _forget(self) -> None:
        """Close the sessions of earlier calls: theta or the normalizer is another one now."""
        for name in _KEPT:
            vars(self).pop(name, None)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied: Self = copy_network(self, memo)
        return copied

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
        net = type(self)(**spec, rng=rng)
        if "output" not in changes:
            net._loss = self._loss
        return net

    # --- results for examples ----------------------------------------------------------------

    cost = cost
    error = error
    value_and_grad = value_and_grad
    sparsity = sparsity
    freeze = freeze

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


def _check_normalizer(normalizer, features, dtype):
    return None if normalizer is None else check_normalizer(normalizer, features).as_dtype(dtype)

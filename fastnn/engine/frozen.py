"""`FrozenNetwork`: the outputs of a network that does not change any more."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fastnn import _kernels
from fastnn.data.inputs import Features, as_features
from fastnn.data.normalizer import Normalizer
from fastnn.engine.examples import current_normalizer
from fastnn.engine.passes import description, outputs_of
from fastnn.engine.results import predict_proba
from fastnn.engine.small_forward import forward_by, moments
from fastnn.layers.outputs import OUTPUTS, OutputName


class FrozenNetwork:
    """The outputs of a network as it was when `Network.freeze` was called.

    It has a copy of theta and of the normalizer, in which nothing changes. So the weights are put
    in the order of memory in which a product reads them once, not by each call: a call of some rows
    takes less time than `Network.forward`, and gives the same bits. Several threads may use it at
    once. It can be pickled; a copy is the object itself.

    Attributes
    ----------
    layer_sizes : tuple of int
    output : str
    regression : bool
        Whether the outputs are real values rather than classes.
    dtype : numpy.dtype
    theta : (N,) array
        A copy of every parameter, laid out as in `Network`.

    See Also
    --------
    Network.freeze : makes it.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> net = fastnn.Network([784, 256, 128, 10], rng=0)
    >>> frozen = net.freeze()
    >>> frozen
    <FrozenNetwork [784, 256, 128, 10], output='softmax', dtype='float32'>
    >>> X = np.random.default_rng(0).standard_normal((8, 784), np.float32)
    >>> np.array_equal(frozen.forward(X), net.forward(X))
    True
    >>> net.theta[...] = 0
    >>> np.array_equal(frozen.forward(X), net.forward(X))
    False
    """

    __slots__ = ("__weakref__", "_description", "_dtype", "_idle", "_normalizer", "_output")
    _description: tuple[Any, ...]  # as `passes.description`, with a Packed as theta
    _dtype: np.dtype[Any]
    _idle: list[_kernels.SmallForward]
    _normalizer: Normalizer | None
    _output: OutputName

    predict_proba = predict_proba

    def __init__(self, network: Any) -> None:
        current_normalizer(network)  # refuses one that waits for `fit`
        self._output, self._dtype = network.output, network.dtype
        self._normalizer = network.normalizer
        self._pack(*description(network))

    def _pack(self, sizes, activations, output, theta):
        # The panels are as wide as the registers of the kernels in use.
        packed = _kernels.Packed(sizes, activations, output, theta)
        self._description = tuple(sizes), tuple(activations), output, packed
        self._idle = []

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        sizes: tuple[int, ...] = self._description[0]
        return sizes

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
    def theta(self) -> NDArray[np.floating[Any]]:
        theta: NDArray[np.floating[Any]] = self._description[3].unpacked()
        return theta

    def forward(self, X: Features) -> NDArray[np.floating[Any]]:
        """Output activations, with the bits of `Network.forward`.

        Parameters
        ----------
        X : (m, n[0]) array-like or sparse matrix

        Returns
        -------
        A : (m, n[L]) array
            Probabilities for softmax and sigmoid outputs.
        """
        try:
            kept = self._idle.pop()  # no other thread has it now
        except IndexError:
            kept = None
        if kept is None or kept.variant is not _kernels.variant:
            if self._description[3].variant is not _kernels.variant:
                self._pack(*self._description[:3], self.theta)
            kept = _kernels.SmallForward(*self._description, *moments(self._normalizer))
        A = forward_by(kept, self.layer_sizes, X)
        self._idle.append(kept)
        if A is None:
            rows = as_features(X, self.layer_sizes[0], self._dtype, self._normalizer)
            A = outputs_of(self._description, self._dtype, rows)
        return A

    def predict(self, X: Features) -> NDArray[Any]:
        """Class labels 0 .. C-1 (softmax), 0 or 1 (sigmoid), or real values (identity).

        Returns
        -------
        (m,) array; (m, n[L]) for a sigmoid or identity output of several units
        """
        return OUTPUTS[self._output].predict(self.forward(X))

    def __repr__(self) -> str:
        return (
            f"<FrozenNetwork {list(self.layer_sizes)}, output={self._output!r}, "
            f"dtype={self._dtype.name!r}>"
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {
            "output": self._output,
            "dtype": self._dtype,
            "normalizer": self._normalizer,
            "description": (*self._description[:3], self.theta),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._output, self._dtype = state["output"], state["dtype"]
        self._normalizer = state["normalizer"]
        self._pack(*state["description"])


def freeze(network: Any) -> FrozenNetwork:
    """A copy for inference alone, whose weights never change; its calls take less time.

    They save what `freeze` takes in some ten calls.

    Returns
    -------
    FrozenNetwork

    Raises
    ------
    NotFittedError
        With ``normalize=True`` and before the first fit.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.Network([64, 128, 10], rng=0).freeze()
    <FrozenNetwork [64, 128, 10], output='softmax', dtype='float32'>
    """
    return FrozenNetwork(network)

"""Where each W and b lies in the one vector of all parameters."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Parameter(NamedTuple):
    """A stretch of theta: the array `name` is `theta[slice].reshape(shape)`."""

    name: str
    slice: slice
    shape: tuple[int, ...]

    @property
    def start(self) -> int:
        """Index of its first number in theta."""
        return int(self.slice.start)

    @property
    def size(self) -> int:
        """The number of its components."""
        return int(self.slice.stop - self.slice.start)

    def position(self, index: int) -> tuple[int, ...]:
        """Where theta[index] is in the array: (row, column)."""
        return tuple(int(k) for k in np.unravel_index(index - self.start, self.shape))


class Layout(Mapping[str, Parameter]):
    """Names of arrays, and the stretches of a flat vector that hold them.

    Parameters
    ----------
    shapes : dict of str to tuple of int
        Names and shapes of the arrays, in the order in which they follow each other.

    Attributes
    ----------
    size : int
        Numbers in all arrays together.

    Examples
    --------
    >>> layout = Layout.dense([2, 3, 1])
    >>> list(layout)
    ['W1', 'b1', 'W2', 'b2']
    >>> layout["W2"]
    Parameter(name='W2', slice=slice(9, 12, None), shape=(3, 1))
    >>> layout.size
    13
    """

    size: int

    def __init__(self, shapes: Mapping[str, Sequence[int]]) -> None:
        self._parameters: dict[str, Parameter] = {}
        self.size = 0
        for name, shape in shapes.items():
            end = self.size + math.prod(shape)
            self._parameters[name] = Parameter(name, slice(self.size, end), tuple(shape))
            self.size = end

    @staticmethod
    def dense(layer_sizes: Sequence[int]) -> Layout:
        """The layout of a fully connected network: W1, b1, ..., WL, bL; W[l] is (n[l-1], n[l])."""
        return _dense(tuple(layer_sizes))

    def __getitem__(self, name: str) -> Parameter:
        return self._parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{p.name} {p.shape}" for p in self.values())
        return f"<Layout of {self.size} numbers: {shapes}>"

    @functools.cached_property
    def weights(self) -> tuple[Parameter, ...]:
        """The parameters W1 .. WL."""
        return tuple(p for p in self.values() if p.name[0] == "W")

    def views(self, theta: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """The arrays as views on `theta`, by name."""
        return {p.name: theta[p.slice].reshape(p.shape) for p in self.values()}


@functools.lru_cache(256)
def _dense(layer_sizes):
    """The layout of a network, the same object for all networks of these layers."""
    shapes: dict[str, Sequence[int]] = {}
    for l in range(1, len(layer_sizes)):
        shapes[f"W{l}"] = (layer_sizes[l - 1], layer_sizes[l])
        shapes[f"b{l}"] = (layer_sizes[l],)
    return Layout(shapes)

"""Where each W and b lies in the one vector of all parameters."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np


class Parameter(NamedTuple):
    """A stretch of theta: `theta[slice].reshape(shape)` is the array called `name`."""

    name: str
    slice: slice
    shape: tuple[int, ...]

    @property
    def start(self) -> int:
        return self.slice.start

    @property
    def size(self) -> int:
        return self.slice.stop - self.slice.start

    def position(self, index: int) -> tuple[int, ...]:
        """Where theta[index] is in the array: (row, column)."""
        return tuple(int(k) for k in np.unravel_index(index - self.start, self.shape))


class Layout(Mapping):
    """Names to stretches of a flat vector.

    Parameters
    ----------
    shapes : dict of str to tuple of int
        The arrays, in the order in which they follow each other.

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

    def __init__(self, shapes):
        self._parameters = {}
        self.size = 0
        for name, shape in shapes.items():
            end = self.size + math.prod(shape)
            self._parameters[name] = Parameter(name, slice(self.size, end), tuple(shape))
            self.size = end

    @classmethod
    def dense(cls, layer_sizes):
        """That of a fully connected network: W1, b1, ..., WL, bL; W[l] is (n[l-1], n[l])."""
        shapes = {}
        for l in range(1, len(layer_sizes)):
            shapes[f"W{l}"] = (layer_sizes[l - 1], layer_sizes[l])
            shapes[f"b{l}"] = (layer_sizes[l],)
        return cls(shapes)

    def __getitem__(self, name):
        return self._parameters[name]

    def __iter__(self):
        return iter(self._parameters)

    def __len__(self):
        return len(self._parameters)

    def __repr__(self):
        shapes = ", ".join(f"{p.name} {p.shape}" for p in self.values())
        return f"<Layout of {self.size} numbers: {shapes}>"

    @property
    def weights(self):
        """The parameters W1 .. WL."""
        return [p for p in self.values() if p.name[0] == "W"]

    def views(self, theta):
        """The arrays as views on `theta`, by name."""
        return {p.name: theta[p.slice].reshape(p.shape) for p in self.values()}


def aligned_vector(size, dtype):
    """A vector of zeros that begins on a cache line."""
    itemsize = np.dtype(dtype).itemsize
    block = np.zeros(size * itemsize + 64, np.uint8)
    start = -block.ctypes.data % 64
    return block[start : start + size * itemsize].view(dtype)

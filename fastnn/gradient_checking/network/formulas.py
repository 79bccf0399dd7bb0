"""A forward pass of a network in float64, from the formulas: the starting point of its checks.

Only the dropout masks come from the compiled core. Arrays are (units, rows), so that the numbers of
one unit over all rows are contiguous in memory.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr

from fastnn.layers.formulas import FORMULAS, normal_density, tanh_slope

# Outputs as numbers that compiled code can compare.
OUTPUTS = ("softmax", "sigmoid", "identity")


@dataclass(frozen=True)
class Problem:
    """J as a function of theta: a network and its data, in float64.

    Attributes
    ----------
    sizes : tuple of int
    kinds : tuple of str
        Activations of layers 1 .. L, the last "identity".
    output : str
    theta : (N,) array
    starts : tuple of int
        Index in theta at which W[l] begins, l = 1 .. L; b[l] follows it.
    X : (n[0], m) array
    y : (m,) int array of labels, or (n[L], m) array
    weight : (m,) array
        w_i / sum w
    masks : list of L entries
        (n[l], m) array of 0 and 1 / keep_prob for layer l = 0 .. L-1, or None for no dropout.
    """

    sizes: tuple
    kinds: tuple
    output: str
    theta: np.ndarray
    starts: tuple
    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    masks: list

    @property
    def depth(self):
        return len(self.sizes) - 1

    def W(self, l):
        """(n[l-1], n[l])"""
        start, shape = self.starts[l - 1], (self.sizes[l - 1], self.sizes[l])
        return self.theta[start : start + shape[0] * shape[1]].reshape(shape)

    def b(self, l):
        start = self.starts[l - 1] + self.sizes[l - 1] * self.sizes[l]
        return self.theta[start : start + self.sizes[l]]

    def rows(self, part):
        """The same network on some of the rows."""
        masks = [None if mask is None else mask[:, part] for mask in self.masks]
        return Problem(
            self.sizes,
            self.kinds,
            self.output,
            self.theta,
            self.starts,
            self.X[:, part],
            self.y[..., part],
            self.weight[part],
            masks,
        )


def propagate(problem):
    """A[0] .. A[L-1] after dropout, and [None, Z[1], .., Z[L]]."""
    A, Z, below = [], [None], problem.X
    for l in range(1, problem.depth + 1):
        mask = problem.masks[l - 1]
        A.append(below if mask is None else below * mask)
        Z.append(problem.W(l).T @ A[-1] + problem.b(l)[:, np.newaxis])
        below = FORMULAS[problem.kinds[l - 1]][0](Z[-1])
    return A, Z


def ingredients(kind, z):
    """The two functions of z that cost_changes.py makes changes of g from."""
    if kind == "tanh":
        return np.tanh(z), tanh_slope(z)
    if kind in ("sigmoid", "silu", "softplus"):
        return expit(z), expit(z) * expit(-z)
    if kind == "elu":
        return np.exp(np.minimum(z, 0)), z
    if kind == "gelu":
        return ndtr(z), normal_density(z)
    return z, z


def loss_ingredients(output, z, y):
    """The two functions of the logits that changes of the loss are made from.

    softmax uses the first alone.
    """
    if output == "softmax":
        e = np.exp(z - z.max(axis=0))
        p = e / e.sum(axis=0)
        return p, p
    if output == "sigmoid":
        return expit(z), expit(-z)
    return z - y, z

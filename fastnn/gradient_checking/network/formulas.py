"""A pass of a network in float64, written from the formulas: what its checks start from.

Nothing here is the compiled core's but the dropout masks, which come from outside. Arrays are
(units, rows): what is done to one unit over all rows is then contiguous in memory.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import erfc

LEAK = 0.01  # slope of leaky_relu for z <= 0

# Kinds of hidden units, and of the output, as numbers that compiled code can compare.
KINDS = ("identity", "relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus")
OUTPUTS = ("softmax", "sigmoid", "identity")
# Those whose slope jumps at z = 0.
KINKED = ("relu", "leaky_relu")


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
        Where W[l] begins in theta, l = 1 .. L; b[l] follows it.
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
    """A[0] .. A[L-1], dropped out, and Z[1] .. Z[L]; with a None for Z[0]."""
    A, Z, below = [], [None], problem.X
    for l in range(1, problem.depth + 1):
        mask = problem.masks[l - 1]
        A.append(below if mask is None else below * mask)
        Z.append(problem.W(l).T @ A[-1] + problem.b(l)[:, np.newaxis])
        below = value(problem.kinds[l - 1], Z[-1])
    return A, Z


def sigmoid(z):
    """1 / (1 + e^-z), accurate at both ends."""
    e = np.exp(-np.abs(z))
    return np.where(z > 0, 1 / (1 + e), e / (1 + e))


def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def normal_cdf(z):
    return erfc(z * -np.sqrt(0.5)) / 2


def normal_pdf(z):
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def value(kind, z):
    """g(z)"""
    if kind == "identity":
        return z
    if kind in ("relu", "leaky_relu"):
        return np.where(z > 0, z, 0 * z if kind == "relu" else LEAK * z)
    if kind == "elu":
        return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))
    return {
        "gelu": lambda: z * normal_cdf(z),
        "silu": lambda: z * sigmoid(z),
        "tanh": lambda: np.tanh(z),
        "sigmoid": lambda: sigmoid(z),
        "softplus": lambda: softplus(z),
    }[kind]()


def ingredients(kind, z):
    """The two functions of z that changes of g are made of: see differences.py."""
    if kind == "tanh":
        e = np.exp(-2 * np.abs(z))
        return np.tanh(z), 4 * e / (1 + e) ** 2  # 1 - tanh^2, which cancels
    if kind in ("sigmoid", "silu", "softplus"):
        return sigmoid(z), sigmoid(z) * sigmoid(-z)
    if kind == "elu":
        return np.exp(np.minimum(z, 0)), z
    if kind == "gelu":
        return normal_cdf(z), normal_pdf(z)
    return z, z


def loss_ingredients(output, z, y):
    """The like for the loss of logits z; the second is not used by softmax."""
    if output == "softmax":
        e = np.exp(z - z.max(axis=0))
        p = e / e.sum(axis=0)
        return p, p
    if output == "sigmoid":
        return sigmoid(z), sigmoid(-z)
    return z - y, z

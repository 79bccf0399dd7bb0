"""The networks and data that every benchmark shares."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

KEEP_PROB = 0.8
# So small that nobody's parameters come to rest, or overfit, in the course of the measurements:
# vanishing gradients make denormal numbers, which some libraries pay for and others flush.
LEARNING_RATE = 1e-5


@dataclass(frozen=True)
class Task:
    """A network to train. `batch_size` None is full-batch descent."""

    layer_sizes: list[int]
    batch_size: int | None
    X: np.ndarray
    y: np.ndarray
    activation: str = "relu"
    output: str = "softmax"
    keep_prob: float = KEEP_PROB

    @property
    def steps(self):
        """Updates of an epoch."""
        return len(self.X) // (self.batch_size or len(self.X))

    @property
    def flops(self):
        """Arithmetic of an update."""
        return arithmetic(self.layer_sizes, self.batch_size or len(self.X))


def forward_arithmetic(layer_sizes, rows):
    """2 rows n[l-1] n[l] of each layer."""
    return sum(2 * rows * n_in * n_out for n_in, n_out in pairwise(layer_sizes))


def arithmetic(layer_sizes, rows):
    """Forward, dW and dA; the first layer needs no dA."""
    return 3 * forward_arithmetic(layer_sizes, rows) - forward_arithmetic(layer_sizes[:2], rows)


@dataclass(frozen=True)
class Case:
    """Layer sizes, rows of a mini-batch, and the mini-batches of an epoch."""

    layer_sizes: list[int]
    batch_size: int
    batches: int

    @property
    def label(self):
        return f"{'-'.join(map(str, self.layer_sizes))}, batch {self.batch_size}"

    def task(self, **changes):
        """Train it as a classifier of random labels, on as many rows as the case has."""
        rows = self.batches * self.batch_size
        return Task(
            self.layer_sizes, self.batch_size, *random_data(self.layer_sizes, rows), **changes
        )


CASES = {
    "tiny": Case([30, 32, 2], 32, 200),
    "small": Case([64, 64, 64, 10], 64, 200),
    "mid": Case([784, 256, 128, 10], 128, 30),
    "large": Case([784, 1024, 1024, 10], 256, 6),
}


def random_data(layer_sizes, rows):
    """X (rows, n[0]) float32 and labels y (rows,) of the n[L] classes."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, layer_sizes[0]), np.float32)
    return X, rng.integers(0, layer_sizes[-1], rows)

"""Data and networks that the benchmarks share."""

import numpy as np
import pytest

import fastnn

# Name -> layer sizes and rows of a mini-batch.
CASES = {
    "tiny": ([30, 32, 2], 32),
    "small": ([64, 64, 64, 10], 64),
    "mid": ([784, 256, 128, 10], 128),
    "large": ([784, 1024, 1024, 10], 256),
}


@pytest.fixture(params=CASES)
def case(request):
    """A network of the case's size with dropout, and 16 mini-batches of data for it."""
    sizes, batch_size = CASES[request.param]
    rng = np.random.default_rng(0)
    X = rng.standard_normal((16 * batch_size, sizes[0]), np.float32)
    y = rng.integers(0, sizes[-1], len(X))
    return fastnn.Network(sizes, keep_prob=0.8, rng=0), X, y, batch_size

"""theta after training has the same bits whatever the number of threads (`python -m bench --only
bits` does the same with large networks and 50 epochs)."""

import numpy as np
import pytest

from fastnn import Network

# layer sizes, batch size: rows of a tile, of a chunk and of a thread all end in the middle
CASES = {
    "tiny": ([30, 32, 2], 32, 50),
    "small": ([64, 64, 64, 10], 64, 50),
    "odd": ([17, 33, 1, 3], 45, 50),
    "wide": ([200, 130, 50], 300, 3),
}
OPTIMIZERS = ("gd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "lbfgs")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_any_number_of_threads_makes_the_same_theta(case, dtype, optimizer):
    layer_sizes, batch_size, epochs = CASES[case]
    rng = np.random.default_rng(3)
    rows = 2 * batch_size + 19
    X = rng.standard_normal((rows, layer_sizes[0]))
    y = rng.integers(0, layer_sizes[-1], rows)
    dropout = {} if optimizer == "lbfgs" else {"keep_prob": [0.9] + [0.7] * (len(layer_sizes) - 2)}

    def theta(threads):
        net = Network(layer_sizes, l2=0.1, dtype=dtype, rng=0, **dropout)
        net.fit(
            X,
            y,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            threads=threads,
            learning_rate=0.01,
            dev=(X[:50], y[:50]),
        )
        return net.theta.tobytes()

    one = theta(1)
    for threads in (2, 3, 4, 7):
        assert theta(threads) == one, f"{threads} threads"

"""The same seed gives the same bits of theta, whatever the number of threads.

`python -m bench --only bits` does the same with large networks and 50 epochs.
"""

import numpy as np
import pytest
from small_fits import NOISY, X, Y, bits, classifier

from fastnn import Network

# layer sizes, batch size: rows of a tile, of a chunk and of a thread all end in the middle
CASES = {
    "tiny": ([30, 32, 2], 32, 50),
    "small": ([64, 64, 64, 10], 64, 50),
    "odd": ([17, 33, 1, 3], 45, 50),
    "wide": ([200, 130, 50], 300, 3),
    "packed": ([283, 241, 5], 45, 2),
    "one tile a strip": ([37, 2801, 3], 45, 2),
}
OPTIMIZERS = ("gd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "lbfgs")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_any_number_of_threads_makes_the_same_theta(case, dtype, optimizer):
    layer_sizes, batch_size, epochs = CASES[case]
    rng = np.random.default_rng(3)
    rows = 2 * batch_size + 19
    A = rng.standard_normal((rows, layer_sizes[0]))
    b = rng.integers(0, layer_sizes[-1], rows)
    dropout = {} if optimizer == "lbfgs" else {"keep_prob": [0.9] + [0.7] * (len(layer_sizes) - 2)}

    def theta(threads):
        net = Network(layer_sizes, l2=0.1, dtype=dtype, rng=0, **dropout)
        net.fit(
            A,
            b,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            threads=threads,
            learning_rate=0.01,
            dev=(A[:50], b[:50]),
        )
        return net.theta.tobytes()

    one = theta(1)
    for threads in (2, 3, 4, 7):
        assert theta(threads) == one, f"{threads} threads"


def test_the_same_seed_gives_the_same_bits():
    """A seed and a generator of it are the same; a second fit draws other numbers."""
    one, two, three = (
        classifier(**NOISY),
        classifier(**NOISY),
        classifier(**NOISY, rng=np.random.default_rng(0)),
    )
    for epochs in (2, 3):
        histories = [net.fit(X, Y, epochs=epochs, batch_size=32) for net in (one, two, three)]
        assert len(set(bits(one, two, three))) == 1
        assert histories[0].cost == histories[1].cost == histories[2].cost
    other = classifier(**NOISY, rng=1)
    unseeded = classifier(**NOISY, rng=None)
    assert len(set(bits(one, other, unseeded))) == 3


@pytest.mark.parametrize("options", [NOISY, {}])
def test_two_fits_in_a_row_differ(options):
    """Two fits have other masks and, without dropout, another order of the rows."""
    net = classifier(**options)
    start, ends = net.theta.copy(), []
    for _ in range(2):
        net.theta = start
        net.fit(X, Y, epochs=2, batch_size=32)
        ends += bits(net)
    assert ends[0] != ends[1]


def test_without_chance_two_fits_in_a_row_agree():
    net = classifier()
    start, ends = net.theta.copy(), []
    for shuffle, batch_size in ((False, 32), (False, 32), (True, None), (True, None)):
        net.theta = start
        net.fit(X, Y, epochs=3, batch_size=batch_size, shuffle=shuffle)
        ends += bits(net)
    assert ends[0] == ends[1]
    assert ends[2] == ends[3]

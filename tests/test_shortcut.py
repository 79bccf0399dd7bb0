"""`forward` of a few rows takes a way of its own: it must not be noticed but by the clock."""

import copy
import pickle
import threading

import numpy as np
import pytest

import fastnn
from fastnn import _kernels
from fastnn.activations import ACTIVATIONS

RNG = np.random.default_rng(0)


def takes_shortcut(net, X):
    return net._shortcut.forward(X) is not None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [[1, 1, 2], [3, 17, 33, 2], [65, 130, 64, 10], [5, 20]])
def test_same_bits_as_among_many_rows(sizes, activation, output, dtype):
    net = fastnn.Network(sizes, activation=activation, output=output, dtype=dtype, rng=0)
    net.theta[...] += np.asarray(RNG.standard_normal(net.theta.size) * 0.1, dtype)   # biases too
    X = RNG.standard_normal((40, sizes[0])).astype(dtype)
    among_many = net.forward(X)
    for rows in (1, 2, 3, 4, 5):
        few = net.forward(X[:rows])
        assert takes_shortcut(net, X[:rows]) == (rows <= 4)
        assert few.dtype == among_many.dtype
        np.testing.assert_array_equal(few, among_many[:rows])


def test_follows_theta():
    net = fastnn.Network([4, 8, 3], rng=0)
    X = np.ones((1, 4), np.float32)
    before = net.forward(X)
    net.params["W1"][...] *= 2
    doubled = net.forward(X)
    assert (doubled != before).any()
    net.theta = net.theta / 3
    assert (net.forward(X) != doubled).any()


@pytest.mark.parametrize("duplicate", [copy.deepcopy, copy.copy,
                                       lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_has_a_theta_of_its_own(duplicate):
    net = fastnn.Network([4, 8, 3], rng=0)
    X = np.ones((1, 4), np.float32)
    before = net.forward(X)
    twin = duplicate(net)
    twin.theta[...] = 0
    np.testing.assert_array_equal(net.forward(X), before)
    np.testing.assert_allclose(twin.forward(X), 1 / 3, rtol=1e-6)


base = RNG.standard_normal((4, 8)).astype(np.float32)
raw = np.zeros(4 * 4 * 8 + 1, np.uint8)[1:].view(np.float32).reshape(4, 8)
raw[...] = base
LAYOUTS = {
    "rows backwards": (base[::-1][:, :4], True),
    "every other row": (base[::2, :4], True),
    "one row repeated": (np.broadcast_to(base[0, :4], (3, 4)), True),
    "read-only": (np.frombuffer(base[:, :4].tobytes(), np.float32).reshape(4, 4), True),
    "columns apart": (base[:, ::2], False),
    "Fortran": (np.asfortranarray(base[:, :4]), False),
    "unaligned": (raw[:, :4], False),
    "float64": (base[:, :4].astype(float), False),
    "big-endian": (base[:, :4].astype(">f4"), False),
    "list": (base[:, :4].tolist(), False),
    "matrix": (base[:, :4].view(np.matrix) if hasattr(np, "matrix") else base[:, :4], False),
}


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout):
    X, short = LAYOUTS[layout]
    net = fastnn.Network([4, 8, 3], rng=0)
    plain = np.array(X, np.float32)
    expected = net.forward(np.concatenate([plain] * 3))[: len(plain)]
    np.testing.assert_array_equal(net.forward(X), expected)
    assert takes_shortcut(net, X) == short


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_as_ever(bad):
    net = fastnn.Network([4, 8, 3], rng=0)
    X = np.ones((2, 4), np.float32)
    X[1, 3] = bad
    with pytest.raises(ValueError, match="row 1"):
        net.forward(X)


def test_large_networks_do_not_hold_the_interpreter():
    net = fastnn.Network([1000, 1200, 10], rng=0)
    X = np.ones((1, 1000), np.float32)
    net.forward(X)
    assert not takes_shortcut(net, X)


def test_threads_share_a_network():
    net = fastnn.Network([16, 32, 4], rng=0)
    X = RNG.standard_normal((200, 16)).astype(np.float32)
    expected = net.forward(X)
    wrong = []

    def ask(start):
        for i in range(2_000):
            row = (start + i) % 200
            if (net.forward(X[row:row + 1]) != expected[row]).any():
                wrong.append(row)

    threads = [threading.Thread(target=ask, args=(50 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("arguments", [
    ([4, 3], [0, 0], 0, np.zeros(14)), ([4, 3], [0, 99], 0, np.zeros(15)),
    ([4, 3], [0], 0, np.zeros(15)), ([4, 3], [0, 0], 7, np.zeros(15)),
    ([4], [0], 0, np.zeros(0)), ([4, 0], [0, 0], 0, np.zeros(0)),
    ([4, 3], [0, 0], 0, np.zeros(15, int)), ([4, 3], [0, 0], 0, np.zeros((15, 1))),
])
def test_refuses_what_does_not_fit(arguments):
    with pytest.raises(ValueError, match="do not fit"):
        _kernels.Shortcut(*arguments)

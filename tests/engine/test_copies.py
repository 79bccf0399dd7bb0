"""Copies of a network are as `copy.deepcopy` makes them of any object."""

import copy

import numpy as np
import pytest
from sklearn.datasets import load_iris

import fastnn

X, y = load_iris(return_X_y=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_copy_goes_on_with_the_same_bits_and_shares_nothing_that_changes(dtype):
    net = fastnn.Network([4, 8, 3], keep_prob=0.9, normalize=True, dtype=dtype, rng=0)
    net.fit(X, y, epochs=3)
    copied = copy.deepcopy(net)
    assert type(copied) is fastnn.Network
    assert copied.spec == net.spec
    assert copied.history.cost == net.history.cost
    assert copied.history is not net.history
    assert copied.theta.ctypes.data % 64 == 0
    before = net.theta.copy()
    copied.fit(X, y, epochs=3)
    np.testing.assert_array_equal(net.theta, before)
    net.fit(X, y, epochs=3)
    np.testing.assert_array_equal(net.theta, copied.theta)


@pytest.mark.parametrize(
    "rng",
    [
        np.random.default_rng(5),
        np.random.default_rng(5).spawn(2)[1],
        np.random.Generator(np.random.PCG64DXSM([1, 2])),
        np.random.Generator(np.random.Philox(5)),
        np.random.Generator(np.random.MT19937(5)),
    ],
)
def test_the_generator_draws_and_spawns_the_same(rng):
    rng.integers(5)  # half a word of it is buffered
    net = fastnn.Network([2, 3, 1], rng=rng)
    copied = copy.deepcopy(net).rng
    assert copied is not rng
    assert copied.integers(2**30, size=3).tolist() == rng.integers(2**30, size=3).tolist()
    again = [generator.spawn(1)[0].random() for generator in (copied, rng)]
    assert again[0] == again[1]
    assert copied.random() == rng.random()


def test_what_two_networks_share_their_copies_share():
    rng = np.random.default_rng(0)
    nets = [fastnn.Network([2, 3, 1], rng=rng) for _ in range(2)]
    one, other, again = copy.deepcopy([*nets, nets[0]])
    assert one.rng is other.rng
    assert one.rng is not rng
    assert one is again


def test_a_subclass_keeps_its_own_attributes():
    class Named(fastnn.Network):
        pass

    net = Named([2, 1], rng=0)
    net.tags = ["a"]
    net.itself = net
    copied = copy.deepcopy(net)
    assert copied.tags == ["a"]
    assert copied.tags is not net.tags
    assert copied.itself is copied

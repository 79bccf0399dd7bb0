"""Copies of a fitted network go on as the original does."""

import copy
import pickle

import numpy as np
import pytest
from small_fits import NOISY, X, Y, bits, classifier


def pickled_by(protocol):
    return lambda net: pickle.loads(pickle.dumps(net, protocol))


def with_shared_memory(net):
    """A copy on read-only arrays, as joblib gives large ones to its workers."""
    buffers = []
    data = pickle.dumps(net, 5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=[bytes(buffer.raw()) for buffer in buffers])


@pytest.mark.parametrize(
    "make", [copy.deepcopy, pickled_by(2), pickled_by(4), pickled_by(5), with_shared_memory]
)
def test_a_copy_goes_on_as_the_original(make):
    net = classifier(**NOISY, activation=["tanh"], l2=0.1, l1=[0, 0.1])
    net.fit(X, Y, epochs=2)
    twin = make(net)
    assert twin.spec == net.spec
    assert twin.layout == net.layout
    assert vars(twin.history) == vars(net.history)
    assert bits(twin) == bits(net)
    for one in (net, twin):
        one.fit(X, Y, epochs=2)
    assert bits(twin) == bits(net)
    twin.theta = np.zeros(twin.theta.size)
    twin.params["W1"][0, 0] = 7
    assert twin.theta[0] == 7
    assert bits(twin) != bits(net)

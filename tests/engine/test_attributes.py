"""Attributes of a network: misspelt ones are refused, with the right name."""

import copy
import pickle

import numpy as np
import pytest

from fastnn import Network, Normalizer

X, Y = np.random.default_rng(0).normal(size=(20, 3)), [0, 1] * 10


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("L2", "did you mean l2?"),
        ("l3", "keep it elsewhere"),
        ("kep_prob", "did you mean keep_prob?"),
        ("keepprob", "did you mean keep_prob?"),
        ("Theta", "did you mean theta?"),
        ("normaliser", "did you mean normalizer?"),
        ("dropout", "keep_prob, which is 1 - dropout"),
        ("Dropout", "keep_prob, which is 1 - dropout"),
        ("alpha", "the name is l2"),
        ("weights", "the name is params"),
        ("learning_rate", "argument of fit: net.fit(X, y, learning_rate=...)"),
        ("init", "net.like(init=...) makes another"),
        ("colour", "keep it elsewhere, or in a subclass"),
    ],
)
def test_a_misspelt_attribute_is_refused(name, words):
    net = Network([3, 4, 2], rng=0)
    before = dict(vars(net))
    with pytest.raises(AttributeError) as caught:
        setattr(net, name, 0.5)
    assert str(caught.value).startswith(f"a Network has no attribute {name!r}")
    assert words in str(caught.value)
    assert vars(net) == before


@pytest.mark.parametrize("name", ["activation", "output", "dtype", "layer_sizes", "params", "rng"])
def test_what_is_fixed_cannot_be_assigned(name):
    net = Network([3, 4, 2], rng=0)
    with pytest.raises(AttributeError, match=name):
        setattr(net, name, getattr(net, name))


def test_attributes_that_may_be_assigned():
    net = Network([3, 4, 2], rng=0)
    net.l2, net.l1, net.keep_prob = 0.1, [0.2, 0], 0.5
    net.normalizer = Normalizer().fit(X)
    net.theta = np.zeros(net.theta.size)
    net.history = None
    net.fit(X, Y, epochs=1)
    assert (net.l2, net.l1, net.keep_prob) == ((0.1, 0.1), (0.2, 0), (1, 0.5))
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), net.like(rng=0)):
        assert twin.spec == net.spec
        twin.l2 = 0.3
        assert net.l2 == (0.1, 0.1)


def test_a_subclass_has_attributes_of_its_own():
    class Named(Network):
        def __init__(self, name):
            super().__init__([3, 4, 2], rng=0)
            self.name = name

    net = Named("first")
    assert net.name == "first"

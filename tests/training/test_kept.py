"""A fit like the last one uses again what that one has opened, and has the bits of any other."""

import copy
import gc
import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

import fastnn
from fastnn.engine.base_network import KEPT_FIT

rng = np.random.default_rng(0)
X = rng.standard_normal((33, 5)).astype(np.float32)
LABELS = rng.integers(0, 3, 33)
SHARES = np.eye(3)[LABELS] * 0.8 + 0.2 / 3


def kept(net):
    return vars(net).get(KEPT_FIT)


def network(**options):
    return fastnn.Network([5, 17, 3], rng=0, **options)


def square(z, y):
    return 0.5 * ((z - y) ** 2).sum()


def square_slope(z, y, dz):
    dz[:] = z - y


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": None, "optimizer": "gd", "shuffle": False},
        {"epochs": 3, "schedule": "cosine", "optimizer": fastnn.Nesterov(layer_rates=[0, 1])},
        {"clip_norm": 1.0, "evaluate_every": 0},
        {"label_smoothing": 0.1},
    ],
)
def test_the_second_fit_goes_on_with_the_session_of_the_first(options):
    net = network(keep_prob=0.8, l2=0.1)
    options = {"epochs": 1, "batch_size": 16, **options}
    net.fit(X, LABELS, **options)
    session = kept(net).session
    net.fit(X[::-1], LABELS, **options)
    assert kept(net).session is session


def test_equal_options_need_not_be_the_same_objects():
    net, rate = network(), 0.5
    for _ in range(2):
        net.fit(X, LABELS, epochs=1, learning_rate=rate / 5, optimizer=fastnn.Adam(beta1=0.8))
        session = kept(net).session
    net.fit(X, LABELS, epochs=1, learning_rate=rate / 5, optimizer=fastnn.Adam(beta1=0.8))
    assert kept(net).session is session
    net.fit(X, LABELS, epochs=1, learning_rate=rate / 5, optimizer=fastnn.Adam(beta1=0.7))
    assert kept(net).session is not session


@pytest.mark.parametrize(
    "options", [{"epochs": True}, {"epochs": 1.0}, {"epochs": 1, "shuffle": 1}], ids=str
)
def test_an_equal_option_of_another_type_is_refused_as_ever(options):
    net = network()
    net.fit(X, LABELS, epochs=1)
    with pytest.raises(TypeError, match="expected"):
        net.fit(X, LABELS, **options)


CHANGES = {
    "none": lambda net: None,
    "l2": lambda net: setattr(net, "l2", 0.3),
    "l1": lambda net: setattr(net, "l1", 0.1),
    "keep_prob": lambda net: setattr(net, "keep_prob", 0.7),
    "max_norm": lambda net: setattr(net, "max_norm", 0.5),
    "theta": lambda net: net.theta.__imul__(0.5),
    "assigned": lambda net: setattr(net, "theta", np.full(net.theta.size, 0.01)),
    "normalizer": lambda net: setattr(net, "normalizer", fastnn.Normalizer().fit(X)),
    "no normalizer": lambda net: setattr(net, "normalizer", None),
    "other state": lambda net: net.__setstate__(network(l2=0.2).__getstate__()),
}
DATA = {
    "float32": (X, LABELS),
    "float64": (X.astype(float), LABELS),
    "columns in order": (np.asfortranarray(X), LABELS.astype(np.int8)),
    "integers": (np.round(X).astype(int), LABELS),
    "sparse": (csr_array(X), LABELS),
    "probabilities": (X, SHARES),
    "fewer": (X[:17], LABELS[:17]),
    "two": (X[:2], LABELS[:2]),
    "lists": (X.tolist(), LABELS.tolist()),
}
OPTIONS = [
    {},
    {"learning_rate": 0.01},
    {"optimizer": "rmsprop"},
    {"optimizer": fastnn.AdamW()},
    {"batch_size": 16},
    {"batch_size": None},
    {"epochs": 3},
    {"dev": (X[:9], LABELS[:9])},
    {"callbacks": [lambda net, history: None]},
    {"sample_weight": np.arange(1.0, 34)},
    {"average": 0.9},
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(OPTIONS), st.sampled_from([*CHANGES]), st.sampled_from([*DATA])),
        min_size=2,
        max_size=6,
    ),
    st.sampled_from(["float32", "float64"]),
    st.booleans(),
)
def test_the_bits_are_those_of_fits_that_keep_nothing(fits, dtype, normalize):
    nets = [network(dtype=dtype, normalize=normalize, keep_prob=0.9) for _ in range(2)]
    for options, change, data in fits:
        x, y = DATA[data]
        options = {"epochs": 1, **options}
        if "sample_weight" in options:
            options["sample_weight"] = options["sample_weight"][: len(y)]
        for _ in range(2):
            vars(nets[1]).pop(KEPT_FIT, None)
            one, other = (net.fit(x, y, **options) for net in nets)
            assert nets[0].theta.tobytes() == nets[1].theta.tobytes()
            assert one.cost == other.cost
            assert one.train_error == other.train_error
            assert one.dropout_seed == other.dropout_seed
            assert nets[0].rng.bit_generator.state == nets[1].rng.bit_generator.state
        for net in nets:
            CHANGES[change](net)


def test_another_loss_is_not_mistaken():
    loss = fastnn.Loss(square, square_slope)
    nets = [fastnn.Network([5, 4, 2], output="identity", rng=0) for _ in range(2)]
    Y = rng.standard_normal((33, 2))
    for own in (None, None, loss, loss, None):
        for net in nets:
            net.loss = own
        vars(nets[1]).pop(KEPT_FIT, None)
        one, other = (net.fit(X, Y, epochs=2) for net in nets)
        assert one.cost == other.cost
    assert nets[0].theta.tobytes() == nets[1].theta.tobytes()


def test_options_that_may_change_are_not_kept():
    callbacks, called = [], []
    net = network()
    net.fit(X, LABELS, epochs=1, callbacks=callbacks)
    callbacks.append(lambda net, history: called.append(1))
    net.fit(X, LABELS, epochs=1, callbacks=callbacks)
    assert called == [1]


def test_the_examples_are_let_go():
    x, y = X.copy(), LABELS.copy()
    net, gone = network(), weakref.ref(x)
    for _ in range(2):
        net.fit(x, y, epochs=1)
        assert kept(net)
    y.resize(7)  # refused while its buffer is exported
    del x
    assert gone() is None


def test_the_network_is_let_go_and_with_it_what_it_keeps():
    net = network()
    net.fit(X, LABELS, epochs=1)
    net.fit(X, LABELS, epochs=1)
    gone = weakref.ref(net)
    gc.disable()
    try:
        del net
        assert gone() is None
    finally:
        gc.enable()


def test_a_large_network_keeps_nothing():
    net = fastnn.Network([5, 200, 200, 3], rng=0)
    net.fit(X, LABELS, epochs=1)
    assert kept(net) is None


@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, copy.copy, lambda net: pickle.loads(pickle.dumps(net))],
    ids=["deepcopy", "copy", "pickle"],
)
def test_a_copy_has_a_session_of_its_own(copied):
    net = network()
    net.fit(X, LABELS, epochs=1)
    other = copied(net)
    assert kept(other) is None
    before = net.theta.copy()
    other.fit(X, LABELS, epochs=1)
    other.fit(X, LABELS, epochs=1)
    np.testing.assert_array_equal(net.theta, before)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.full_like(X, np.nan), LABELS, "X to be finite"),
        (X[:, :4], LABELS, r"shape \(m, 5\)"),
        (X, LABELS + 1, r"class labels 0 \.\. 2"),
        (X, LABELS[:7], "as many rows"),
        (X[:0], LABELS[:0], "at least one example"),
        (np.ma.masked_array(X), LABELS, "mask"),
        (X, None, "no y"),
    ],
)
def test_bad_examples_are_refused_as_by_a_first_fit(x, y, message):
    net = network()
    net.fit(X, LABELS, epochs=1)
    theta, state = net.theta.copy(), net.rng.bit_generator.state
    texts = []
    for _ in range(2):
        with pytest.raises((ValueError, TypeError), match=message) as error:
            net.fit(x, y, epochs=1)
        texts.append(str(error.value))
        vars(net).pop(KEPT_FIT, None)
    assert texts[0] == texts[1]
    np.testing.assert_array_equal(net.theta, theta)
    assert net.rng.bit_generator.state == state


def test_a_theta_that_is_not_finite_is_refused():
    net = network()
    net.fit(X, LABELS, epochs=1)
    net.theta[3] = np.nan
    with pytest.raises(ValueError, match="theta to be finite"):
        net.fit(X, LABELS, epochs=1)


def test_after_a_divergence_the_next_fit_begins_anew():
    nets = [fastnn.Network([5, 8, 3], output="identity", rng=1) for _ in range(2)]
    options = {"optimizer": "gd", "learning_rate": 0.3, "epochs": 20}
    wild = 1e30 * np.eye(3)[LABELS]
    for net in nets:
        net.fit(X, wild * 0, **options)
        net.theta[...] = fastnn.Network([5, 8, 3], rng=2).theta
    ends = []
    for net, forgets in zip(nets, (False, True), strict=True):
        if forgets:
            vars(net).pop(KEPT_FIT, None)
        with pytest.raises(fastnn.DivergenceError) as error:
            net.fit(X, wild, **options)
        assert net.history.stopped == "diverged"
        ends.append(str(error.value))
        net.theta[...] = 0.01
        net.fit(X, wild * 0, **options)
    assert ends[0] == ends[1]
    assert nets[0].theta.tobytes() == nets[1].theta.tobytes()


def test_two_threads_at_one_network_do_no_harm():
    net, errors = network(), []
    net.fit(X, LABELS, epochs=1)

    def work(_):
        for _ in range(200):
            try:
                net.fit(X, LABELS, epochs=1)
            except RuntimeError as error:
                errors.append(str(error))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert all("being fitted already" in text for text in errors)
    other = copy.deepcopy(net)
    vars(other).pop(KEPT_FIT, None)
    net.fit(X, LABELS, epochs=1)
    other.fit(X, LABELS, epochs=1)
    np.testing.assert_array_equal(net.theta, other.theta)

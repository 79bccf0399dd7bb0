"""Numbers below the smallest normal one count as 0 in the core, whatever mode the caller is in."""

import _thread
import threading

import numpy as np
import pytest

import fastnn
from fastnn import _kernels
from fastnn.augment import Images

TINY = {"float32": 1e-39, "float64": 1e-310}  # denormal
DTYPES = list(TINY)
OPTIMIZERS = ["gd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]


@pytest.fixture(autouse=True)
def own_mode():
    """Every test begins and ends with denormals on."""
    if not _kernels.flush_denormals(False):
        pytest.skip("this architecture's mode is not known")
    yield
    _kernels.flush_denormals(False)


def in_both_modes(compute):
    """What `compute` gives when the caller's arithmetic has denormals, and when it flushes them."""
    results = []
    for flush in (False, True):
        _kernels.flush_denormals(flush)
        before = _kernels.control_words(2)
        results.append(compute())
        assert _kernels.control_words(2) == before
    assert before[0] != before[1]  # the caller's flushes, the core's own thread does not
    return results


def tiny_network(dtype, **settings):
    """A third of its weights are denormal."""
    net = fastnn.Network([6, 20, 3], dtype=dtype, rng=0, **settings)
    theta = np.array(net.theta)
    theta[::3] = TINY[dtype]
    net.theta = theta
    return net


def data(dtype, rows=40):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, 6)).astype(dtype)
    X[:, ::2] *= TINY[dtype]
    return X, rng.integers(0, 3, rows)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("l1", [0.0, 0.01])
def test_fit_has_the_same_bits(dtype, optimizer, l1):
    def fit():
        net = tiny_network(dtype, l2=0.1, l1=l1, keep_prob=0.9)
        net.fit(*data(dtype), epochs=3, batch_size=7, optimizer=optimizer, threads=2)
        return net.theta

    with_denormals, flushed = in_both_modes(fit)
    np.testing.assert_array_equal(with_denormals.view("u1"), flushed.view("u1"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", [1, 40])
def test_forward_and_gradient_have_the_same_bits(dtype, rows):
    net = tiny_network(dtype, activation="identity", output="identity", l2=1.0)
    X, _ = data(dtype, rows)

    def compute():
        y = np.zeros((rows, 3), dtype)
        return net.forward(X).tobytes(), net.value_and_grad(X, y)[1].tobytes()

    with_denormals, flushed = in_both_modes(compute)
    assert with_denormals == flushed


def test_augmented_images_have_the_same_bits():
    X = np.full((3, 64), TINY["float32"], "float32") * np.arange(64, dtype="float32")
    X[:, ::5] = 1e-37
    images = Images((8, 8), rotation=30)
    with_denormals, flushed = in_both_modes(lambda: images.apply(X, 0).tobytes())
    assert with_denormals == flushed


@pytest.mark.parametrize("dtype", DTYPES)
def test_denormal_weights_become_zero(dtype):
    net = tiny_network(dtype)
    net.fit(*data(dtype), epochs=1, optimizer="gd", learning_rate=0.0)
    assert not net.theta[::3].any()
    assert np.count_nonzero(net.theta) > 100


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", ["rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("epsilon", [1e-8, 1e-39])
def test_a_gradient_of_exactly_zero(dtype, optimizer, epsilon):
    """W[1] has none where x = 0: no 0 / 0, even at an epsilon that float32 flushes."""
    rules = {"rmsprop": fastnn.RMSprop, "adam": fastnn.Adam, "adamw": fastnn.AdamW}
    X, y = np.zeros((4, 6), dtype), np.array([0, 1, 2, 0])
    rule = rules[optimizer](epsilon=epsilon)

    def fit():
        net = fastnn.Network([6, 20, 3], dtype=dtype, rng=0)
        net.fit(X, y, epochs=2, batch_size=1, optimizer=rule, learning_rate=1e-4)
        return net.theta

    with_denormals, flushed = in_both_modes(fit)
    assert np.isfinite(with_denormals).all()
    np.testing.assert_array_equal(with_denormals, flushed)


def diverge():
    net = tiny_network("float32")
    with pytest.raises(fastnn.DivergenceError):
        net.fit(*data("float32"), epochs=50, optimizer="gd", learning_rate=1e30, threads=2)


def refuse():
    X, y = data("float32")
    with pytest.raises(ValueError, match="shape"):
        tiny_network("float32").fit(X[:, :5], y)


def interrupt():
    X, y = (np.repeat(part, 2000, axis=0) for part in data("float32"))
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        tiny_network("float32").fit(X, y, epochs=10_000, threads=2)
    timer.join()


@pytest.mark.parametrize("end", [diverge, refuse, interrupt])
def test_the_callers_mode_comes_back(end):
    in_both_modes(end)

"""`deterministic(across_cpus=True)`: the same bits on every CPU, for which digests stand here."""

import hashlib

import numpy as np
import pytest

import fastnn
from fastnn import _kernels

BEST = _kernels.variant  # the best one, unless FASTNN_VARIANT asks for another
ACTIVATIONS = ["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus"]
# Made on x86-64. A difference is a change of the arithmetic, or a CPU that computes otherwise.
DIGESTS = {
    ("softmax", "float32"): "80853acebcb83d98",
    ("softmax", "float64"): "7faf6896608245e6",
    ("sigmoid", "float32"): "3918d6208a34d0a0",
    ("sigmoid", "float64"): "771714cff874f847",
    ("identity", "float32"): "35b7a632c5680f99",
    ("identity", "float64"): "e214a7dbadea626b",
}
AUGMENTED = {"float32": "89c3384230335502", "float64": "4a09b3e74b4ddae6"}


def numbers(count):
    """Numbers between -1 and 1 that no library of mathematics has computed."""
    return (np.arange(count) * 7919 % 2003 - 1001) / 1024


def digest(output, dtype, threads=1):
    sizes = [5, 17, 33, 3, 7, 9, 11, 13, 8, 3]
    net = fastnn.Network(
        sizes,
        activation=ACTIVATIONS,
        output=output,
        keep_prob=0.9,
        l2=0.1,
        l1=0.01,
        init="zeros",
        dtype=dtype,
        rng=0,
    )
    net.theta[:] = numbers(net.theta.size)
    X = numbers(5 * 70).reshape(70, 5)
    y = {
        "softmax": np.arange(70) % 3,
        "sigmoid": np.arange(210).reshape(70, 3) % 2,
        "identity": numbers(210).reshape(70, 3),
    }[output]
    result = hashlib.sha256()
    for optimizer in ("gd", "momentum", "nesterov", "rmsprop", "adam", "adamw"):
        net.fit(X, y, epochs=2, batch_size=32, optimizer=optimizer, threads=threads)
        result.update(net.theta.tobytes())
    A = net.forward(X)
    result.update(A.tobytes())
    result.update(net.forward(X[:1]).tobytes())
    result.update(net.value_and_grad(X, y)[1].tobytes())
    return result.hexdigest()[:16]


@pytest.mark.parametrize(("dtype", "expected"), AUGMENTED.items())
def test_digests_of_changed_images(dtype, expected):
    images = fastnn.augment.Images((7, 9), flip=0.5, rotation=180, zoom=(0.8, 1.2), noise=0.1)
    X, y = numbers(40 * 63).reshape(40, 63), np.arange(40) % 3
    net = fastnn.Network([63, 5, 3], init="zeros", dtype=dtype, normalize=True, rng=0)
    net.theta[:] = numbers(net.theta.size)
    with fastnn.deterministic(across_cpus=True):
        net.fit(X, y, epochs=30, batch_size=16, augment=images)
    assert hashlib.sha256(net.theta.tobytes()).hexdigest()[:16] == expected


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(("output", "dtype"), DIGESTS)
def test_digests(output, dtype, threads):
    with fastnn.deterministic(across_cpus=True):
        assert digest(output, dtype, threads) == DIGESTS[output, dtype]


@pytest.mark.skipif(BEST in ("baseline", "portable"), reason="this CPU has no faster variant")
def test_the_variant_is_that_of_the_block_only():
    usual = digest("softmax", "float32")
    with fastnn.deterministic(across_cpus=True):
        assert _kernels.variant == "portable"
        with fastnn.deterministic(across_cpus=False):
            assert digest("softmax", "float32") == usual
        assert digest("softmax", "float32") != usual
    assert _kernels.variant == BEST
    assert digest("softmax", "float32") == usual


def test_it_may_stay():
    try:
        fastnn.deterministic(across_cpus=True)
        assert digest("softmax", "float32") == DIGESTS["softmax", "float32"]
    finally:
        fastnn.deterministic(across_cpus=False)
    assert _kernels.variant == BEST


def test_what_a_network_keeps_between_calls_follows():
    net = fastnn.Network([5, 33, 3], activation="tanh", rng=0)
    X, y = numbers(35).reshape(7, 5), np.arange(7) % 3
    usual = net.forward(X), net.value_and_grad(X, y)[1]
    with fastnn.deterministic(across_cpus=True):
        fresh = net.like()
        fresh.theta[:] = net.theta
        np.testing.assert_array_equal(net.forward(X), fresh.forward(X))
        np.testing.assert_array_equal(net.value_and_grad(X, y)[1], fresh.value_and_grad(X, y)[1])
    np.testing.assert_array_equal(net.forward(X), usual[0])
    np.testing.assert_array_equal(net.value_and_grad(X, y)[1], usual[1])


def test_an_error_within_ends_it():
    with pytest.raises(ZeroDivisionError), fastnn.deterministic(across_cpus=True):
        1 / 0  # noqa: B018
    assert _kernels.variant == BEST


def test_what_it_takes():
    with pytest.raises(TypeError, match="expected across_cpus to be True or False, got 1"):
        fastnn.deterministic(across_cpus=1)
    with pytest.raises(ValueError, match="expected one of"):
        _kernels.choose("another")

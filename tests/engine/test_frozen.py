"""`Network.freeze`: a copy for inference, with the bits of the network."""

import copy
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from concurrent_rows import rows_that_differ
from reference import ReferenceNetwork
from scipy import sparse
from sklearn.exceptions import NotFittedError
from variants import OTHERS, once, run_on

import fastnn
from fastnn import _kernels
from fastnn.layers.activations import ACTIVATIONS

RNG = np.random.default_rng(0)
ROWS = (*range(1, 20), 31, 32, 33, 64, 65, 257, 300)


def network(sizes, dtype="float32", **settings):
    net = fastnn.Network(sizes, dtype=dtype, rng=0, **settings)
    net.theta[...] += np.asarray(RNG.standard_normal(net.theta.size) * 0.1, dtype)  # biases too
    return net


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity", "exp"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    "sizes", [[1, 1, 2], [3, 17, 33, 2], [65, 130, 64, 10], [5, 20], [2, 130, 4]]
)
def test_same_bits_as_the_network(sizes, activation, output, dtype):
    net = network(sizes, dtype, activation=activation, output=output)
    frozen = net.freeze()
    X = RNG.standard_normal((300, sizes[0])).astype(dtype)
    for rows in ROWS:
        A = frozen.forward(X[:rows])
        assert A.dtype == dtype
        np.testing.assert_array_equal(A, net.forward(X[:rows]), err_msg=f"{rows} rows")
        np.testing.assert_array_equal(frozen.predict(X[:rows]), net.predict(X[:rows]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "sizes", [[1, 1], [3, 1, 2, 3], [17, 33, 17], [257, 65, 3], [601, 901, 3], [33, 1024, 1]]
)
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7, 17, 33, 130])
def test_against_formulas_in_float64(sizes, rows, dtype):
    net = network(sizes, dtype, activation="tanh", output="identity")
    X = RNG.standard_normal((rows, sizes[0])).astype(dtype)
    exact = ReferenceNetwork(sizes, "tanh", "identity").forward(net.theta.astype(float), X)
    error = 1e-12 if dtype == "float64" else 1e-3
    np.testing.assert_allclose(net.freeze().forward(X), exact, rtol=error, atol=error)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_any_number_of_threads_has_the_same_bits(threads, monkeypatch):
    monkeypatch.setattr("fastnn.engine.passes.choose_threads", lambda *arguments, **steps: threads)
    net = network([65, 130, 10])
    X = RNG.standard_normal((400, 65))  # float64: the general way
    np.testing.assert_array_equal(net.freeze().forward(X), net.forward(X))


def test_attributes_are_those_of_the_network():
    net = network([4, 8, 3], "float64", output="identity")
    frozen = net.freeze()
    assert type(frozen) is fastnn.FrozenNetwork
    assert frozen.layer_sizes == net.layer_sizes
    assert frozen.output == net.output
    assert frozen.regression
    assert frozen.dtype == net.dtype
    assert repr(frozen) == "<FrozenNetwork [4, 8, 3], output='identity', dtype='float64'>"
    np.testing.assert_array_equal(frozen.theta, net.theta)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [[1, 1], [3, 17, 33, 2], [15, 16, 64, 65, 129], [40, 8, 7]])
def test_theta_comes_back_from_the_panels(sizes, dtype):
    net = network(sizes, dtype)
    np.testing.assert_array_equal(net.freeze().theta, net.theta)


def test_it_does_not_follow_the_network():
    net, X = network([4, 8, 3]), np.ones((5, 4), np.float32)
    frozen, theta = net.freeze(), net.theta.copy()
    before = frozen.forward(X)
    net.theta[...] = 0
    frozen.theta[...] = 0  # a copy
    np.testing.assert_array_equal(frozen.forward(X), before)
    np.testing.assert_array_equal(frozen.theta, theta)


@pytest.mark.parametrize("name", ["theta", "layer_sizes", "output", "dtype", "regression", "new"])
def test_nothing_of_it_can_be_set(name):
    with pytest.raises(AttributeError):
        setattr(network([4, 3]).freeze(), name, 1)


def test_the_normalizer_is_frozen_too():
    X = (100 + 3 * RNG.standard_normal((400, 9))).astype(np.float32)
    net = fastnn.Network([9, 33, 2], normalize=True, rng=0)
    with pytest.raises(NotFittedError, match="call fit first"):
        net.freeze()
    net.fit(X, (X[:, 0] > 100).astype(int), epochs=1)
    frozen = net.freeze()
    before = net.forward(X)
    net.normalizer = fastnn.Normalizer().fit(X * 2)
    assert (net.forward(X) != before).any()
    for rows in (1, 5, 13, 400):
        np.testing.assert_array_equal(frozen.forward(X[:rows]), before[:rows])
        np.testing.assert_array_equal(frozen.forward(X[:rows].astype(float)), before[:rows])
    again = pickle.loads(pickle.dumps(frozen))
    np.testing.assert_array_equal(again.forward(X), before)


def test_predictions():
    X = RNG.standard_normal((20, 4)).astype(np.float32)
    for output, units in (("softmax", 3), ("sigmoid", 1), ("sigmoid", 2)):
        net = network([4, 8, units], output=output)
        np.testing.assert_array_equal(net.freeze().predict_proba(X), net.predict_proba(X))
    with pytest.raises(ValueError, match="use predict"):
        network([4, 8, 1], output="identity").freeze().predict_proba(X)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_copies(duplicate):
    frozen = network([4, 8, 3]).freeze()
    X = np.ones((5, 4), np.float32)
    twin = duplicate(frozen)
    np.testing.assert_array_equal(twin.forward(X), frozen.forward(X))
    np.testing.assert_array_equal(twin.theta, frozen.theta)
    assert repr(twin) == repr(frozen)


base = RNG.standard_normal((40, 8)).astype(np.float32)
unaligned = np.zeros(40 * 4 * 4 + 1, np.uint8)[1:].view(np.float32).reshape(40, 4)
unaligned[...] = base[:, :4]
LAYOUTS = {
    "rows backwards": base[::-1][:, :4],
    "every other row": base[::2, :4],
    "one row repeated": np.broadcast_to(base[0, :4], (33, 4)),
    "read-only": np.frombuffer(base[:, :4].tobytes(), np.float32).reshape(40, 4),
    "columns apart": base[:, ::2],
    "Fortran": np.asfortranarray(base[:, :4]),
    "unaligned": unaligned,
    "big-endian": base[:, :4].astype(">f4"),
    "integers": np.arange(160).reshape(40, 4),
    "list": base[:, :4].tolist(),
    "sparse": sparse.csr_array(base[:, :4]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout):
    X = LAYOUTS[layout]
    plain = np.array(X.toarray() if layout == "sparse" else X, np.float32)
    net = network([4, 8, 3])
    np.testing.assert_array_equal(net.freeze().forward(X), net.forward(plain))


@pytest.mark.parametrize(
    "X",
    [
        np.ones((5, 3), np.float32),
        np.ones(4, np.float32),
        np.ones((2, 5, 4), np.float32),
        np.full((2, 4), np.nan, np.float32),
        np.full((2, 4), 1e300),
        np.full((2, 4), "a"),
        np.ones((2, 4), complex),
    ],
)
def test_refused_as_by_the_network(X):
    net = network([4, 8, 3])
    frozen = net.freeze()
    with pytest.raises((ValueError, TypeError)) as expected:
        net.forward(X)
    with pytest.raises(expected.type) as got:
        frozen.forward(X)
    assert str(got.value) == str(expected.value)
    assert frozen.forward(np.ones((0, 4), np.float32)).shape == (0, 3)


@pytest.mark.parametrize("rows", [1, 7, 150])  # of 150 the interpreter is let go
def test_several_threads_use_it_at_once(rows):
    net = network([64, 128, 64, 4])
    frozen = net.freeze()
    X = RNG.standard_normal((200, 64)).astype(np.float32)
    assert rows_that_differ(frozen.forward, X, net.forward(X), rows) == []
    assert 1 <= len(frozen._idle) <= 4  # each thread had buffers of its own, which are kept


def test_buffers_are_free_again_after_an_error():
    frozen = network([4, 8, 3]).freeze()
    for _ in range(10):
        with pytest.raises(ValueError, match="expected X"):
            frozen.forward(np.ones((2, 3), np.float32))
    assert len(frozen._idle) == 1


def test_another_process_gets_the_same_outputs():
    frozen = network([64, 128, 64, 4]).freeze()
    X = RNG.standard_normal((20, 64)).astype(np.float32)
    # A method of fastnn: a process that is spawned need not find these tests.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        outputs = pool.submit(frozen.forward, X).result(timeout=120)
    assert outputs.tobytes() == frozen.forward(X).tobytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_forked_while_threads_use_it():
    code = """
import os, threading, numpy as np, fastnn
net = fastnn.Network([64, 256, 4], rng=0)
frozen, X = net.freeze(), np.ones((300, 64), np.float32)
expected, stop = frozen.forward(X), threading.Event()
def ask():
    while not stop.is_set():
        frozen.forward(X)
threads = [threading.Thread(target=ask) for _ in range(2)]
for thread in threads:
    thread.start()
for _ in range(20):
    child = os.fork()
    if child == 0:
        os._exit(0 if (frozen.forward(X) == expected).all() else 3)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
"""
    options = {"capture_output": True, "text": True, "check": False, "timeout": 120}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], **options)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer on this system")
def test_interrupted_it_works_on():
    net = network([64, 256, 4], "float64")
    frozen, X = net.freeze(), RNG.standard_normal((200_000, 64)).astype(np.float32)

    def interrupt(number, frame):
        raise KeyboardInterrupt

    def go_on():
        while True:
            frozen.forward(X)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.06)
        with pytest.raises(KeyboardInterrupt):
            go_on()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    np.testing.assert_array_equal(frozen.forward(X[:99]), net.forward(X[:99]))


def test_numbers_that_are_not_finite_go_through():
    net = network([4, 8, 3], output="identity")
    net.params["b2"][1] = np.nan
    X = np.ones((9, 4), np.float32)
    np.testing.assert_array_equal(net.freeze().forward(X), net.forward(X))


@pytest.mark.parametrize("variant", OTHERS)
def test_packed_again_where_the_kernels_are_others(variant):
    net = network([65, 130, 10], activation="tanh")
    frozen, X = net.freeze(), RNG.standard_normal((30, 65)).astype(np.float32)
    before = frozen.forward(X)
    last = _kernels.choose(variant)
    try:
        there = net.forward(X)
        np.testing.assert_array_equal(frozen.forward(X), there)
    finally:
        _kernels.choose(last)
    np.testing.assert_array_equal(frozen.forward(X), before)
    np.testing.assert_array_equal(frozen.theta, net.theta)


@pytest.mark.slow
@once
@pytest.mark.parametrize("variant", OTHERS)
def test_every_variant(variant):
    run_on(variant, "engine/test_frozen.py")


WIDTHS, CODES, THETA = [4, 3], [0, 0], np.zeros(15, np.float32)


@pytest.mark.parametrize(
    "arguments",
    [
        ([4, 3], [0, 0], 0, np.zeros(14)),
        ([4, 3], [0, 99], 0, np.zeros(15)),
        ([4, 3], [0], 0, np.zeros(15)),
        ([4, 3], [0, 0], 7, np.zeros(15)),
        ([4], [0], 0, np.zeros(0)),
    ],
)
def test_packed_refuses_what_does_not_fit(arguments):
    with pytest.raises(ValueError, match="do not fit"):
        _kernels.Packed(*arguments)


def test_a_pass_refuses_the_panels_of_other_layers():
    packed = _kernels.Packed(WIDTHS, CODES, 0, THETA)
    X = _kernels.Rows(np.ones((2, 3)), (2, 3))
    with pytest.raises(ValueError, match="do not fit"):
        _kernels.SmallForward([3, 4], CODES, 0, packed)
    with pytest.raises(ValueError, match="do not fit"):
        _kernels.Session(
            *([3, 4], CODES, 0, packed, X, None, None), batch_size=2, threads=1, training=False
        )


def test_a_pass_that_trains_takes_no_panels():
    packed = _kernels.Packed(WIDTHS, CODES, 0, THETA)
    X, y = (_kernels.Rows(np.ones((2, n)), (2, n)) for n in (4, 1))
    with pytest.raises(ValueError, match="do not fit"):
        _kernels.Session(
            *(WIDTHS, CODES, 0, packed, X, y, None), batch_size=2, threads=1, training=True
        )

"""`forward` of not too many rows goes a way of its own, noticed by the clock alone."""

import copy
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from concurrent_rows import rows_that_differ

import fastnn
from fastnn import _kernels
from fastnn.engine import passes
from fastnn.engine.examples import features
from fastnn.layers.activations import ACTIVATIONS

RNG = np.random.default_rng(0)


def takes_shortcut(net, X, **options):
    return net._small_forward.forward(X, **options) is not None


def the_long_way(net, X):
    return passes.outputs(net, features(net, X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [[1, 1, 2], [3, 17, 33, 2], [65, 130, 64, 10], [5, 20]])
def test_same_bits_as_among_many_rows(sizes, activation, output, dtype):
    net = fastnn.Network(sizes, activation=activation, output=output, dtype=dtype, rng=0)
    net.theta[...] += np.asarray(RNG.standard_normal(net.theta.size) * 0.1, dtype)  # biases too
    X = RNG.standard_normal((700, sizes[0])).astype(dtype)
    among_many = the_long_way(net, X)
    for rows in (1, 2, 3, 4, 5, 12, 13, 1, 17, 300, 33, 700, 4, 257):  # buffers grow and are kept
        few = net.forward(X[:rows])
        assert takes_shortcut(net, X[:rows], alone=True)
        assert few.dtype == among_many.dtype
        np.testing.assert_array_equal(few, among_many[:rows])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normalized_with_the_same_bits(dtype):
    X = (100 + 3 * RNG.standard_normal((400, 9))).astype(dtype)
    net = fastnn.Network([9, 33, 2], normalize=True, dtype=dtype, rng=0)
    net.fit(X, (X[:, 0] > 100).astype(int), epochs=1)
    among_many = the_long_way(net, X)
    for rows in (1, 5, 13, 400, 399, 13):
        np.testing.assert_array_equal(net.forward(X[:rows]), among_many[:rows])
        assert takes_shortcut(net, X[:rows])


def test_follows_theta():
    net = fastnn.Network([4, 8, 3], rng=0)
    X = np.ones((1, 4), np.float32)
    before = net.forward(X)
    net.params["W1"][...] *= 2
    doubled = net.forward(X)
    assert (doubled != before).any()
    net.theta = net.theta / 3
    assert (net.forward(X) != doubled).any()


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, copy.copy, lambda net: pickle.loads(pickle.dumps(net))]
)
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
    expected = the_long_way(net, plain)
    np.testing.assert_array_equal(net.forward(X), expected)
    assert takes_shortcut(net, X) == short


@pytest.mark.parametrize(
    "layout", ["rows backwards", "every other row", "one row repeated", "plain"]
)
def test_layouts_of_many_rows(layout):
    many = RNG.standard_normal((60, 8)).astype(np.float32)
    X = {
        "rows backwards": many[::-1, :4],
        "every other row": many[::2, 4:],
        "plain": many[:, :4],
        "one row repeated": np.broadcast_to(many[0, :4], (30, 4)),
    }[layout]
    net = fastnn.Network([4, 8, 3], rng=0)
    np.testing.assert_array_equal(net.forward(X), the_long_way(net, np.ascontiguousarray(X)))
    assert takes_shortcut(net, X)


def test_data_are_only_read():
    """Pages mapped for reading: whoever writes there, be it what stands there, crashes."""
    code = """
import mmap, os, tempfile, numpy as np, fastnn
with tempfile.TemporaryFile() as file:
    file.write(np.random.default_rng(0).standard_normal((200, 64)).astype(np.float32).tobytes())
    file.flush()
    mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
X = np.frombuffer(mapped, np.float32).reshape(200, 64)[:, :40]
net = fastnn.Network([40, 32, 3], rng=0)
for rows in (1, 7, 150, 7, 200, 5):   # buffers grow
    net.forward(X[:rows])
    assert net._small_forward.forward(X[:rows]) is not None
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("rows", [0, 5, 100])
def test_shapes_that_do_not_fit_are_refused_as_ever(rows):
    net = fastnn.Network([4, 8, 3], rng=0)
    net.forward(np.ones((20, 4), np.float32))
    for shape in ((rows, 3), (rows, 5), (rows,), (2, rows, 4), ()):
        with pytest.raises(ValueError, match="expected X"):
            net.forward(np.ones(shape, np.float32))
    assert net.forward(np.ones((rows, 4), np.float32)).shape == (rows, 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_as_ever(bad):
    net = fastnn.Network([4, 8, 3], rng=0)
    for rows in (2, 50):
        X = np.ones((rows, 4), np.float32)
        X[1, 3] = bad
        with pytest.raises(ValueError, match="row 1"):
            net.forward(X)


@pytest.mark.parametrize("rows", [1, 50])
def test_what_is_not_finite_once_normalized_is_refused(rows):
    X = RNG.standard_normal((100, 4)).astype(np.float32)
    X[:, 2] *= 1e-30
    net = fastnn.Network([4, 8, 3], normalize=True, rng=0)
    net.fit(X, RNG.integers(0, 3, 100), epochs=1)
    far = X[:rows].copy()
    far[0, 2] = 1e10
    with pytest.raises(ValueError, match="row 0"):
        net.forward(far)


def test_large_networks_do_not_hold_the_interpreter():
    net = fastnn.Network([1000, 1200, 10], rng=0)
    X = np.ones((1, 1000), np.float32)
    go, ran = threading.Event(), threading.Event()

    def other():
        go.wait()
        ran.set()

    thread = threading.Thread(target=other)
    thread.start()
    before = sys.getswitchinterval()
    sys.setswitchinterval(60)  # nobody is interrupted: the other runs if it is let
    try:
        go.set()
        for _ in range(1000):
            net.forward(X)
        let = ran.is_set()
    finally:
        sys.setswitchinterval(before)
        thread.join()
    assert let
    assert takes_shortcut(net, X)


def test_buffers_that_are_kept_are_small():
    net = fastnn.Network([10, 5000, 10], rng=0)  # 5.1 MB of activations of 256 rows
    X = np.ones((256, 10), np.float32)
    net.forward(X[:1])
    assert not takes_shortcut(net, X, alone=True)
    assert takes_shortcut(net, X[:64], alone=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(
    "sizes",
    [
        [1, 1],
        [3, 15, 31, 17],
        [130, 131, 70],
        [257, 65, 3],
        [601, 901, 3],
        [17, 2100, 3],
        [33, 1024, 1],
    ],
)
def test_rows_have_the_same_bits_by_any_tile(sizes, threads, dtype):
    net = fastnn.Network(sizes, activation="tanh", output="identity", dtype=dtype, rng=0)
    net.theta[...] = RNG.standard_normal(net.theta.size)
    X = RNG.standard_normal((130, sizes[0])).astype(dtype)

    def outputs(rows):
        out = np.empty((rows, sizes[-1]), dtype)
        session = passes.open_session(net, features(net, X[:rows]), threads=threads)
        session.start(out=out)
        while session.evaluate(passes.TURN):
            pass
        return out

    all_rows, exact = outputs(130), X.astype(float)
    for l in range(1, len(sizes)):
        exact = exact @ net.params[f"W{l}"].astype(float) + net.params[f"b{l}"]
        if l + 1 < len(sizes):
            exact = np.tanh(exact)
    error = 1e-12 if dtype == "float64" else 1e-3
    np.testing.assert_allclose(all_rows, exact, rtol=error, atol=error)
    for rows in (*range(1, 15), 17, 25, 31, 32, 33, 64, 65):
        np.testing.assert_array_equal(outputs(rows), all_rows[:rows], err_msg=f"{rows} rows")


def test_work_for_several_threads_goes_another_way():
    net = fastnn.Network([64, 64, 64, 10], rng=0)
    X = np.ones((1024, 64), np.float32)
    net.forward(X)
    assert not takes_shortcut(net, X)
    assert takes_shortcut(net, X, alone=True)
    assert takes_shortcut(net, X[:300])
    net = fastnn.Network([1000, 1800, 10], rng=0)
    X, tile = np.ones((13, 1000), np.float32), _kernels.tile()[0]
    net.forward(X[:1])
    assert takes_shortcut(net, X[:tile])
    assert not takes_shortcut(net, X[: tile + 1])


@pytest.mark.parametrize("rows", [1, 7, 150])  # of 150 the interpreter is let go
def test_threads_share_a_network(rows):
    net = fastnn.Network([64, 128, 64, 4], rng=0)
    X = RNG.standard_normal((200, 64)).astype(np.float32)
    assert rows_that_differ(net.forward, X, the_long_way(net, X), rows) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ([4, 3], [0, 0], 0, np.zeros(14)),
        ([4, 3], [0, 99], 0, np.zeros(15)),
        ([4, 3], [0], 0, np.zeros(15)),
        ([4, 3], [0, 0], 7, np.zeros(15)),
        ([4], [0], 0, np.zeros(0)),
        ([4, 0], [0, 0], 0, np.zeros(0)),
        ([4, 3], [0, 0], 0, np.zeros(15, int)),
        ([4, 3], [0, 0], 0, np.zeros((15, 1))),
    ],
)
def test_refuses_what_does_not_fit(arguments):
    with pytest.raises(ValueError, match="do not fit"):
        _kernels.SmallForward(*arguments)

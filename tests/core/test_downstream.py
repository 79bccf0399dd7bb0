"""The compiled interface (fastnn.h, fastnn/core.pxd): an extension is built against the package."""

import importlib.util
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from problems import draw_problem
from reference import relative_difference

import fastnn

pytestmark = pytest.mark.slow

SOURCES = Path(__file__).parent / "downstream"
BUILD = """
import sys
from pathlib import Path
import fastnn
from Cython.Build import cythonize
from setuptools import Distribution, Extension

name, source, include = sys.argv[1:]
extension = Extension(name, [source], include_dirs=[include or fastnn.get_include()])
packages = str(Path(fastnn.__file__).parents[1])
modules = cythonize([extension], include_path=[packages]) if source.endswith("x") else [extension]
command = Distribution({"name": name, "ext_modules": modules}).get_command_obj("build_ext")
command.inplace = True
command.ensure_finalized()
command.run()
"""
DTYPES = ["float32", "float64"]
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}


def build(folder, source, include=""):
    """The module compiled from a file in SOURCES, in a process and a folder of its own."""
    name = Path(source).stem
    (folder / source).write_text((SOURCES / source).read_text())
    result = subprocess.run(
        [sys.executable, "-c", BUILD, name, source, str(include)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3_000:] + result.stderr[-3_000:]
    spec = importlib.util.spec_from_file_location(name, next(folder.glob(f"{name}.*.so")))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def downstream(tmp_path_factory):
    return build(tmp_path_factory.mktemp("downstream"), "downstream.pyx")


SIZES = [7, 20, 9, 3]


def network(dtype, output="softmax", activation=("gelu", "tanh"), **settings):
    settings |= {"activation": activation, "output": output, "dtype": dtype}
    return fastnn.Network(SIZES, rng=3, **settings)


def handle(downstream, net, **settings):
    codes = {"softmax": downstream.SOFTMAX, "sigmoid": downstream.SIGMOID}
    codes["identity"] = downstream.LINEAR
    names = {"relu": downstream.RELU, "tanh": downstream.TANH, "gelu": downstream.GELU}
    opened = downstream.Handle(
        net.layer_sizes,
        [names[name] for name in net.activation],
        codes[net.output],
        net.dtype == np.float64,
        net.theta.ctypes.data,
        **settings,
    )
    assert opened.status == downstream.OK
    return opened


def data(net, rows, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, SIZES[0])).astype(net.dtype)
    y = rng.random((rows, SIZES[-1])).astype(net.dtype)
    return X, rng.integers(0, SIZES[-1], rows) if net.output == "softmax" else y


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
@pytest.mark.parametrize("rows", [1, 5, 1000])
def test_forward_has_the_bits_of_python(downstream, dtype, output, rows):
    net = network(dtype, output)
    X, _ = data(net, rows)
    A = np.empty((rows, SIZES[-1]), dtype)
    opened = handle(downstream, net, training=False)
    assert opened.forward(X.ctypes.data, rows, A.ctypes.data) == downstream.OK
    np.testing.assert_array_equal(A, net.forward(X))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
def test_loss_and_gradient(downstream, dtype, output):
    """Those of `value_and_grad`, to the bit, and of the reference; forward passes lie between."""
    problem = draw_problem(5, SIZES, 300, activation=["tanh", "gelu"], output=output)
    net = problem.network(dtype)
    X = np.ascontiguousarray(problem.X, dtype)
    y = np.ascontiguousarray(problem.y, np.int64 if output == "softmax" else dtype)
    gradient, A = np.empty_like(net.theta), np.empty((len(X), SIZES[-1]), dtype)
    opened = handle(downstream, net, rows=len(X))
    for _ in range(2):
        status, loss = opened.loss_gradient(
            X.ctypes.data, y.ctypes.data, len(X), gradient.ctypes.data
        )
        assert status == downstream.OK
        expected_loss, expected = net.value_and_grad(X, y)
        assert loss == expected_loss
        np.testing.assert_array_equal(gradient, expected)
        assert opened.forward(X.ctypes.data, len(X), A.ctypes.data) == downstream.OK
    value, derivative = problem.reference().data_gradient(
        problem.theta, problem.X, problem.y, np.full(len(X), 1 / len(X))
    )
    assert relative_difference(loss, value) < TOLERANCE[dtype]
    assert relative_difference(gradient, derivative) < TOLERANCE[dtype]


OPTIMIZERS = {
    "gd": (0, fastnn.GradientDescent(), {}),
    "momentum": (1, fastnn.Momentum(), {"beta1": 0.9}),
    "nesterov": (2, fastnn.Nesterov(), {"beta1": 0.9}),
    "rmsprop": (3, fastnn.RMSprop(), {"beta2": 0.9, "epsilon": 1e-8}),
    "adam": (4, fastnn.Adam(), {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
    "adamw": (
        4,
        fastnn.AdamW(weight_decay=0.1),
        {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.1},
    ),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("l1", [0.0, 0.2])
def test_updates_are_those_of_fit(downstream, dtype, optimizer, l1):
    """Three full batches of one row, which no shuffle can reorder."""
    code, of_fit, settings = OPTIMIZERS[optimizer]
    net, fitted = (network(dtype, activation="relu", l2=0.3, l1=l1) for _ in range(2))
    X, y = data(net, 1)
    fitted.fit(X, y, epochs=3, batch_size=1, optimizer=of_fit, learning_rate=0.01)
    unused = {"l2": 0.3, "l1": l1, "weight_decay": 0.0}
    unused |= {"beta1": 0.0, "beta2": 0.0, "epsilon": 0.0, "learning_rate": 0.01}
    opened = handle(downstream, net)
    gradient, first, second = (np.zeros_like(net.theta) for _ in range(3))
    at = [array.ctypes.data for array in (gradient, first, second)]
    for step in range(3):
        opened.loss_gradient(X.ctypes.data, y.ctypes.data, len(X), at[0])
        status = opened.update(step, *at, **(unused | settings), optimizer=code)
        assert status == downstream.OK
    if l1 and optimizer == "momentum":  # the compiler contracts it in other places
        np.testing.assert_allclose(net.theta, fitted.theta, atol=4 * np.finfo(dtype).eps)
    else:
        np.testing.assert_array_equal(net.theta, fitted.theta)
    assert not np.array_equal(net.theta, network(dtype, activation="relu").theta)


@pytest.mark.parametrize("dtype", DTYPES)
def test_two_threads_without_the_gil(downstream, dtype):
    """Both pass until this thread, which needs the GIL, says stop. Each has its own handle."""
    net = network(dtype)
    X, _ = data(net, 200)
    parts = [X[:100], X[100:]]
    A = [np.empty((100, SIZES[-1]), dtype) for _ in parts]
    handles = [handle(downstream, net, training=False) for _ in parts]
    running, stop = np.zeros(2, np.intc), np.zeros(1, np.intc)
    results = [None, None]

    def work(i):
        results[i] = handles[i].forward_until(
            parts[i].ctypes.data,
            100,
            A[i].ctypes.data,
            running[i:].ctypes.data,
            stop.ctypes.data,
        )

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    while not running.all():
        pass
    busy = handles[0].forward(X.ctypes.data, 100, np.empty((100, 3), dtype).ctypes.data)
    stop[0] = 1
    for thread in threads:
        thread.join()
    assert busy in (downstream.BUSY, downstream.OK)  # between two passes nobody uses it
    assert results == [(downstream.OK, True)] * 2
    np.testing.assert_array_equal(np.concatenate(A), net.forward(X))


def test_a_handle_is_for_one_call_at_a_time(downstream):
    net = network("float32")
    X, _ = data(net, 200_000)
    A = np.empty((len(X), 3), "float32")
    shared = handle(downstream, net, training=False)
    running, stop = np.zeros(1, np.intc), np.zeros(1, np.intc)
    seen = set()

    def work():
        seen.add(
            shared.forward_until(
                X.ctypes.data, len(X), A.ctypes.data, running.ctypes.data, stop.ctypes.data
            )[0]
        )

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    while threads[0].is_alive() and threads[1].is_alive():
        pass
    stop[0] = 1
    for thread in threads:
        thread.join()
    assert seen == {downstream.BUSY, downstream.OK}


def test_wrong_arguments_are_refused(downstream):
    bad = downstream.BAD_ARGUMENT
    net = network("float32")
    theta = net.theta.ctypes.data
    for arguments in (
        ([7], [], 0, False, theta),
        ([7, 3], [], 99, False, theta),
        ([7, 0, 3], [1], 0, False, theta),
        ([7, 5, 3], [99], 0, False, theta),
        ([2**40, 2**40], [], 0, False, theta),
        ([7, 3], [], 0, False, 0),
        ([7, 3], [], 0, True, theta + 4 if theta % 8 == 0 else theta),
        ([7, 3], [], 0, False, theta, 0),
    ):
        assert downstream.Handle(*arguments).status == bad
    X, y = data(net, 4)
    at, to = X.ctypes.data, np.empty_like(net.theta).ctypes.data
    opened, predicts = handle(downstream, net), handle(downstream, net, training=False)
    assert opened.forward(0, 4, to) == bad
    assert opened.forward(at + 1, 3, to) == bad
    assert opened.forward(at, -1, to) == bad
    assert opened.forward(at, 0, to) == downstream.OK
    assert opened.loss_gradient(at, y.ctypes.data, 0, to)[0] == bad
    assert predicts.loss_gradient(at, y.ctypes.data, 4, to)[0] == bad
    y[2] = 3
    assert opened.loss_gradient(at, y.ctypes.data, 4, to)[0] == bad


def test_an_update_that_is_not_finite_changes_nothing(downstream):
    net = network("float32")
    before = net.theta.copy()
    gradient = np.ones_like(net.theta)
    settings = dict.fromkeys(("l2", "l1", "weight_decay", "beta1", "beta2", "epsilon"), 0.0)
    settings |= {"optimizer": 0, "learning_rate": 0.1}
    opened = handle(downstream, net)
    at = gradient.ctypes.data
    for wrong in ({"learning_rate": -1.0}, {"learning_rate": np.nan}, {"optimizer": 9}, {"l2": -1}):
        assert opened.update(0, at, 0, 0, **(settings | wrong)) == downstream.BAD_ARGUMENT
    assert opened.update(-1, at, 0, 0, **settings) == downstream.BAD_ARGUMENT
    assert opened.update(0, at, 0, 0, **(settings | {"optimizer": 1})) == downstream.BAD_ARGUMENT
    for broken in (np.nan, np.inf, 3e38):
        gradient[5] = broken
        rate = {"learning_rate": 10.0}
        assert opened.update(0, at, 0, 0, **(settings | rate)) == downstream.NOT_FINITE
    np.testing.assert_array_equal(net.theta, before)


def test_another_abi_is_refused(tmp_path):
    header = (Path(fastnn.get_include()) / "fastnn.h").read_text()
    (tmp_path / "fastnn.h").write_text(header.replace("FASTNN_ABI 1\n", "FASTNN_ABI 99\n"))
    with pytest.raises(ImportError, match=r"compiled for fastnn's ABI 99, .* has ABI 1: compile"):
        build(tmp_path, "outdated.c", tmp_path)

"""ONNX models: onnxruntime computes what `forward` does."""

import importlib
import json
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from problems import ACTIVATIONS, OUTPUTS

import fastnn

RNG = np.random.default_rng(0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


def run(path, X):
    """The model's one output, by onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (out,) = session.get_outputs()
    (given,) = session.get_inputs()
    assert given.name == "X"
    return session.run([out.name], {"X": X})[0], out.name


def assert_close(got, expected, tolerance=1e-6, like=None):
    """Relative to the largest of its column (of `like`): where terms cancel, less is rounding."""
    assert got.dtype == expected.dtype
    assert got.shape == expected.shape
    scale = np.abs(expected if like is None else like).max(axis=0, initial=1e-3)
    assert (np.abs(got - expected) / scale).max(initial=0) < tolerance


@pytest.mark.parametrize(
    ("labels", "names"),
    [(["setosa", "virginica", "Łódź"], ["setosa", "virginica", "Łódź"]), ([3, 5], [3, 5])],
)
def test_names_of_classes_and_features_are_in_the_file(path, labels, names):
    X = pd.DataFrame(RNG.standard_normal((60, 2)), columns=["width", "length"])
    estimator = fastnn.MLPClassifier((4,), max_iter=2, solver="lbfgs", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(X, np.resize(labels, 60))
    fastnn.to_onnx(estimator, path)
    facts = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert facts.keys() == {"classes", "features"}
    assert json.loads(facts["classes"]) == sorted(names)
    assert json.loads(facts["features"]) == ["width", "length"]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map == facts


def test_a_network_has_no_names(path):
    fastnn.to_onnx(fastnn.Network([2, 3], rng=0), path)
    assert not onnx.load(path).metadata_props


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(path, activation, dtype):
    """The outputs are the hidden activations themselves, of z from -30 to 30."""
    net = fastnn.Network([1, 1, 1], activation=activation, output="identity", dtype=dtype)
    net.theta = [1, 0, 1, 0]
    fastnn.to_onnx(net, path)
    for z in (np.linspace(-30, 30, 4001), np.linspace(-1, 1, 2001), np.zeros(1)):
        X = z.astype(dtype)[:, None]
        got, name = run(path, X)
        assert name == "values"
        # The largest z of relu and its like should not hide what happens near 0.
        for rows in (np.abs(z) <= 3, np.abs(z) > 3):
            assert_close(got[rows], net.forward(X)[rows])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_networks(path, activation, output, dtype):
    net = fastnn.Network(
        [7, 40, 30, 3],
        activation=[activation, "tanh"],
        output=output,
        keep_prob=0.5,
        dtype=dtype,
        rng=1,
    )
    net.theta = net.theta + 0.1 * RNG.standard_normal(net.theta.size)
    fastnn.to_onnx(net, path)
    X = RNG.standard_normal((200, 7)).astype(dtype)
    (got, name), A = run(path, X), net.forward(X)
    assert name == ("values" if output == "identity" else "probabilities")
    assert_close(got, A, 1e-6 if dtype == "float32" or activation == "gelu" else 1e-13)
    for rows in (0, 1, 3):
        assert_close(run(path, X[:rows])[0], A[:rows], like=A)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert {onnx.helper.tensor_dtype_to_np_dtype(t.data_type) for t in model.graph.initializer} == {
        np.dtype(dtype)
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_normalizer_is_part_of_it(path, dtype):
    """Also one whose means are a million times its deviations, and a constant feature."""
    X = (RNG.standard_normal((300, 5)) * [1, 100, 1e-3, 1e-2, 0] + [0, -7, 5, 1e4, 3]).astype(dtype)
    y = (X[:, 0] > 0).astype(int)
    net = fastnn.Network([5, 16, 1], normalize=True, dtype=dtype, rng=0)
    net.fit(X, y, epochs=5)
    fastnn.to_onnx(net, path)
    assert_close(run(path, X)[0], net.forward(X))


def test_logistic_regression_and_estimators(path):
    net = fastnn.Network([4, 1], rng=0)
    X = RNG.standard_normal((20, 4)).astype("f4")
    fastnn.to_onnx(SimpleNamespace(network_=net), str(path))
    assert_close(run(path, X)[0], net.forward(X))
    assert [node.op_type for node in onnx.load(path).graph.node] == ["Gemm", "Sigmoid"]


def test_the_same_network_gives_the_same_bytes(path):
    net, contents = fastnn.Network([4, 8, 3], activation="gelu", rng=0), set()
    for _ in range(3):
        fastnn.to_onnx(net, path)
        contents.add(path.read_bytes())
    assert len(contents) == 1
    assert onnx.load(path).producer_name == "fastnn"


def test_refusals(path, monkeypatch):
    with pytest.raises(TypeError, match=r"expected a fastnn.Network or a fitted .*, got int"):
        fastnn.to_onnx(3, path)
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError, match="call fit first"):
        fastnn.to_onnx(fastnn.Network([4, 1], normalize=True), path)
    with pytest.raises(FileNotFoundError, match="there is no directory"):
        fastnn.to_onnx(fastnn.Network([4, 1]), path / "nowhere" / "model.onnx")
    module = importlib.import_module("fastnn.export.onnx_graph")
    monkeypatch.setattr(module, "_LARGEST", 20)
    with pytest.raises(ValueError, match=r"less than 2 GiB, the limit of an ONNX .*; got 20 b"):
        fastnn.to_onnx(fastnn.Network([4, 1]), path)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'fastnn-cpu\[onnx\]'"):
        fastnn.to_onnx(fastnn.Network([4, 1]), path)
    assert not path.exists()


@pytest.mark.parametrize("output", ["exp", "identity_absolute", "identity_huber"])
def test_outputs_of_other_losses(path, output):
    net = fastnn.Network([7, 20, 3], output=output, rng=0)
    X = np.random.default_rng(0).standard_normal((50, 7)).astype(np.float32)
    fastnn.to_onnx(net, path)
    out, name = run(path, X)
    assert name == "values"
    np.testing.assert_allclose(out, net.forward(X), rtol=1e-5, atol=1e-6)

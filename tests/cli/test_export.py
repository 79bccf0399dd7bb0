"""``fastnn export``: onnxruntime computes what `fastnn predict` says."""

import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.testing import assert_allclose
from tables import done, failed, houses

import fastnn
from fastnn import cli

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "command_line.rst"


def outputs_of(path, columns):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [out.name for out in session.get_outputs()]
    return dict(zip(names, session.run(names, columns), strict=True))


@pytest.fixture
def houses_model(tmp_path):
    data, path = tmp_path / "houses.csv", tmp_path / "houses.safetensors"
    houses().to_csv(data, index=False)
    done(
        *("train", data, "--target", "grade", "--drop", "id,price", "--quiet", "--save", path),
        *("--hidden", "6", "--epochs", "20", "--learning-rate", "0.01"),
    )
    return path


def test_the_model_of_a_table(houses_model):
    said = done("export", houses_model)
    path = houses_model.with_suffix(".onnx")
    assert said.startswith(f"Model written to {path}\nIts inputs: area (numbers), age (numbers), ")
    model, frame = fastnn.load(houses_model), houses()
    found = outputs_of(path, model.schema_.columns_of(frame))
    assert np.array_equal(found["label"], model.predict(frame))
    assert_allclose(found["probabilities"], model.predict_proba(frame), atol=1e-5)


@pytest.mark.parametrize("kind", ["network", "ensemble", "estimator"])
def test_models_of_arrays(tmp_path, kind):
    X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    networks = [fastnn.Network([4, 5, 3], rng=seed) for seed in range(2)]
    path, out = tmp_path / "m.safetensors", tmp_path / "out.onnx"
    if kind == "network":
        networks[0].save(path)
        expected = networks[0].forward(X)
    elif kind == "ensemble":
        fastnn.Ensemble(networks).save(path)
        expected = fastnn.Ensemble(networks).forward(X)
    else:
        model = fastnn.MLPClassifier((5,), solver="adam", random_state=0)
        model.partial_fit(X, np.arange(30) % 3, classes=[0, 1, 2])
        model.save(path)
        expected = model.predict_proba(X)
    assert done("export", path, "-o", out) == f"Model written to {out}\n"
    assert_allclose(outputs_of(out, {"X": X})["probabilities"], expected, atol=1e-5)
    assert done("export", path, "-o", out, "--quiet") == ""


def test_what_is_refused(houses_model):
    before = houses_model.read_bytes()
    assert "does not end in .onnx" in failed(2, "export", houses_model, "-o", houses_model)
    said = failed(2, "export", houses_model.with_name("houses.csv"))
    assert "expected a model file, as model.safetensors" in said
    assert "could not load" in failed(1, "export", houses_model.with_name("none.safetensors"))
    same = houses_model.with_name("same.onnx")
    same.write_bytes(before)
    assert "MODEL and --output both name" in failed(2, "export", same)
    assert houses_model.read_bytes() == same.read_bytes() == before


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (fastnn.TableClassifier, "Tables"),
        (fastnn.TableRegressor, "Tables"),
        (fastnn.Network, "Networks"),
        (fastnn.Sweep, "Sweeps"),
    ],
)
def test_the_reference_tells_what_each_method_is_in_a_shell(kind, subject):
    entries = REFERENCE.read_text().split("\n   * - ")
    found = (re.match(r"(\w+): (.*)\n     - (.*)", entry, re.DOTALL) for entry in entries)
    rows = [match.groups() for match in found if match]
    named = [
        name for of, names, _ in rows if of == subject for name in re.findall(r"``(\w+)``", names)
    ]
    assert len(set(named)) == len(named)
    methods = {
        name
        for name in dir(kind)
        if not name.startswith("_")
        and callable(member := getattr(kind, name))
        and getattr(member, "__module__", "").startswith("fastnn.")
    }
    assert methods >= {"Tables": {"to_onnx"}, "Networks": {"vjp"}, "Sweeps": {"plot"}}[subject]
    assert set(named) >= methods
    # A regressor alone has no probabilities.
    assert set(named) - methods <= {"predict_proba"}
    commands = {name for _, _, how in rows for name in re.findall(r"``fastnn (\w+)", how)}
    assert {"train", "export", "sweep"} <= commands <= set(cli.main.commands)

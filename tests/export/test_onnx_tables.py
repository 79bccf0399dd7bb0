"""ONNX models of tables: onnxruntime computes what `predict` does, from the columns."""

import json

import numpy as np
import onnxruntime
import pandas as pd
import pytest

import fastnn

# Of fits this short.
pytestmark = pytest.mark.filterwarnings("ignore:.* on the dev rows:UserWarning")
QUICK = {"quality": None, "epochs": 5, "hidden": (6,)}


def table(m=200, seed=0):
    """Numbers, gaps, text, booleans, dates, and more categories than have inputs of their own."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "year": 2000 + rng.integers(20, size=m) + rng.random(m),  # most digits cancel
            "gaps": np.where(rng.random(m) < 0.2, np.nan, rng.normal(size=m)),
            "site": rng.choice(["bog", "hill", "shore", None], m),
            "code": [f"k{i}" for i in rng.geometric(0.004, m)],
            "wild": rng.random(m) < 0.5,
            "seen": pd.Timestamp("2020-03-05") + pd.to_timedelta(rng.integers(400, size=m), "D"),
        }
    )
    frame["y"] = rng.normal(size=m) + frame["wild"]
    return frame


def run(path, model, frame):
    """The outputs by name, of onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [out.name for out in session.get_outputs()]
    found = dict(zip(names, session.run(names, model.schema_.columns_of(frame)), strict=True))
    return found, session.get_modelmeta().custom_metadata_map


def new_rows(frame):
    """Rows with gaps, unseen categories and numbers far outside, too."""
    rows = frame[:40].drop(columns="y").copy()
    rows.loc[:3, ["year", "gaps"]] = np.nan
    rows.loc[2:5, "site"] = "moon"
    rows.loc[4:7, "code"] = None
    rows.loc[6:9, "gaps"] = 1e9
    return rows


@pytest.mark.parametrize(
    "classes", [["no", "yes"], ["a", "b", "none"], [1, 2, 5], [False, True], [0.5, 1.5]]
)
def test_classes(tmp_path, classes):
    frame = table()
    frame["y"] = np.resize(np.array(classes, dtype=object), len(frame))
    model = fastnn.TableClassifier(**QUICK).fit(frame, "y")
    path = tmp_path / "m.onnx"
    model.to_onnx(path)
    rows = new_rows(frame)
    found, names = run(path, model, rows)
    assert found["label"].tolist() == model.predict(rows).tolist()
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(rows), atol=1e-6)
    assert json.loads(names["classes"]) == classes
    fastnn.to_onnx(model, tmp_path / "again.onnx")
    assert path.read_bytes() == (tmp_path / "again.onnx").read_bytes()


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values(tmp_path, loss, dtype):
    frame = table(3000)
    frame["y"] = np.exp(frame["y"] + frame["code"].str[-1].astype(int)).round(1)
    model = fastnn.TableRegressor(**QUICK, loss=loss, dtype=dtype).fit(frame, "y")
    assert any("hash" in name for name in model.schema_.input_names)
    assert "code: mean of y" in model.schema_.input_names
    model.to_onnx(tmp_path / "m.onnx")
    rows = new_rows(frame)
    found, names = run(tmp_path / "m.onnx", model, rows)
    expected = model.predict(rows)
    assert found["values"].dtype == np.float64
    assert found["values"].min() >= 0
    np.testing.assert_allclose(found["values"][:, 0], expected, rtol=2e-5, atol=1e-5)
    assert json.loads(names["target"]) == ["y"]


def test_shares_of_classes_in_categories(tmp_path):
    frame = table(3000)
    frame["code"] = frame["code"].where(frame.index % 3 > 0)  # a gap is one of them
    last = frame["code"].fillna("k0").str[-1].astype(int)
    for classes in (2, 3):
        frame["y"] = np.array(["a", "b", "c"])[last % classes]
        model = fastnn.TableClassifier(**QUICK).fit(frame, "y")
        assert model.schema_.columns[-1].means is not None
        model.to_onnx(tmp_path / "m.onnx")
        found, _ = run(tmp_path / "m.onnx", model, new_rows(frame))
        np.testing.assert_allclose(
            found["probabilities"], model.predict_proba(new_rows(frame)), atol=1e-6
        )


def test_bins_and_texts_of_gaps(tmp_path):
    frame = table()
    frame["site"] = frame["site"].fillna("")
    model = fastnn.TableRegressor(**QUICK).fit(frame, "y")
    schema = model.schema_ = fastnn.tabular.TableSchema.fit(frame, "y", bins=4)
    model.network_ = fastnn.Network([schema.n_inputs, 5, 1], output="identity", rng=0)
    model.to_onnx(tmp_path / "m.onnx")
    rows = new_rows(frame)
    rows.loc[8:12, "site"] = "NA"
    found, _ = run(tmp_path / "m.onnx", model, rows)
    np.testing.assert_allclose(found["values"][:, 0], model.predict(rows), rtol=2e-5, atol=1e-5)
    options = onnxruntime.SessionOptions()
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", options)
    given = schema.columns_of(rows)
    given["site"][given["site"] == ""] = "NA"  # a text that means a gap
    np.testing.assert_array_equal(session.run(["values"], given)[0], found["values"])

"""Weights of rows and of classes on the command line."""

import io

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score, roc_auc_score
from tables import QUICK, document, done, failed, houses, run

import fastnn

ONE = ("--hidden", "4", "--epochs", "20")


@pytest.fixture
def frame():
    """Labels against the sign of x in rows of little weight."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=400).round(4)})
    light = rng.random(400) < 0.6
    frame["y"] = np.where((frame["x"] > 0) ^ light, "yes", "no")
    frame["count"] = np.where(light, 0.01, 5.0)
    return frame


@pytest.fixture
def data(frame, tmp_path):
    frame.to_csv(tmp_path / "d.csv", index=False)
    return tmp_path / "d.csv"


@pytest.mark.parametrize("options", [QUICK, ("--quality", "fast")])
def test_rows_count_by_their_weights(frame, data, tmp_path, options):
    path, test = tmp_path / "m.safetensors", tmp_path / "t.csv"
    frame[300:].to_csv(test, index=False)
    command = ("train", data, "--target", "y", "--weight", "count", "--test", test, *options)
    results = document(*command, "--save", path)
    assert results["dev_error"] < 0.1  # of all rows alike it is above a half
    told = "Column 'count' has the weights of the rows, and is left out of the inputs."
    assert told in " ".join(results["notices"])
    model = fastnn.load(path)
    assert model.schema_.sources == ["x"]
    weight = frame["count"][300:]
    expected = 1 - model.score(frame[300:], sample_weight=weight)
    assert results["test_error"] == pytest.approx(expected)
    P = model.predict_proba(frame[300:])[:, 1]
    area = roc_auc_score(frame["y"][300:] == "yes", P, sample_weight=weight)
    assert results["test_auc"] == pytest.approx(area)
    found = document("score", path, test, "--weight", "count")
    assert {name: found[name] for name in found if name.startswith("test_")} == {
        name: results[name] for name in results if name.startswith("test_")
    }
    assert document("score", path, test)["test_error"] > 0.4
    new = frame[["x"]].to_csv(index=False)
    assert len(pd.read_csv(io.StringIO(done("predict", path, "-", stdin=new)))) == 400


@pytest.mark.filterwarnings("ignore:Predictions on the dev rows")  # all alike they are not related
def test_they_are_the_sample_weight_of_python(frame, data, tmp_path):
    path, dev = tmp_path / "m.safetensors", tmp_path / "dev.csv"
    frame[:60].to_csv(dev, index=False)
    frame[60:].to_csv(data, index=False)
    command = ("train", data, "--target", "y", "--weight", "count", "--dev", dev, "--test", dev)
    done(*command, *ONE, "--quiet", "--save", path)
    X, y, weight = frame[["x"]], frame["y"], frame["count"]
    model = fastnn.TableClassifier([4], epochs=20)
    model.fit(X[60:], y[60:], weight[60:], dev=(X[:60], y[:60], weight[:60]))
    assert model.network_.theta.tobytes() == fastnn.load(path).network_.theta.tobytes()


def test_weights_of_a_regression(tmp_path):
    table = houses().drop(columns=["id", "grade"])
    table["w"] = np.where(table["garden"], 3, 0)
    data, path = tmp_path / "d.csv", tmp_path / "m.safetensors"
    table.to_csv(data, index=False)
    command = ("train", data, "--target", "price", "--weight", "w", "--drop", "garden,w", *QUICK)
    results = document(*command, "--save", path)
    assert sum(results["rows"].values()) == table["garden"].sum()
    assert f"{(~table['garden']).sum()} rows of weight 0 are left out." in " ".join(
        results["notices"]
    )
    table["w"] = np.arange(len(table)) % 5 + 0.5
    table.to_csv(data, index=False)
    found = document("score", path, data, "--weight", "w")
    values = fastnn.load(path).predict(table)
    expected = r2_score(table["price"], values, sample_weight=table["w"])
    assert found["test_r2"] == pytest.approx(expected)


def test_unknown_classes_count_by_their_weights(frame, data, tmp_path):
    path = tmp_path / "m.safetensors"
    done("train", data, "--target", "y", "--weight", "count", *ONE, "--quiet", "--save", path)
    frame = frame[:100].reset_index(drop=True)
    frame.loc[::7, "y"] = "maybe"
    right = fastnn.load(path).predict(frame) == frame["y"]
    result = run("score", path, "-", "--weight", "count", "--json", stdin=frame.to_csv(index=False))
    expected = 1 - np.average(right, weights=frame["count"])
    assert f'"test_error": {expected:.6f}'[:20] in result.stdout


@pytest.mark.parametrize(
    ("cell", "said"),
    [("-1", "got '-1"), ("", "got a gap"), ("many", "got 'many'"), ("inf", "got 'inf'")],
)
def test_weights_that_are_none_are_refused(frame, data, cell, said):
    frame["count"] = frame["count"].astype(str)
    frame.loc[7, "count"] = cell
    frame.to_csv(data, index=False)
    told = failed(2, "train", data, "--target", "y", "--weight", "count", *ONE)
    assert "column 'count': expected a weight in every row, a number of 0 or more" in told
    assert said in told
    assert "in row 9" in told


def test_columns_that_cannot_be_weights(data, tmp_path):
    command = ("train", data, "--target", "y", *ONE)
    assert "no weight 'cuont' (did you mean 'count'?)" in failed(2, *command, "--weight", "cuont")
    assert "is the target" in failed(2, *command, "--weight", "y")
    said = failed(2, *command, "--weight", "count", "--groups", "count")
    assert "--weight and --groups both name count" in said
    path = tmp_path / "m.safetensors"
    done(*command, "--quiet", "--save", path)
    assert "--weight x is an input of the model" in failed(2, "score", path, data, "--weight", "x")
    assert "--weight is for a file" in failed(2, "train", "--weight", "count", "--quiet")


def test_every_command_on_a_table_takes_weights(frame, data, tmp_path):
    frame.loc[:20, "count"] = 0
    frame.to_csv(data, index=False)
    path = tmp_path / "m.safetensors"
    command = (data, "--target", "y", "--weight", "count")
    results = document("train", *command, *ONE, "--save", path)
    assert sum(results["rows"].values()) == 379
    for judge in ("diagnose", "report"):
        out = ("-o", tmp_path / "r.html", "--no-gradcheck") if judge == "report" else ()
        assert run(judge, path, data, "--weight", "count", *out, "--quiet").exit_code == 0
    found = document("diagnose", path, data, "--weight", "count")
    assert found["rows"] == results["rows"]
    assert document("sweep", *command, *ONE, "--l2", "0,1")["dev_error"] < 0.2


def test_class_weights_one_by_one(frame, data, tmp_path):
    frame["y"] = np.where(frame["x"] + np.random.default_rng(1).normal(size=400) > 1, "yes=1", "no")
    frame.drop(columns="count").to_csv(data, index=False)
    path = tmp_path / "m.safetensors"
    command = ("train", data, "--target", "y", *ONE)
    plain = document(*command)["test_class_errors"]
    results = document(*command, "--class-weight", "yes=1=20,no=0.5", "--save", path)
    assert results["test_class_errors"]["yes=1"] < plain["yes=1"]
    assert results["test_class_errors"]["no"] > plain["no"]
    model = fastnn.load(path)
    assert model.class_weight == {"yes=1": 20.0, "no": 0.5}
    # The same weights by rows, which early stopping and J see alike.
    rows = pd.read_csv(data)
    rows["w"] = np.where(rows["y"] == "no", 0.5, 20)
    rows.to_csv(data, index=False)
    other = tmp_path / "w.safetensors"
    done(*command, "--weight", "w", "--save", other, "--quiet")
    assert fastnn.load(other).network_.theta.tobytes() == model.network_.theta.tobytes()
    assert "weighted by class" in done("diagnose", path, data)


def test_class_weights_of_numbers_and_of_some_classes(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=300), "y": rng.integers(1, 4, 300)})
    data, path = tmp_path / "d.csv", tmp_path / "m.safetensors"
    table.to_csv(data, index=False)
    table[table["y"] != 3][:50].to_csv(tmp_path / "dev.csv", index=False)
    command = ("train", data, "--target", "y", *ONE, "--dev", tmp_path / "dev.csv")
    document(*command, "--early-stopping", "off", "--class-weight", "3=50", "--save", path)
    assert fastnn.load(path).class_weight == {3: 50.0}
    frame = pd.read_csv(data)
    assert (fastnn.load(path).predict(frame) == 3).mean() > 0.95


@pytest.mark.parametrize(
    "value", ["yes", "yes=", "=1", "yes=1,yes=2", "yes=0", "yes=nan", "yes=-1"]
)
def test_class_weights_that_are_none(data, value):
    told = failed(2, "train", data, "--target", "y", "--class-weight", value, *ONE)
    assert "each class once with a weight above 0, e.g. yes=5,no=1" in told


def test_class_weights_of_what_is_no_class(data):
    command = ("--drop", "count", *ONE, "--class-weight", "yess=2")
    told = failed(2, "train", data, "--target", "y", *command)
    assert "got 'yess'; they are 'no', 'yes'" in told
    told = failed(2, "train", data, "--target", "x", *command)
    assert "--class-weight is not for a regression" in told


def test_class_weights_of_python_name_classes_too(frame):
    model = fastnn.TableClassifier([4], epochs=2, class_weight={"yes": 1, "never": 2})
    with pytest.raises(ValueError, match="got 'never'; they are 'no', 'yes'"):
        model.fit(frame, "y")

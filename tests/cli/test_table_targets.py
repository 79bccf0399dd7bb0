"""Rows without a target on the command line."""

import re

import numpy as np
import pandas as pd
import pytest
from tables import QUICK, document, failed, found_again, houses, predicted, run

import fastnn

BRIEF = ("--hidden", "4", "--epochs", "3")


@pytest.fixture
def data(tmp_path):
    """Countries by two numbers; NA is Namibia."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=90), "b": rng.normal(size=90)})
    frame["country"] = np.resize(["NA", "ZA", "BW"], 90)
    frame.loc[3:6, "country"] = ""
    frame.loc[7, "country"] = "null"
    frame.to_csv(tmp_path / "d.csv", index=False)
    return tmp_path / "d.csv"


WORDS = (
    "33 rows without a country are left out: 28 with 'NA', 1 with 'null', 4 empty; if 'NA' is a "
    "class, keep it by missing=() (--missing '')."
)


@pytest.mark.parametrize("stdin", [False, True])
def test_texts_that_are_taken_for_gaps_are_told_with_counts_and_the_way_out(data, stdin):
    command = ("train", "-" if stdin else data, "--target", "country", *BRIEF)
    text = data.read_text() if stdin else None
    result = run(*command, stdin=text)
    assert result.exit_code == 0
    assert WORDS in " ".join(result.stderr.split())
    assert document(*command, stdin=text)["rows"] == {"train": 35, "dev": 11, "test": 11}


def test_the_way_out_keeps_the_class(data, tmp_path):
    path = tmp_path / "m.safetensors"
    command = ("train", data, "--target", "country", *BRIEF, "--save", path)
    results = document(*command, "--missing", "")
    assert sum(results["rows"].values()) == 85  # one null is a class too small
    assert "4 rows without a country are left out: 4 empty." in results["notices"][0]
    assert fastnn.load(path).classes_.tolist() == ["BW", "NA", "ZA"]
    results = document(*command, "--missing", "null")
    assert "5 rows without a country are left out: 1 with 'null', 4 empty." in results["notices"][0]
    assert document("diagnose", path, data)["rows"] == results["rows"]


@pytest.mark.parametrize("options", [("--missing", ""), ("--categorical", "y")])
def test_a_class_unknown_beside_numbers_is_kept(tmp_path, options):
    x = np.random.default_rng(0).normal(size=(90, 1)).round(3)
    frame = pd.DataFrame({"x": x[:, 0], "y": np.resize(["0", "1", "unknown"], 90)})
    frame.to_csv(tmp_path / "d.csv", index=False)
    frame[:4].to_csv(tmp_path / "dev.csv", index=False)
    path = tmp_path / "m.safetensors"
    command = ("train", tmp_path / "d.csv", "--target", "y", *BRIEF, "--save", path)
    results = document(*command)
    assert sum(results["rows"].values()) == 60
    assert "if 'unknown' is a class, keep it by missing=() (--missing '')" in results["notices"][0]
    results = document(*command, *options)
    assert sum(results["rows"].values()) == 90
    assert fastnn.load(path).classes_.tolist() == ["0", "1", "unknown"]
    assert document("diagnose", path, tmp_path / "d.csv")["rows"] == results["rows"]
    results = document(*command, *options, "--dev", tmp_path / "dev.csv")
    assert results["rows"]["dev"] == 4


def test_gaps_among_numbers_are_told_too(data):
    frame = pd.read_csv(data)
    frame["b"] = frame["b"].astype(object)
    frame.loc[:5, "b"] = "-"
    frame.loc[6, "b"] = "n.a."
    frame.to_csv(data, index=False)
    notice = document("train", data, "--target", "b", *BRIEF)["notices"][0]
    assert "7 rows without a b are left out: 6 with '-', 1 with 'n.a.'." in notice
    assert "NA" not in notice


def test_a_target_that_is_not_there(data):
    said = failed(2, "train", data, "--target", "county", *BRIEF)
    assert "no target 'county' (did you mean 'country'?)" in said


def test_counts_are_not_predicted_below_zero(tmp_path):
    from sklearn.metrics import root_mean_squared_error

    rng = np.random.default_rng(0)
    x, u = rng.normal(size=(2, 300))
    frame = pd.DataFrame({"x": x, "u": u, "n": rng.poisson(np.exp(1.5 + 1.2 * x + 1.2 * u))})
    frame.to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    command = ("train", tmp_path / "d.csv", "--target", "n", "--task", "regression")
    results = document(*command, "--save", path, *QUICK)
    values = predicted(run("predict", path, tmp_path / "d.csv").stdout)["prediction"]
    assert values.min() == 0
    parts = found_again(fastnn.load(path), frame)
    expected = [root_mean_squared_error(p["n"], values[p.index]) for p in parts.values()]
    found = [results[f"{name}_rmse"] for name in parts]
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_task_that_was_taken_is_told(tmp_path):
    frame = houses()
    frame["price"] //= 200_000
    frame.to_csv(tmp_path / "d.csv", index=False)
    command = ("train", tmp_path / "d.csv", "--target", "price", *QUICK)
    (said,) = (text for text in document(*command)["notices"] if "taken for classes" in text)
    assert re.match("Target 'price' is taken for classes.*--task", said)
    for task in ("classification", "regression"):
        again = document(*command, "--task", task)["notices"]
        assert not any("taken for classes" in text for text in again)


def test_classes_of_too_few_rows(tmp_path):
    frame = pd.DataFrame({"x": np.arange(90) % 11, "bird": ["a", "b", "c"] * 30})
    frame.loc[[5, 6, 7, 8], "bird"] = ["owl", "kite", "crow", "crow"]
    frame.to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    command = ("train", tmp_path / "d.csv", "--target", "bird", "--save", path, *QUICK)
    results = document(*command)
    assert results["rows"] == {"train": 52, "dev": 17, "test": 17}
    assert results["notices"] == [
        "Classes of fewer than 3 rows are left out, with 4 rows: crow, kite, owl; rare "
        "classes can also be kept or joined (rare_classes, --rare-classes)."
    ]
    assert document("diagnose", path, tmp_path / "d.csv")["rows"] == results["rows"]
    results = document(*command, "--rare-classes", "keep")
    assert results["rows"] == {"train": 54, "dev": 18, "test": 18}
    assert fastnn.load(path).schema_.classes.tolist() == ["a", "b", "c", "crow", "kite", "owl"]
    assert document("diagnose", path, tmp_path / "d.csv")["rows"] == results["rows"]


def test_classes_that_training_does_not_have_are_errors(tmp_path):
    x = np.arange(120) % 2 + np.arange(120) / 1000
    frame = pd.DataFrame({"x": x, "at": range(120), "bird": ["a", "b"] * 60})
    frame[:60].to_csv(tmp_path / "d.csv", index=False)
    frame[60:].assign(bird=["a", "b", "owl"] * 20).to_csv(tmp_path / "t.csv", index=False)
    path = tmp_path / "m.safetensors"
    command = ("train", tmp_path / "d.csv", "--target", "bird", "--save", path, *QUICK)
    results = document(*command, "--test", tmp_path / "t.csv")
    assert results["test_class_errors"]["owl"] == 1
    errors = results["test_class_errors"].values()
    assert results["test_error"] == pytest.approx(sum(errors) / 3)
    assert results["test_balanced_error"] == pytest.approx(sum(errors) / 3)
    told = "20 of the 60 test rows are of classes that no training row has: 'owl' (20)"
    assert sum(told in notice for notice in results["notices"]) == 1
    notes = document("diagnose", path, tmp_path / "d.csv", "--test", tmp_path / "t.csv")["notes"]
    assert any(told in note for note in notes)

    frame.loc[110:, "bird"] = "owl"
    frame.to_csv(tmp_path / "d.csv", index=False)
    results = document(*command, "--time", "at", "--parts", tmp_path / "parts.csv")
    assert results["test_class_errors"]["owl"] == 1
    parts = pd.read_csv(tmp_path / "parts.csv")
    assert parts["row"].tolist() == list(range(2, 122))
    assert parts["part"].value_counts().to_dict() == {"train": 72, "dev": 24, "test": 24}


def test_classes_are_predicted_as_the_file_writes_them(tmp_path):
    x, noise = np.random.default_rng(0).normal(size=(2, 200))
    frame = pd.DataFrame({"x": x, "zip": np.where(x + noise / 9 > 0, "02134", "10001")})
    frame.to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    results = document("train", tmp_path / "d.csv", "--target", "zip", *QUICK, "--save", path)
    assert results["notices"] == []
    assert document("info", path)["classes"] == ["02134", "10001"]
    found = predicted(run("predict", path, tmp_path / "d.csv", "--proba").stdout, dtype=str)
    assert set(found["prediction"]) == {"02134", "10001"}
    assert (found["prediction"] == frame["zip"]).mean() > 0.8
    assert list(found.columns[1:]) == ["probability of 02134", "probability of 10001"]
    assert document("diagnose", path, tmp_path / "d.csv")["rows"] == results["rows"]

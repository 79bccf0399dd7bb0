"""``fastnn score``: the figures of a saved model on other rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score, root_mean_squared_error
from tables import QUICK, document, done, failed, houses, run

import fastnn


@pytest.fixture
def other(tmp_path):
    houses(90, seed=1).to_csv(tmp_path / "other.csv", index=False)
    return tmp_path / "other.csv"


@pytest.mark.parametrize("target", ["grade", "price"])
def test_figures_are_those_that_train_shows_of_test_rows(folder, other, tmp_path, target):
    path = tmp_path / "m.safetensors"
    command = ("train", folder / "data.csv", "--target", target, "--drop", "id", *QUICK)
    results = document(*command, "--test", other, "--save", path)
    expected = {name: v for name, v in results.items() if name.startswith("test_")}
    found = document("score", path, other)
    assert len(expected) == (4 if target == "grade" else 2)
    assert {name: found[name] for name in expected} == expected
    assert found["rows"] == {"test": results["rows"]["test"]}
    assert (found["target"], found["task"]) == (results["target"], results["task"])
    printed = [line for line in run(*command, "--test", other).stdout.splitlines() if "│" in line]
    shown = done("score", path, other)
    figures = [line.split("│")[1:3] for line in printed if "test " in line]
    assert len(figures) == (3 if target == "grade" else 1)
    for name, value in figures:
        assert any(name.strip() in line and value.strip() in line for line in shown.splitlines())


def test_figures_are_those_of_scikit_learn(folder, other):
    frame = pd.read_csv(other)
    model = fastnn.load(folder / "grade.safetensors")
    found = document("score", folder / "grade.safetensors", other)
    right = accuracy_score(frame["grade"], model.predict(frame))
    assert found["test_error"] == pytest.approx(1 - right)
    assert found["test_error"] == pytest.approx(1 - model.score(frame))
    area = roc_auc_score(frame["grade"], model.predict_proba(frame), multi_class="ovr")
    assert found["test_auc"] == pytest.approx(area)
    model = fastnn.load(folder / "price.safetensors")
    found = document("score", folder / "price.safetensors", other)
    values = model.predict(frame)
    assert found["test_rmse"] == pytest.approx(root_mean_squared_error(frame["price"], values))
    assert found["test_r2"] == pytest.approx(r2_score(frame["price"], values))


def test_rows_of_unknown_classes_are_errors_and_are_told(folder, other):
    frame = pd.read_csv(other)
    frame.loc[:8, "grade"] = "ruin"
    known = frame.drop(index=[9, 10])
    frame.loc[9:10, "grade"] = ""
    frame.to_csv(other, index=False)
    path = folder / "grade.safetensors"
    found = document("score", path, other)
    with pytest.warns(UserWarning, match="no training row has"):
        expected = fastnn.load(path).score(known)
    assert found["test_error"] == pytest.approx(1 - expected)
    assert found["test_class_errors"]["ruin"] == 1
    said = " ".join(found["notices"])
    assert "9 of the 88 test rows are of classes that no training row has: 'ruin' (9)" in said
    assert "2 rows without a grade are left out" in said
    assert "no training row has" in " ".join(run("score", path, other).stderr.split())


def test_uneven_classes_are_shown_one_by_one(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=300)})
    frame["y"] = np.where(frame["x"] > 1.5, "rare", "most")
    data, path = tmp_path / "d.csv", tmp_path / "m.safetensors"
    frame.to_csv(data, index=False)
    done("train", data, "--target", "y", "--save", path, *QUICK, "--quiet")
    shown = done("score", path, data)
    assert "test error" in shown
    assert any("rare" in line and "%" in line for line in shown.splitlines())


def test_rows_from_the_standard_input_and_what_predict_tells_of_them(folder, other):
    frame = pd.read_csv(other)
    frame["city"] = "Atlantis"
    path = folder / "price.safetensors"
    result = run("score", path, "-", stdin=frame.to_csv(index=False))
    assert result.exit_code == 0
    assert "standard input: Column 'city'" in " ".join(result.stderr.split())
    assert done("score", path, other, "--quiet") == ""


def test_what_cannot_be_scored(folder, other):
    path = folder / "price.safetensors"
    assert "MODEL comes first, then DATA" in failed(2, "score", other, path)
    assert "no target 'price'" in failed(
        2, "score", path, "-", stdin=houses().drop(columns="price").to_csv(index=False)
    )
    assert "could not load" in failed(1, "score", folder / "none.safetensors", other)

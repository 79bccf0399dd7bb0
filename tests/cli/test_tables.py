"""``fastnn train`` on tables: the main job, and that it does it well."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from tables import QUICK, document, done, failed, found_again, houses, predicted, run
from threadpoolctl import threadpool_limits

import fastnn


def test_a_first_line_that_is_data_is_named(tmp_path):
    (tmp_path / "t.csv").write_text("0.5,yes\n" * 30)
    said = failed(2, "train", tmp_path / "t.csv", "--target", "passed")
    assert "the first line of a file has to be the names of its columns" in said


def test_classes(folder):
    results = document("train", folder / "data.csv", "--target", "grade", "--drop", "id,price")
    assert (results["task"], results["target"]) == ("classification", "grade")
    assert results["rows"] == {"train": 144, "dev": 48, "test": 48}
    assert results["test_error"] < 0.2  # guessing the most frequent errs in half
    assert "train_rmse" not in results


def test_quantities_are_in_the_units_of_the_target(folder):
    results = document("train", folder / "data.csv", "--target", "price", "--drop", "id,grade")
    assert results["task"] == "regression"
    assert 15_000 < results["test_rmse"] < 60_000  # the noise is 15,000, the spread 160,000
    assert results["test_r2"] > 0.8
    assert "test_error" not in results
    shown = done("train", folder / "data.csv", "--target", "price", "--drop", "id,grade")
    figures = f"{results['test_rmse']:.4g} (R² {results['test_r2']:.3f})"
    assert re.search(rf"test RMSE +│ {re.escape(figures)}", shown)
    assert "%" not in shown.split("Diagnosis")[0]


def test_figures_are_those_of_the_saved_model(folder, tmp_path):
    """Computed again from the files alone, by scikit-learn's formulas."""
    from sklearn.metrics import r2_score, root_mean_squared_error

    held_out, path = houses(60, seed=1), tmp_path / "m.safetensors"
    held_out.to_csv(tmp_path / "test.csv", index=False)
    results = document(
        "train",
        folder / "data.csv",
        "--target",
        "price",
        "--drop",
        "id,grade",
        "--test",
        tmp_path / "test.csv",
        "--save",
        path,
        *QUICK,
    )
    assert results["rows"] == {"train": 192, "dev": 48, "test": 60}
    values = fastnn.load(path).predict(held_out)
    assert results["test_rmse"] == pytest.approx(
        root_mean_squared_error(held_out["price"], values), rel=1e-5
    )
    assert results["test_r2"] == pytest.approx(r2_score(held_out["price"], values), rel=1e-5)


def test_the_seed_decides_everything_but_the_speed(folder):
    common = ("train", folder / "data.csv", "--target", "grade", "--drop", "id,price", *QUICK)
    costs = [document(*common, "--seed", seed)["cost"] for seed in (5, 5, 6)]
    assert costs[0] == costs[1] != costs[2]


def test_notices_tell_what_was_left_out(tmp_path):
    frame = houses()
    frame.loc[:4, "grade"] = None
    frame.assign(name=[f"house {i}" for i in range(240)]).to_csv(tmp_path / "d.csv", index=False)
    common = ("train", tmp_path / "d.csv", "--target", "grade", "--drop", "price", *QUICK)
    result = run(*common)
    assert result.exit_code == 0
    shown = " ".join(result.stderr.split())
    assert f"{tmp_path / 'd.csv'}: 5 rows without a grade are left out: 5 empty." in shown
    assert "Column 'name' is left out: all its values are different" in shown
    notices = document(*common)["notices"]
    assert len(notices) == 3  # one on the id of 16 digits, too
    assert done(*common, "--quiet") == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes"])
def test_defaults_are_no_worse_than_those_of_scikit_learn(name, tmp_path):
    """The same training and test rows, scikit-learn's MLP with its defaults on scaled columns."""
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    ours, theirs = [], []
    for seed in range(4):
        test = frame.sample(frac=0.2, random_state=seed)
        rest = frame.drop(test.index)
        rest.to_csv(tmp_path / "rest.csv", index=False)
        test.to_csv(tmp_path / "test.csv", index=False)
        results = document(
            "train",
            tmp_path / "rest.csv",
            "--target",
            "target",
            "--test",
            tmp_path / "test.csv",
            "--seed",
            seed,
            "--threads",
            1,
        )
        X, y = rest.drop(columns="target").to_numpy(), rest["target"].to_numpy()
        scaler = StandardScaler().fit(X)
        A, b = scaler.transform(test.drop(columns="target").to_numpy()), test["target"].to_numpy()
        kind = MLPRegressor if name == "diabetes" else MLPClassifier
        scale = y.std() if name == "diabetes" else 1
        answers = (y - y.mean()) / scale if name == "diabetes" else y
        with pytest.warns(match="Maximum iterations"), threadpool_limits(1):
            model = kind(random_state=seed).fit(scaler.transform(X), answers)
        if name == "diabetes":
            ours.append((results["test_rmse"] / scale) ** 2)
            theirs.append(np.mean((model.predict(A) - (b - y.mean()) / scale) ** 2))
        else:
            ours.append(results["test_error"])
            theirs.append(np.mean(model.predict(A) != b))
    # A wrong row is 1/114 of cancer's test rows, 1/36 of wine's: of four runs, one may be.
    assert np.mean(ours) <= np.mean(theirs) + {"breast_cancer": 0.009, "wine": 0.014}.get(name, 0)


def test_the_day_can_be_said_to_be_first(tmp_path):
    days = [f"0{i % 9 + 1}/0{i % 7 + 1}/2020" for i in range(90)]
    pd.DataFrame({"day": days, "y": np.arange(90) % 11 / 2}).to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    command = ("train", tmp_path / "d.csv", "--target", "y", "--save", path, *QUICK)
    assert "--day-first or --month-first" in " ".join(run(*command).stderr.split())
    for option, first in (("--day-first", True), ("--month-first", False)):
        result = run(*command, option, "--time", "day")
        assert "another day" not in " ".join(result.stderr.split())
        model = fastnn.load(path)
        assert model.day_first is first
        with pytest.raises(ValueError, match="expected day_first True, False or None, got 'yes'"):
            model.set_params(day_first="yes").fit({"x": [1.0, 2.0, 3.0]}, [1.5, 2.0, 3.5])
        model.set_params(day_first=first)
        parts = found_again(model, pd.read_csv(tmp_path / "d.csv"))
        train, dev = (
            pd.to_datetime(parts[name]["day"], dayfirst=first) for name in ("train", "dev")
        )
        assert train.max() <= dev.min()


def test_a_table_as_a_spreadsheet_in_europe_writes_it(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(2000, 900, 100), "u": rng.normal(size=100)})
    frame["y"] = frame["x"] * 2 + 300 * frame["u"]
    frame.to_csv(tmp_path / "plain.csv", index=False, float_format="%.2f")
    europe = frame.map("{:,.2f}".format).map(lambda text: text.translate({44: 46, 46: 44}))
    europe.to_csv(tmp_path / "d.csv", index=False, sep=";")
    path = tmp_path / "m.safetensors"
    results = [
        document("train", tmp_path / name, "--target", "y", "--save", path, *QUICK)
        for name in ("plain.csv", "d.csv")
    ]
    assert results[0]["test_rmse"] == results[1]["test_rmse"]
    assert len(results[1]["notices"]) == 4  # the last one: y is made of x and u
    # 1.234 is a thousand to the model, though it alone looks like a fraction.
    (tmp_path / "new.csv").write_text("x;u\n1.234;0\n1234,00;0\n")
    first, second = predicted(done("predict", path, tmp_path / "new.csv"))["prediction"]
    assert first == second


def test_missing_values_and_the_decimal_mark_can_be_named(tmp_path):
    frame = pd.DataFrame({"c": ["NA", "DE", "?"] * 20, "n": ["1,234", "9", "-99"] * 20})
    frame.assign(y=np.arange(60) * 37 % 60).to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    command = ("train", tmp_path / "d.csv", "--target", "y", "--quiet", "--save", path, *QUICK)
    done(*command, "--missing", "?,-99", "--decimal", ",")
    schema = fastnn.load(path).schema_
    assert schema.input_names == ["n", "n is missing", "c is missing", "c=DE", "c=NA"]
    assert (schema.columns[0].low, schema.columns[0].high) == (1.234, 9)
    (tmp_path / "new.csv").write_text('c,n\n?,"1,234"\n,"1,234"\nNA,-99\nNA,\n')
    values = predicted(done("predict", path, tmp_path / "new.csv"))["prediction"].tolist()
    assert (values[0], values[2]) == (values[1], values[3])
    assert values[0] != values[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("price data.csv --proba", "--proba is for classes; .* predicts a quantity"),
        ("grade data.csv --keep nr,area", "--keep nr: no such column; there are id, area, city"),
        ("grade data.csv --keep id,", "got 'id,', expected names of columns"),
        ("grade data.csv -o out.xlsx", "out.xlsx ends in none of .csv, .tsv"),
        ("grade data.csv -o nowhere/out.csv", "there is no directory .*nowhere"),
        ("grade data.csv -o ./data.csv", "DATA and --output both name .*data.csv"),
    ],
)
def test_options_that_do_not_fit(folder, arguments, message, monkeypatch):
    monkeypatch.chdir(folder)
    model, data, *options = arguments.split()
    assert re.search(message, failed(2, "predict", f"{model}.safetensors", data, *options))


def test_json_of_training_is_one_document(folder):
    text = done(
        "train", folder / "data.csv", "--target", "grade", "--drop", "id,price", "--json", *QUICK
    )
    assert json.loads(text)["diagnosis"]["verdict"]

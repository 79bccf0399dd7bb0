"""``fastnn predict``: rows, columns and formats of what it writes."""

import sys

import numpy as np
import pandas as pd
import pytest
from tables import QUICK, document, done, failed, houses, predicted, run

import fastnn


def test_predictions_raised_to_0_are_counted(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    frame = pd.DataFrame({"x": x, "count": rng.poisson(np.exp(2 * x))})
    data, model = tmp_path / "data.csv", tmp_path / "m.safetensors"
    frame.to_csv(data, index=False)
    for loss, raised in (("squared_error", True), ("poisson", False)):
        done(
            *("train", data, "--target", "count", "--task", "regression", "--loss", loss),
            *("--hidden", "none", "--numeric", "x", "--quiet", "--save", model, *QUICK),
        )
        result = run("predict", model, data)
        values = predicted(result.stdout)["prediction"]
        assert (values >= 0).all()
        count = int((values == 0).sum())
        assert bool(count) == raised
        assert (f"{count:,} predictions would be below 0" in result.stderr) == raised


def test_predictions_are_those_of_the_model(folder):
    frame = houses()
    for target in ("grade", "price"):
        path = folder / f"{target}.safetensors"
        table = predicted(done("predict", path, folder / "data.csv"), dtype=str)
        assert list(table) == ["prediction"]
        expected = fastnn.load(path).predict(frame)
        # To every digit: pandas before 3.1 may read the last one wrong.
        read = float if target == "price" else str
        assert [read(text) for text in table["prediction"]] == expected.tolist()


def test_probabilities_and_columns_to_keep(folder):
    text = done(
        "predict", folder / "grade.safetensors", folder / "data.csv", "--proba", "--keep", "id,area"
    )
    table = predicted(text)
    assert list(table) == [
        "id",
        "area",
        "prediction",
        "probability of cheap",
        "probability of dear",
        "probability of fair",
    ]
    assert table["id"].tolist() == houses()["id"].tolist()  # 2^53 + 1 and on, to the digit
    assert table["area"].tolist() == houses()["area"].tolist()
    P = table.filter(like="probability")
    np.testing.assert_allclose(P.sum(axis=1), 1, atol=1e-5)
    names = P.columns.str.removeprefix("probability of ")
    assert [names[i] for i in P.to_numpy().argmax(axis=1)] == table["prediction"].tolist()


def test_two_classes_have_two_probabilities(tmp_path):
    frame = houses().drop(columns=["id", "price", "grade"])
    frame.to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    results = document("train", tmp_path / "d.csv", "--target", "garden", "--save", path, *QUICK)
    assert results["task"] == "classification"
    table = predicted(done("predict", path, tmp_path / "d.csv", "--proba"))
    assert list(table) == ["prediction", "probability of False", "probability of True"]
    assert table["prediction"].dtype == bool


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet", ".CSV"])
def test_formats_of_the_output(folder, tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    path.write_bytes(b"old")
    said = done(
        "predict", folder / "grade.safetensors", folder / "data.csv", "-o", path, "--keep", "city"
    )
    assert said == f"240 predictions written to {path}\n"
    if suffix == ".parquet":
        table = pd.read_parquet(path)
    else:
        table = pd.read_csv(path, sep="\t" if "tsv" in suffix else ",")
    assert list(table) == ["city", "prediction"]
    assert table["city"].tolist() == houses()["city"].tolist()
    again = tmp_path / f"again{suffix}"
    done(
        "predict",
        folder / "grade.safetensors",
        folder / "data.csv",
        "-o",
        again,
        "--keep",
        "city",
        "--quiet",
    )
    assert again.read_bytes() == path.read_bytes()


def test_parquet_without_pyarrow_is_told_at_once(folder, tmp_path, monkeypatch):
    for module in ("pyarrow", "pyarrow.parquet", "fastparquet"):
        monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / "out.parquet"
    said = failed(1, "predict", folder / "grade.safetensors", tmp_path / "none.csv", "-o", path)
    assert said == ("Parquet files need pyarrow; install it with: pip install 'fastnn-cpu[table]'")


def test_rows_keep_their_order_and_columns_are_found_by_name(folder, tmp_path):
    frame = houses().sample(frac=1, random_state=3)
    frame[["grade", "garden", "city", "age", "area"]].to_csv(tmp_path / "d.csv", index=False)
    table = predicted(done("predict", folder / "grade.safetensors", tmp_path / "d.csv"))
    expected = fastnn.load(folder / "grade.safetensors").predict(frame)
    assert table["prediction"].tolist() == expected.tolist()


def test_what_is_odd_about_a_table_is_told_beside_the_predictions(folder, tmp_path):
    frame = houses(30, seed=2).assign(colour="red")
    frame.loc[0, "city"] = "Atlantis"
    frame.loc[1:2, "area"] = np.nan
    frame.to_csv(tmp_path / "d.csv", index=False)
    command = ("predict", folder / "price.safetensors", tmp_path / "d.csv")
    result = run(*command)
    assert result.exit_code == 0
    assert len(predicted(result.stdout)) == 30
    for part in ("colour", "Atlantis", "Column 'area' is missing in 2 rows"):
        assert part in result.stderr
    assert run(*command, "--quiet").stderr == ""


def test_no_rows_give_no_predictions(folder, tmp_path):
    houses()[:0].to_csv(tmp_path / "d.csv", index=False)
    text = done("predict", folder / "grade.safetensors", tmp_path / "d.csv", "--proba")
    assert len(predicted(text)) == 0
    assert text.startswith("prediction,probability of cheap")
    single = houses()[:1].to_csv(index=False)
    path = tmp_path / "out.csv"
    said = done("predict", folder / "grade.safetensors", "-", "-o", path, stdin=single)
    assert said == f"1 prediction written to {path}\n"


def test_columns_that_are_kept_come_out_as_they_went_in(tmp_path):
    frame = houses(60)
    written = pd.DataFrame(
        {
            "key": [str(9_007_199_254_740_993 + 2 * i) if i else "" for i in range(60)],
            "zip": [f"{i % 7:05}" for i in range(60)],
            "area": [f"{area:.2f}" for area in frame["area"]],
            "code": ["NA", "None", "1.50"] * 20,
            "garden": frame["garden"].astype(str),
            "price": frame["price"],
        }
    )
    path = tmp_path / "m.safetensors"
    written.to_csv(tmp_path / "d.csv", index=False)
    done("train", tmp_path / "d.csv", "--target", "price", "--quiet", "--save", path, *QUICK)
    names = ["key", "zip", "area", "code", "garden"]
    text = run("predict", path, tmp_path / "d.csv", "--keep", ",".join(names)).stdout
    kept = predicted(text, dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(kept[names], written[names], check_dtype=False)
    plain = predicted(run("predict", path, tmp_path / "d.csv").stdout, dtype=str)
    assert kept["prediction"].tolist() == plain["prediction"].tolist()


@pytest.mark.parametrize("area", ["2.000", "1.540"])
def test_a_cell_that_can_be_thousands_is_told(tmp_path, area):
    frame = houses(60).assign(area=[1000 + 7 * i % 60 for i in range(60)])
    data, new, model = (tmp_path / name for name in ("d.csv", "new.csv", "m.safetensors"))
    frame.to_csv(data, index=False)
    done("train", data, "--target", "price", "--quiet", "--save", model, *QUICK)
    frame.drop(columns="price").assign(area=area).to_csv(new, index=False)
    result = run("predict", model, new)
    assert f"Column 'area': 60 rows with no numbers, as '{area}' in row 2 (it can" in result.stderr
    frame.drop(columns="price").assign(area="").to_csv(new, index=False)
    assert predicted(result.stdout).equals(predicted(run("predict", model, new).stdout))


def test_there_are_as_many_predictions_as_rows(folder, tmp_path):
    lines = houses(5).to_csv(index=False).splitlines()
    (tmp_path / "d.csv").write_text("\n".join([*lines[:3], "", *lines[3:], "", ""]) + "\n")
    result = run("predict", folder / "price.safetensors", tmp_path / "d.csv")
    assert len(predicted(result.stdout)) == 6
    assert "Column 'area' is missing in 1 row" in result.stderr
    assert "1 row without a value in any column of the model, as row 4: an empty" in result.stderr


@pytest.mark.filterwarnings("error")
def test_cells_that_cannot_be_read_are_told_once(folder, tmp_path):
    frame = houses(5)
    frame.assign(area=frame["area"].astype(str).where(frame.index != 2, "garbage")).to_csv(
        tmp_path / "d.csv", index=False
    )
    result = run("predict", folder / "price.safetensors", tmp_path / "d.csv")
    assert result.stderr.count("Column 'area': 1 row with no numbers, as 'garbage' in row 4") == 1


def test_a_column_of_the_name_of_the_result_is_not_kept(folder, tmp_path):
    houses().assign(prediction=1).to_csv(tmp_path / "d.csv", index=False)
    said = failed(
        2, "predict", folder / "grade.safetensors", tmp_path / "d.csv", "--keep", "prediction"
    )
    assert "--keep prediction: this is a column of the result; rename it" in said

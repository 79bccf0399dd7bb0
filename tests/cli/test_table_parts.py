"""The training, dev and test rows of a table on the command line."""

import numpy as np
import pandas as pd
import pytest
from tables import QUICK, document, done, failed, found_again, houses

import fastnn
from fastnn.tables import preparation
from fastnn.tables.examples import examples_of

BRIEF = ("--hidden", "4", "--epochs", "3")


@pytest.fixture
def data(tmp_path):
    houses(200).to_csv(tmp_path / "d.csv", index=False)
    return tmp_path / "d.csv"


@pytest.mark.parametrize("more", [(), ("--groups", "city"), ("--time", "id")])
def test_shares_of_dev_and_test_rows(data, tmp_path, more):
    model, path = tmp_path / "m.safetensors", tmp_path / "parts.csv"
    command = ("train", data, "--target", "price", "--drop", "grade", *more, "--save", model)
    shares = ("--dev-share", "0.1", "--test-share", "0.3")
    done(*command, *BRIEF, *shares, "--quiet", "--parts", path)
    found = pd.read_csv(path)["part"].value_counts()
    if "--groups" not in more:  # groups of a third cannot be divided
        assert found.to_dict() == {"train": 120, "dev": 20, "test": 60}
    loaded, frame = fastnn.load(model), pd.read_csv(data)
    again = preparation.found_again(loaded, examples_of(loaded, frame, None))
    assert {name: len(part) for name, part in again.items()} == found.to_dict()
    assert document("diagnose", model, data)["rows"] == found.to_dict()


def test_a_share_of_one_part_leaves_the_other(data):
    command = ("--target", "grade", "--drop", "price,id", "--dev-share", "0.05", *BRIEF)
    rows = document("train", data, *command)["rows"]
    assert rows == {"train": 150, "dev": 10, "test": 40}


@pytest.mark.parametrize("part", ["dev", "test"])
def test_rows_of_a_file_that_are_training_rows_are_told(data, part):
    other = data.parent / "other.csv"
    houses(200)[:80].to_csv(other, index=False)
    command = ("train", data, "--target", "price", "--drop", "id,grade", *BRIEF, f"--{part}", other)
    (said,) = (text for text in document(*command)["notices"] if "exactly" in text)
    assert f"of the 80 {part} rows are also training rows" in said
    houses(80, seed=1).to_csv(other, index=False)
    assert not any("exactly" in text for text in document(*command)["notices"])


@pytest.mark.filterwarnings("ignore::UserWarning")  # of short fits
@pytest.mark.parametrize("more", [{}, {"groups": "city"}, {"time": "id"}])
def test_an_estimator_with_the_same_options_is_the_same(data, tmp_path, more):
    model, path = tmp_path / "m.safetensors", tmp_path / "parts.csv"
    options = [text for name, value in more.items() for text in (f"--{name}", value)]
    command = ("train", data, "--target", "price", "--drop", "grade", *options, *BRIEF)
    done(*command, "--test-share", "0.3", "--quiet", "--save", model, "--parts", path)
    loaded, frame = fastnn.load(model), fastnn.tabular.read_table(data)
    estimator = fastnn.TableRegressor(
        (4,), epochs=3, dev_share="auto", test_share=0.3, drop="grade", **more
    ).fit(frame, "price")
    np.testing.assert_array_equal(estimator.network_.theta, loaded.network_.theta)
    part = pd.read_csv(path).set_index("row")["part"]
    for name, places in estimator.parts_.items():
        assert (part[places + 2] == name).all()
    assert (loaded.dev_share, loaded.test_share) == ("auto", 0.3)


def test_shares_that_cannot_be(data):
    command = ("train", data, "--target", "price", "--drop", "id,grade", *BRIEF)
    both = ("--dev", data.parent / "e.csv", "--dev-share", "0.1")
    assert "give one of them" in failed(2, *command, *both)
    said = failed(2, *command, "--dev-share", "0.7", "--test-share", "0.4")
    assert "leave rows to train on, got 140 + 80 of 200 rows: give smaller ones" in said
    assert "--test-share is for a file" in failed(2, "train", "--test-share", "0.1", "--quiet")
    assert "0<x<1" in failed(2, *command, "--dev-share", "0")


def test_files_take_the_place_of_parts(folder, tmp_path):
    for seed in (1, 2):
        houses(50, seed).to_csv(tmp_path / f"{seed}.csv", index=False)
    common = ("train", folder / "data.csv", "--target", "grade", "--drop", "id,price", *QUICK)
    dev, test = ("--dev", tmp_path / "1.csv"), ("--test", tmp_path / "2.csv")
    assert document(*common, *dev)["rows"] == {"train": 192, "dev": 50, "test": 48}
    assert document(*common, *dev, *test)["rows"] == {"train": 240, "dev": 50, "test": 50}


def test_preprocessing_is_learnt_on_the_training_rows(folder, tmp_path):
    """The values in dev and test rows change nothing in the model."""
    frame = houses()
    for name in ("dev", "test"):
        frame.assign(area=frame["area"] * 1000, city="Atlantis").to_csv(
            tmp_path / f"{name}.csv", index=False
        )
    frame.to_csv(tmp_path / "train.csv", index=False)
    done(
        "train",
        tmp_path / "train.csv",
        "--target",
        "grade",
        "--drop",
        "id,price",
        "--quiet",
        "--dev",
        tmp_path / "dev.csv",
        "--test",
        tmp_path / "test.csv",
        "--save",
        tmp_path / "m.safetensors",
        "--early-stopping",
        "off",
        *QUICK,
    )
    schema = fastnn.load(tmp_path / "m.safetensors").schema_
    area = next(column for column in schema.columns if column.name == "area")
    assert area.mean == pytest.approx(frame["area"].mean())
    assert "city=Atlantis" not in schema.input_names


def test_classes_are_alike_in_all_parts(folder):
    frame = houses()
    model = fastnn.load(folder / "grade.safetensors")
    assert model.run_["sizes"] == {"train": 144, "dev": 48, "test": 48}
    parts = found_again(model, frame)
    shares = {name: part["grade"].value_counts(normalize=True) for name, part in parts.items()}
    for name in ("dev", "test"):
        assert (shares[name] - shares["train"]).abs().max() < 0.02
    assert sorted(pd.concat(parts.values()).index) == list(range(240))


def test_the_part_of_each_row_is_written(tmp_path):
    frame = houses(60)
    frame.loc[[3, 7], "price"] = None
    data, path, model = (tmp_path / name for name in ("d.csv", "parts.tsv", "m.safetensors"))
    frame.to_csv(data, index=False)
    options = ["--target", "price", "--quality", "none", "--quiet", *QUICK]
    done("train", data, *options, "--save", model, "--parts", path)
    parts = pd.read_csv(path, sep="\t")
    assert parts["row"].tolist() == [i + 2 for i in range(60) if i not in (3, 7)]
    again = found_again(fastnn.load(model), frame.dropna(subset="price"))
    for name, rows in again.items():
        mine = parts["row"][parts["part"] == name] - 2
        assert sorted(rows.index) == mine.tolist(), name
    assert set(again) == set(parts["part"]) == {"train", "dev", "test"}
    apart = tmp_path / "test.csv"
    frame[:20].to_csv(apart, index=False)
    done("train", data, *options, "--test", apart, "--parts", path)
    assert set(pd.read_csv(path, sep="\t")["part"]) == {"train", "dev"}
    assert "ends in none of" in failed(2, "train", data, *options, "--parts", tmp_path / "p.txt")
    assert "--parts is for a file" in failed(2, "train", "--parts", path)


def test_groups_stay_together(tmp_path):
    """Each patient has rows alike and a label of chance, which nobody can predict of others."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(60), 8)
    frame = pd.DataFrame(
        {
            "patient": patient,
            **{name: rng.normal(size=60)[patient] + rng.normal(size=480) / 50 for name in "abc"},
            "state": rng.choice(["ill", "well"], 60)[patient],
        }
    ).sample(frac=1, random_state=1)
    frame.to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    command = ("train", tmp_path / "d.csv", "--target", "state", "--groups", "patient")
    results = document(*command, "--save", path, *QUICK)
    assert 0.25 < results["test_error"] < 0.75
    model = fastnn.load(path)
    assert "patient" not in model.schema_.input_names
    parts = found_again(model, frame)
    held = [set(part["patient"]) for part in parts.values()]
    assert sum(map(len, held)) == len(set.union(*held)) == 60
    found = document("diagnose", path, tmp_path / "d.csv")
    assert found["gaps"] == results["diagnosis"]["gaps"]
    gaps = frame.assign(patient=frame["patient"].map("p{}".format).where(frame["a"] > -1))
    gaps.to_csv(tmp_path / "gaps.csv", index=False)
    said = failed(2, "train", tmp_path / "gaps.csv", "--target", "state", "--groups", "patient")
    assert (
        f"column 'patient': expected a group in every row, got {(frame['a'] <= -1).sum()} gap"
        in said
    )
    assert "has no column 'who'" in failed(2, *command[:-1], "who")
    assert "give time alone" in failed(2, *command, "--time", "a")


def test_time_trains_on_the_past(tmp_path):
    days = pd.date_range("2020-01-01", periods=100).strftime("%d.%m.%Y")
    frame = pd.DataFrame({"day": days, "x": np.arange(100) % 7, "y": np.arange(100) % 9 / 2})
    frame = frame.sample(frac=1, random_state=0)
    frame.to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    command = ("train", tmp_path / "d.csv", "--target", "y", "--quiet", "--save", path, *QUICK)
    done(*command, "--time", "day")
    parts = found_again(fastnn.load(path), frame)
    ordered = [sorted(pd.to_datetime(part["day"], dayfirst=True)) for part in parts.values()]
    assert [len(part) for part in ordered] == [60, 20, 20]
    assert [*ordered[0], *ordered[1], *ordered[2]] == sorted(pd.to_datetime(days, dayfirst=True))
    frame.assign(day=["soon", *days[1:]]).to_csv(tmp_path / "d.csv", index=False)
    assert "column 'day': expected a date or a number in every row" in failed(
        2, *command, "--time", "day"
    )

"""The training, dev and test rows of a table on the command line."""

import pandas as pd
import pytest
from tables import document, done, failed, houses

import fastnn
from fastnn.tables import preparation
from fastnn.tables.examples import examples_of

QUICK = ("--hidden", "4", "--epochs", "3")


@pytest.fixture
def data(tmp_path):
    houses(200).to_csv(tmp_path / "d.csv", index=False)
    return tmp_path / "d.csv"


@pytest.mark.parametrize("more", [(), ("--groups", "city"), ("--time", "id")])
def test_shares_of_dev_and_test_rows(data, tmp_path, more):
    model, path = tmp_path / "m.safetensors", tmp_path / "parts.csv"
    command = ("train", data, "--target", "price", "--drop", "grade", *more, "--save", model)
    shares = ("--dev-share", "0.1", "--test-share", "0.3")
    done(*command, *QUICK, *shares, "--quiet", "--parts", path)
    found = pd.read_csv(path)["part"].value_counts()
    if "--groups" not in more:  # groups of a third cannot be divided
        assert found.to_dict() == {"train": 120, "dev": 20, "test": 60}
    loaded, frame = fastnn.load(model), pd.read_csv(data)
    again = preparation.found_again(loaded, examples_of(loaded, frame, None))
    assert {name: len(part) for name, part in again.items()} == found.to_dict()
    assert document("diagnose", model, data)["rows"] == found.to_dict()


def test_a_share_of_one_part_leaves_the_other(data):
    command = ("--target", "grade", "--drop", "price,id", "--dev-share", "0.05", *QUICK)
    rows = document("train", data, *command)["rows"]
    assert rows == {"train": 150, "dev": 10, "test": 40}


@pytest.mark.parametrize("part", ["dev", "test"])
def test_rows_of_a_file_that_are_training_rows_are_told(data, part):
    other = data.parent / "other.csv"
    houses(200)[:80].to_csv(other, index=False)
    command = ("train", data, "--target", "price", "--drop", "id,grade", *QUICK, f"--{part}", other)
    (said,) = (text for text in document(*command)["notices"] if "exactly" in text)
    assert f"of the 80 {part} rows are also training rows" in said
    houses(80, seed=1).to_csv(other, index=False)
    assert not any("exactly" in text for text in document(*command)["notices"])


def test_shares_that_cannot_be(data):
    command = ("train", data, "--target", "price", "--drop", "id,grade", *QUICK)
    both = ("--dev", data.parent / "e.csv", "--dev-share", "0.1")
    assert "give one of them" in failed(2, *command, *both)
    said = failed(2, *command, "--dev-share", "0.7", "--test-share", "0.4")
    assert "leave rows to train on, got 140 + 80 of 200 rows: give smaller ones" in said
    assert "--test-share is for a file" in failed(2, "train", "--test-share", "0.1", "--quiet")
    assert "0<x<1" in failed(2, *command, "--dev-share", "0")

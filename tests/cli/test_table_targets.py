"""Rows without a target on the command line."""

import numpy as np
import pandas as pd
import pytest
from tables import document, failed, run

import fastnn

QUICK = ("--hidden", "4", "--epochs", "3")


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
    command = ("train", "-" if stdin else data, "--target", "country", *QUICK)
    text = data.read_text() if stdin else None
    result = run(*command, stdin=text)
    assert result.exit_code == 0
    assert WORDS in " ".join(result.stderr.split())
    assert document(*command, stdin=text)["rows"] == {"train": 35, "dev": 11, "test": 11}


def test_the_way_out_keeps_the_class(data, tmp_path):
    path = tmp_path / "m.safetensors"
    command = ("train", data, "--target", "country", *QUICK, "--save", path)
    results = document(*command, "--missing", "")
    assert sum(results["rows"].values()) == 85  # one null is a class too small
    assert "4 rows without a country are left out: 4 empty." in results["notices"][0]
    assert fastnn.load(path).classes_.tolist() == ["BW", "NA", "ZA"]
    results = document(*command, "--missing", "null")
    assert "5 rows without a country are left out: 1 with 'null', 4 empty." in results["notices"][0]
    assert document("diagnose", path, data)["rows"] == results["rows"]


def test_gaps_among_numbers_are_told_too(data):
    frame = pd.read_csv(data)
    frame["b"] = frame["b"].astype(object)
    frame.loc[:5, "b"] = "-"
    frame.loc[6, "b"] = "n.a."
    frame.to_csv(data, index=False)
    notice = document("train", data, "--target", "b", *QUICK)["notices"][0]
    assert "7 rows without a b are left out: 6 with '-', 1 with 'n.a.'." in notice
    assert "NA" not in notice


def test_a_target_that_is_not_there(data):
    said = failed(2, "train", data, "--target", "county", *QUICK)
    assert "no target 'county' (did you mean 'country'?)" in said

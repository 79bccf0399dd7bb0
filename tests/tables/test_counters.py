"""Columns that number the rows: told whatever their steps, repeats and the index of the table."""

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn.tables.examples import examples_of
from fastnn.tables.preparation import prepare

M = 200
RNG = np.random.default_rng(3)
TWICE = np.repeat(np.arange(M), np.where(np.arange(M) % 50 == 7, 2, 1))[:M]
HOLES = np.cumsum(RNG.integers(1, 4, M))


def told(values, parts=("train", "dev"), index=None, **options):
    frame = pd.DataFrame(RNG.normal(size=(M, 2)), columns=["x", "y"], index=index)
    model = fastnn.TableRegressor(random_state=0, **options)
    examples = examples_of(model, frame.assign(c=values), "y", reset=True)
    prepared = prepare(model, examples, parts)
    assert "c" in prepared.schema.input_names
    return [notice for notice in prepared.notices if "counts the rows" in notice]


@pytest.mark.parametrize(
    ("values", "how"),
    [
        (HOLES, "rises from row to row"),
        (HOLES[::-1], "falls from row to row"),
        (TWICE, "rises from row to row"),
        (100_000 + 37 * np.arange(M), "rises from row to row"),
        (np.where(np.arange(M) % 9, HOLES, np.nan), "rises from row to row"),
        (pd.array(HOLES, dtype="Int64"), "rises from row to row"),
        (np.r_[HOLES[:-4], HOLES[:4]], "rises from row to row"),  # rows that are there again
        (RNG.permutation(M) + 1, "has nearly every number from 1 to 200 once"),
    ],
)
@pytest.mark.parametrize("parts", [("train",), ("train", "dev")])
def test_a_counter_is_told_and_the_way_out(values, how, parts):
    assert told(values, parts) == [
        f"Column 'c' {how}, as a number that counts the rows does: of new rows it says nothing "
        "then. Leave it out (drop='c', --drop), or name it as numeric (--numeric), if it is a "
        "quantity."
    ]
    assert not told(values, parts, numeric="c")


def test_nothing_is_told_of_the_time_that_divides_the_rows():
    assert told(HOLES)
    assert not told(HOLES, time="c")


@pytest.mark.parametrize(
    "index",
    [
        [f"name {i}" for i in range(M)],
        pd.date_range("2020-01-01", periods=M),
        np.r_[: M // 2, : M // 2],
    ],
    ids=["texts", "dates", "twice"],
)
def test_the_index_of_the_table_does_not_matter(index):
    (notice,) = told(np.arange(M) + 1, index=index)
    assert "rises from row to row" in notice


@pytest.mark.parametrize(
    "values",
    [
        np.sort(RNG.integers(1900, 2000, M)),  # years of several rows each
        np.arange(M) // 2,
        np.arange(M) % 50,
        RNG.integers(0, 10**6, M),
        RNG.integers(0, 3 * M, M),
        np.sort(RNG.normal(size=M)),
        np.arange(M) / 7,
        RNG.random(M) < 0.5,
    ],
)
def test_quantities_are_no_counters(values):
    assert not told(values)


def test_a_few_rows_in_order_are_chance():
    frame = pd.DataFrame({"c": np.cumsum(np.r_[1:20]), "x": np.sin(np.r_[1:20])})
    frame["y"] = np.cos(frame["x"] * 9)
    model = fastnn.TableRegressor()
    prepared = prepare(model, examples_of(model, frame, "y", reset=True))
    assert not any("counts the rows" in notice for notice in prepared.notices)

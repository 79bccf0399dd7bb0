"""Columns that look like numbers or dates and are categories: a notice tells, or none is due."""

import random

import numpy as np
import pytest
from columns import M, cycle, learn, table
from stopwatch import Stopwatch

from fastnn.reading.lookalikes import told_of_unread
from fastnn.tabular import TableSchema

MONTHS = ("Mar", "Apr", "May")
STREETS, WAYS = ("Main", "Oak", "Elm", "High"), ("Street", "Road", "Way")


def drawn(write, n=M):
    rng = random.Random(0)
    return [write(rng.randint) for _ in range(n)]


@pytest.mark.parametrize(
    "write",
    [
        lambda r: f"{r(100, 160)}/{r(60, 100)}",
        lambda r: f"${r(10, 30)} - ${r(31, 60)} an hour",
        lambda r: f"{r(1, 9)} bedroom flat with {r(1, 3)} baths",
        lambda r: f"{MONTHS[r(0, 2)]} {r(1, 28)}",
        lambda r: f"{r(1, 12):02}/{r(1, 28):02}",
        lambda r: f"{r(1, 12)}/{r(86, 90)}",
        lambda r: f"{r(1, 12)} gallons {r(1, 3)} pints",
        lambda r: f"USD {r(10, 40)},000 + bonus",
        lambda r: f"${r(30, 90)}K-${r(91, 160)}K (est.)",
        lambda r: f"{r(1, 40)}.5 (\u00b1{r(1, 9)})",
    ],
)
def test_columns_that_look_like_numbers_are_told(write):
    values = drawn(write)
    schema = learn(values)
    most = max(values, key=values.count)
    told = [text for text in schema.notices if "look like numbers" in text]
    assert told == [
        f"Column 'c': {M} rows with values such as {most!r} look like numbers or dates, and are "
        "not read as such: to have a number, write a column of it."
    ]
    asked = learn(values, categorical="c").notices
    assert not any("look like" in text for text in asked)


@pytest.mark.parametrize(
    "write",
    [
        lambda r: f"{r(1, 9)}{'ABC'[r(0, 2)]}",
        lambda r: f"{18 + 10 * (i := r(0, 6))}-{27 + 10 * i}",
        lambda r: f"${10 * (i := r(0, 6))},000 to ${10 * i + 9},999",
        lambda r: f"{r(1, 40)} {STREETS[r(0, 3)]} {WAYS[r(0, 2)]}",
        lambda r: f"{r(200, 210)}-{r(1000, 1005)}",
        lambda r: f"({r(200, 210)}) 555-{r(1000, 1003)}",
        lambda r: f"192.168.0.{r(1, 30)}",
        lambda r: f"{r(1, 7)}th floor",
        lambda r: f"{r(200, 220)}.{r(0, 3)}V",
        lambda r: f"0{r(10, 30)}",
        lambda r: f"{r(0, 3)}-{r(0, 3)}",
        lambda r: f"{r(1988, 1999)}:{r(1, 3)}",
        lambda r: f"{MONTHS[r(0, 1)]}  {r(1, 2)} - {MONTHS[r(1, 2)]} {r(27, 28)}",
        lambda r: f"E{r(10, 30)}.{r(0, 3)}",
        lambda r: f"{r(2, 5)} doors",
        lambda r: "ab"[r(0, 1)],
    ],
)  # fmt: skip
def test_codes_ranges_and_addresses_are_categories_without_a_word(write):
    values = drawn(write)
    counts = {text: values.count(text) for text in values}
    assert told_of_unread("c", counts) == []


def test_a_tenth_of_other_texts_changes_nothing_and_more_do():
    values = drawn(lambda r: f"{r(100, 160)}/{r(60, 100)}")
    for n, told in ((6, True), (12, False)):
        some = [*values[: M - n], *["refused"] * n]
        said = [text for text in learn(some).notices if "look like numbers" in text]
        assert bool(said) is told
    assert TableSchema.fit(table(c=values), "y", drop="c").notices == []


def test_long_texts_are_looked_at_in_no_time():
    watch = Stopwatch()
    for text in ("1" * 100_000, "1 " * 50_000, "$" * 100_000, "1-" * 50_000, "1a " * 30_000):
        assert told_of_unread("c", {text + str(i): 1 for i in range(9)}) == []
    assert watch.seconds() < 2


def test_versions_that_are_no_dates_are_categories():
    for values in (cycle("3.10.13", "3.9.0", "2.31.0"), cycle("1.24.3", "2.0.0", "1.26.4")):
        assert all(name.startswith("c=") for name in learn(values).input_names[1:])
    np.testing.assert_equal(learn(cycle("3.9.18", "3.10.13")).notices[-1].count("2018-09-03"), 1)

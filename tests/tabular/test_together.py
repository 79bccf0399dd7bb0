"""Columns that give the target away together, where none does alone."""

import numpy as np
import pandas as pd
import pytest

from fastnn.tabular import TableSchema

M = 400


def told(frame, target="y", **options):
    notices = TableSchema.fit(frame, target, **options).notices
    return [str(notice) for notice in notices if "known only with" in notice]


def rentals(seed, m=M):
    rng = np.random.default_rng(seed)
    heat = rng.normal(size=m)
    casual = rng.poisson(np.exp(3 + 0.5 * heat))
    registered = rng.poisson(np.exp(4 + 0.2 * rng.normal(size=m)))
    columns = {"heat": heat, "casual": casual, "registered": registered, "wind": rng.random(m)}
    return pd.DataFrame(columns).assign(rentals=casual + registered)


@pytest.mark.parametrize("m", [100, M, 6000])
@pytest.mark.parametrize("seed", range(3))
def test_a_sum_of_two_columns_is_named(seed, m):
    frame = rentals(seed, m)
    (notice,) = told(frame, "rentals", task="regression")
    terms = ["1 x 'casual'", "1 x 'registered'"]
    expected = "'rentals' is, but for rounding, {}. Leave them out, if they are known only with "
    assert any(expected.format(" + ".join(order)) in notice for order in (terms, terms[::-1]))
    noise = np.random.default_rng(seed + 10).normal(size=m) / 10
    assert not told(frame.assign(rentals=frame["rentals"] + noise), "rentals", task="regression")


def test_a_difference_with_a_constant_and_gaps_is_named():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"gross": 50 + 10 * rng.random(M), "tax": 2 * rng.random(M)})
    frame["y"] = np.round(frame["gross"] - 0.5 * frame["tax"] + 7, 3)
    frame.loc[::20, "gross"] = np.nan
    (notice,) = told(frame)
    assert "'y' is, but for rounding, 1 x 'gross' - 0.5 x 'tax' + 7. Leave" in notice


def test_days_between_two_dates_are_named():
    rng = np.random.default_rng(0)
    begin, days = (
        pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, M), "D"),
        (rng.integers(1, 60, M)),
    )
    end = begin + pd.to_timedelta(days, "D")
    (notice,) = told(pd.DataFrame({"begin": begin, "end": end, "y": days}), task="regression")
    assert "1 x 'end: time' - 1 x 'begin: time'" in notice


def test_only_the_columns_of_the_sum_are_named():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(M, 12)), columns=[f"c{j}" for j in range(12)])
    frame["c11"] = frame["c1"] + 0.1 * frame["c2"]  # follows from others
    frame["y"] = frame["c3"] - 2 * frame["c7"] + frame["c9"]
    (notice,) = told(frame)
    assert notice.count(" x ") == 3
    frame["y"] = frame.drop(columns=["y", "c11"]).sum(axis=1)
    (notice,) = told(frame)
    assert "'y' is, but for rounding, a sum of multiples of 'c" in notice
    assert " and 1 more." in notice


def test_far_rows_make_no_sum():
    """With a row of totals, nearly all of the variance is the variance between it and the rest."""
    frame = rentals(0)
    frame["rentals"] += np.random.default_rng(1).normal(size=M)
    frame.loc[M] = 1e6 * frame.sum()
    assert not told(frame, "rentals", task="regression")


def test_few_rows_make_no_sum():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 58)), columns=[f"c{j}" for j in range(58)])
    assert not told(frame.assign(y=rng.normal(size=60)))


@pytest.mark.parametrize("of", [lambda hot: hot, lambda hot: hot.map({0: "no", 1: "yes"})])
def test_indicators_of_the_classes_are_named(of):
    rng = np.random.default_rng(0)
    y = rng.choice(["ash", "birch", "oak"], M, p=[0.2, 0.3, 0.5])
    frame = pd.DataFrame({"x": rng.normal(size=M), "shade": rng.choice(["a", "b"], M)})
    for kind in np.unique(y):
        frame[f"is_{kind}"] = of(pd.Series((y == kind).astype(int)))
    (notice,) = told(frame.assign(y=y))
    assert "'is_ash', 'is_birch' and 'is_oak' together tell 'y'" in notice.replace("\n", " ")
    assert len(told(frame.assign(y=y).drop(columns="is_oak"))) == 1
    assert not told(frame.assign(y=y).drop(columns=["is_oak", "is_ash"]))
    assert not told(frame.assign(y=np.where(np.arange(M) % 50, y, "oak")))


def test_a_class_that_is_a_sum_of_two_events_is_named():
    rng = np.random.default_rng(0)
    where = rng.choice(["no", "home", "ward"], M)
    frame = pd.DataFrame(
        {"home": where == "home", "ward": where == "ward", "x": rng.normal(size=M)}
    )
    for y in ((where != "no").astype(int), np.where(where == "no", "alive", "dead")):
        (notice,) = told(frame.assign(y=y))
        assert "'home'" in notice
        assert "'ward'" in notice
        assert "'x'" not in notice

"""A table in the order of a date, whose rows are dealt at random, is told; others are not."""

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn.tables.dealing import deal
from fastnn.tables.examples import examples_of
from fastnn.tables.preparation import prepare

PARTS = ("train", "dev", "test")
DAYS = pd.date_range("2019-01-01", periods=1500).astype(str).to_numpy()


def prepared(frame, parts=PARTS, kind=fastnn.TableRegressor, **options):
    model = kind(random_state=0, **options)
    examples = examples_of(model, frame, "y", reset=True)
    return prepare(model, examples, parts, inner_dev=parts == ("train",)).notices


def told(*args, **options):
    return [notice for notice in prepared(*args, **options) if "in the order of" in notice]


def in_order(m=600, seed=0, per_day=1, trend=1.0):
    """Days in order; y has a trend, and an effect of x."""
    rng = np.random.default_rng(seed)
    time = np.arange(m) // per_day
    y = trend * 3 * time / time.max() + rng.normal(size=m)
    return pd.DataFrame({"date": DAYS[time], "x": rng.normal(size=m), "y": y})


def shuffled(frame):
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


@pytest.mark.parametrize("parts", [PARTS, ("train", "dev"), ("train",)])
def test_a_table_in_the_order_of_a_date_is_told_what_to_do(parts):
    (notice,) = told(in_order(), parts)
    assert notice.startswith("The rows are in the order of 'date'")
    assert "(time='date', --time)" in notice
    assert told(in_order()[::-1].reset_index(drop=True), parts)  # the newest first


@pytest.mark.parametrize("per_year", [1, 10])  # one is in the way of a counter, and left out
@pytest.mark.parametrize("kind", [int, float])
@pytest.mark.parametrize("parts", [PARTS, ("train", "dev"), ("train",)])
def test_a_table_in_the_order_of_a_year_is_told_what_to_do(parts, kind, per_year):
    frame = in_order(per_year * 60).drop(columns="date")
    frame["year"] = (1950 + np.arange(len(frame)) // per_year).astype(kind)
    (notice,) = told(frame, parts)
    assert notice.startswith("The rows are in the order of 'year'")
    assert "from among the years of training" in notice
    assert "(time='year', --time)" in notice
    assert told(frame[::-1].reset_index(drop=True), parts)
    assert not told(frame, parts, time="year")
    assert not told(frame, parts, drop="year")
    assert not told(shuffled(frame), parts)
    rng = np.random.default_rng(0)
    assert not told(frame.assign(y=rng.permutation(frame["y"])), parts)


@pytest.mark.parametrize(
    "change",
    [
        lambda year: year - 200,  # before 1800
        lambda year: year + 0.5,
        lambda year: year.where(year.index % 50 > 0),  # --time refuses gaps
        lambda year: 1950 + (year - 1950) // 12,  # five years
        lambda year: 1950 + (year - 1980).abs(),  # down, then up
    ],
)
def test_numbers_that_are_no_years_in_order_are_not_told(change):
    frame = in_order().drop(columns="date")
    year = pd.Series(1950 + np.arange(600) // 10)
    assert told(frame.assign(year=year))
    assert not told(frame.assign(year=change(year)))


def test_it_is_told_once_of_two_dates():
    frame = in_order()
    (notice,) = told(frame.assign(sent=frame["date"]))
    assert "'date'" in notice


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_the_same_days_that_are_alike_are_told(seed):
    """Each day has 10 shops, in the same order, and an effect of its own."""
    rng = np.random.default_rng(seed)
    day, shop = np.divmod(np.arange(2000), 10)
    y = 5 * shop + 1.5 * rng.normal(size=200)[day] + rng.normal(size=2000)
    frame = pd.DataFrame({"date": DAYS[day], "shop": [f"s{k}" for k in shop], "y": y})
    assert told(frame)
    assert not told(frame.assign(y=rng.permutation(y)))


@pytest.mark.parametrize("p", [0.5, 0.1])
def test_classes_that_come_in_runs_are_told(p):
    rng = np.random.default_rng(0)
    y = np.where((rng.random(120) < p).repeat(10), "wet", "dry")
    frame = pd.DataFrame({"date": DAYS[:1200], "x": rng.normal(size=1200), "y": y})
    options = {"kind": fastnn.TableClassifier}
    assert told(frame, **options)
    assert not told(frame.assign(y=rng.permutation(y)), **options)


@pytest.mark.parametrize("share", [None, 0.5, 0.003])
@pytest.mark.parametrize("seed", range(5))
def test_a_date_without_relation_to_the_target_is_not_told(seed, share):
    rng = np.random.default_rng(seed)
    kind, frame = fastnn.TableRegressor, in_order(1000, seed, trend=0)
    if share is None:  # a few far values
        frame["y"] = rng.pareto(1, size=1000)
    else:
        kind = fastnn.TableClassifier
        rare = rng.random(1000) < share
        rare[[10, 500, 900]] = True  # one for each part, at least
        frame["y"] = np.where(rare, "a", "b")
    assert not told(frame, kind=kind)


def test_rows_in_another_order_are_not_told():
    frame = in_order()
    assert not told(shuffled(frame))
    shops = pd.concat([frame.assign(shop=k) for k in "abc"], ignore_index=True)
    assert not told(shops)  # the days of each shop are in order, and those of the table are not
    assert not told(frame.drop(columns="date"))


@pytest.mark.filterwarnings("ignore:.* on the dev rows are not related:UserWarning")  # two epochs
def test_nothing_is_told_of_time_or_groups_that_are_given_or_of_rows_that_are_not_dealt():
    frame = in_order().assign(who=np.arange(600) // 6)
    assert told(frame)
    assert not told(frame, time="date")
    assert not told(frame, groups="who")
    # A gap has no place in the order of time, so that --time refuses it.
    assert not told(frame.assign(date=frame["date"].where(frame.index % 50 > 0)))
    model = fastnn.TableRegressor(quality=None, epochs=2, random_state=0)
    model.fit(frame[:400], "y", dev=frame[400:])
    assert not any("in the order of" in notice for notice in model.notices_)


@pytest.mark.parametrize("newest_first", [False, True])
def test_time_is_not_advised_where_it_would_be_refused(newest_first):
    """The last third is of a class that training by time has not seen."""
    frame, late = in_order(), np.arange(600) >= 400
    frame["y"] = np.where(late, "late", np.where(np.arange(600) < 250, "a", "b"))
    options = {"kind": fastnn.TableClassifier}
    turned = frame[::-1].reset_index(drop=True) if newest_first else frame
    assert not told(turned, **options)
    with pytest.raises(ValueError, match="late"):
        prepared(turned, time="date", **options)
    assert told(turned.assign(y=np.where((turned.index // 60) % 2, "a", "b")), **options)


def test_moments_are_read_as_the_other_columns_are():
    """Marks of gaps and the decimal mark hold for the column of time, too."""
    frame = in_order()[["x", "y"]]
    frame["t"] = [2000 + i // 30 if i % 15 else -999 for i in range(600)]
    with pytest.raises(ValueError, match="got 40 gaps: fill them in, or leave these rows out"):
        prepared(frame, time="t", missing=["-999"])
    frame["t"] = [f"1,{i:03}" for i in range(600)]
    with pytest.raises(ValueError, match="can mean two numbers"):
        prepared(frame, time="t")
    assert prepared(frame, time="t", decimal=",") is not None


def test_a_fit_warns_of_it():
    with pytest.warns(UserWarning, match="The rows are in the order of 'date'") as said:
        fastnn.TableRegressor(quality="fast", random_state=0).fit(in_order(), "y")
    assert len(said) == 1


def test_integers_of_many_digits_divide_the_rows():
    ids = 9_007_199_254_740_993 + np.random.default_rng(0).permutation(60)
    for values in (ids, list(map(str, ids))):
        places = deal(pd.DataFrame({"t": values}), None, ("train", "dev"), 0, time="t")
        order = np.concatenate([places["train"], places["dev"]])
        assert ids[order].tolist() == sorted(ids.tolist())

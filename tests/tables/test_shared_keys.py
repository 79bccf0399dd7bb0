"""Keys of few rows each, whose targets are alike: the rows of one are to be kept together."""

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn.tables.examples import examples_of
from fastnn.tables.preparation import prepare


def told(frame, kind=fastnn.TableRegressor, **options):
    model = kind(random_state=0, **options)
    notices = prepare(model, examples_of(model, frame, "y", reset=True)).notices
    return [notice for notice in notices if "keep the rows of each together" in notice]


def visits(seed=0, share=0.9, rows=2, members=300):
    """Visits of members; y is a member's own, in this share of its variance."""
    rng = np.random.default_rng(seed)
    member = rng.permutation(np.repeat(np.arange(members), rows))
    own = rng.normal(size=members)[member]
    y = np.sqrt(share) * own + np.sqrt(1 - share) * rng.normal(size=len(member))
    x = rng.normal(size=len(member))
    return pd.DataFrame({"member_id": member, "date": np.arange(len(x)), "x": x, "y": y})


@pytest.mark.parametrize("rows", [2, 5])
@pytest.mark.parametrize("seed", range(3))
def test_a_key_whose_rows_are_alike_is_told(seed, rows):
    frame = visits(seed, rows=rows)
    (notice,) = told(frame)
    assert f"Rows of one 'member_id', {rows} on average, are alike in 'y', and" in notice
    assert "(groups='member_id', --groups)" in notice
    texts = frame["member_id"].map("m{}".format)
    assert len(told(frame.assign(member_id=texts))) == 1
    classes = frame.assign(y=np.where(frame["y"] < 0, "low", "high"))
    assert len(told(classes, fastnn.TableClassifier)) == 1
    assert not told(visits(seed, 0.1, rows))
    chance = classes.assign(y=np.random.default_rng(seed).permutation(classes["y"]))
    assert not told(chance, fastnn.TableClassifier)


def test_nothing_is_told_where_the_rows_are_divided_otherwise():
    frame = visits()
    assert told(frame)
    for options in ({"groups": "member_id"}, {"time": "date"}, {"drop": "member_id"}):
        assert not told(frame, **options)
    assert not told(frame.rename(columns={"member_id": "age"}))
    assert not told(frame.rename(columns={"member_id": "index"}))
    assert not told(visits(rows=30, members=40))  # their values can be learnt


def test_a_rare_class_is_alike_by_chance():
    frame = visits(share=0.0)
    frame["y"] = np.where(np.random.default_rng(0).random(len(frame)) < 0.02, "rare", "often")
    assert not told(frame, fastnn.TableClassifier)

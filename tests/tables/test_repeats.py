"""Rows that repeat others: told where they flatter the errors, and nowhere else."""

import warnings

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn.tables.dealing import _by_chance, group_names
from fastnn.tables.examples import examples_of
from fastnn.tables.preparation import prepare

PARTS = ("train", "dev", "test")


def table(m=200):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(m, 2)), columns=list("ab"))
    frame["kind"] = rng.choice(["x", "y"], m)
    return frame.assign(stars=rng.integers(1, 4, m))


def told(frame, parts=PARTS, **options):
    model = fastnn.TableClassifier(random_state=0, **options)
    examples = examples_of(model, frame, "stars", reset=True)
    notices = prepare(model, examples, parts, inner_dev=parts == ("train",)).notices
    return [notice for notice in notices if "exactly, in the target and in all inputs" in notice]


def thrice(frame):
    return pd.concat([frame] * 3, ignore_index=True)


def test_repeats_over_parts_are_counted():
    frame = thrice(table())
    model = fastnn.TableClassifier(random_state=0)
    prepared = prepare(model, examples_of(model, frame, "stars", reset=True), PARTS)
    (notice,) = told(frame)
    seen = set(map(tuple, frame.iloc[prepared.places["train"]].astype(str).to_numpy()))
    for name in ("dev", "test"):
        these = list(map(tuple, frame.iloc[prepared.places[name]].astype(str).to_numpy()))
        assert f"{sum(row in seen for row in these)} of the {len(these)} {name}" in notice
    assert notice.startswith("400 rows repeat others exactly")
    assert "rows are also training rows" in notice


def test_a_column_that_is_left_out_hides_no_repeats():
    frame = thrice(table())
    assert told(frame.assign(id=np.arange(len(frame))))


@pytest.mark.parametrize("of", [lambda stamps: stamps, lambda stamps: stamps.astype(str)])
def test_a_time_stamp_that_is_an_input_hides_no_repeats(of):
    frame = thrice(table())
    stamps = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(600), "min"))
    (notice,) = told(frame.assign(at=of(stamps)))
    assert "400 rows repeat others exactly, in the target and in all inputs but 'at': " in notice
    # A date that rows share is no stamp. By time, later rows may be as the earlier were.
    assert not told(frame.assign(on=of(stamps[np.arange(600) // 3].reset_index(drop=True))))
    (notice,) = told(frame.assign(on=of(stamps[np.arange(600) % 200].reset_index(drop=True))))
    assert "in the target and in all inputs: " in notice
    assert not told(frame.assign(at=of(stamps)), time="at")
    assert not told(table().assign(at=of(stamps[:200])))
    assert not told(pd.DataFrame({"at": of(stamps), "stars": frame["stars"]}))


def test_groups_are_not_advised_beside_time_which_refuses_them():
    frame = thrice(table()).assign(week=np.arange(600))
    (notice,) = told(frame, time="week", drop="week")
    assert notice.endswith("Leave the repeats out.")
    (notice,) = told(frame, drop="week")
    assert notice.endswith("or keep them together by a column that they share (groups, --groups).")


@pytest.mark.filterwarnings("ignore:.* on the dev rows are not related:UserWarning")  # one epoch
def test_rows_of_a_dev_set_of_its_own_that_are_training_rows():
    frame, options = table(), {"quality": None, "epochs": 1, "random_state": 0}
    dev = pd.concat([frame[:30], table(300)[250:]], ignore_index=True)
    dev["a"] = dev["a"].round(12)  # as a file has them
    with pytest.warns(UserWarning, match="30 of the 80 dev rows are also training rows"):
        model = fastnn.TableClassifier(**options).fit(frame.round(12), "stars", dev=dev.round(12))
    (notice,) = (notice for notice in model.notices_ if "30 rows repeat others exactly" in notice)
    assert notice.endswith("Leave the repeats out.")  # groups keep no rows of two files together
    other = fastnn.TableClassifier(**options).fit(frame[30:], "stars", dev=frame[:30])
    assert not any("exactly" in notice for notice in other.notices_)


@pytest.mark.filterwarnings("ignore:.* on the dev rows are not related:UserWarning")  # one epoch
def test_repeats_among_training_rows_do_no_harm_to_a_dev_set_of_its_own():
    model = fastnn.TableClassifier(quality=None, epochs=1, random_state=0)
    model.fit(thrice(table(260)[:200]), "stars", dev=table(260)[200:])
    assert not any("exactly" in notice for notice in model.notices_)


def test_a_fit_warns_of_repeats():
    with pytest.warns(UserWarning, match="400 rows repeat others exactly"):
        fastnn.TableClassifier(quality="fast", random_state=0).fit(thrice(table()), "stars")


def rounded(seed, m=200, noise=1.0):
    """A table of one input of three decimals, in which some rows are equal by chance."""
    rng = np.random.default_rng(seed)
    kind = np.arange(m) % 2
    x = rng.normal(size=m) + 2 * kind
    stars = 1 + np.where(rng.random(m) < noise, kind, x > 1)
    return pd.DataFrame({"x": x.round(3), "stars": stars})


@pytest.mark.parametrize("parts", [PARTS, ("train",)])
@pytest.mark.parametrize("noise", [1.0, 0.2, 0.0])
def test_repeats_that_chance_gives_are_not_told(parts, noise):
    several = 0
    for seed in range(10):
        frame = rounded(seed, noise=noise)
        several += frame.duplicated().sum() > 1
        assert not told(frame, parts), seed
        assert not told(frame.assign(unit="cm"), parts), seed
    assert several > 5


@pytest.mark.parametrize("noise", [1.0, 0.0])
@pytest.mark.parametrize("m", [100, 200, 300])
def test_more_repeats_than_chance_gives_are_told(noise, m):
    for seed in range(10):
        frame = rounded(seed, m, noise)
        assert told(thrice(frame)), seed
        assert told(pd.concat([frame, frame[: m // 3]], ignore_index=True)), seed


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "of",
    [
        lambda x: np.where(np.arange(400) % 80 == 0, 2, 1),  # nearly always the same
        lambda x: np.round(x * 10),  # it changes with x
        lambda x: np.where(x > 0, 2, 1),
    ],
)
def test_repeats_of_a_rounded_number_with_hardly_a_row_for_each_value_are_not_told(seed, of):
    """400 normal numbers in steps of 0.01 have 400² / 2 * 0.01 * 0.28 = 226 pairs by chance."""
    x = np.random.default_rng(seed).normal(size=400)
    frame = pd.DataFrame({"a": x.round(2), "stars": [f"{k:.0f} of them" for k in of(x)]})
    assert not told(frame, rare_classes="keep")
    assert told(thrice(frame.assign(a=x.round(4))), rare_classes="keep")


@pytest.mark.parametrize("parts", [PARTS, ("train",)])
def test_groups_keep_repeats_together(parts):
    frame = table().assign(customer=np.arange(200))
    assert not told(thrice(frame), parts, groups="customer")
    assert told(thrice(frame).assign(customer=np.arange(600) // 6), parts, groups="customer")


@pytest.mark.parametrize("parts", [PARTS, ("train",)])
def test_nothing_of_different_rows_of_a_few_repeats_and_of_categories(parts):
    frame = table()
    gaps = frame.assign(a=frame["a"].where(np.arange(200) % 5 > 0)).drop(columns="b")
    other = frame.assign(stars=frame["stars"] % 3 + 1)
    rng = np.random.default_rng(1)
    of_few = pd.DataFrame(rng.integers(4, size=(900, 3)), columns=list("abc"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not told(frame, parts)
        assert not told(gaps, parts)
        assert not told(pd.concat([frame, other], ignore_index=True), parts)
        assert not told(pd.concat([frame, frame.head(3)], ignore_index=True), parts)
        assert not told(of_few.assign(stars=rng.integers(1, 3, 900)), parts)


@pytest.mark.parametrize("second", ["P{} ", " P{}", "P{}\u00a0"])
@pytest.mark.parametrize("of", [list, pd.Categorical])
def test_blanks_around_a_group_do_not_divide_it(second, of):
    frame = table()
    patients = np.arange(200) // 5
    names = [second.format(i) if k % 2 else f"P{i}" for k, i in enumerate(patients)]
    model = fastnn.TableClassifier(random_state=0, groups="who")
    examples = examples_of(model, frame.assign(who=of(names)), "stars", reset=True)
    prepared = prepare(model, examples, PARTS)
    found = [set(patients[places]) for places in prepared.places.values()]
    assert all(found)
    assert sum(map(len, found)) == 40
    assert {name: len(set(part.groups)) for name, part in prepared.parts.items()} == dict(
        zip(PARTS, map(len, found), strict=True)
    )
    assert not told(thrice(frame).assign(who=of(names * 3)), groups="who")


def test_groups_of_whole_numbers_are_the_same_beside_gaps():
    whole, broken = pd.Series([1, 2, 30]), pd.Series([1.0, 2.0, 30.0])
    assert group_names(whole).tolist() == group_names(broken).tolist() == ["1", "2", "30"]
    assert group_names(pd.Series([0.5, 2.0])).tolist() == ["0.5", "2"]
    days = pd.Series(pd.to_datetime(["2020-01-02", "2020-01-03"] * 2))
    assert len(set(group_names(days))) == 2


def test_equal_rows_with_gaps_in_the_column_that_tells_rows_apart():
    numbers = table()[["a", "stars"]]
    gaps = pd.DataFrame({"a": np.nan, "stars": [1, 2, 3] * 20})
    whole = pd.concat([numbers, gaps], ignore_index=True)
    first = np.flatnonzero(~whole.duplicated().to_numpy())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 0 <= _by_chance(whole, first, ["a"], 3 * 20 * 19 / 2) < 50

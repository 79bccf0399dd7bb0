"""What columns become, and which are left out."""

import datetime
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from columns import M, cycle, learn, table

from fastnn.tabular import TableSchema, read_table


@pytest.mark.parametrize("first", [125 * 10**16, 2**63, 10**25, -(10**18)])
@pytest.mark.parametrize("gap", [False, True])
def test_integers_that_float64_does_not_tell_apart_are_categories(first, gap, tmp_path):
    file = tmp_path / "ids.csv"
    for ids in ([first + i for i in range(M)], [first + i % 3 for i in range(M)]):
        ids[0] = None if gap else ids[0]
        frame = table(c=pd.Series(ids, dtype=object))
        frame.to_csv(file, index=False)
        for each in (frame, read_table(file)):
            schema = TableSchema.fit(each, "y")
            digits = "Column 'c' has integers of so many digits that numbers do not tell them apart"
            assert schema.notices[0].startswith(digits) == (len(set(ids)) < M - 2)
            if len(set(ids)) > M - 2:
                assert schema.dropped == {"c": "all its values are different, as names or keys are"}
            else:
                names = [f"c={first + i}" for i in range(3)]
                assert set(names) <= set(schema.input_names)
                again = read_table(file, schema.text_columns)
                np.testing.assert_array_equal(schema.inputs(again), schema.inputs(frame))


@pytest.mark.parametrize(
    ("values", "inputs"),
    [
        (cycle(1, 2, 3), ["c"]),
        (cycle(1.5, None), ["c", "c is missing"]),
        (cycle(True, False), ["c"]),
        (cycle(True, False, None), ["c", "c is missing"]),
        (pd.Series(cycle(3, 1, None), dtype="Int64"), ["c", "c is missing"]),
        (cycle(10**30, 5, 7), ["c"]),
        (cycle(Decimal("1.5"), Decimal(2)), ["c"]),
        ([str(7 * i % M) for i in range(M)], ["c"]),
        (cycle("u", "v"), ["c=u", "c=v"]),
        (cycle("u", None), ["c is missing", "c=u"]),
        (cycle("u", "missing", None), ["c is missing", "c=missing", "c=u"]),
        (cycle(1, "a", 2.0), ["c=1", "c=2", "c=a"]),
        (pd.Categorical(cycle(3, 1, 2)), ["c=1", "c=2", "c=3"]),
        ([*cycle("u", "v")[:-1], "once"], ["c=u", "c=v", "c=(rare)"]),
        ([f"k{i // 2}" for i in range(M)], [f"c=k{i}" for i in sorted(range(30), key=str)]),
    ],
)
def test_kinds_of_columns(values, inputs):
    schema = learn(values)
    assert schema.input_names[0] == "x"
    assert schema.input_names[1:] == inputs
    assert not schema.notices


def test_integers_are_categories_when_asked_for():
    schema = learn(cycle(1, 2, None), categorical="c")  # the gap makes them floats
    assert schema.input_names == ["x", "c is missing", "c=1", "c=2"]
    assert schema.text_columns == ["c"]
    np.testing.assert_array_equal(
        schema.inputs(table(c=cycle("1", "2", None))), schema.inputs(table(c=cycle(1, 2, None)))
    )


def test_the_most_frequent_of_many_categories_are_kept():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"c": [f"k{i}" for i in rng.geometric(0.004, 9000)], "y": rng.normal(size=9000)}
    )
    schema = TableSchema.fit(frame, target="y")
    assert schema.n_inputs == 256 + 64 + 1
    kept = {name.removeprefix("c=") for name in schema.input_names if "(" not in name}
    counts = frame["c"].value_counts()
    assert len(kept) == 256
    assert counts[list(kept)].min() >= counts.drop(list(kept)).max()
    X = schema.inputs(frame)
    assert (X.sum(axis=1) == 1).all()
    single = frame["c"].isin(counts.index[counts == 1])
    np.testing.assert_array_equal(X[:, -1] == 1, single)  # rare
    shares = X[~frame["c"].isin(kept) & ~single, 256:-1].mean(axis=0)
    assert 0 < shares.max() < 0.2  # dealt to many inputs
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    np.testing.assert_array_equal(again.inputs(frame), X)


def test_all_of_215_countries_have_an_input():
    """A limit of 50 gave four times the error of a ridge regression."""
    frame = pd.DataFrame({"c": [f"country {i}" for i in range(215)] * 3, "y": range(645)})
    assert TableSchema.fit(frame, target="y").n_inputs == 215


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([None] * M, "all its values are missing"),
        ([float("nan")] * M, "all its values are missing"),
        ([5] * M, "it is 5 in all rows"),
        (["q"] * M, "it is q in all rows"),
        ([f"id{i}" for i in range(M)], "all its values are different, as names or keys are"),
        ([f"id{max(i, 3)}" for i in range(M)], "57 of its 60 values are different.*categorical"),
        (range(1, M + 1), "it counts the rows; name it as numeric to keep it"),
        ([f"{i}" for i in range(100, M + 100)], "it counts the rows"),
    ],
)
def test_columns_that_say_nothing_are_left_out(values, why):
    schema = learn(values)
    assert schema.input_names == ["x"]
    assert pd.Series(schema.dropped["c"]).str.match(why).all()
    assert pd.Series(schema.notices).str.match(f"Column 'c' is left out: {why}").all()
    assert len(schema.notices) == 1
    assert learn(values, drop="c").notices == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (cycle(b"x", b"y"), "column 'c' holds bytes"),
        (cycle(1 + 2j, 2), "column 'c' holds complex numbers"),
        (cycle([1], [2]), "column 'c' holds values of type list, as in row 0"),
        (
            [*map(str, range(M - 6)), "oops", *"abcde"],
            "as 54 of the 60 values .* 'oops' in row 54, and 5",
        ),
        (cycle("3 €", "1.200 €"), "'c': '1.200 €' in row 1 can mean two numbers.*decimal="),
        (cycle("1,234", "900"), "'c': '1,234' in row 0 can mean two numbers.*--decimal"),
        (pd.array(cycle([1], [2]), pd.ArrowDtype(pa.list_(pa.int64()))), "column 'c' holds .*list"),
        ([*cycle(1.0, 2.0)[:-1], np.inf], "column 'c': expected finite numbers.*inf in row 59"),
        ([*cycle(1.0, 2.0)[:-1], -1e200], r"numbers up to 1e\+100, got -1e\+200 in row 59"),
    ],
)
def test_columns_that_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        learn(values)
    learn(values, drop=["c"])


def test_categories_may_have_signs():
    for values in (
        cycle("$1", "$$", "<5%"),
        cycle("1.0.1", "1.2.0", "2.0"),
        cycle("10.0.0.1", "10.0.0.2", "::1"),
        cycle("5-9 %", "10-19 %", "20 %"),
    ):
        assert learn(values).n_inputs == 4
    assert learn(cycle("$1", "$2"), categorical="c").input_names == ["x", "c=$1", "c=$2"]


def test_text_that_looks_like_dates_may_be_categories():
    values = cycle("2020-01-01", "2020-02-01")
    assert learn(values, categorical=["c"]).input_names == ["x", "c=2020-01-01", "c=2020-02-01"]


@pytest.mark.parametrize("name", ["id", "Id", "customer_id", "orderID", "row names", "key"])
def test_keys_are_left_out(name):
    keys = np.random.default_rng(1).permutation(M) * 13 + 1000
    schema = TableSchema.fit(table(**{name: keys}), target="y")
    assert schema.input_names == ["x"]
    assert schema.notices == [
        f"Column {name!r} is left out: it is a key by its name, and different in all rows; name "
        "it as numeric to keep it."
    ]
    assert TableSchema.fit(table(**{name: keys}), "y", numeric=[name]).input_names == ["x", name]
    assert TableSchema.fit(table(period=keys), "y").input_names == ["x", "period"]


@pytest.mark.parametrize(
    ("name", "keys", "why"),
    [
        ("id", [*range(M - 3), 7, 8, 9], "it is a key by its name, and different in nearly all"),
        ("id", 10**17 + 900 * np.arange(M), "it is a key by its name, and different in all rows"),
        ("id", cycle(*range(30)), None),
        ("heat index", [*range(M - 3), 7, 8, 9], None),
        ("c", [*range(M - 3), 7, 8, 9], None),
    ],
)
def test_keys_with_repeats_and_of_many_digits(name, keys, why):
    schema = TableSchema.fit(table(**{name: keys}), target="y")
    if why is None:
        assert schema.input_names == ["x", name]
    else:
        assert schema.dropped[name].startswith(why)


def test_a_part_of_the_rows_shows_a_counter():
    frame = table(c=range(1, M + 1)).sample(frac=0.6, random_state=0)
    assert TableSchema.fit(frame, target="y").input_names == ["x"]
    frame = table(c=range(M, 0, -1)).sample(frac=0.6, random_state=0)
    assert TableSchema.fit(frame, target="y").input_names == ["x"]
    frame = table(c=range(1, M + 1)).sample(frac=1, random_state=0).reset_index(drop=True)
    assert TableSchema.fit(frame, target="y").input_names == ["x", "c"]


@pytest.mark.parametrize(
    ("column", "target", "named"),
    [
        (cycle("Y", "N"), cycle("yes", "no"), True),
        (cycle(1, 0, 2), cycle("yes", "no", "no"), True),
        (cycle("a", "b", "c", "d"), cycle("yes", "no"), True),
        (cycle("Y", "N"), [*cycle("yes", "no")[:-1], "yes"], False),
        (cycle(*range(30)), cycle("yes", "no"), False),  # each value in two rows may be chance
        (np.sin(np.arange(M)), 7 - 3 * np.sin(np.arange(M)), True),
        (np.sin(np.arange(M)), np.sin(np.arange(M)) + np.arange(M) / 100, False),
        ([None, *np.sin(np.arange(1, M))], np.sin(np.arange(M)), True),
        (np.exp(3 * np.sin(np.arange(M))), np.sin(np.arange(M)), True),
        (-np.exp(3 * np.sin(np.arange(M))), np.sin(np.arange(M)), True),
        (np.exp(np.sin(np.arange(M))), (2 * np.sin(np.arange(M))).round(1), True),
        (-np.exp(np.sin(np.arange(M))), (2 * np.sin(np.arange(M))).round(1), True),
        (np.exp(np.sin(np.arange(M))), (2 * np.sin(np.arange(M))).round() / 4, False),  # 5 values
        (np.sin(np.arange(M)), (2 * np.sin(np.arange(M) / 2)).round(1), False),
        (np.sin(np.arange(M)).round(1), np.exp(np.sin(np.arange(M))), False),  # 21 values
        (np.sin(np.arange(M)) ** 2, np.sin(np.arange(M)), False),
        (np.sin(np.arange(M)) > 0, np.sin(np.arange(M)), False),  # two values tell little
        ([np.sin(i) if i % 3 else None for i in range(M)], cycle("yes", "no", "no"), True),
        ([np.sin(i) if i % 3 else None for i in range(M)], cycle("yes", "no", "a"), False),
    ],
)
def test_a_column_that_gives_the_target_away_is_named(column, target, named):
    schema = TableSchema.fit(table(c=column, y=target), target="y")
    assert schema.notices == named * [
        "Column 'c' alone gives 'y' away: drop it, unless it is known before 'y' is."
    ]


@pytest.mark.parametrize(
    ("column", "target", "named"),
    [
        (np.sin(np.arange(M)), np.where(np.sin(np.arange(M)) > 0, "yes", "no"), True),
        (
            np.sin(np.arange(M)),
            np.array(["no", "so", "yes"])[np.digitize(np.sin(np.arange(M)), [-0.5, 0.5])],
            True,
        ),
        (np.sin(np.arange(M)), np.where(np.abs(np.sin(np.arange(M))) > 0.5, "yes", "no"), False),
        # Three rows of a class may be chance.
        (np.sin(np.arange(M)), np.where(np.sin(np.arange(M)) > 0.99, "yes", "no"), False),
        ([float(i // 2) for i in range(M)], ["no"] * 31 + ["yes"] * (M - 31), False),
    ],
)
def test_a_column_in_which_each_class_has_a_range_is_named(column, target, named):
    said = TableSchema.fit(table(c=column, y=target), "y").notices
    assert said == named * [
        "Column 'c' alone can give 'y' away, as each class has a range of it for itself: drop it, "
        "unless it is known before 'y' is."
    ]


def test_texts_that_differ_in_capitals_only_are_told():
    frame = table(
        a=cycle("Oslo", "oslo", "Rome"), b=cycle("x", "y"), y=cycle("no", "yes", "No", "yes", "NO")
    )
    said = TableSchema.fit(frame, "y").notices
    assert said == [
        "Texts that differ in capitals, blanks or codes of one letter only count as different: "
        "'NO', 'No', 'no' of 'y'; 'Oslo', 'oslo' of 'a'. Write them alike, if they are one."
    ]


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (("é", "e\u0301", "ü"), r"'e\u0301', 'é'"),
        (("a b", "a\u00a0b", "c"), r"'a b', 'a\xa0b'"),
        (("ab", "a\u200bb", "c"), r"'ab', 'a\u200bb'"),
        (("a b", "a  b", "c"), "'a  b', 'a b'"),
    ],
)
def test_texts_that_look_alike_are_told(texts, shown):
    (said,) = learn(cycle(*texts)).notices
    assert f"count as different: {shown} of 'c'. Write" in said


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(pd.to_timedelta([None, *(90 * i for i in range(1, M))], unit="min")),
        pd.Series([None, *(datetime.time(i % 24, i % 60, i % 7) for i in range(1, M))]),
        pd.Series(
            [None, *(datetime.time(i % 24, i % 60) for i in range(1, M))],
            dtype=pd.ArrowDtype(pa.time64("us")),
        ),
    ],
)
def test_durations_and_times_are_those_of_their_texts(column):
    texts = [
        None if value is None or value is pd.NaT else str(value) for value in column.astype(object)
    ]
    schema, of_texts = learn(column), learn(texts)
    assert schema.n_inputs == 3
    np.testing.assert_array_equal(schema.inputs(table(c=column)), of_texts.inputs(table(c=texts)))
    np.testing.assert_array_equal(schema.inputs(table(c=texts)), schema.inputs(table(c=column)))


def test_categories_that_share_inputs_in_many_rows_are_told():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"k": [f"c{k}" for k in rng.integers(0, 2000, 6000)], "y": rng.random(6000)}
    )
    (said,) = (text for text in TableSchema.fit(frame, "y").notices if "share 64 inputs" in text)
    assert "of its categories, in 4," in said
    few = frame.assign(k=[f"c{k}" for k in rng.geometric(0.02, 6000)])
    assert not any("share" in text for text in TableSchema.fit(few, "y").notices)

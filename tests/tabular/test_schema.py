"""Schemas: what is learnt of a table, how rows are encoded, and how other tables are refused."""

import json
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from columns import M, cycle, kept, learn, table
from hypothesis import given, settings
from hypothesis import strategies as st
from stopwatch import Stopwatch

import fastnn
from fastnn.tabular import TableSchema, task_of, with_target
from fastnn.tabular.encoding import as_transformed, column_transformer
from fastnn.tabular.notation import PLAIN
from fastnn.tabular.reading import tidy

# --- The same as scikit-learn, and the same after JSON ---

FLOATS = st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(-5, 5).map(float))
TEXTS = st.one_of(
    st.none(), st.sampled_from(["a", "b", "c", "Łódź", "missing"]), st.text(max_size=3)
)


@st.composite
def tables(draw):
    """Training rows and new ones, of the same columns."""
    m, m_new = draw(st.integers(4, 30)), draw(st.integers(0, 10))
    columns = {}
    for j in range(draw(st.integers(1, 4))):
        values = draw(st.sampled_from([FLOATS, TEXTS]))
        column = draw(st.lists(values, min_size=m + m_new, max_size=m + m_new))
        columns[f"c{j}"] = pd.Series(column, dtype=float if values is FLOATS else object)
    # One that is always usable.
    columns["n"] = np.arange(m + m_new) % 3
    columns["y"] = np.arange(m + m_new) + 0.5
    frame = pd.DataFrame(columns)
    categorical = [name for name in frame if frame[name].dtype == object]
    return frame[:m], frame[m:], categorical


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(tables())
def test_inputs_are_those_of_scikit_learn_and_survive_json(drawn):
    train, new, categorical = drawn
    schema = TableSchema.fit(train, target="y", categorical=categorical)
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    assert again.to_dict() == schema.to_dict()
    assert again.input_names == schema.input_names
    names = [
        [column.name for column in schema.columns if column.kind == kind]
        for kind in ("numeric", "categorical")
    ]
    train, new = train.apply(tidy), new.apply(tidy)
    transformer = column_transformer(*names).fit(as_transformed(train, *names))
    for frame in (train, new):
        X = schema.inputs(frame)
        assert X.dtype == np.float32
        assert X.shape == (len(frame), schema.n_inputs)
        np.testing.assert_array_equal(again.inputs(frame), X)
        np.testing.assert_array_equal(again.targets(frame), schema.targets(frame))
        if len(frame):  # scikit-learn refuses empty ones
            bounded = as_transformed(frame, *names)
            for column in schema.columns:
                if column.kind == "numeric":
                    bounded[column.name] = bounded[column.name].clip(*column.bounds)
            expected = transformer.transform(bounded)
            expected = expected.toarray() if hasattr(expected, "toarray") else expected
            np.testing.assert_array_equal(X, expected.astype(np.float32))


def test_numbers_have_mean_0_and_deviation_1():
    frame = table(c=cycle(1.0, 2.0, None, 9.0))
    X = TableSchema.fit(frame, target="y").inputs(frame)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(X.std(axis=0), 1, atol=1e-6)


# --- What columns become ---


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
        (pd.to_timedelta(range(M), unit="s"), "column 'c' holds times: make it a number"),
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


# --- How columns are written ---


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda v: f"{v:.2f}".replace(".", ","), "'-1,50' is read as -1.5"),
        (lambda v: f"{v + 2000:,.2f}", "'1,998.50' is read as 1998.5"),
        (lambda v: f"{v + 2000:,.2f}".translate({44: 46, 46: 44}), "'1.998,50' is read as 1998.5"),
        (lambda v: f"{v + 2000:,.2f}".replace(",", " "), "'1 998.50' is read as 1998.5"),
        (lambda v: f"{v:.2f} kg", "'-1.50 kg' is read as -1.5"),
        (lambda v: f"${v:.2f}", r"'\$-1.50' is read as -1.5"),
        (lambda v: f"{v:.2f}%", "'-1.50%' is read as -1.5"),
        (lambda v: f"({-v:.2f})" if v < 0 else f"{v:.2f}", r"'\(1.50\)' is read as -1.5"),
        (lambda v: f"{v:.2f}".replace("-", "\N{MINUS SIGN}"), "'.1.50' is read as -1.5"),
        (lambda v: f" {v:.2f} ", None),
    ],
)
def test_numbers_stay_numbers_however_they_are_written(write, said):
    expected = np.linspace(-1.5, 7.35, M)
    values, notices = kept([write(v) for v in expected])
    shift = 2000 if "98" in write(-1.5) else 0
    np.testing.assert_allclose(values, expected.round(2) + shift, atol=0.005 + 1e-6 * shift)
    if said is None:
        assert notices == []
    else:
        assert len(notices) == 1
        assert pd.Series(notices).str.match(f"Column 'c' is numbers: {said}\\.").all()


@pytest.mark.parametrize("mark", ["-", "?", ".", "n.a.", "None", "N/A", "#VALUE!", " - ", "oops"])
def test_marks_among_numbers_are_gaps(mark):
    numbers = (np.arange(M) * 7 % M / 8).tolist()
    values = [mark if i % 8 == 0 else f"{v}" for i, v in enumerate(numbers)]
    frame, gaps = (
        table(c=values),
        table(c=[None if i % 8 == 0 else v for i, v in enumerate(numbers)]),
    )
    schema, expected = (TableSchema.fit(each, target="y") for each in (frame, gaps))
    assert schema.columns == expected.columns
    np.testing.assert_array_equal(schema.inputs(frame), expected.inputs(gaps))
    assert expected.notices == []
    known = (
        []
        if mark == "N/A"
        else [f"Column 'c' is numbers: 8 rows with {mark.strip()!r} count as missing."]
    )
    assert schema.notices == known


def test_limits_are_numbers_and_mixtures_are_told():
    assert kept([f"<0.{i + 1}" if i < 5 else f"{i}" for i in range(M)])[0][:6] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.5, 5], abs=1e-5
    )
    schema = learn([f"{7 * i % M}" if i % 3 else f"A{i % 7}" for i in range(M)])
    assert schema.notices == [
        "Column 'c': 20 rows hold texts among numbers, as 'A0': all of it is read as categories."
    ]


@pytest.mark.parametrize("units", [("kg", "g"), ("$", "€"), ("m", "ft", "km")])
def test_numbers_of_several_units_are_no_numbers_and_that_is_told(units):
    rng = np.random.default_rng(0)
    values = [f"{rng.uniform(1, 9):.3f} {units[i % len(units)]}" for i in range(M)]
    frame = table(c=[v if units[0] != "$" else "".join(v.split()[::-1]) for v in values])
    schema = TableSchema.fit(frame, "y")
    assert "c" in schema.dropped
    said = [text for text in schema.notices if text.startswith("Column 'c' is numbers")]
    assert len(said) == 1
    assert "several units" in said[0]
    assert all(unit in said[0] for unit in units)
    with pytest.raises(ValueError, match=r"none that is usable.*several units"):
        TableSchema.fit(frame.drop(columns="x"), "y")


def test_a_column_of_numbers_and_texts_is_never_silently_categories():
    rng = np.random.default_rng(0)
    said = learn([f"{rng.normal():.3f}" if i % 2 else "low" for i in range(M)]).notices
    assert any("hold texts among numbers, as 'low'" in text for text in said)
    codes = learn([str(i % 5) if i % 2 else "low" for i in range(M)]).notices
    assert not any("among numbers" in text for text in codes)


def test_the_decimal_mark_can_be_named():
    values = cycle("1,234", "900")
    assert sorted(set(kept(values, decimal=".")[0].round(3))) == [900, 1234]
    assert sorted(set(kept(values, decimal=",")[0].round(3))) == pytest.approx([1.234, 900])
    with pytest.raises(ValueError, match="unknown decimal mark ';'"):
        learn(values, decimal=";")


def test_missing_values_can_be_named():
    frame = table(c=cycle(5.0, -999.0, 7.0), d=cycle("NA", "DE", "?"))
    schema = TableSchema.fit(frame, target="y", missing=["-999", "?"])
    assert schema.input_names == ["x", "c", "c is missing", "d is missing", "d=DE", "d=NA"]
    assert schema.columns[1].low == 5
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    np.testing.assert_array_equal(again.inputs(frame), schema.inputs(frame))
    assert TableSchema.fit(frame, target="y").input_names[2:] == ["d is missing", "d=?", "d=DE"]


def test_blanks_around_texts_are_no_part_of_them():
    schema = TableSchema.fit(
        table(c=cycle("Rome ", " Rome", "Oslo"), y=cycle("yes", "yes ", "no")), target="y"
    )
    assert schema.input_names == ["x", "c=Oslo", "c=Rome"]
    assert schema.classes.tolist() == ["no", "yes"]


def test_a_class_may_be_called_none():
    frame = table(y=cycle("None", "Full", "NA"))
    schema = TableSchema.fit(frame, target="y")
    assert schema.classes.tolist() == ["Full", "None"]
    assert schema.notices == [
        "20 rows without a y are left out: 20 with 'NA'; if 'NA' is a class, keep it by missing=() "
        "(--missing '')."
    ]


# --- Keys ---


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


# --- The target ---


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (cycle(0, 1), [0, 1]),
        (cycle(1.0, 2.0, None), [1, 2]),
        (cycle(True, False), [False, True]),
        (cycle(True, False, None), [False, True]),
        (cycle("u", "v", None), ["u", "v"]),
        (pd.Categorical(cycle("lo", "hi")), ["hi", "lo"]),
        (pd.Categorical(range(M // 2)).repeat(2), sorted(map(str, range(M // 2)))),
        (cycle(*range(20)), list(range(20))),
        (cycle(*range(21)), None),
        (cycle(0.5, 1.5), None),
        (range(M), None),
        ([str(i) for i in range(M)], None),
    ],
)
def test_task_by_the_target(values, classes):
    schema = TableSchema.fit(table(y=values), target="y")
    assert schema.task == ("regression" if classes is None else "classification")
    assert task_of(pd.Series(values)) == schema.task
    assert (schema.classes is None) == (classes is None)
    if classes is not None:
        assert schema.classes.tolist() == classes
        assert {type(value) for value in schema.classes.tolist()} == {type(classes[0])}
        rows, _ = with_target(table(y=values), "y")
        decoded = schema.decode(np.eye(max(len(classes), 2))[schema.targets(rows)])
        assert decoded.tolist() == [type(classes[0])(value) for value in rows["y"]]


@pytest.mark.parametrize(
    ("classes", "output", "units"),
    [
        (cycle("a", "b"), "sigmoid", 1),
        (cycle("a", "b", "c"), "softmax", 3),
        (range(M), "identity", 1),
    ],
)
def test_the_network_that_fits(classes, output, units):
    schema = TableSchema.fit(table(y=classes), target="y")
    assert (schema.output, schema.n_outputs) == (output, units)


def test_classes_that_can_be_a_quantity_are_told():
    said = TableSchema.fit(table(y=cycle(3, 4, 5)), "y").notices
    assert said == [
        "Target 'y' is taken for classes, as it has only 3 different values, all of them whole "
        "numbers from 3 to 5. If it is a quantity, ask for a regression (task, --task)."
    ]
    for values, options in (
        (cycle(3, 4, 5), {"task": "classification"}),
        (cycle(3, 4, 5), {"task": "regression"}),
        (cycle(0, 1), {}),
        (cycle("3", "4", "a"), {"missing": []}),
        (cycle(True, False), {}),
    ):
        fitted = TableSchema.fit(table(y=values), "y", **options)
        assert not any("taken for classes" in text for text in fitted.notices)


def test_task_as_asked_for():
    assert TableSchema.fit(table(y=cycle(0, 1)), "y", task="regression").classes is None
    asked = TableSchema.fit(table(y=cycle(0.5, 1.5)), "y", task="classification")
    assert asked.classes.tolist() == [0.5, 1.5]


def test_large_integers_can_be_classes():
    schema = TableSchema.fit(table(y=cycle(10**17, 10**17 + 1)), "y", categorical="y")
    assert schema.classes.tolist() == [str(10**17), str(10**17 + 1)]


def test_a_regression_is_in_the_targets_units():
    frame = table()
    frame["y"] = 1000 + 50 * frame["y"]
    schema = TableSchema.fit(frame, target="y")
    assert schema.target_scale == pytest.approx(frame["y"].std(ddof=0))
    y = schema.targets(frame)
    assert (y.mean(), y.std()) == (pytest.approx(0, abs=1e-12), pytest.approx(1))
    np.testing.assert_allclose(schema.decode(y[:, np.newaxis]), frame["y"])


@pytest.mark.parametrize(
    ("values", "words", "offers"),
    [
        (np.arange(M) % 31, ["whole numbers of at least 0", "below 0 become 0"], ["poisson"]),
        (np.exp(np.arange(M) / 8), ["skewed (skewness 2.", "become 0"], ["poisson", "huber"]),
        (-np.exp(np.arange(M) / 8), ["skewed (skewness -2."], ["absolute_error", "huber"]),
        (np.arange(M) / 7, [], []),
        (np.arange(M) - 7, [], []),
    ],
    ids=["counts", "skewed", "skewed to the left", "even", "whole numbers"],
)
def test_counts_and_skewed_targets_are_told(values, words, offers):
    frame = table(y=values, n=cycle(1, 3, 2))
    said = [
        text
        for text in TableSchema.fit(frame, "y", "regression").notices
        if text.startswith("Target")
    ]
    assert len(said) == bool(words)
    for word in (*words, *offers):
        assert word in said[0]
    if words and "poisson" not in offers:
        assert "poisson" not in said[0]
    # Of a loss that was chosen nothing is said.
    notices = TableSchema.fit(frame, "y", "regression", loss="huber").notices
    assert not any(text.startswith("Target") for text in notices)


@pytest.mark.parametrize(
    ("values", "lowest"),
    [
        (np.arange(M) % 31, 0),  # counts
        (np.arange(M) / 7 + 0.5, 0),  # prices
        (np.arange(M) / 7 - 0.5, -np.inf),
    ],
)
def test_predictions_are_not_negative_if_no_target_is(values, lowest):
    frame = table(y=values)
    schema = TableSchema.fit(frame, target="y", task="regression")
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    Z = np.linspace(-9, 9, 50)[:, np.newaxis]
    expected = np.maximum(Z[:, 0] * values.std() + values.mean(), lowest)
    for each in (schema, again):
        np.testing.assert_allclose(each.decode(Z), expected)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (["a"] * M, {}, r"two classes or more in the target 'y', got \['a'\] in all 60 rows"),
        ([1.0] * M, {"task": "regression"}, "'y' to vary.* got values from 1 to 1 in 60 rows"),
        ([None] * M, {}, "at least 2 rows whose target 'y' is known, got 0"),
        ([f"n{i}" for i in range(M)], {}, "60 different values in 60 rows, too many for classes"),
        (cycle("a", "b"), {"task": "regression"}, "numbers, for a regression; got 'a' in row 0"),
        (
            [*map(str, range(M - 1)), "x"],
            {},
            "as 59 of the 60 .*task='classification'.* 'x' in row 59",
        ),
        ([np.inf, *range(M - 1)], {}, "column 'y': expected finite numbers.* in row 0"),
        (pd.date_range("2020-01-01", periods=M), {}, "column 'y' holds dates"),
        (range(2**53, 2**53 + M), {}, r"integers within 2\^53, .* got 9007199254740992 in row 0"),
        (cycle(-(2**60), 0), {}, "within .* row 0; subtract .* name the target as categorical"),
        (cycle("a", "b"), {"task": "guess"}, "unknown task 'guess'; known: auto"),
        (cycle("a", "b"), {"drop": "y"}, "drop to hold other columns than the target"),
        (cycle("a", "b"), {"drop": ["x"]}, "to predict 'y' from, got none .*'x': as asked for"),
        (cycle("a", "b"), {"drop": ["X"]}, r"no columns to drop 'X' \(did you mean 'x'\?\)"),
        (
            cycle("a", "b"),
            {"categorical": ["xx"]},
            r"no categorical columns 'xx' \(did you mean 'x'",
        ),
    ],
)
def test_targets_and_options_that_are_refused(values, options, message):
    with pytest.raises(ValueError, match=message):
        TableSchema.fit(table(y=values), target="y", **options)


@pytest.mark.parametrize(
    ("options", "got"),
    [
        ({"target": ["y"]}, r"\['y'\] of type list"),
        ({"target": 3}, "3 of type int"),
        ({"drop": [["x"]]}, r"\['x'\] of type list"),
        ({"categorical": [0]}, "0 of type int"),
    ],
)
def test_names_that_are_no_text(options, got):
    with pytest.raises(TypeError, match=f"expected names that are text, got {got}"):
        TableSchema.fit(table(), **{"target": "y", **options})


def test_names_that_pandas_does_not_find_again():
    with pytest.raises(ValueError, match=r"without NUL characters, got 'x\\x00b'; rename them"):
        TableSchema.fit(table(**{"x\0b": range(M)}), target="y")


def test_columns_in_levels_are_told_how_to_get_names():
    frame = pd.concat({"g": table()}, axis=1)
    with pytest.raises(TypeError, match=r"got \('g', 'x'\).* frame.columns.map\(str\)"):
        TableSchema.fit(frame, target="y")
    frame.columns = frame.columns.map(str)
    assert TableSchema.fit(frame, target="('g', 'y')").input_names == ["('g', 'x')"]


def test_rows_without_a_target_are_left_out_and_counted():
    frame = table(c=cycle("u", "v", "w"))
    frame.loc[[3, 4], "y"] = np.nan
    rows, left_out = with_target(frame, "y")
    assert (len(rows), left_out) == (M - 2, 2)
    schema = TableSchema.fit(frame, target="y")
    assert schema.notices == ["2 rows without a y are left out: 2 empty."]
    assert schema.to_dict() == TableSchema.fit(rows, target="y").to_dict()
    with pytest.raises(ValueError, match="target 'y' is missing in 2 rows, first in row 3"):
        schema.targets(frame)
    with pytest.raises(ValueError, match=r"no target 'yy' \(did you mean 'y'\?\)"):
        with_target(frame, "yy")


def test_a_class_of_one_row_is_said():
    schema = TableSchema.fit(table(y=["a", *cycle("b", "c")[1:]]), target="y")
    assert schema.notices == ["Classes of 'y' with a single row: ['a']."]


# --- Other tables ---


@pytest.fixture(scope="module")
def model():
    frame = table(
        n=cycle(1.0, 2.0, 4.0),
        c=cycle("u", "v", "w"),
        d=cycle("p", "q"),
        y=cycle("no", "yes", "no"),
    )
    frame.loc[0, "c"] = "once"
    model = fastnn.TableClassifier((8,), quality=None, epochs=60, learning_rate=0.01, l2=0)
    with (
        pytest.warns(UserWarning, match="alone gives 'y' away"),
        pytest.warns(UserWarning, match="60 dev rows are also training rows"),
    ):
        model.fit(frame, "y", dev=frame)
    return model, frame


def test_predictions(model):
    model, frame = model
    predicted, proba = model.predict(frame), model.predict_proba(frame)
    assert (predicted == frame["y"]).mean() > 0.95
    assert proba.shape == (M, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(model.schema_.classes[proba.argmax(axis=1)], predicted)


def test_columns_are_matched_by_name(model):
    model, frame = model
    expected = model.predict_proba(frame)
    other = frame[["d", "c", "y", "n", "x"]].drop(columns="y").assign(more=1)
    np.testing.assert_array_equal(model.predict_proba(other), expected)
    np.testing.assert_array_equal(model.predict_proba(pl.from_pandas(frame)), expected)
    assert model.schema_.review(frame.drop(columns="y"))[1:] == []
    assert "are ignored: 'more'" in model.schema_.review(other)[0]
    assert model.schema_.extra_columns(other) == ["more"]


def test_typing_errors_among_numbers_are_gaps_and_told(model):
    model, frame = model
    other = frame.assign(n=[*frame["n"].astype(str)[:-2], "1.5x", "two"])
    gaps = frame.assign(n=[*frame["n"][:-2], None, None])
    told = "Column 'n': 2 rows with no numbers, as '1.5x' in row 58, count as missing."
    with pytest.warns(UserWarning, match=told):
        proba = model.predict_proba(other)
    np.testing.assert_array_equal(proba, model.predict_proba(gaps))
    assert told in model.schema_.review(other)


@pytest.mark.parametrize("texts", [cycle("garbage", "2000 EUR"), cycle("3", "03/25/2023")])
def test_the_answer_to_a_cell_does_not_depend_on_the_others(model, texts):
    model, frame = model
    with pytest.warns(UserWarning, match=r"Column 'n': \d+ rows with no numbers, as .* in row \d"):
        together = model.predict_proba(frame.assign(n=texts))
    for row in (0, 1):
        one = frame[row : row + 1].assign(n=texts[row])
        if texts[row] != "3":
            with pytest.warns(UserWarning, match=r"Column 'n': 1 row with no numbers.*counts as"):
                alone = model.predict_proba(one)
        else:
            alone = model.predict_proba(one)
        np.testing.assert_allclose(alone, together[row : row + 1], rtol=1e-6)


def test_an_empty_table_has_no_predictions(model):
    model, frame = model
    assert model.predict(frame[:0]).shape == (0,)
    assert model.predict_proba(frame[:0]).shape == (0, 2)
    assert model.schema_.review(frame[:0]) == []


def test_what_is_new_is_said_and_follows_the_rule(model):
    model, frame = model
    other = frame.drop(index=0)
    other.loc[5, "c"], other.loc[6, "d"], other.loc[7, "n"] = "new", "new", np.nan
    assert model.schema_.review(other) == [
        "Column 'n' is missing in 1 row, and was in none of training: 2 is put there.",
        "Column 'c': 1 row with categories that training has hardly or never seen, as 'new' in "
        "row 5; they count as rare.",
        "Column 'd': 1 row with categories that training has never seen, as 'new' in row 6; all "
        "its inputs are 0 for them.",
    ]
    assert model.schema_.review(frame[5:6].assign(d="")) == [
        "Column 'd': 1 row with categories that training has never seen, as a missing value in row "
        "5; all its inputs are 0 for them."
    ]
    X = pd.DataFrame(model.schema_.inputs(other), other.index, model.schema_.input_names)
    assert X.loc[5, ["c=u", "c=v", "c=w", "c=(rare)"]].tolist() == [0, 0, 0, 1]
    assert X.loc[6, ["d=p", "d=q"]].tolist() == [0, 0]
    column = model.schema_.columns[1]
    assert X.loc[7, "n"] == np.float32((2.0 - column.mean) / column.scale)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="n"), "the table has no columns 'n'; it has: 'x', 'y', 'c', 'd'"),
        (
            lambda f: f.rename(columns={"n": "N", "c": "cc"}),
            r"no columns 'n' \(did you mean 'N'\?\), 'c' \(did you mean 'cc'\?\)",
        ),
        (lambda f: f.assign(n=[*cycle(1.0)[:-1], np.inf]), "'n': expected finite .* inf in row 59"),
        (lambda f: f.assign(n=pd.date_range("2020-01-01", periods=M)), "'n': expected numbers"),
        (lambda f: f.assign(c=cycle([1], [2])), "column 'c' holds values that are neither"),
        (lambda f: f.assign(c=cycle(b"1")), "column 'c' holds b'1' of type bytes"),
        (lambda f: pd.concat([f, f[["n"]]], axis=1), "several named 'n'"),
    ],
    ids=range(7),
)
def test_tables_that_do_not_fit(model, change, message):
    model, frame = model
    with pytest.raises(ValueError, match=message):
        model.predict(change(frame))


@pytest.mark.parametrize("thing", [[[1, 2]], np.ones((3, 2)), {"n": [1]}, None, pl.LazyFrame()])
def test_what_is_not_a_table(model, thing):
    with pytest.raises(TypeError, match="expected a pandas or polars DataFrame, got"):
        model[0].schema_.inputs(thing)
    with pytest.raises(TypeError, match="column names that are text, got 0"):
        model[0].schema_.inputs(pd.DataFrame([[1, 2]]))


def test_targets_that_training_has_not_seen(model):
    model, frame = model
    with pytest.raises(ValueError, match=r"'y' is 'maybe' in row 1, .* 2 classes .*'no', 'yes'"):
        model.schema_.targets(frame.assign(y=cycle("no", "maybe")))


def test_numbers_far_outside_those_of_training_are_said(model):
    model, frame = model
    other = frame[1:4].assign(n=[1.0, 8.0, -2.5])
    assert model.schema_.review(other) == [
        "Column 'n': 2 rows far outside the 1 to 4 of training, as 8 in row 2, count as 7: do not "
        "trust their predictions."
    ]
    assert model.schema_.review(frame[1:4].assign(n=[-1.9, 4.0, 6.9])) == []


@pytest.mark.parametrize(("value", "counts_as"), [(1e300, 7), (1e60, 7), (7.5, 7), (-1e60, -2)])
def test_numbers_far_outside_count_as_the_bound(value, counts_as, model):
    model, frame = model
    far, near = (frame[:3].assign(n=float(n)) for n in (value, counts_as))
    np.testing.assert_array_equal(model.schema_.inputs(far), model.schema_.inputs(near))
    assert np.isfinite(model.predict_proba(far)).all()


def test_many_notices_on_new_rows_are_counted():
    many = {f"c{j}": cycle("u", "v", "w") for j in range(30)}
    schema = TableSchema.fit(table(**many), "y")
    said = schema.review(table(**dict.fromkeys(many, cycle("z"))))
    assert len(said) == 21
    assert said[-1] == "10 more notices of this kind, on other columns."


def test_a_schema_in_words():
    frame = pd.DataFrame(
        {
            "id": [f"#{i}" for i in range(60)],
            "area": [None if i % 6 == 0 else i % 7 + 50 for i in range(60)],
            "city": ["Rome", "<Oslo>", None] * 20,
            "day": [f"{i % 28 + 1}.3.2020" for i in range(60)],
            "y": np.arange(60) / 8,
        }
    )
    schema = TableSchema.fit(frame, target="y")
    text = str(schema)
    first, _, *lines = text.splitlines()
    assert first.startswith("Regression of 'y' from 4 columns, by 7 inputs; a standard deviation")
    rows = {line.split("  ")[0]: " ".join(line.split()) for line in lines}
    mean = frame["area"].fillna(53).mean()
    assert rows["area"] == (
        f"area number 2 50 to 56, mean {mean:.4g}; gaps become 53 and are told by an input"
    )
    assert rows["city"] == "city categories 3 <Oslo>, Rome; a gap is one of them"
    assert rows["id"] == "id left out 0 all its values are different, as names or keys are"
    assert {"day: time", "day: weekday"} <= rows.keys()
    assert "&lt;Oslo&gt;, Rome" in schema._repr_html_()
    answers = TableSchema.fit(frame.assign(y=cycle("no", "yes")), target="y")
    assert str(answers).startswith("Classification of 'y' (no, yes) from 4 columns")


@pytest.mark.parametrize("mark", [-999, 9999, -99.0])
def test_far_nines_can_be_gaps_and_are_told(mark):
    values = np.array(cycle(*np.linspace(-3, 4, 8)))
    values[[5, 17, 40]] = mark
    for name in ("a", "y"):
        frame = table(a=cycle(1.5, 2.5, 0.5), y=cycle(*range(30)), b=cycle(*range(7)))
        frame[name] = values
        said = TableSchema.fit(frame, "y", task="regression").notices
        (told,) = (text for text in said if "stand for a gap" in text)
        assert told == (
            f"Column {name!r}: {mark:g} in 3 rows, far from the other values, -3 to 4, can stand "
            f"for a gap; if it does: missing=['{mark:g}'], --missing {mark:g}."
        )
        without = TableSchema.fit(frame, "y", task="regression", missing=[f"{mark:g}"]).notices
        assert not any("stand for a gap" in text for text in without)


@pytest.mark.parametrize("values", [(-999, 1500), (99, 60, 100), (9, 1, 2), (998, 1, 2)])
def test_other_numbers_stand_for_no_gap(values):
    said = TableSchema.fit(table(a=cycle(*values), y=cycle(*range(30))), "y").notices
    assert not any("stand for a gap" in text for text in said)


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
    ("texts", "count"),
    [(("5.5 kg", "7", "8.25 kg"), 20), (("0", "12%", "0.5"), 20), (("0", "1 km"), 0)],
)
def test_numbers_without_the_unit_of_the_others_are_told(texts, count):
    unit = next(text for text in texts if not text[-1].isdigit()).lstrip("0123456789. ")
    schema = TableSchema.fit(table(a=cycle(*texts), y=cycle(*range(30))), "y")
    told = f"{count} rows without {unit!r} count as if they had it"
    assert any(told in text for text in schema.notices) == bool(count)
    new = pd.DataFrame({"a": [f"3{unit}", "4", None, "0", "5.5"], "x": 0.5})
    (said,) = (text for text in schema.review(new) if "without" in text)
    assert said == f"Column 'a': 2 rows without {unit!r} count as if they had it, as 4 in row 1."
    (said,) = (text for text in schema.review(new[:2].assign(a=[0, 7.0])) if "without" in text)
    assert said == f"Column 'a': 1 row without {unit!r} counts as if it had it, as 7.0 in row 1."
    assert not any("without" in text for text in schema.review(new[:1]))


@pytest.mark.parametrize("unit", ["", " EUR", " kg", "%"])
def test_three_digits_after_a_point_beside_whole_numbers_can_be_thousands(unit):
    mixed = cycle(*(f"{text}{unit}" for text in ("950", "1.540", "12.300")))
    for frame in (table(c=mixed), table(y=mixed)):
        with pytest.raises(ValueError, match=r"'1.540.*' in row 1 can mean two numbers.*--decimal"):
            TableSchema.fit(frame, "y", task="regression")
    assert sorted(set(kept(mixed, decimal=",")[0].round(1))) == [950, 1540, 12300]
    assert sorted(set(kept(mixed, decimal=".")[0].round(3))) == [1.54, 12.3, 950]
    sure = cycle(*(f"{text}{unit}" for text in ("950", "1.540", "1.540.000")))
    assert sorted(set(kept(sure)[0].round(0))) == [950, 1540, 1540000]


@pytest.mark.parametrize(
    "texts",
    [
        ("1.540", "2.125", "12.345"),
        ("950", "1.540", "0.950"),
        ("950", "1.540", "12.5"),
        ("950", "1.540", "1234.567"),
        ("950", "1.540", "1.540e2"),
    ],
)
@pytest.mark.parametrize("unit", ["", " kg"])
def test_decimals_stay_decimals(texts, unit):
    values, _ = kept(cycle(*(text + unit for text in texts)))
    expected = sorted({round(float(text), 3) for text in texts})
    assert sorted(set(values.round(3))) == pytest.approx(expected, rel=1e-6)


def test_a_new_cell_that_can_be_thousands_is_no_number():
    schema = TableSchema.fit(table(c=cycle("2000 kg", "950 kg", "3000 kg")), "y")
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    new = pd.DataFrame({"c": ["2000 kg", "2.000 kg", "2.5 kg"], "x": 0.5})
    gap = schema.inputs(new.assign(c=["2000 kg", None, "2.5 kg"]))
    for each in (schema, again):
        np.testing.assert_array_equal(each.inputs(new), gap)
        assert each.unreadable(new) == [
            "Column 'c': 1 row with no numbers, as '2.000 kg' in row 1 (it can mean two numbers, "
            "and training has none with a decimal mark), counts as missing."
        ]
    decimals = TableSchema.fit(table(c=cycle("2.000 kg", "3.125 kg")), "y")
    assert decimals.unreadable(new[1:]) == []


def test_integers_of_pandas_are_known_to_be_whole():
    frame = table(c=[100 + 7 * i % M for i in range(M)], d=np.arange(M) + 0.5, e=cycle("x", "y"))
    schema = TableSchema.fit(frame, "y")
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    new = pd.DataFrame({"c": ["200", "2.000", "2.5"], "d": 1.5, "e": "x", "x": 0.5})
    for each in (schema, again):
        assert (each.whole_columns, each.text_columns) == (["c"], ["e"])
        gap = each.inputs(new.assign(c=[200, None, 2.5]))
        np.testing.assert_array_equal(each.inputs(new), gap)
        assert "'2.000' in row 1 (it can mean two numbers" in each.unreadable(new)[0]
        assert each.unreadable(new.assign(c=[200, 2.0, 2.5])) == []


@pytest.mark.parametrize(
    "texts", [("12B", "13", "14"), ("300K", "295.5", "301.5K"), ("2k", "950", "3k")]
)
def test_a_letter_on_a_part_of_the_numbers_that_may_be_no_factor_is_refused(texts):
    for frame in (table(c=cycle(*texts)), table(y=cycle(*texts))):
        with pytest.raises(
            ValueError, match=r"expected '\w' at all numbers, .*'(950|13|295.5)' in row"
        ):
            TableSchema.fit(frame, "y", task="regression")
    assert learn(cycle(*texts), categorical="c").n_inputs == 4


def test_a_letter_on_all_numbers_that_may_be_no_factor_is_a_unit():
    values, _ = kept(cycle("15k", "9k", "0"))
    assert sorted(set(values.round(3))) == pytest.approx([0, 9, 15])
    schema = learn(cycle("15k", "9k", "22k"))
    new = pd.DataFrame({"c": ["950", "9k", "0"], "x": 0.5})
    assert [text[:60] for text in schema.unreadable(new)] == [
        "Column 'c': 1 row with no numbers, as '950' in row 0, counts"
    ]
    assert learn(cycle("1.5 m", "950", "2.5 m")).columns[1].high == 950  # metres


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (("1.5k", "950", "2.25k"), (1500, 950, 2250)),
        (("1.5K", "0.95K", "0"), (1500, 950, 0)),
        (("€110.5M", "€900K", "€0"), (110_500_000, 900_000, 0)),
        (("$1.5k", "$950"), (1500, 950)),
        (("1.5k EUR", "900 EUR"), (1500, 900)),
        (("1.5k€", "2k€"), (1500, 2000)),
        (("3 Mio. EUR", "950 Tsd. EUR", "2 Mrd EUR"), (3e6, 950e3, 2e9)),
        (("3 million", "950", "1.5 millions"), (3e6, 950, 1.5e6)),
        (("2M", "3k", "10"), (2e6, 3000, 10)),
        (("42 Lac", "1.4 Cr"), (4.2e6, 1.4e7)),
        (("1,5 Mio. €", "250.000 €"), (1.5e6, 250e3)),
        (("EUR 1.5", "EUR 12"), (1.5, 12)),
        (("Rs. 500", "Rs. 1,50,000", "Rs. 12,34,567.5"), (500, 150_000, 1_234_567.5)),
        (("1,000,000+", "500+", "10+"), (1e6, 500, 10)),
        (("12 B", "250 M"), (12e9, 250e6)),
    ],
)
def test_factors_multiply_and_money_is_a_unit(texts, numbers):
    column = cycle(*texts)
    values, said = kept(column)
    # The inputs are float32.
    np.testing.assert_allclose(values, cycle(*numbers), atol=1e-6 * max(numbers))
    assert any("is read as" in text for text in said)
    schema = learn(column)
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    new = table(c=column).drop(columns="y")
    np.testing.assert_array_equal(again.inputs(new), schema.inputs(new))


def test_many_unseen_categories_are_counted_quickly():
    seen = [f"a{i % 10_000}" for i in range(20_000)]
    frame = pd.DataFrame({"c": seen, "y": np.sin(np.arange(20_000))})
    schema = TableSchema.fit(frame, "y")
    watch = Stopwatch()
    said = schema.review(pd.DataFrame({"c": [f"b{i}" for i in range(20_000)]}))
    assert watch.seconds() < 2
    assert said[0].startswith(
        "Column 'c': 20,000 rows with categories that training has never seen"
    )


def test_long_blanks_are_read_at_once():
    text = "1" + " " * 20_000 + "x y"
    watch = Stopwatch()
    assert PLAIN.number(text) is None
    assert watch.seconds() < 1


@pytest.mark.parametrize(("mark", "told"), [(-1, True), (-999, True), (-2, False)])
def test_a_repeated_mark_of_another_sign_can_be_a_gap(mark, told):
    values = cycle(*range(0, 5000, 333))
    values[7] = values[30] = mark
    said = [text for text in learn(values).notices if "stand for a gap" in text]
    assert len(said) == told
    if told:
        assert f"{mark} in 2 rows, of another sign than the other values, 0 to 4995" in said[0]
        assert f"--missing {mark}." in said[0]
    answers = learn(cycle(-1, 0, 1)).notices
    assert not any("stand for a gap" in text for text in answers)


def test_codes_with_leading_zeros_are_told():
    (said,) = learn(cycle("05948", "10001", "00123")).notices
    assert said == (
        "Column 'c' is numbers: '05948' is read as 5948; if such numbers are codes, name the "
        "column as categorical (--categorical)."
    )
    assert learn(cycle("0", "10", "0.5")).notices == []


def test_a_row_without_any_value_is_told():
    frame = table(c=cycle("u", "v"))
    schema = TableSchema.fit(frame, "y")
    new = frame[:4].assign(x=[1, None, 2, None], c=["u", None, None, "v"])
    assert schema.review(new)[0] == (
        "1 row without a value in any column of the model, as row 1: an empty line, most often; "
        "its prediction says nothing."
    )
    assert not any("empty line" in text for text in schema.review(new.drop(index=1)))

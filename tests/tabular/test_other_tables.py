"""Tables that a schema has not learnt of: what fits, what is told, what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from columns import M, cycle, table
from stopwatch import Stopwatch

import fastnn
from fastnn.tabular import TableSchema


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


def test_a_row_without_any_value_is_told():
    frame = table(c=cycle("u", "v"))
    schema = TableSchema.fit(frame, "y")
    new = frame[:4].assign(x=[1, None, 2, None], c=["u", None, None, "v"])
    assert schema.review(new)[0] == (
        "1 row without a value in any column of the model, as row 1: an empty line, most often; "
        "its prediction says nothing."
    )
    assert not any("empty line" in text for text in schema.review(new.drop(index=1)))


def test_a_row_of_values_that_cannot_be_read_is_no_empty_line():
    schema = TableSchema.fit(table(n=cycle("30 min", "35 min"), b=cycle(True, False)), "y")
    new = pd.DataFrame({"x": [None] * 4, "n": ["half an hour", "31 min", " ", None]})
    new["b"] = ["yes", None, None, None]
    assert [text for text in schema.review(new) if "any column" in text] == [
        "2 rows without a value in any column of the model, as row 2: an empty line, most often; "
        "their predictions say nothing.",
        "1 row without a value that can be read in any column of the model, as row 0: its "
        "prediction says nothing.",
    ]

"""Schemas: the same as scikit-learn, the same after JSON, and in words."""

import json

import numpy as np
import pandas as pd
import pytest
from columns import M, cycle, table
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnn.reading.learning import tidy
from fastnn.tabular import TableSchema
from fastnn.tabular.encoding import as_transformed, column_transformer

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


def test_blanks_around_texts_are_no_part_of_them():
    schema = TableSchema.fit(
        table(c=cycle("Rome ", " Rome", "Oslo"), y=cycle("yes", "yes ", "no")), target="y"
    )
    assert schema.input_names == ["x", "c=Oslo", "c=Rome"]
    assert schema.classes.tolist() == ["no", "yes"]


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


@pytest.mark.parametrize("missing", ["-999", -999, ["-999"], [-999.0]])
def test_one_mark_of_gaps_is_not_read_letter_by_letter(missing):
    frame = pd.DataFrame({"k": [*range(1, 12), -999] * 20, "y": np.arange(240.0) % 7})
    schema = TableSchema.fit(frame, target="y", missing=missing)
    assert "1 to 11" in str(schema)
    assert schema.inputs(frame)[11, 1] > 0  # the gap is told by an input
    with pytest.raises(
        TypeError, match=r"missing: expected texts such as '\?' or '-999', got None"
    ):
        TableSchema.fit(frame, target="y", missing=[None])

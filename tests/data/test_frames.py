"""Frames of pandas and polars as X and y: their numbers, or an error that names the column."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fastnn import Network, Normalizer
from fastnn.data.inputs import as_numbers

LABELS = [0, 1, 1, 0, 1, 0]
FLAGS = [True, False, True, True, False, False]
PLAIN = np.arange(6) / 4


def nullable(values, dtype):
    return pd.array(values, dtype=dtype)


# name -> (frame, its columns as one array)
FRAMES = {
    "float-bool": (pd.DataFrame({"a": PLAIN, "b": FLAGS}), [PLAIN, FLAGS]),
    "int-bool": (pd.DataFrame({"a": range(6), "b": FLAGS}), [range(6), FLAGS]),
    "bool": (pd.DataFrame({"a": FLAGS, "b": FLAGS[::-1]}), [FLAGS, FLAGS[::-1]]),
    "float32-int8": (
        pd.DataFrame({"a": PLAIN.astype("f4"), "b": np.arange(6, dtype="i1")}),
        [PLAIN, range(6)],
    ),
    "dummies": (
        pd.get_dummies(pd.DataFrame({"a": PLAIN, "t": list("uvvvvv")}), drop_first=True),
        [PLAIN, [False] + [True] * 5],
    ),
    "nullable": (
        pd.DataFrame({"a": nullable(PLAIN, "Float64"), "b": nullable(FLAGS, "boolean")}),
        [PLAIN, FLAGS],
    ),
    "nullable-int": (
        pd.DataFrame({"a": nullable(range(6), "Int64"), "b": PLAIN}),
        [range(6), PLAIN],
    ),
    "nullable-alike": (
        pd.DataFrame({"a": nullable(range(6), "UInt8"), "b": nullable(LABELS, "UInt8")}),
        [range(6), LABELS],
    ),
    "equal-names": (
        pd.DataFrame(list(zip(PLAIN, FLAGS, strict=True)), columns=["a", "a"]),
        [PLAIN, FLAGS],
    ),
    "polars": (pl.DataFrame({"a": PLAIN, "b": FLAGS}), [PLAIN, FLAGS]),
    "polars-int": (pl.DataFrame({"a": range(6), "b": PLAIN}), [range(6), PLAIN]),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_fitted_as_its_numbers(name, dtype):
    frame, columns = FRAMES[name]
    array = np.array([np.asarray(c, float) for c in columns]).T
    given, plain = (Network([2, 4, 2], dtype=dtype, rng=0) for _ in range(2))
    given.fit(frame, LABELS, epochs=3, dev=(frame, LABELS), gradcheck_at=3)
    plain.fit(array, LABELS, epochs=3)
    assert given.theta.tobytes() == plain.theta.tobytes()
    assert given.history.gradchecks[3].verdict == "correct"
    np.testing.assert_array_equal(given.forward(frame), plain.forward(array))
    np.testing.assert_array_equal(Normalizer().fit(frame).mean_, Normalizer().fit(array).mean_)


@pytest.mark.parametrize("name", FRAMES)
def test_the_array_has_the_least_common_type(name):
    frame, columns = FRAMES[name]
    values = as_numbers(frame, "X")
    np.testing.assert_array_equal(values, np.array([np.asarray(c, float) for c in columns]).T)
    expected = {
        "bool": "bool",
        "int-bool": "int64",
        "nullable-alike": "uint8",
        "float32-int8": "float32",
    }
    assert values.dtype == expected.get(name, "float64")


def test_a_frame_of_one_type_is_not_copied():
    array = np.random.default_rng(0).normal(size=(6, 2))
    assert np.shares_memory(as_numbers(pd.DataFrame(array, copy=False), "X"), array)


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(LABELS, dtype="Int64"),
        pd.Series(LABELS, dtype="boolean"),
        pd.Series(LABELS, dtype="Float64").to_frame("label"),
        pl.Series(LABELS),
        pl.Series(LABELS).cast(pl.Boolean),
        pl.Series(LABELS).to_frame("label"),
    ],
)
def test_y_may_be_of_any_kind_of_numbers(y):
    X = np.random.default_rng(0).normal(size=(6, 2))
    net = Network([2, 4, 2], rng=0)
    assert net.cost(X, y) == net.cost(X, LABELS)


GAP = [0.5, None, 1, 2, 3, 4]
DATES = pd.date_range("2026-01-01", periods=6)


@pytest.mark.parametrize(
    ("frame", "error", "words"),
    [
        (
            pd.DataFrame({"a": PLAIN, "colour": list("rgbrgb")}),
            TypeError,
            "dtype (str|object).*'colour'",
        ),
        (pd.DataFrame({"a": PLAIN, "day": DATES}), TypeError, "datetime64.* in column 'day'"),
        (pd.DataFrame({"a": PLAIN, "b": [1, "x"] * 3}), TypeError, "dtype object in column 'b'"),
        (pd.DataFrame({"a": PLAIN, 7: [1j] * 6}), TypeError, "complex128 in column 7"),
        (
            pd.DataFrame({"a": PLAIN, "c": pd.Categorical(list("rgbrgb"))}),
            TypeError,
            "category in column 'c'",
        ),
        (pl.DataFrame({"a": PLAIN, "colour": list("rgbrgb")}), TypeError, "String.*'colour'"),
        (pl.DataFrame({"a": PLAIN, "day": [DATES[0].date()] * 6}), TypeError, "Date.*'day'"),
        (pd.DataFrame({"a": PLAIN, "size": GAP}), ValueError, "NaN.* in row 1, column 'size'"),
        (
            pd.DataFrame({"a": nullable(GAP, "Float64"), "b": FLAGS}),
            ValueError,
            "NaN.* in row 1, column 'a'",
        ),
        (
            pd.DataFrame({"a": PLAIN, "b": nullable([True, None] * 3, "boolean")}),
            ValueError,
            "NaN.* in row 1, column 'b'",
        ),
        (pl.DataFrame({"a": PLAIN, "size": GAP}), ValueError, "NaN.* in row 1, column 'size'"),
        (
            pl.DataFrame({"a": PLAIN, "b": [True, None] * 3}),
            ValueError,
            "NaN.* in row 1, column 'b'",
        ),
    ],
)
def test_an_error_names_the_column(frame, error, words):
    net = Network([2, 4, 2], rng=0)
    with pytest.raises(error, match=words):
        net.fit(frame, LABELS)
    with pytest.raises(error, match="in dev: .*" + words):
        net.fit(np.zeros((6, 2)), LABELS, dev=(frame, LABELS))


def test_an_array_has_columns_by_number():
    X = np.zeros((6, 2))
    X[4, 1] = np.inf
    with pytest.raises(ValueError, match="in row 4, column 1; remove"):
        Network([2, 4, 2], rng=0).fit(X, LABELS)


def test_a_frame_without_columns():
    with pytest.raises(ValueError, match=r"got \(6, 0\)"):
        Network([2, 4, 2], rng=0).forward(pd.DataFrame(index=range(6)))

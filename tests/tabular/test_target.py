"""The target: its task, its classes, and rows without one."""

import json

import numpy as np
import pandas as pd
import pytest
from columns import M, cycle, table

from fastnn.tabular import TableSchema, task_of, with_target


def test_a_class_may_be_called_none():
    frame = table(y=cycle("None", "Full", "NA"))
    schema = TableSchema.fit(frame, target="y")
    assert schema.classes.tolist() == ["Full", "None"]
    assert schema.notices == [
        "20 rows without a y are left out: 20 with 'NA'; if 'NA' is a class, keep it by missing=() "
        "(--missing '')."
    ]


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (cycle(0, 1), [0, 1]),
        (cycle(1.0, 2.0, None), [1, 2]),
        (cycle(True, False), [False, True]),
        (cycle(True, False, None), [False, True]),
        (cycle("u", "v", None), ["u", "v"]),
        (pd.Categorical(cycle("lo", "hi")), ["hi", "lo"]),
        (pd.Categorical(range(M // 2)).repeat(2), list(range(M // 2))),
        (cycle("1", "0"), ["0", "1"]),
        (cycle("02134", "10001"), ["02134", "10001"]),
        (cycle("10", "9", "5.0"), ["10", "5.0", "9"]),
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
        (cycle("03", "4", "5"), {}),
        (pd.Categorical(cycle(3, 4, 5)), {}),
        (cycle(3, 4, 5), {"categorical": "y"}),
        (cycle(True, False), {}),
    ):
        fitted = TableSchema.fit(table(y=values), "y", **options)
        assert not any("taken for classes" in text for text in fitted.notices)
    said = TableSchema.fit(table(y=cycle("5%", "10%", "15%")), "y").notices
    assert said == [
        "Target 'y' is taken for classes, as it has only 3 different values, all of them whole "
        "numbers from 5% to 15%. If it is a quantity, ask for a regression (task, --task)."
    ]


@pytest.mark.parametrize(
    "values",
    [
        cycle("1", "0"),
        cycle("007", "7"),
        cycle("5%", "10%"),
        cycle("1e1", "2"),
        cycle("1,234", "2"),
        cycle(1, 0),
        cycle(1.5, 0),
        cycle(True, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [list, np.array, pd.Series, pd.Categorical])
def test_classes_are_of_the_type_of_the_targets(values, kind):
    for categorical in ((), "y"):
        frame = table(y=kind(values))
        schema = TableSchema.fit(frame, "y", "classification", categorical=categorical)
        expected = np.unique(values)
        assert schema.classes.tolist() == expected.tolist()
        assert {type(v) for v in schema.classes.tolist()} <= {type(v) for v in values} | {int}
        again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
        for each in (schema, again):
            assert each.answers(each.targets(frame)).tolist() == values


def test_classes_that_are_one_number_are_told():
    said = TableSchema.fit(table(y=cycle("007", "7", "8")), "y", "classification").notices
    assert said == ["Classes '007', '7' of 'y' are one number: write them alike, if they are one."]
    assert TableSchema.fit(table(y=cycle("07", "8", "a")), "y").notices == []
    for classes in (("<=50K", ">50K"), ("<30", ">=30")):
        assert not any(
            "one number" in t for t in TableSchema.fit(table(y=cycle(*classes)), "y").notices
        )


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


@pytest.mark.parametrize("mark", ["unknown", "none", "missing", "-", "NA"])
@pytest.mark.parametrize("task", ["auto", "classification"])
def test_a_class_that_is_a_mark_of_gaps_among_numbers(mark, task):
    frame = table(y=cycle("0", "1", mark))
    left = TableSchema.fit(frame, "y", task)
    assert left.classes.tolist() == ["0", "1"]
    assert left.notices[0] == (
        f"20 rows without a y are left out: 20 with {mark!r}; if {mark!r} is a class, keep it by "
        "missing=() (--missing '')."
    )
    for options in ({"missing": ()}, {"missing": ["?"]}, {"missing": (), "categorical": ["y"]}):
        schema = TableSchema.fit(frame, "y", task, **options)
        assert schema.classes.tolist() == sorted(["0", "1", mark])
        assert not any("left out" in text for text in schema.notices)
        assert schema.answers(schema.targets(frame)).tolist() == frame["y"].tolist()
    kept = TableSchema.fit(frame, "y", task, categorical="y")
    assert (mark in kept.classes) == (mark != "NA")


def test_marks_of_gaps_in_a_quantity_are_no_classes():
    frame = table(y=["-" if i % 5 == 0 else str(i) for i in range(M)])
    for options in ({}, {"missing": ()}):
        schema = TableSchema.fit(frame, "y", **options)
        assert schema.task == "regression"
        assert "12 rows without a y are left out: 12 with '-'." in schema.notices
    frame = table(y=cycle("0", "1", "-"))
    schema = TableSchema.fit(frame, "y", "regression", missing=())
    assert "20 rows without a y are left out: 20 with '-'." in schema.notices


def test_a_class_of_one_row_is_said():
    schema = TableSchema.fit(table(y=["a", *cycle("b", "c")[1:]]), target="y")
    assert schema.notices == ["Classes of 'y' with a single training row: ['a']."]


def test_a_target_a_thousandfold_of_training_by_its_comma_is_refused():
    y = np.linspace(3, 12, M).round(3)
    schema = TableSchema.fit(table(y=y), "y")
    commas = [f"{value:.3f}".replace(".", ",") for value in y]
    with pytest.raises(ValueError, match=f"the target 'y' is '{commas[0]}' in row 0, which would"):
        schema.targets(table(y=commas))
    assert schema.targets(table(y=[f"{value:.3f}" for value in y])).shape == (M,)
    large = TableSchema.fit(table(y=1000 * y), "y")
    np.testing.assert_allclose(large.targets(table(y=commas)), large.targets(table(y=1000 * y)))

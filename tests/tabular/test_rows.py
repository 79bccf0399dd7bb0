"""Rows of a table that are no examples: totals, and lines of names."""

import io

import numpy as np
import pandas as pd
import pytest

from fastnn.tabular import TableSchema, read_table
from fastnn.tabular.rows import totals

M = 100


def sales(m=M, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "region": rng.choice(["N", "S", "W"], m),
            "amount": rng.normal(13, 9, m).round(1),
            "pieces": rng.integers(0, 9, m),
            "y": rng.gamma(2, 9, m).round(2),
        }
    )


def with_row(frame, **values):
    return pd.concat([frame, pd.DataFrame([values])], ignore_index=True)


def sums(frame):
    return frame.drop(columns="region").sum().to_dict()


@pytest.mark.parametrize("word", ["Total", "TOTAL:", "Sum", "Summe", "Gesamt", "", None])
def test_a_last_row_of_totals_is_named(word):
    frame = sales()
    (said,) = totals(with_row(frame, region=word, **sums(frame)))
    assert said.startswith(f"Row 100 ({word!r})," if word else "Row 100,")
    assert "looks like a row of totals, as of 'amount', 'pieces', 'y'" in said


def test_totals_of_some_columns_of_numbers_that_were_rounded_or_left_out():
    frame = sales()
    whole = sums(frame)
    for values in (
        {"region": "all", "amount": round(whole["amount"] + 0.4)},
        {"region": "Total", "amount": 1.2 * whole["amount"], "y": 1.1 * whole["y"]},
        {"region": "S", "pieces": whole["pieces"]},
    ):
        (said,) = totals(with_row(frame, **values))
        assert said.startswith("Row 100")
    footer = with_row(with_row(frame, region="Total", **whole), region="source: the office")
    (said,) = totals(footer)
    assert said.startswith("Row 100 ('Total'), near the end")
    footer.index += 2
    assert totals(footer)[0].startswith("Row 102")


def test_a_first_row_of_totals_is_named_and_makes_no_leak():
    rng = np.random.default_rng(5)
    a, b = rng.normal(50, 15, (2, 200))
    frame = pd.DataFrame({"region": [f"R{i % 40}" for i in range(200)], "a": a, "b": b, "y": a + b})
    whole = pd.DataFrame([{"region": "Total", **sums(frame)}])
    table = pd.concat([whole, frame], ignore_index=True)
    (said,) = totals(table)
    assert said.startswith("Row 0 ('Total'), near the beginning of the table, looks like a row")
    assert not any("alone gives" in text for text in TableSchema.fit(table, "y").notices)
    assert any(
        "alone gives" in text for text in TableSchema.fit(table.assign(c=table["y"]), "y").notices
    )
    assert totals(frame) == []


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_tables_have_no_totals(seed):
    frame = sales(seed=seed)
    for table in (
        frame,
        frame.sort_values("amount", ignore_index=True),
        frame.sort_values(["y", "pieces"], ignore_index=True).cumsum(),
        frame.assign(region=["partial", "total"] * (M // 2)),
        frame.assign(region=[*["partial"] * (M - 1), "total"]).assign(amount=5.0, pieces=1, y=2.0),
        frame.assign(amount=0, pieces=[*[0] * (M - 1), 1], y=[*[1] * 9, *[0] * (M - 10), 9]),
        pd.DataFrame({"dose": 2.0 ** np.arange(M), "y": frame["y"]}),
        with_row(frame, region="N", amount=10_000.0, pieces=3, y=frame["y"].mean()),
        with_row(frame, region="mean", **frame.drop(columns="region").mean().to_dict()),
        frame[:10],
    ):
        assert totals(table) == []


def joined(frame, parts=4):
    """A file of several files, each with the line of its names."""
    m = len(frame) // parts
    text = "".join(frame[i * m : (i + 1) * m].to_csv(index=False) for i in range(parts))
    return read_table(io.StringIO(text))


@pytest.mark.parametrize("target", ["region", "amount", "pieces"])
def test_lines_of_names_are_left_out(target):
    frame = sales(60)
    schema = TableSchema.fit(joined(frame), target)
    expected = TableSchema.fit(frame, target)
    assert schema.notices[0] == (
        "3 rows that hold the names of the columns are left out: row 15, and 2 more."
    )
    assert schema.input_names == expected.input_names
    np.testing.assert_array_equal(schema.inputs(frame), expected.inputs(frame))
    np.testing.assert_allclose(schema.targets(frame), expected.targets(frame))
    (said,) = [t for t in TableSchema.fit(joined(frame, 2), target).notices if "names" in t]
    assert said == "1 row that holds the names of the columns is left out: row 30."


def test_lines_of_names_and_rows_without_a_target():
    frame = sales(60)
    frame.loc[[3, 40], "region"] = "NA"
    notices = TableSchema.fit(joined(frame), "region").notices
    assert notices[:2] == [
        "3 rows that hold the names of the columns are left out: row 15, and 2 more.",
        "2 rows without a region are left out: 2 empty; if NA was a class of its file, read that "
        "by pandas.read_csv(keep_default_na=False), and keep it by missing=().",
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"a": ["a", "b"] * 30, "b": ["b", "a", "c"] * 20, "y": ["u", "v"] * 30},
        {"a": ["a", "b"] * 30, "x": np.sin(np.arange(60)), "y": ["a", "y"] * 30},
        {"yes": ["yes", "no"] * 30, "x": np.sin(np.arange(60)), "y": ["a", "y"] * 30},
    ],
)
def test_cells_that_equal_the_name_of_their_column_are_no_line_of_names(values):
    notices = TableSchema.fit(pd.DataFrame(values), "y").notices
    assert not any("names of the columns" in text for text in notices)

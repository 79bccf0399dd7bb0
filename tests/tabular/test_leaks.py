"""Columns that tell the target without being a copy of it: bins, roundings, functions."""

import numpy as np
import pandas as pd
import pytest

from fastnn.tabular import TableSchema

M = 600


def drawn(seed=0, m=M):
    rng = np.random.default_rng(seed)
    return 10 * rng.normal(size=m), rng.normal(size=m)


def told(x, y, **more):
    frame = pd.DataFrame({"x": x, "y": y, **more})
    notices = TableSchema.fit(frame, "y", task="regression").notices
    return [notice for notice in notices if "away" in notice]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "of",
    [
        lambda y: np.round(y / 5),
        lambda y: np.floor(y / 3) * 3 + 1,
        lambda y: pd.qcut(y, 4).astype(str),
        lambda y: np.where(y < 0, "low", "high"),
        lambda y: -np.sign(np.round(y / 20)),
    ],
)
def test_bins_of_the_target_are_named(of, seed):
    y, other = drawn(seed)
    (notice,) = told(of(y), y, other=other)
    assert "'x' alone can give 'y' away, as each of its" in notice
    assert "has a range of the target for itself: drop it, unless it is known" in notice
    assert told(of(np.round(y)), np.round(y))  # of whole numbers, too
    shuffled = np.random.default_rng(seed).permutation(of(y))
    assert not told(shuffled, y, other=other)


@pytest.mark.parametrize("seed", range(3))
def test_groups_that_lie_apart_by_nature_are_no_bins(seed):
    """Two species of other sizes: between them is a gap, as there is none between bins."""
    y, other = drawn(seed)
    species = np.where(np.arange(M) % 3, "small", "large")
    assert not told(species, y + 200 * (species == "large"), other=other)
    assert not told(species, y + 20 * (species == "large"), other=other)  # they overlap


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "of", [lambda x: np.abs(x - 8), lambda x: np.exp(x / 10), lambda x: np.sin(x / 8)]
)
def test_a_column_that_the_target_is_a_function_of_is_named(of, seed):
    """The column itself is any number; y is a function of it, with a little noise."""
    x, other = drawn(seed, 3000)
    y = of(x)
    y = y + 0.003 * y.std() * other
    (notice,) = told(x, y, other=other)
    assert "Column 'x' alone can give 'y' away, as it tells more than 99.9 % of the" in notice
    (notice,) = told(x, y, again=x / 7)
    assert notice.startswith("Each of the columns 'x', 'again' alone can give 'y' away")
    assert not told(x, y + 0.1 * y.std() * other)  # 99 % is what a good column tells


@pytest.mark.parametrize("seed", range(3))
def test_a_common_trend_is_no_leak(seed):
    """Each of two series with a trend tells the other, and so does the order of the rows."""
    rng = np.random.default_rng(seed)
    x, y = (np.arange(M) ** 1.5 + 10 * rng.normal(size=M).cumsum() for _ in range(2))
    assert not told(x, y)
    order = rng.permutation(M)
    assert told(x[order], y[order])  # there are no series to be seen


def test_a_few_far_values_do_not_tell_alone():
    y, x = drawn()
    y[:6], x[:6] = 1e6 + np.arange(6), 1e5 + np.arange(6)
    assert not told(x, y)


@pytest.mark.parametrize("far", [1, 5])
def test_a_row_of_totals_makes_no_copy_of_a_column(far):
    rng = np.random.default_rng(0)
    x, more = rng.normal(50, 15, size=(2, M))
    x[:far], more[:far] = 20_000 * np.arange(1, far + 1), 20_000
    assert not told(x, x + more, more=more)
    assert told(x, 2.2 * x)


@pytest.mark.parametrize("of", [lambda y: y * 1.0, lambda y: np.where(y, "paid", "open")])
@pytest.mark.parametrize(("share", "found"), [(0.0002, True), (0.01, False)])
def test_a_column_that_is_the_class_but_for_a_few_rows_is_named(of, share, found):
    rng = np.random.default_rng(0)
    y = np.arange(10_000) % 3 // 2
    x = np.where(rng.random(len(y)) < share, 1 - y, y)
    frame = pd.DataFrame({"x": of(x), "other": rng.integers(0, 9, len(y)), "y": y})
    notices = TableSchema.fit(frame, "y", task="classification").notices
    count = int((x != y).sum())
    told = f"'y' away, as each of its values goes with one class, in all but {count:,} rows: drop"
    assert [told in notice for notice in notices if "away" in notice] == [True] * found


def test_keys_of_few_rows_tell_no_classes():
    """A value of a single row goes with one class anyway."""
    rng = np.random.default_rng(0)
    x = np.r_[np.arange(400), np.full(1600, 1000)].astype(float)
    frame = pd.DataFrame(
        {"x": x, "other": rng.normal(size=2000), "y": rng.choice(["a", "b"], 2000)}
    )
    assert not any("away" in notice for notice in TableSchema.fit(frame, "y").notices)

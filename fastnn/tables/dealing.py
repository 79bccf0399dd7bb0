"""The division of a table into training, dev and test rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastnn.data.part_sizes import rule_of_thumb
from fastnn.data.splitting import split
from fastnn.tabular.reading import learn_reading, tidy, typed

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.tabular.target import Target

# What to do with the rows of classes that are too few to be in all parts.
RareClasses = Literal["drop", "join", "keep"]


def rare_of(target: Target, labels: NDArray[np.intp], parts: Sequence[str]) -> list[Any]:
    """The classes of fewer rows than there are parts; an error if they are all but one."""
    counts = np.bincount(labels, minlength=len(target.classes))
    rare = target.classes[counts < len(parts)].tolist()
    if len(rare) > len(target.classes) - 2:
        few = counts.min()
        rows = "1 row" if few == 1 else f"{few} rows"
        raise ValueError(
            f"class {target.classes[counts.argmin()]} of {target.name} has {rows}, expected at "
            f"least {len(parts)}, one for each of {', '.join(parts)}: collect more, leave it out, "
            "or join it with another class; for a quantity, --task regression"
        )
    return rare


def deal(
    frame: pd.DataFrame,
    labels: NDArray[np.intp] | None,
    parts: Sequence[str],
    seed: int,
    *,
    groups: str | None = None,
    time: str | None = None,
    day_first: bool | None = None,
) -> dict[str, NDArray[np.intp]]:
    """The places of the rows of each part, drawn at random, each with the same share of a class.

    Rows of one group stay together. With `time`, the first rows are for training. Classes of too
    few rows to be in all parts are in the first one.
    """
    m = len(frame)
    if len(parts) == 1:
        return {parts[0]: np.arange(m)}
    n = rule_of_thumb(m)
    sizes = [m - n * (len(parts) - 1)] + [n] * (len(parts) - 1)
    if time is not None:
        ends = np.cumsum([0, *sizes])
        order = _order_in_time(frame[time], day_first)
        return {
            name: order[begin:end] for name, begin, end in zip(parts, ends, ends[1:], strict=False)
        }
    rare = np.zeros(m, dtype=bool)
    if labels is not None and groups is None:
        rare = np.bincount(labels)[labels] < len(parts)
    sizes[0] -= int(rare.sum())
    some = np.flatnonzero(~rare)
    dealt = split(
        some[:, None],
        None if labels is None else np.unique(labels[some], return_inverse=True)[1],
        sizes=sizes,
        stratify=labels is not None,
        groups=None if groups is None else frame[groups].iloc[some].astype(str).to_numpy(),
        rng=seed,
    )
    places = {name: part.X[:, 0] for name, part in zip(parts, dealt, strict=False)}
    places[parts[0]] = np.concatenate([places[parts[0]], np.flatnonzero(rare)])
    return places


def _order_in_time(series, day_first):
    """The places of the rows from the first to the last by a column of dates or numbers."""
    series = tidy(series)
    reading, _ = learn_reading(series, day_first=day_first)
    at = 0
    if reading is not None:
        moments = typed(series, reading, lenient=True).to_numpy()
        unknown = np.flatnonzero(np.isnan(moments))
        if not unknown.size:
            return np.argsort(moments, kind="stable")
        at = unknown[0]
    gaps = int(series.isna().sum())
    got = f"{gaps:,} gaps" if gaps else f"{series.iloc[at]!r} in row {series.index[at]}"
    raise ValueError(
        f"column {series.name!r}: expected a date or a number in every row, to split by time; "
        f"got {got}"
    )

"""The division of a table into training, dev and test rows, and rows that are in several."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastnn.data.part_sizes import rule_of_thumb
from fastnn.data.splitting import split
from fastnn.reading.dates import part_name
from fastnn.reading.learning import learn_reading, tidy, typed
from fastnn.reading.values import is_numeric
from fastnn.text.alarm import Alarm
from fastnn.text.words import rows

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.tabular.schema import TableSchema

# Ways to treat classes of too few rows to be in all parts.
RareClasses = Literal["drop", "join", "keep"]
# Fewer repeats change no figure by much.
_REPEATED = 0.05
# A column tells rows apart if this part of the different rows have a value of their own in it.
_OWN = 0.5
# Fewer moments, or rows, are in order by chance.
_FEWEST_MOMENTS = 5
# Whole numbers within these, in the order of the rows, are years.
_FIRST_YEAR, _LAST_YEAR = 1800, 2100
# Targets are alike in time beyond chance by so many standard errors, if they share so much of their
# variance. Of rare classes a few rows side by side are chance: it takes so many pairs.
_SURE, _SHARED, _PAIRS = 4, 0.01, 10
# Of a mean of 3 or more, there is at least one in 95 % of the cases.
_UNSEEN = 3


def deal(
    frame: pd.DataFrame,
    labels: NDArray[np.intp] | None,
    parts: Sequence[str],
    seed: int,
    *,
    groups: str | None = None,
    time: str | None = None,
    missing: Sequence[str] | None = None,
    decimal: str | None = None,
    day_first: bool | None = None,
    shares: Mapping[str, float] = MappingProxyType({}),
) -> dict[str, NDArray[np.intp]]:
    """The places of the rows of each part, drawn at random, each with the same share of a class.

    Rows of one group stay together. With `time`, the first rows are for training; it is read by
    `missing`, `decimal` and `day_first`, as any column. Classes of too
    few rows to be in all parts are in the first one. The other parts have their `shares` of the
    rows, or as many as the rule of thumb says.
    """
    m = len(frame)
    if len(parts) == 1:
        return {parts[0]: np.arange(m)}
    n = rule_of_thumb(m)
    others = [max(1, round(m * shares[name])) if name in shares else n for name in parts[1:]]
    sizes = [m - sum(others), *others]
    if sizes[0] < 1:
        raise ValueError(
            f"expected shares of {' and '.join(parts[1:])} that leave rows to train on, got "
            f"{' + '.join(f'{size:,}' for size in others)} of {rows(m)}: give smaller ones"
        )
    if time is not None:
        ends = np.cumsum([0, *sizes])
        order = _order_in_time(frame[time], missing, decimal, day_first)
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
        groups=None if groups is None else group_names(frame[groups])[some],
        rng=seed,
    )
    places = {name: part.X[:, 0] for name, part in zip(parts, dealt, strict=False)}
    places[parts[0]] = np.concatenate([places[parts[0]], np.flatnonzero(rare)])
    return places


def group_names(series: pd.Series[Any]) -> NDArray[Any]:
    """(m,) texts of a column of groups, without blanks at their ends; 1 and 1.0 are one group."""
    codes, different = series.factorize()
    whole = (isinstance(value, float) and value.is_integer() for value in different)
    texts = [str(int(v) if of else v).strip() for v, of in zip(different, whole, strict=True)]
    return np.array([*texts, ""], dtype=object)[codes]


def repeats(
    schema: TableSchema,
    parts: Mapping[str, pd.DataFrame],
    groups: str | None = None,
    time: str | None = None,
    *,
    dealt: bool = True,
) -> list[str]:
    """A notice where many rows to judge by equal training rows in all inputs and the target.

    Rows of few categories are equal by chance, and show no copying. So repeats count only where an
    input tells rows apart: half of the different rows, and more, have a value of their own in it,
    and the row that is repeated is one of these. Rounded numbers are equal by chance, too: that
    has to give fewer repeats.

    Parameters
    ----------
    schema : TableSchema
        The columns that it leaves out, as numbers of rows, do not count.
    parts : dict of frames
        By their names, the training rows first. If there are no others, networks draw dev rows from
        these.
    groups : str, optional
        Rows of one group are never divided, so that repeats within it do no harm.
    time : str, optional
        Rows are divided by time, and later ones may be as the earlier were. Else a time stamp,
        which is another in most rows, hides no repeats.
    dealt : bool
        The rows of the parts are of one table, so that groups, without `time`, can keep repeats in
        one part.
    """
    import pandas as pd

    names = [name for name in schema.sources if name != schema.target]
    frames = list(parts.values())
    whole = pd.concat([frame[[*names, schema.target]] for frame in frames], ignore_index=True)
    dates = [] if time is not None else schema.dates
    stamps = [name for name in dates if _alone(whole[name]).mean() >= _OWN]
    if stamps:
        names = [name for name in names if name not in stamps]
        whole = whole[[*names, schema.target]]
    key = pd.util.hash_pandas_object(whole, index=False).to_numpy()
    _, first, number, count = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    ends, own = np.cumsum([0, *map(len, frames)]), _own(whole.iloc[first], names)
    if len(frames) > 1:
        trained = np.zeros(len(first), dtype=bool)
        trained[number[: ends[1]]] = True
        trained &= own
        found = {
            part: int(trained[number[begin:end]].sum())
            for part, begin, end in zip(list(parts)[1:], ends[1:], ends[2:], strict=False)
        }
        if not any(n >= max(1, _REPEATED * len(parts[part])) for part, n in found.items()):
            return []
        shown = (f"{n:,} of the {len(parts[part]):,} {part}" for part, n in found.items())
        told = f"{' and '.join(shown)} rows are also training rows"
    else:
        places = count
        if groups is not None:
            pairs = pd.DataFrame({"number": number, "group": group_names(frames[0][groups])})
            places = np.bincount(pairs.drop_duplicates()["number"], minlength=len(first))
        if ((places > 1) & own)[number].sum() < max(1, _REPEATED * len(whole)):
            return []
        told = "the rows that end the fit of a network are partly those that it is trained on"
    equal = count * (count - 1) / 2
    chance, pairs = _by_chance(whole, first, names, equal.sum()), equal[own].sum()
    if pairs <= chance + _SURE * chance**0.5:
        return []
    again = int((count - 1)[own].sum())
    repeat = "repeats another" if again == 1 else "repeat others"
    but = f" but {', '.join(map(repr, stamps))}" if stamps else ""
    together = ", or keep them together by a column that they share (groups, --groups)"
    together *= dealt and time is None  # beside time groups are refused
    return [
        Alarm(
            f"{rows(again)} {repeat} exactly, in the target and in all inputs{but}: {told}, so "
            f"that errors on them are too low. Leave the repeats out{together}."
        )
    ]


def in_order_of_time(
    schema: TableSchema,
    parts: Mapping[str, Any],
    places: Mapping[str, NDArray[np.intp]],
    frame: pd.DataFrame,
    drop: Sequence[str],
) -> list[str]:
    """A notice where rows that are dealt at random lie in the order of a date, or of a year.

    The rows to judge by are then from among the days of training. That says nothing of later rows
    where the target changes with time, so that it is told only if targets of rows that are near
    each other in the table are alike, beyond chance. A column of years that counts the rows, and
    is no input, tells as well, unless the user has left it out by `drop`.

    `parts` have all rows of the table `frame`, at the `places` there.
    """
    order = np.argsort(np.concatenate([places[name] for name in parts]))
    y = np.concatenate([part.y for part in parts.values()])[order]
    if not any(_are_alike(y, schema.classes, n) for n in (2, round(len(y) ** 0.5))):
        return []
    if schema.classes is not None and np.count_nonzero(np.diff(y)) < len(schema.classes):
        return []  # the rows are in the order of the classes: the date gives them away
    n_first = len(parts["train"]) if len(parts) > 1 else len(y) - rule_of_thumb(len(y))
    inputs = ((name, schema.input_names.index(part_name(name, "time"))) for name in schema.moments)
    days = (
        (name, "days", np.concatenate([part.X[:, j] for part in parts.values()])[order])
        for name, j in inputs
    )
    for name, spans, times in chain(days, _years(frame, (schema.target, *drop))):
        steps = np.diff(times)
        steps = steps[steps != 0]
        if len(steps) < _FEWEST_MOMENTS or 0 < (steps > 0).sum() < len(steps):
            continue
        first = (y if steps[0] > 0 else y[::-1])[:n_first]
        if schema.classes is not None and len(np.unique(first)) < len(schema.classes):
            continue  # the training rows would lack a class
        return [
            Alarm(
                f"The rows are in the order of {name!r}, and the target changes with time, but the "
                f"rows to judge by are drawn at random, from among the {spans} of training: errors "
                "on them are too low for later rows. If the model is for these, divide the rows by "
                f"time (time={name!r}, --time): it is then trained on the first ones, and judged "
                "by the last ones."
            )
        ]
    return []


def _years(frame, but):
    """Columns of whole numbers that can be years, as (name, "years", (m,) values)."""
    for name, series in frame.items():
        if name in but or not is_numeric(series) or series.dtype.kind == "b":
            continue
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        low, high = values.min(), values.max()  # NaN if one is
        if low >= _FIRST_YEAR and high <= _LAST_YEAR and (values == np.floor(values)).all():
            yield name, "years", values


def _are_alike(y, classes, n):
    """Whether targets of rows within `n` successive ones are alike, beyond chance.

    Of z, the targets without their mean, the products of all two rows in a block are added up. By
    chance the sum is that of as many products of any two rows. z of classes has a 1 for the class.
    """
    if n < 2 or len(y) < max(4 * n, 2 * _PAIRS):
        return False
    m, used = len(y), len(y) // n * n
    pairs = used * (n - 1) / 2
    if classes is None:  # ranks, so that far values count no more than others
        z = np.unique(y, return_inverse=True)[1] - 0.0
        z -= z.mean()
        blocks = z[:used].reshape(-1, n)
        found = (np.square(blocks.sum(axis=1)).sum() - np.square(blocks).sum()) / 2
        square = spread = np.square(z).mean()
    else:
        p = np.bincount(y) / m
        block = np.arange(used) // n
        equal = np.unique(block * len(p) + y[:used], return_counts=True)[1]
        found = (equal * (equal - 1) / 2).sum() - (n - 1) * p[y[:used]].sum() + pairs * (p @ p)
        square, spread = 1 - p @ p, (p @ p - 2 * (p**3).sum() + (p @ p) ** 2) ** 0.5
        if found < _PAIRS:
            return False
    by_chance = -pairs * square / (m - 1)
    return bool(found - by_chance > max(_SURE * spread * pairs**0.5, _SHARED * pairs * square))


def _order_in_time(series, missing, decimal, day_first):
    """The places of the rows from the first to the last by a column of dates or numbers."""
    series = tidy(series, missing)
    reading, _ = learn_reading(series, decimal=decimal, day_first=day_first)
    at = 0
    if reading is None and series.astype(str).str.fullmatch(r"-?\d+").all():
        # Integers that float64 does not tell apart.
        return np.argsort(np.array([int(value) for value in series], dtype=object), kind="stable")
    if reading is not None:
        moments = typed(series, reading, lenient=True).to_numpy()
        unknown = np.flatnonzero(np.isnan(moments))
        if not unknown.size:
            return np.argsort(moments, kind="stable")
        at = unknown[0]
    gaps = int(series.isna().sum())
    got = f"{series.iloc[at]!r} in row {series.index[at]}: write all alike"
    if gaps:
        got = f"{gaps:,} gap{'s' * (gaps > 1)}: fill them in"
    raise ValueError(
        f"column {series.name!r}: expected a date or a number in every row, to split by time; "
        f"got {got}, or leave these rows out"
    )


def _own(different: pd.DataFrame, names: list[str]) -> NDArray[np.bool_]:
    """Whether each of the different rows has its own value in a column where most rows have one."""
    own = np.zeros(len(different), dtype=bool)
    for name in names:
        alone = _alone(different[name])
        if alone.mean() >= _OWN:
            own |= alone
    return own


def _by_chance(whole: pd.DataFrame, first: NDArray[Any], names: list[str], equal: float) -> float:
    """About how many pairs of rows are equal by chance, of `equal` ones; `first` of each are there.

    In a column that tells rows apart, some pairs of rows have the same value by chance. A share q
    of them agrees in all other columns, too: rows of successive values show how large it is. If it
    is less of the values after these, the others change with the column, and more agree of the same
    value. The pairs that do not agree are a share of 1 - q. Where q is near 1, these are few. Then
    the pairs with neighbouring values of a rounded number tell: they are twice as many as the pairs
    with the same value.
    """
    import pandas as pd

    chance = math.inf
    for name in names:
        series = whole[name]
        if _alone(series.iloc[first]).mean() < _OWN:
            continue
        numeric = pd.api.types.is_numeric_dtype(series.dtype)
        codes, values = pd.factorize(series, sort=numeric)
        order = np.argsort(codes, kind="stable")[(codes < 0).sum() :]
        rest = pd.util.hash_pandas_object(whole.drop(columns=name), index=False).to_numpy()
        rest = rest[order][np.diff(codes[order], prepend=-1) > 0]  # one of each value
        agree, later = ((rest[k:] == rest[:-k]).mean() if len(rest) > k else 0.0 for k in (1, 2))
        q = float(min(max(agree, 2 * agree - later), 1))
        counts = np.bincount(codes[order])
        others, near = max((counts * (counts - 1) / 2).sum() - equal, 0.0), 0.0
        if numeric and len(values) > 1:
            steps = np.diff(np.asarray(values, dtype=np.float64))
            near = (counts[1:] * counts[:-1])[steps < 1.5 * steps.min()].sum() / 2
        if agree < 1:
            near = max(near, others / (1 - agree))
        if q < 1:
            near = min(near, (others + 2 * others**0.5 + _UNSEEN) / (1 - q))
        chance = min(chance, q * near)
    return chance


def _alone(series: pd.Series[Any]) -> NDArray[np.bool_]:
    """Which rows have a value that no other has."""
    return ~series.duplicated(keep=False).to_numpy()

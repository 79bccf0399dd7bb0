"""Columns that give the target away by the training rows."""

from __future__ import annotations

import math

import numpy as np

from fastnn.reading.values import pandas
from fastnn.tabular.columns import arrays_of
from fastnn.tabular.together import notices_together
from fastnn.text.alarm import Alarm, Notice

# In fewer rows a column can agree with the target by chance.
_FEWEST = 20
# So many columns are named in one sentence.
_SHOWN = 10
# So many values of a text can be those of groups, and not classes by another name.
_GROUPS = 10
# A column with fewer known values gives nothing away.
_MOSTLY = 0.9
# Values of fewer rows each can agree with the target by chance.
_ROWS_A_VALUE = 5
# A correlation above it is a copy of the target, in other units or rounded.
_LINEAR = 0.9999
# So many rows show that a column is no monotone function of the target; of one with fewer different
# values nothing is said. None of the 500 columns of the tables of bench/frames.py is one, or
# separates classes, or has gaps in all rows of one class alone.
_SAMPLE, _VARIED = 200, 0.5
# So many values of a rounded target, all in the order of a column, are not so by chance.
_STEPS = 20
# A column that tells more of the variance than this, in rows that it was not learnt from, is odd.
_TOLD = 0.999
# It is not odd where the order of the rows tells as much, up to this factor: both have a trend.
_BY_ORDER = 10
# In a sample the rows are farther from each other, so that less is told.
_HARDLY = 0.98
# Ranges of a target that do not overlap are chance in one of e^40 tables. Bins of it have no gaps
# between them, as groups of another nature have: gaps of so many steps within the ranges.
_LUCK, _GAP = 40, 5


def notices_on_leaks(target, y, table, names, sources):
    """Sentences about columns that give the target away.

    `y` is the encoded target; `names` are the inputs, made of the columns `sources`. Parts of a
    date are named as their column.
    """
    said, kinds = [], dict(table.dtypes)
    floats = [name for name in names if kinds[name] == np.float64]
    arrays = arrays_of(table, floats) if len(y) >= _FEWEST else {}
    unless = f"drop it, unless it is known before {target.name!r} is."
    told = set()
    decides = decides_values if target.classes is None else decides_classes
    looked_at = names if len(y) >= _FEWEST else ()
    for name in looked_at:
        source, values = sources[name], arrays.get(name)
        if values is None and target.classes is None:
            continue  # categories are no function of numbers
        if source not in told and decides(table[name] if values is None else values, y):
            told.add(source)
            text = f"Column {source!r} alone gives {target.name!r} away: {unless}"
            if values is None and table[name].nunique() >= _GROUPS:
                text += (
                    f" If rows of one {source!r} belong together, keep them in one part (groups="
                    f"{source!r}, --groups): without the column, the errors are not those of rows "
                    f"of a new {source!r}."
                )
            said.append(Alarm.on([repr(source)], text))
    # A later part of a date can say more than an earlier one, so that this comes after all.
    suspects = _separating(table, looked_at, arrays, y)
    if target.classes is None:
        suspects = _telling(table, looked_at, arrays, y)
    alike: dict[str, list[str]] = {}
    for name, why in suspects:
        source = sources[name]
        if source not in told:
            told.add(source)
            alike.setdefault(why, []).append(repr(source))
    for why, columns in alike.items():
        one = f"Column {columns[0]}"
        if len(columns) > 1:
            more = f" and {len(columns) - _SHOWN:,} more" * (len(columns) > _SHOWN)
            one = f"Each of the columns {', '.join(columns[:_SHOWN])}{more}"
        text = f"{one} alone can give {target.name!r} away, as {why}: {unless}"
        said.append(Notice.on(columns, text))
    others = [name for name in looked_at if sources[name] not in told]
    numbers = {name: arrays[name] for name in others if name in arrays}
    return said + notices_together(target, y, table, others, numbers, sources)


def _separating(table, names, arrays, y):
    """Columns that part the classes, or nearly so, and how in words."""
    for name, values in arrays.items():
        if separates(values, y):
            yield name, "each class has a range of it for itself"
    for name in names:
        values = arrays.get(name)
        others = others_of(table[name] if values is None else values, y)
        if others:
            yield name, f"each of its values goes with one class, in all but {others:,} rows"


def _telling(table, names, arrays, y):
    """Columns that tell nearly all of a target of numbers, and how in words."""
    if not names:
        return
    rows, in_order = np.arange(len(y)), y
    if pandas().api.types.is_numeric_dtype(table.index.dtype):
        in_order = y[np.argsort(table.index.to_numpy(), kind="stable")]
    by_order = _told_in_order(rows, in_order)
    targets = y, np.unique(y, return_inverse=True)[1].astype(np.float64)
    shuffled = np.random.default_rng(0).permutation(rows)
    for name in names:
        values = arrays.get(name)
        ranges = ranges_of(table[name] if values is None else values, y)
        if ranges:
            yield name, f"each of its {ranges:,} values has a range of the target for itself"
        elif values is not None and tells(values, targets, shuffled, by_order):
            share = f"{100 * _TOLD:g} % of the variance of rows that it has not seen"
            yield name, f"it tells more than {share}"


def decides_classes(values, y):
    """Whether each value of a column, in several rows on average, goes with one class only.

    Or whether its gaps do, and all values with another one.
    """
    some = len(y) // _ROWS_A_VALUE + 1
    if values.dtype == np.float64 and len(np.unique(values[:some])) == some:
        values = np.isnan(values)  # too many different ones
        if not values.any():
            return False
    for found in (values, pandas().isna(values)):
        codes, unique = pandas().factorize(found, use_na_sentinel=False)
        few = len(unique) > 1 and len(unique) * _ROWS_A_VALUE <= len(y)
        if few and len(np.unique(codes * (y.max() + 1) + y)) == len(unique):
            return True
    return False


def separates(x, y):
    """Whether the classes are one after the other in the order of a column of numbers."""
    order = np.argsort(y, kind="stable")
    first = np.flatnonzero(np.diff(y[order], prepend=-1))
    if np.diff(first, append=len(y)).min() < _ROWS_A_VALUE:
        return False
    if np.count_nonzero(~np.isnan(x)) < _MOSTLY * len(y):
        return False
    low, high = np.fmin.reduceat(x[order], first), np.fmax.reduceat(x[order], first)
    at = np.argsort(low)
    return bool((high[at[:-1]] < low[at[1:]]).all())


def others_of(values, y):
    """How few rows are of other classes than most rows of the same value, or 0 if not so few.

    They are few if two rows of the same value are hardly ever of different classes, of any two
    rows; values of a single row say nothing.
    """
    codes = _codes_of_few(values)
    if codes is None:
        return 0
    several = np.bincount(codes)[codes] > 1
    of_both, counts = np.unique(codes * (y.max() + 1) + y, return_counts=True)
    code, shares = of_both // (y.max() + 1), np.bincount(y) / len(y)
    n, own = np.bincount(codes), np.bincount(code, counts.astype(np.float64) ** 2)
    differ = ((n**2 - own) / np.maximum(n - 1, 1)).sum() / max(np.count_nonzero(several), 1)
    if differ > (1 - _TOLD) * (1 - shares @ shares):
        return 0
    most = np.zeros(len(n), dtype=np.intp)
    np.maximum.at(most, code, counts)
    return int(len(y) - most.sum())


def ranges_of(values, y):
    """The number of ranges of y, without gaps or overlaps, that the values of a column stand for.

    Or 0 where they stand for none. Bins of y are such a column, and so is a rounded y.
    """
    codes = _codes_of_few(values)
    if codes is None:
        return 0
    m, k = len(y), codes.max() + 1
    order, counts = np.argsort(codes, kind="stable"), np.bincount(codes)
    first = np.cumsum(counts) - counts
    low, high = np.minimum.reduceat(y[order], first), np.maximum.reduceat(y[order], first)
    at = np.argsort(low)
    low, high = low[at[1:]], high[at[:-1]]
    luck = math.lgamma(m + 1) - sum(math.lgamma(n + 1) for n in counts) - math.lgamma(k + 1)
    if (high >= low).any() or luck < _LUCK:
        return 0
    known = np.unique(y)
    steps, ends = np.diff(known), np.searchsorted(known, high)
    within = [
        np.median(steps[begin:end]) if begin < end else 0.0
        for begin, end in zip(np.r_[0, ends + 1], np.r_[ends, len(steps)], strict=True)
    ]
    wide = steps[ends] > _GAP * np.maximum(within[:-1], within[1:])
    weight = np.minimum(counts[at[1:]], counts[at[:-1]])
    return 0 if 2 * weight[wide].sum() >= weight.sum() else int(k)


def _codes_of_few(values):
    """The number of each row's value, or None unless there are several rows for each."""
    m = len(values)
    some = m // _ROWS_A_VALUE + 1
    if values.dtype == np.float64 and len(np.unique(values[:some])) == some:
        return None  # most columns of numbers are quickly told
    codes, unique = pandas().factorize(values, use_na_sentinel=False)
    return codes if 1 < len(unique) <= m / _ROWS_A_VALUE else None


def tells(x, targets, shuffled, by_order):
    """Whether a column of many different numbers tells nearly all of the variance of a target.

    Each row is predicted by a line between those before and after it in the order of x, which
    makes errors of 1 + w² + (1 - w)² times the variance of the noise.

    Parameters
    ----------
    x : (m,) array
    targets : arrays (m,)
        The values of the target and their ranks, so that a few far values are not enough.
    shuffled : (m,) array
        The rows in any order: those of the same x would be in that of the table, and so of y.
    by_order : float
        The share that the order of the rows tells: with a trend, it is as any column with one.
    """
    if np.count_nonzero(~np.isnan(x)) < max(_SAMPLE, _MOSTLY * len(x)):
        return False
    for some in (shuffled[:_SAMPLE], shuffled):  # most columns are quickly told
        order = some[np.argsort(x[some], kind="stable")]
        order = order[: np.count_nonzero(~np.isnan(x[some]))]  # NaN are last
        share = 1.0
        for y in targets:
            share = min(share, _told_in_order(x[order], y[order]))
            if share < _HARDLY:
                return False
    return share > _TOLD and (1 - share) * _BY_ORDER < 1 - by_order


def _told_in_order(x, y):
    """The share of the variance of y that lines between neighbours in x tell."""
    before, wide = x[1:-1] - x[:-2], x[2:] - x[:-2]
    w = np.divide(before, wide, out=np.full(len(wide), 0.5), where=wide > 0)
    errors = y[1:-1] - (1 - w) * y[:-2] - w * y[2:]
    return 1 - float(np.mean(errors**2 / (1 + w**2 + (1 - w) ** 2)) / y.var())


def decides_values(x, y):
    """Whether the target is a linear or a monotone function of a column, as far as it is known."""
    known = ~np.isnan(x)
    x, y = x[known], y[known]
    if len(x) < max(1, _MOSTLY * len(known)):
        return False
    together = _correlation(x, y)
    if together == 0:
        return False
    if together > _LINEAR:  # a few far rows can make it so by themselves
        near = np.abs(x - np.median(x)).argsort()[: max(2, len(x) - max(3, len(x) // 100))]
        without = _correlation(x[near], y[near])
        return without == 0 or without > 1 - 4 * (1 - _LINEAR)
    return _is_monotone(x[:_SAMPLE], y[:_SAMPLE]) and _is_monotone(x, y)


def _correlation(x, y):
    """The size of the correlation; 0 if one of them is constant."""
    dx, dy = x - x.mean(), y - y.mean()  # np.corrcoef takes several times as long
    spread = np.sqrt(dx @ dx) * np.sqrt(dy @ dy)
    return 0.0 if spread == 0 else float(abs(dx @ dy) / spread)


def _is_monotone(x, y):
    """Whether x, of many different values, rises with y throughout, or falls.

    A rounded y has equal values, which say nothing of the order of theirs in x: the largest x of
    each is compared with the smallest of the next.
    """
    order = np.lexsort((x, y))
    x, y = x[order], y[order]
    ends = np.flatnonzero(y[1:] != y[:-1])
    low, high = x[np.r_[0, ends + 1]], x[np.r_[ends, -1]]
    for steps in (low[1:] - high[:-1], low[:-1] - high[1:]):
        steps = steps[steps != 0]
        enough = steps.size >= min(_STEPS, _VARIED * len(x))
        if enough and np.mean(steps > 0) > _LINEAR:
            return len(np.unique(x)) >= _VARIED * len(x)
    return False

"""Columns that give the target away together, by the training rows, where none does alone."""

from __future__ import annotations

import numpy as np

from fastnn.reading.values import pandas
from fastnn.text.alarm import Notice

# In fewer rows columns can agree with the target by chance.
_FEWEST = 20
# So many rows are looked at, half of them to fit; and so many columns, those that go with the
# target most. There are more rows to fit than so many times the columns.
_ROWS, _COLUMNS, _ROWS_A_COLUMN = 2_000, 200, 5
# The largest error of a sum, in standard deviations of the target, in rows that were not fitted.
_ROUNDING = 1e-3
# The rows farthest from the median of the target do not count: one far row makes all others near.
_FAR = 0.01
# A column of fewer known values is no part of a sum.
_MOSTLY = 0.9
# So many columns are named in one sentence.
_SHOWN = 10
# In classes of fewer rows on average a column can have one value for each by chance.
_ROWS_A_CLASS = 5
# The first rows show of most columns that they do not go with the classes.
_LOOK = 200


def notices_together(target, y, table, names, arrays, sources):
    """A list with a sentence on columns that give the target away together, or empty.

    Parameters
    ----------
    target : Target
    y : (m,) array
        Encoded.
    table : DataFrame
    names : sequence of str
        The inputs; none of them gives the target away alone.
    arrays : dict of (m,) float64 arrays
        Those of them that are numbers.
    sources : dict
        The column of the table that each input is made of.
    """
    if len(y) < _FEWEST:
        return []
    numbers = target.classes is None or target.classes.dtype != object
    classes = 0 if target.classes is None else len(target.classes)
    found, what = [], ""
    if numbers or classes == 2:
        values = np.asarray(target.answers(y) if numbers else y, dtype=np.float64)
        weights, constant = weights_of(values, arrays)
        found = list(weights)
        if numbers and found:
            what = f"{target.name!r} is, but for rounding, {_sum(weights, constant)}"
        elif found:
            what = f"{_listed(found)} together tell {target.name!r}, as a sum of multiples"
    if not found and 2 < classes <= len(y) / _ROWS_A_CLASS:
        by_input = indicators(y, {name: arrays.get(name, table[name]) for name in names})
        found = list(dict.fromkeys(sources[name] for name in by_input))
        what = f"{_listed(found)} together tell {target.name!r}: each class has its values of them"
    columns = dict.fromkeys(repr(sources.get(name, name)) for name in found)
    if len(columns) < 2:
        return []
    text = f"{what}. Leave them out, if they are known only with {target.name!r} (drop, --drop)."
    return [Notice.on(columns, text)]


def indicators(y, columns):
    """The columns of one value for each class, if together they tell the class; else none.

    One is 1 in rows of a class, and 0 in all others, most often.
    """
    first = np.unique(y, return_index=True)[1]
    found = {}
    for name, values in columns.items():
        for some in (values[:_LOOK], values):  # most columns are quickly told
            codes, unique = pandas().factorize(some, use_na_sentinel=False)
            both = codes * (y.max() + 1) + y[: len(some)]
            if len(unique) == 1 or len(np.unique(both)) > len(np.unique(y[: len(some)])):
                break
        else:
            found[name] = codes[first]
    told = len(np.unique(np.stack([*found.values()], axis=1), axis=0)) if found else 0
    return list(found) if told == len(first) else []


def weights_of(y, arrays):
    """Weights {name: w} of the fewest columns whose sum, and a constant, is y but for rounding.

    No weights where there is no such sum.
    """
    rows = np.random.default_rng(0).permutation(len(y))[:_ROWS]
    near = np.abs(y[rows] - np.median(y[rows])).argsort(kind="stable")
    rows = np.sort(rows[near[: int((1 - _FAR) * len(rows))]])
    y = y[rows]
    names = _nearest(arrays, y, rows)
    if len(names) < 2 or y.min() == y.max():
        return {}, 0.0
    X = np.stack([arrays[name][rows] for name in names], axis=1)
    known = ~np.isnan(X).any(axis=1)
    X, y = X[known], y[known]
    fit = np.random.default_rng(1).permutation(len(y)) % 2 == 0
    if np.count_nonzero(fit) <= _ROWS_A_COLUMN * (len(names) + 1):
        return {}, 0.0
    mean, scale, spread = X[fit].mean(axis=0), X[fit].std(axis=0), y.std()
    scale[scale == 0] = 1
    Z, z = (X - mean) / scale, (y - y[fit].mean()) / (spread or 1)
    R = np.linalg.qr(np.column_stack([Z[fit], z[fit]]), mode="r")

    def fitted(kept):
        w = np.linalg.lstsq(R[:, kept], R[:, -1], rcond=None)[0]
        return w, np.sqrt(np.mean((z[~fit] - Z[~fit][:, kept] @ w) ** 2)) < _ROUNDING

    kept = list(range(len(names)))
    w, sound = fitted(kept)
    if not sound or spread == 0:
        return {}, 0.0
    for j in np.argsort(np.abs(w)):
        without = [i for i in kept if i != j]
        if without and fitted(without)[1]:
            kept = without
    w = fitted(kept)[0] * spread / scale[kept]
    constant = float(y[fit].mean() - mean[kept] @ w)
    of_rounding = abs(constant) < _ROUNDING * spread
    return {names[j]: float(v) for j, v in zip(kept, w, strict=True)}, constant * (not of_rounding)


def _nearest(arrays, y, rows):
    """The names of the columns that go with y most, as many as the rows allow."""
    sizes = {}
    for name, values in arrays.items():
        x = values[rows]
        known = ~np.isnan(x)
        if np.count_nonzero(known) < _MOSTLY * len(x):
            continue
        dx = np.where(known, x - x.mean(where=known), 0)
        if (norm := np.sqrt(dx @ dx)) > 0:
            sizes[name] = abs(dx @ (y - y.mean())) / norm
    most = min(_COLUMNS, len(rows) // 2 // _ROWS_A_COLUMN - 2)
    return sorted(sizes, key=sizes.get, reverse=True)[: max(most, 0)]


def _sum(weights, constant):
    """A sum of columns as text.

    >>> _sum({"b": -0.5, "a": 1.0}, 32.0)
    "1 x 'a' - 0.5 x 'b' + 32"
    """
    if len(weights) > _SHOWN:
        return f"a sum of multiples of {_listed(list(weights))}"
    terms = [(w, f"{abs(w):.4g} x {name!r}") for name, w in weights.items()]
    terms.sort(key=lambda term: term[0] < 0)
    at = len(terms) if terms[0][0] > 0 else 0
    terms[at:at] = [(constant, f"{abs(constant):.4g}")] * (constant != 0)
    text = "".join(f" {'-' if w < 0 else '+'} {term}" for w, term in terms)
    return text.removeprefix(" + ").replace(" - ", "-", text.startswith(" - "))


def _listed(names):
    """Names in a sentence."""
    shown = list(map(repr, names[:_SHOWN]))
    if len(names) > _SHOWN:
        return f"{', '.join(shown)} and {len(names) - _SHOWN:,} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))

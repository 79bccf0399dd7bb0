"""Encoding of columns as inputs: scikit-learn learns it, and plain numbers and texts keep it.

A model file can hold the numbers and texts; a fitted transformer of scikit-learn would need pickle.

Bins encode a number piecewise linearly: a network learns steps and spikes of it more easily from an
input for each bin between quantiles (Gorishniy et al., 2022, "On embeddings for numerical features
in tabular deep learning").
"""

from itertools import pairwise

import numpy as np

from fastnn.reading.values import categories, pandas
from fastnn.tabular.columns import (
    BUCKETS,
    MISSING,
    MOST_CATEGORIES,
    CategoricalColumn,
    NumericColumn,
    category_texts,
    numeric_values,
)
from fastnn.tabular.target_means import learn_means

# A category of a single training row teaches nothing.
_LEAST_ROWS = 2
# Of many categories, one of fewer rows has a mean target in the place of an input of its own.
_ENOUGH_ROWS = 20
# With two edges, the one bin would repeat the standardized number.
FEWEST_EDGES = 3


def column_transformer(numeric, categorical):
    """An unfitted transformer of scikit-learn for the columns with these names."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    of_numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
    )
    of_categories = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=MISSING),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=_LEAST_ROWS),
    )
    parts = [("numeric", of_numbers, numeric), ("categorical", of_categories, categorical)]
    return ColumnTransformer([part for part in parts if part[2]])


def as_transformed(frame, numeric, categorical):
    """The frame as `column_transformer` takes it: float64 and texts, with NaN for gaps."""
    columns = dict(zip(numeric, numeric_values(frame, numeric).T, strict=True))
    columns |= {
        name: pandas().Series(category_texts(frame[name]), dtype=object) for name in categorical
    }
    return pandas().DataFrame(columns)


def learn_columns(frame, numeric, categorical, bins=0, y=None, outputs=()):
    """The columns, learnt from the training rows: a tuple, the numeric ones first.

    Each number has at most so many `bins`. `y` are encoded targets, for means of categories, and
    `outputs` the names of these; without them there are none.
    """
    transformer = column_transformer(numeric, categorical)
    transformer.fit(as_transformed(frame, numeric, categorical))
    columns = []
    if numeric:
        values = numeric_values(frame, numeric)
        extremes = np.stack([np.nanmin(values, axis=0), np.nanmax(values, axis=0)])
        imputer, scaler = (step for _, step in transformer.named_transformers_["numeric"].steps)
        moments = list(zip(scaler.mean_.tolist(), scaler.scale_.tolist(), strict=True))
        gaps = dict(
            zip(imputer.indicator_.features_.tolist(), moments[len(numeric) :], strict=True)
        )
        columns += [
            NumericColumn(
                name, fill, *moments[j], *limits, gaps.get(j), learn_edges(values[:, j], bins)
            )
            for j, (name, fill, limits) in enumerate(
                zip(numeric, imputer.statistics_.tolist(), extremes.T.tolist(), strict=True)
            )
        ]
    if categorical:
        encoder = transformer.named_transformers_["categorical"].steps[-1][1]
        for name, known, rare in zip(
            categorical, encoder.categories_, encoder.infrequent_categories_, strict=True
        ):
            rare = set() if rare is None else set(rare)
            frequent = [str(text) for text in known if text not in rare]
            kept, hashed, means = tuple(frequent), (), None
            if len(frequent) > MOST_CATEGORIES:
                kept, hashed, means = _own_and_others(frame[name], frequent, y, outputs)
            columns.append(CategoricalColumn(name, kept, bool(rare), hashed, means))
    return tuple(columns)


def _own_and_others(series, texts, y, outputs):
    """The frequent texts with and without an input of their own; `TargetMeans` of all without."""
    codes, found = categories(series)
    found.append(MISSING)
    counts = dict(zip(found, np.bincount(codes % len(found)), strict=False))
    first = sorted(texts, key=lambda text: (-counts[text], text))[:MOST_CATEGORIES]
    own, means = set(first), None
    if outputs:
        enough = {text for text in first if counts[text] >= _ENOUGH_ROWS}
        others = [text for text in sorted(counts) if counts[text] and text not in enough]
        means = learn_means(outputs, y, others, places_in(others, codes, found))
        own = own if means is None else enough
    kept, hashed = ([text for text in texts if (text in own) == has] for has in (True, False))
    return tuple(kept), tuple(hashed), means


def places_in(texts, codes, found):
    """(m,) places in `texts` of rows with these codes of `found`; len(texts) for all others."""
    place = {text: i for i, text in enumerate(texts)}
    return np.array([place.get(text, len(texts)) for text in found], dtype=np.intp)[codes]


def named_inputs(columns):
    """A name for each input, with its column.

    All numbers come first, then the indicators of gaps, the categories, and the bins.
    """
    numeric = [column for column in columns if column.kind == "numeric"]
    named = [(column.name, column) for column in numeric]
    named += [(f"{column.name} is missing", column) for column in numeric if column.missing]
    for column in columns:
        if column.kind == "categorical":
            names = [
                f"{column.name}={text}" if text else f"{column.name} is missing"
                for text in column.categories
            ]
            names += [f"{column.name}=(hash {i})" for i in range(BUCKETS * bool(column.hashed))]
            names += [f"{column.name}=(rare)"] if column.rare else []
            names += [
                f"{column.name}: {name}" for name in (column.means.names if column.means else ())
            ]
            named += [(name, column) for name in names]
    for column in numeric:
        named += [
            (f"{column.name} from {low:g} to {high:g}", column)
            for low, high in pairwise(column.edges)
        ]
    return named


def encode(frame, columns, out=None, y=None, groups=None):
    """The rows as (m, n_inputs) float32 inputs; `out` is such an array, of zeros, to write to.

    `y` and `groups` of training rows are as for `TargetMeans.values_of`.
    """
    numeric = [column for column in columns if column.kind == "numeric"]
    values = [frame[column.name].to_numpy(dtype=np.float64) for column in numeric]
    shape = len(frame), len(named_inputs(columns))
    X = np.zeros(shape, dtype=np.float32) if out is None else out
    at = len(numeric)
    for j, column in enumerate(numeric):
        gaps = np.isnan(values[j])
        bounded = np.clip(values[j], *column.bounds)
        X[:, j] = (np.where(gaps, column.fill, bounded) - column.mean) / column.scale
        if column.missing:
            mean, scale = column.missing
            X[:, at] = (gaps - mean) / scale
            at += 1
    for column in columns:
        if column.kind == "categorical":
            codes, texts = categories(frame[column.name])
            texts.append(MISSING)  # the code of a gap is -1, which takes the last entry
            units = column.units
            unit = np.array([units.get(text, column.other) for text in texts], dtype=np.intp)[codes]
            known = np.flatnonzero(unit >= 0)
            X[known, at + unit[known]] = 1
            if means := column.means:
                places = places_in(means.categories, codes, texts)
                of_rows = (
                    means.values()[places] if y is None else means.values_of(places, y, groups)
                )
                X[:, at + column.n_units : at + column.n_inputs] = of_rows
            at += column.n_inputs
    for j, column in enumerate(numeric):
        if column.edges:
            encode_bins(values[j], column.edges, X[:, at : at + len(column.edges) - 1])
            at += len(column.edges) - 1
    return X


def plain_columns(frame, columns):
    """The columns of a typed frame as {name: (m, 1) float64 numbers or texts}."""
    plain = {}
    for column in columns:
        if column.kind == "numeric":
            plain[column.name] = frame[[column.name]].to_numpy(dtype=np.float64)
        else:
            texts = pandas().Series(category_texts(frame[column.name])).fillna(MISSING)
            plain[column.name] = texts.to_numpy(dtype=object)[:, np.newaxis]
    return plain


def learn_edges(values, bins):
    """Edges of at most `bins` bins, increasing, from the training values (m,) of a column.

    They are quantiles, or all the different values where these are no more than the edges. () is no
    bins: for no or two different values, or where `bins` is 0.
    """
    if not bins:
        return ()
    given = values[~np.isnan(values)]
    different = np.unique(given)
    if len(different) > bins + 1:
        different = np.unique(np.quantile(given, np.linspace(0, 1, bins + 1)))
    return tuple(different.tolist()) if len(different) >= FEWEST_EDGES else ()


def encode_bins(values, edges, out):
    """Write ``min(max((x - a) / (b - a), 0), 1)`` of each bin from a to b.

    Parameters
    ----------
    values : (m,) float64 array
        A gap, NaN, is in no bin: its inputs are 0.
    edges : (k + 1,) sequence of float
    out : (m, k) array
    """
    for j, (low, high) in enumerate(pairwise(edges)):
        with np.errstate(over="ignore"):  # far from a narrow bin
            # fmax gives 0 for NaN.
            out[:, j] = np.minimum(np.fmax((values - low) / (high - low), 0), 1)

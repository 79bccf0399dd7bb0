"""Training, dev and test set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from fastnn.arguments import Rng, generator
from fastnn.data.groups import divide_groups
from fastnn.data.inputs import Features, is_sparse
from fastnn.data.part_sizes import part_sizes, rule_of_thumb
from fastnn.data.parts import Examples, Split, as_pair, rows_of
from fastnn.data.strata import check_members, stratified

_Stratify = Literal["auto"] | bool | ArrayLike
_Groups = ArrayLike | tuple[ArrayLike, ArrayLike] | None


@overload
def split(
    X: Features,
    y: ArrayLike | None = None,
    *,
    sizes: Literal["auto"] | tuple[float, float, float] = "auto",
    stratify: _Stratify = "auto",
    groups: _Groups = None,
    dev_from: Examples | None = None,
    rng: Rng = 0,
) -> tuple[Split, Split, Split]: ...
@overload
def split(
    X: Features,
    y: ArrayLike | None = None,
    *,
    sizes: tuple[float, float],
    stratify: _Stratify = "auto",
    groups: _Groups = None,
    dev_from: None = None,
    rng: Rng = 0,
) -> tuple[Split, Split, None]: ...
@overload
def split(
    X: Features,
    y: ArrayLike | None = None,
    *,
    sizes: Sequence[float],
    stratify: _Stratify = "auto",
    groups: _Groups = None,
    dev_from: Examples | None = None,
    rng: Rng = 0,
) -> tuple[Split, Split, Split | None]: ...
def split(
    X: Features,
    y: ArrayLike | None = None,
    *,
    sizes: Literal["auto"] | Sequence[float] = "auto",
    stratify: _Stratify = "auto",
    groups: _Groups = None,
    dev_from: Examples | None = None,
    rng: Rng = 0,
) -> tuple[Split, Split, Split | None]:
    """Divide examples at random into a training, a dev and a test set.

    Parameters
    ----------
    X : array-like, sparse matrix, memory map, pandas or polars frame
        One example a row. Only indices are computed here: each part takes its rows when its `X` is
        first used.
    y : array-like or series, optional
    sizes : "auto" or sequence of numbers, default "auto"
        "auto" goes by the number of examples m. Up to 10,000: 60, 20 and 20 %. From a million on:
        10,000 for dev, 10,000 for test, the rest for training (98, 1 and 1 %; 99.5, 0.25 and
        0.25 % of four million). Between the two, log n rises in proportion to log m. Or fractions
        that sum to 1, or counts, which may leave examples over. Two sizes, as in (0.8, 0.2), make
        no test set: the second part is a dev set, since choices are made on it.
    stratify : "auto", bool or (m,) array-like, default "auto"
        Keep the proportions of the classes of y, or of other labels: each count is within 1 of its
        exact share. "auto" does so if y holds one-hot rows, or at most max(20, sqrt(m)) different
        values that are whole numbers (floats such as 1.0 as well), booleans or strings.
    groups : (m,) array-like, optional
        Examples of one group never come into different parts. Sizes and proportions of classes
        are then as near to those asked for as a search gets.
    dev_from : (X2, y2), or an object with `.X` and `.y`, optional
        Take dev and test from there, the data that the network is meant for, and train on all of
        X, y. `sizes` are then the sizes of dev and test, out of X2: by default the rule of thumb
        for both sources together, and at most half of X2 each. The rest of X2 is in none of the
        parts; you may train on it as well. `stratify` then applies to X2, and `groups` is a pair:
        the groups of X and the groups of X2.
    rng : int, numpy.random.Generator or None, default 0
        The same seed gives the same parts.

    Returns
    -------
    train, dev : Split
        With `X`, `y` and `index`, in random order.
    test : Split or None

    Raises
    ------
    ValueError, TypeError
        Sizes that do not fit, labels to stratify by or groups that are missing (NaN, None), classes
        with fewer members than parts, fewer groups than parts, a group larger than every part,
        lengths that differ, no examples, other features in dev_from than in X.

    See Also
    --------
    same_distribution : Tests whether two sets could have come from one source.
    dev_size : Number of dev examples that tell two candidates apart.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X, y = np.zeros((1000, 4)), np.arange(1000) % 10
    >>> fastnn.split(X, y)
    (<Split of 600 examples>, <Split of 200 examples>, <Split of 200 examples>)
    >>> train, dev, _ = fastnn.split(X, y, sizes=(0.9, 0.1))
    >>> np.bincount(dev.y)
    array([10, 10, 10, 10, 10, 10, 10, 10, 10, 10])
    """
    rng = generator(rng)
    m = _check_pair(X, y, "X", "y")
    if dev_from is not None:
        return _dev_from_elsewhere(X, y, m, dev_from, sizes, stratify, groups, rng)
    parts = _deal(m, part_sizes(sizes, m), _strata(stratify, y, m), _group_names(groups, m), rng)
    train, dev, *test = (Split(X, y, index) for index in parts)
    return train, dev, test[0] if test else None


def _dev_from_elsewhere(X, y, m, dev_from, sizes, stratify, groups, rng):
    X2, y2 = as_pair(dev_from, "dev_from")
    if (y is None) != (y2 is None):
        raise ValueError("expected y and the y2 of dev_from both or neither, got only one")
    m2 = _check_pair(X2, y2, "the X2 of dev_from", "its y2")
    _check_alike(X, X2, "features", "X", "the X2 of dev_from")
    if y is not None:
        _check_alike(y, y2, "targets", "y", "the y2 of dev_from")
    if isinstance(sizes, str) and sizes == "auto":
        sizes = [max(1, min(rule_of_thumb(m + m2), m2 // 2))] * 2
    groups2 = None
    if groups is not None:
        if not isinstance(groups, tuple | list) or len(groups) != 2:
            raise TypeError("with dev_from, expected groups to be a pair, those of X and of X2")
        ours, groups2 = _group_names(groups[0], m), _group_names(groups[1], m2)
        shared = np.intersect1d(ours[1], groups2[1])
        if shared.size:
            raise ValueError(
                f"expected no group in both X and dev_from, got {shared[0]}; it would be in "
                "training and in dev or test: remove it from X"
            )
    counts = part_sizes(sizes, m2, ("dev", "test"))
    parts = _deal(m2, counts, _strata(stratify, y2, m2), groups2, rng)
    dev, *test = (Split(X2, y2, index) for index in parts)
    return Split(X, y, rng.permutation(m)), dev, test[0] if test else None


def _deal(m, sizes, strata, groups, rng):
    """The rows of each part, in random order; `strata` and `groups` are pairs (codes, names)."""
    if strata is None and groups is None:
        order = rng.permutation(m)
        return np.split(order, np.cumsum(sizes))[: len(sizes)]
    if groups is None:
        part = stratified(*strata, sizes, rng)
    else:
        if strata is not None:
            check_members(np.bincount(strata[0]), strata[1], len(sizes))
        part = divide_groups(*groups, sizes, None if strata is None else strata[0], rng)
    return [rng.permutation(np.flatnonzero(part == j)) for j in range(len(sizes))]


def _check_pair(X, y, X_name, y_name):
    m = rows_of(X, X_name)
    if m < 1:
        raise ValueError(f"expected examples in {X_name}, got none")
    if y is not None and rows_of(y, y_name) != m:
        raise ValueError(
            f"expected {y_name} to have as many examples as {X_name}, {m:,}; got "
            f"{rows_of(y, y_name):,}"
        )
    return m


def _check_alike(first, second, what, first_name, second_name):
    """Refuse two sources that no single network could read."""
    shapes = [
        data.shape[1:] if hasattr(data, "shape") else np.shape(data[0]) for data in (first, second)
    ]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"expected the same {what} in {first_name} and {second_name}, got "
            f"{shapes[0]} and {shapes[1]} for each example"
        )
    columns = [list(data.columns) if hasattr(data, "columns") else None for data in (first, second)]
    if None not in columns and columns[0] != columns[1]:
        raise ValueError(
            f"expected the columns of {second_name} to be those of {first_name}, in their order: "
            f"{_first_few(columns[0])}; got {_first_few(columns[1])}"
        )


def _first_few(names):
    return ", ".join(map(str, names[:6])) + (", ..." if len(names) > 6 else "")


def _strata(stratify, y, m):
    """Labels to stratify by, as codes 0 .. K-1 and their names; None for none."""
    if isinstance(stratify, bool | np.bool_):
        if not stratify:
            return None
        if y is None:
            raise ValueError("stratify=True needs y, the labels to stratify by")
        return _codes(y, "y", m)
    if not isinstance(stratify, str):
        return _codes(stratify, "stratify", m)
    if stratify != "auto":
        raise ValueError(f"expected stratify to be 'auto', True, False or labels, got {stratify!r}")
    if y is None or is_sparse(y):
        return None
    labels = np.asarray(y)
    if labels.size != m and not _is_one_hot(labels):
        return None
    if labels.dtype.kind not in "biufUSTO":
        return None
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.rint(labels))).all():
        return None
    if labels.dtype.kind == "O" and not all(
        isinstance(label, str | int | np.integer | np.bool_)
        or (isinstance(label, float) and label.is_integer())
        for label in labels.flat
    ):
        return None
    codes, names = _codes(labels, "y", m)
    return (codes, names) if len(names) <= max(20, m**0.5) else None


def _is_one_hot(labels):
    """Whether each row has a single 1 among zeros."""
    return bool(
        labels.ndim == 2
        and labels.shape[1] > 1
        and labels.dtype.kind in "biuf"
        and ((labels == 0) | (labels == 1)).all()
        and (labels.sum(axis=1) == 1).all()
    )


def _group_names(groups, m):
    return None if groups is None else _codes(groups, "groups", m)


def _codes(labels, name, m):
    """Labels as whole numbers 0 .. K-1, and the names of these."""
    if is_sparse(labels) or rows_of(labels, name) != m:
        raise ValueError(
            f"expected {name} to hold one label for each of the {m:,} examples, got "
            + (f"{type(labels).__name__}" if is_sparse(labels) else f"{rows_of(labels, name):,}")
        )
    array = np.asarray(labels)
    if name != "groups" and _is_one_hot(array):
        array = array.argmax(axis=1)
    if array.size != m:
        raise ValueError(
            f"expected {name} to have shape ({m},) to take labels from, got "
            f"{array.shape}; pass one label for each example"
        )
    missing = _missing(array)
    if missing:
        raise ValueError(
            f"expected {name} without missing values, got {missing:,} of {m:,}, which would be "
            "kept together as if they were alike: leave out these rows, or give them a name of "
            f"their own{'' if name == 'groups' else ', or pass stratify=False'}"
        )
    try:
        names, codes = np.unique(array.ravel(), return_inverse=True)
    except TypeError as error:
        raise TypeError(
            f"expected the labels in {name} to be of one kind, as all strings, and none missing "
            f"(None): {error}"
        ) from None
    return codes, names


def _missing(labels):
    """The number of NaN and NaT among the labels."""
    if labels.dtype.kind in "fcmM":
        return int(np.count_nonzero(labels != labels))
    if labels.dtype.kind == "O":
        return sum(isinstance(label, float) and label != label for label in labels.flat)
    return 0

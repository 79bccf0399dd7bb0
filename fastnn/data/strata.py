"""Stratified parts: each class has the same proportion in every part as in the whole."""

import numpy as np


def stratified(labels, names, sizes, rng):
    """The part of each example, at random; counts of classes are within 1 of their exact shares.

    Parameters
    ----------
    labels : (m,) int array
        Classes 0 .. K-1.
    names : (K,) array
        Names of the classes.
    sizes : sequence of int
        Sizes of the parts, in all at most m.
    rng : numpy.random.Generator

    Returns
    -------
    part : (m,) int array
        Part of each example; len(sizes) for examples that are left over.

    Raises
    ------
    ValueError
        A class has fewer members than there are parts.
    """
    members = np.bincount(labels)
    check_members(members, names, len(sizes))
    m = labels.size
    targets = np.array([*sizes, m - sum(sizes)])
    counts = rounded_table(members, targets, rng)
    # Members of a class are dealt to its parts in a random order.
    order = np.lexsort((rng.random(m), labels))
    part = np.empty(m, dtype=np.int64)
    part[order] = np.repeat(np.tile(np.arange(targets.size), members.size), counts.ravel())
    return part


def check_members(members, names, parts):
    """Refuse classes that cannot be in every part."""
    few = np.flatnonzero(members < parts)
    if few.size:
        shown = ", ".join(f"class {names[k]} has {members[k]}" for k in few[:5])
        raise ValueError(
            f"expected at least {parts} examples of each class, one for each part, to stratify by; "
            f"{shown}{', ...' if few.size > 5 else ''}. Join rare classes, drop them, or pass "
            "stratify=False"
        )


def rounded_table(rows, columns, rng):
    """Whole numbers within 1 of ``rows[k] columns[j] / m`` that sum to `rows` and `columns`.

    Controlled rounding (Cox, 1987): each entry is its quota rounded down or up, and the margins are
    kept. Such a rounding exists because network flows are integral, and the simplex method finds
    one. It prefers to round up numbers that would be 0, then the largest remainders.
    """
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    quota = rows[:, np.newaxis] * columns
    down, remainder = np.divmod(quota, rows.sum())
    k, j = np.nonzero(remainder)
    if not k.size:
        return down
    K, J = quota.shape
    margins = coo_array(
        (np.ones(2 * k.size), (np.concatenate([k, K + j]), np.tile(np.arange(k.size), 2))),
        (K + J, k.size),
    )
    due = np.concatenate([rows - down.sum(axis=1), columns - down.sum(axis=0)])
    # Ties are broken at random, so that no class is favoured for its number.
    wish = remainder[k, j] / rows.sum() + 10 * (down[k, j] == 0) + 1e-3 * rng.random(k.size)
    result = linprog(-wish, A_eq=margins.tocsr(), b_eq=due, bounds=(0, 1), method="highs-ds")
    if not result.success:
        raise RuntimeError(f"no rounding of the class counts was found: {result.message}")
    up = np.rint(result.x).astype(np.int64)
    table = down.copy()
    table[k, j] += up
    if (table.sum(axis=1) != rows).any() or (table.sum(axis=0) != columns).any():
        raise RuntimeError("the class counts were not rounded to whole numbers")
    return table

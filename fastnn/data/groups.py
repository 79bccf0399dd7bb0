"""Division into parts that never share a group, such as a patient, a speaker or a day."""

import numpy as np

# Most random divisions to try, and most table entries to compute in all.
_DRAWS, _WORK = 100, 20_000_000


def divide_groups(groups, names, sizes, labels, rng):
    """The part of each example: groups stay whole, sizes and classes are as near as a search gets.

    Random divisions are drawn, each cut where its sizes fit best. The best of them is improved by
    moving single groups while that helps. Groups of every size can come to every part, so that no
    part holds only small groups. Sizes and classes count together, as the chi-square distance
    ``sum (count - target)^2 / target`` over the size of each part and its count of each class.

    Parameters
    ----------
    groups : (m,) int array
        Groups 0 .. G-1.
    names : (G,) array
        Names of the groups.
    sizes : sequence of int
        Sizes of the parts, in all at most m.
    labels : (m,) int array or None
        Classes to stratify by.
    rng : numpy.random.Generator

    Returns
    -------
    part : (m,) int array
        Part of each example; len(sizes) for examples that are left over.

    Raises
    ------
    ValueError
        There are fewer groups than parts, or a group is larger than any part is to be.
    """
    m, members = groups.size, np.bincount(groups)
    left = m - sum(sizes)
    targets = np.array([*sizes, left] if left else sizes, dtype=float)
    if members.size < len(sizes):
        raise ValueError(
            f"expected at least {len(sizes)} groups, one for each part, got {members.size}: "
            f"{', '.join(map(str, names))}; groups are never split"
        )
    largest = members.argmax()
    if members[largest] > targets.max():
        raise ValueError(
            f"group {names[largest]} has {members[largest]:,} of the {m:,} examples, more than any "
            f"part is to have ({', '.join(f'{size:,}' for size in sizes)}); groups are never "
            "split: give sizes that it fits, or divide it"
        )
    table = members[:, np.newaxis].astype(float)  # the size of each group ...
    if labels is not None:  # ... and its members of each class
        classes = np.zeros((members.size, labels.max() + 1))
        np.add.at(classes, (groups, labels), 1)
        table = np.hstack([table, classes])
    aim = np.outer(targets / m, table.sum(axis=0))
    draws = max(5, min(_DRAWS, _WORK // table.size))
    divisions = [_draw(members, targets, len(sizes), rng) for _ in range(draws)]
    part = min(divisions, key=lambda part: _distance(_counts(table, part, len(aim)), aim))
    return _improve(part, table, aim, len(sizes))[groups]


def _draw(members, targets, parts, rng):
    """A random order of the groups, cut where the running total is nearest to the sizes."""
    order = rng.permutation(members.size)
    totals = np.concatenate([[0], np.cumsum(members[order])])
    cuts, cut = [], 0
    for j, total in enumerate(np.cumsum(targets)[:-1]):
        after = int(np.searchsorted(totals, total))
        nearest = after - (after > 0 and total - totals[after - 1] < totals[after] - total)
        # Each part gets a group, and leaves one for each part after it.
        least = cut + (j < parts)
        cut = int(np.clip(nearest, least, max(least, members.size - max(0, parts - 1 - j))))
        cuts.append(cut)
    part = np.empty(members.size, dtype=np.int64)
    part[order] = np.searchsorted(cuts, np.arange(members.size), side="right")
    return part


def _counts(table, part, parts):
    counts = np.zeros((parts, table.shape[1]))
    np.add.at(counts, part, table)
    return counts


def _distance(counts, aim):
    return (np.square(counts - aim) / aim).sum()


def _improve(part, table, aim, parts):
    """Make the move of a group that helps most, again and again, until no move helps."""
    part, counts = part.copy(), _counts(table, part, len(aim))
    everyone, squares = np.arange(len(part)), np.square(table) @ (1 / aim).T
    for _ in range(max(10, min(1000, _WORK // (table.size * len(aim))))):
        # Change of the distance when a group joins a part, and when it leaves its own.
        slope = 2 * table @ ((counts - aim) / aim).T
        change = squares + slope + (squares - slope)[everyone, part][:, np.newaxis]
        change[everyone, part] = 0
        alone = np.flatnonzero(np.bincount(part, minlength=len(aim)) == 1)
        change[np.isin(part, alone[alone < parts])] = 0  # it would leave its part empty
        group, to = np.unravel_index(change.argmin(), change.shape)
        if change[group, to] > -1e-9:
            break
        counts[part[group]] -= table[group]
        counts[to] += table[group]
        part[group] = to
    return part

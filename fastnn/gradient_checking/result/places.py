"""Arrays of a gradient that are wrong in a part: a component, a row, a column, a stretch."""

import numpy as np

from fastnn.gradient_checking.result.factors import factor_where, shown_factor
from fastnn.gradient_checking.result.match import Match


def single(block, blocks):
    """One component is wrong and others, which are not zero, are right."""
    rest = block.compared & ~block.off
    known = np.abs(block.numeric) > 2.0 * block.uncertainty
    if block.off.sum() != 1 or not (rest & known).any():
        return None
    i = int(np.flatnonzero(block.off)[0])
    of = "" if block.checked.all() else f" of the {block.compared.sum()} that were checked"
    return Match(
        "component",
        f"{{is_}} wrong in one component{of}, {_at(block, i)}: {_instead(block, i)}",
        may_group=False,
    )


def row_or_column(block, blocks):
    """One row or one column of a matrix is wrong."""
    if len(block.shape) != 2 or not block.off.any():
        return None
    for axis, name in ((0, "row"), (1, "column")):
        lines = np.flatnonzero(block.square(block.off).any(axis=1 - axis))
        # Components of other rows must have been compared, and be right.
        seen = np.flatnonzero(block.square(block.compared).any(axis=1 - axis))
        if lines.size == 1 and seen.size > 1:
            mask = np.zeros(block.shape, bool)
            mask[(slice(None),) * axis + (lines[0],)] = True
            of = "" if block.checked.all() else f" of the {seen.size} {name}s that were checked"
            return Match(
                name,
                f"{{is_}} wrong in {name} {lines[0]} only{of}"
                f"{_part(block, mask.ravel() & block.compared)}",
                may_group=False,
            )
    return None


def stretch(block, blocks):
    """A contiguous part is wrong, such as the slice of one array in a vector without names."""
    off = np.flatnonzero(block.off)
    if off.size < 2 or off[-1] - off[0] + 1 > 0.9 * block.theta.size:
        return None
    mask = np.zeros(block.theta.size, bool)
    mask[off[0] : off[-1] + 1] = True
    if block.checked[mask].mean() < 0.8:  # too few to say where it begins and ends
        return None
    # A few components of a wrong slice are right: they are zero, or so by chance.
    if block.off[mask & block.compared].mean() < 0.8:
        return None
    return Match(
        "stretch",
        f"{{is_}} wrong from {_at(block, off[0])} to {_at(block, off[-1])}"
        f"{_part(block, mask & block.compared)}",
        may_group=False,
    )


def subset(block, blocks):
    """The components that are off are all wrong by the same factor."""
    if block.off.sum() < 3:
        return None
    found = factor_where(block, block.off)
    if found is None or found[1]:
        return None
    return Match(
        "subset",
        f"{shown_factor(found[0])} in {block.off.sum()} of {block.count}",
        may_group=False,
    )


def components(block):
    """The words where no pattern fits: how many components are wrong, and which one most."""
    if not block.off.any():
        return Match("components", "{disagrees} a little" + block.everywhere)
    error = np.where(block.off, np.abs(block.analytic - block.numeric), -1.0)
    i = int(np.argmax(np.nan_to_num(error, nan=np.inf)))
    return Match(
        "components",
        f"{{disagrees}} in {block.off.sum()} of {block.count}"
        f", most in {_at(block, i)}: {_instead(block, i)}",
        may_group=False,
    )


def _part(block, mask):
    """The words for the error of a part of an array."""
    if not block.analytic[mask].any():
        return ": zero there"
    found = factor_where(block, mask) if mask.sum() > 1 else None
    if found is None or found[1]:
        return ""
    return f": {shown_factor(found[0]).removeprefix('{is_} ').removeprefix('{has} ')}"


def _at(block, i):
    position = [str(int(k)) for k in np.unravel_index(i, block.shape)]
    return position[0] if len(position) == 1 else f"({', '.join(position)})"


def _instead(block, i):
    return f"{block.analytic[i]:.6g} instead of {block.numeric[i]:.6g}"

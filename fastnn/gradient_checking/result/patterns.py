"""Patterns in the error of one array's gradient.

A pattern is a function of a block. It returns a `Match` where it explains every component within
the uncertainties, else None. Patterns are tried in the order of `PATTERNS`, the simplest first.
"""

import numpy as np

from fastnn.gradient_checking.result import factors, penalties, places
from fastnn.gradient_checking.result.match import Match


def match(block, blocks, check):
    """The simplest pattern that explains a block that is off."""
    if block.off.any() and block.explained_by(block.numeric):
        return Match(
            "components",
            f"{{is_}} just beyond the uncertainty in {block.off.sum()} of {block.count}",
            may_group=False,
            vague=True,
        )
    for pattern in PATTERNS:
        found = pattern(block, blocks)
        if found:
            return found
    return places.components(block)


def _flat(block, blocks):
    """The numerical derivative is zero: J does not change with the array."""
    if block.numeric[block.compared].any():
        return None
    return Match(
        "flat",
        f"{{is_}} wrong: the numerical derivative is zero{block.everywhere}: "
        f"does J depend on {{it}}, or only in steps?",
    )


def _zero(block, blocks):
    """The analytic gradient is zero, or nothing but the penalty's."""
    if block.analytic[block.compared].any():
        if not block.penalty.any() or not np.array_equal(
            block.analytic[block.compared], block.penalty[block.compared]
        ):
            return None
        return Match("zero", "{is_} nothing but the penalty's: the data's part was never written?")
    return Match("zero", factors.factor_words(0.0, block.everywhere or " everywhere"), 0.0)


def _constant(block, blocks):
    """The analytic gradient is one number, broadcast over the array."""
    a, n = block.analytic[block.compared], block.numeric[block.compared]
    u = block.uncertainty[block.compared]
    if (
        a.size < 2
        or not a.any()
        or np.ptp(a) > 1e-6 * np.abs(a).max()
        or (np.ptp(n) <= 4.0 * u.max())
    ):
        return None
    return Match(
        "constant",
        f"{{is_}} the same number{block.everywhere}: summed over units too (a missing axis=0?)",
    )


def _transposed(block, blocks):
    """The gradient of a matrix is transposed, its penalty perhaps not."""
    if len(block.shape) != 2 or min(block.shape) < 2:
        return None

    def turned(vector):
        return block.square(vector).T.ravel()

    where = (
        block.compared & turned(block.compared).astype(bool)
        if (block.shape[0] == block.shape[1])
        else block.compared
    )
    slack = np.maximum(block.uncertainty, turned(block.uncertainty))
    for penalty in _penalties(block, turned):
        model = turned(block.numeric - penalty) + penalty
        near = np.abs(block.analytic - model) <= 2.0 * slack + 1e-9 * np.abs(model)
        known = where & np.isfinite(model)
        if near[known].all() and known.sum() > 2:
            how = (
                ""
                if block.shape[0] == block.shape[1]
                else (f": computed as {block.shape[::-1]} and reshaped")
            )
            return Match("transposed", "{is_} transposed" + how)
    return None


def _penalties(block, turned):
    """Penalties to try: none, the known one, or else the L2 penalty that fits best."""
    yield from block.known_penalties()
    if not block.penalties:
        with np.errstate(invalid="ignore"):
            target = block.analytic - turned(block.numeric)
        known = block.compared & np.isfinite(target)
        k = block.fit(target, block.theta - turned(block.theta), where=known)
        if k is not None and k[0] > 0:
            yield k[0] * block.theta


def _other(block, blocks):
    """It holds the gradient of another array of the same size."""
    for other in blocks:
        if other.start == block.start or other.theta.size != block.theta.size:
            continue
        where = block.compared & other.compared
        # A vector of one number is soon like another.
        if where.sum() < 2 or not np.abs(other.numeric[where]).any():
            continue
        slack = 2.0 * np.maximum(block.uncertainty, other.uncertainty) + 1e-9 * np.abs(
            block.analytic
        )
        for penalty in (
            0.0,
            block.penalty - other.penalty,
            _left_over(block, other, other.numeric),
        ):
            error = np.abs(block.analytic - other.numeric - penalty)
            if (error[where] <= slack[where]).all():
                return Match("other", f"{{holds}} the gradient of {other.name}", may_group=False)
    return None


def _left_over(block, other, model):
    """The term lambda (W - W') by which unknown L2 penalties of two arrays differ."""
    if block.penalties or other.penalties:
        return 0.0
    where = block.compared & other.compared
    term = block.theta - other.theta
    k = block.fit(block.analytic - model, term, where=where) if where.sum() > 2 else None
    return 0.0 if k is None or k[0] <= 0 else k[0] * term


# The simplest first: patterns of one word come before patterns with a place or a number.
PATTERNS = (
    _flat,
    _zero,
    _constant,
    places.single,
    factors.factor,
    penalties.penalty,
    _transposed,
    _other,
    places.row_or_column,
    places.stretch,
    places.subset,
)

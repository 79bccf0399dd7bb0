"""Patterns in the error of one array's gradient.

Each is a function of a block that returns a `Match` when it explains every component within the
uncertainties, None otherwise. They are tried in the order of `PATTERNS`, the simplest first.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass
class Term:
    """``analytic = numeric + k theta``, or k sign(theta) for L1."""

    k: float
    kind: str

    def explains(self, block):
        """Whether it is what is wrong with a block."""
        vector = np.sign(block.theta) if self.kind == "L1" else block.theta
        return bool(vector[block.compared].any()) and block.explained_by(
            block.numeric + self.k * vector, robust=True
        )


@dataclass
class Match:
    """A pattern that fits.

    Attributes
    ----------
    pattern : str
    words : str
        With {is_}, {has}, ... where the verb depends on how many arrays it is said of.
    factor : float or None
        Where the whole array is wrong by one.
    penalty : str
        A penalty term that is right while the rest is not.
    may_group : bool
        Whether the same words about several arrays may be one sentence.
    vague : bool
        So near the bounds that any small change of the whole explains it as well.
    template : str
        The words with {name} for the array's own, where others may have the same fault.
    term : Term, optional
        The multiple of the parameters that is missing or too many, where it was inferred.
    """

    pattern: str
    words: str
    factor: float | None = None
    penalty: str = ""
    may_group: bool = True
    vague: bool = False
    template: str = ""
    term: Term | None = None


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
    return _components(block)


def _flat(block, blocks):
    """Nothing to see of the array in J."""
    if block.numeric[block.compared].any():
        return None
    return Match(
        "flat",
        f"{{is_}} wrong: the numerical derivative is zero{block.everywhere}: "
        f"does J depend on {{it}}, or only in steps?",
    )


def _constant(block, blocks):
    """One number, broadcast over the array."""
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


def _zero(block, blocks):
    if block.analytic[block.compared].any():
        if not block.penalty.any() or not np.array_equal(
            block.analytic[block.compared], block.penalty[block.compared]
        ):
            return None
        return Match("zero", "{is_} nothing but the penalty's: the data's part was never written?")
    return Match("zero", factor_words(0.0, block.everywhere or " everywhere"), 0.0)


def _single(block, blocks):
    """One component of several; where all others are zero it might as well be all of them."""
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


def _factor(block, blocks):
    found = _factor_where(block, block.compared)
    if found is None:
        return None
    c, penalty = found
    pattern = "sign" if _is_minus_one(c) else "factor"
    return Match(pattern, factor_words(c, block.everywhere), c, penalty)


def _factor_where(block, where):
    """(c, the penalty that is right) or None."""
    for penalty in block.known_penalties():
        n = block.numeric - penalty
        c = block.fit(block.analytic - penalty, n, where=where)
        if c is not None and block.explained_by(c[0] * n + penalty, where, c[0], robust=True):
            right = penalty.any() and block.penalties[0]
            return float(c[0]), f"{right:.4g} {block.name}" if right else ""
    if block.penalties or where.sum() < 4:
        return None
    # An unknown penalty that is right: a = c (n - lambda W) + lambda W.
    both = block.fit(block.analytic, block.numeric, block.theta, where=where)
    if (
        both is None
        or abs(both[0] - 1.0) < 1e-6
        or not block.explained_by(
            both[0] * block.numeric + both[1] * block.theta, where, both[0], robust=True
        )
    ):
        return None
    # What a wrong penalty alone explains is no factor, nor one that no component shows.
    alone = block.fit(block.analytic - block.numeric, block.theta, where=where)
    if alone is not None and block.explained_by(
        block.numeric + alone[0] * block.theta, where, robust=True
    ):
        return None
    moved = abs(both[0] - 1.0) * np.abs(block.numeric[where])
    if np.mean(moved > block.uncertainty[where]) < 0.2:
        return None
    strength = both[1] / (1.0 - both[0])
    # One that is negative, or far larger than what it is part of, is no penalty.
    if (
        strength <= 0.0
        or strength * np.abs(block.theta[where]).max() > 30.0 * np.abs(block.numeric[where]).max()
    ):
        return None
    return float(both[0]), f"{strength:.4g} {block.name}"


def _penalty(block, blocks):
    if block.penalties:
        found = _known_penalty(block)
        if found:
            return found
    if block.compared.sum() < 2:
        return None
    error = block.analytic - block.numeric
    for name, vector, shown in (
        ("L2", block.theta, "{name}"),
        ("L1", np.sign(block.theta), "sign({name})"),
    ):
        k = block.fit(error, vector)
        if k is None or not block.explained_by(block.numeric + k[0] * vector, robust=True):
            continue
        k = float(k[0])
        size, half = f"{abs(k):.4g} {shown}", f"{abs(k) / 2:.4g} {shown}"
        if k < 0:
            return _penalty_match(
                block,
                f"{{lacks}} a term {size}: an {name} penalty? Or has one of {half} the wrong sign?",
                Term(k, name),
            )
        return _penalty_match(
            block,
            f"{{has}} a term {size} too many: an {name} penalty that is "
            "counted twice, or that the cost does not have?",
            Term(k, name),
        )
    return None


def _penalty_match(block, template, term=None):
    return Match(
        "penalty",
        template.replace("{name}", block.name),
        may_group=False,
        template=template,
        term=term,
    )


def _known_penalty(block):
    """With certainty, because the network says what its penalty is."""
    l2, l1 = block.penalties
    terms = {
        f"L2 term {l2:.4g} {{name}}": l2 * block.theta,
        f"L1 term {l1:.4g} sign({{name}})": l1 * np.sign(block.theta),
    }
    terms = {name: term for name, term in terms.items() if term.any()}
    if len(terms) == 2:
        terms["penalty: " + " + ".join(n.split(" term ")[1] for n in terms)] = sum(terms.values())
    for name, term in terms.items():
        for times, words in (
            (-1.0, "{lacks} the " + name),
            (1.0, "{has} the " + name + " twice"),
            (-2.0, "{has} the " + name + " with the wrong sign"),
        ):
            if block.explained_by(block.numeric + times * term):
                return _penalty_match(block, words)
        k = block.fit(block.analytic - block.numeric, term)
        if (
            k is not None
            and block.compared.sum() > 1
            and block.explained_by(block.numeric + k[0] * term)
        ):
            return _penalty_match(block, "{has} the " + name + f" {_number(1.0 + k[0])} times")
    return None


def _transposed(block, blocks):
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
    """None, the one that is known, and else the L2 that would fit best."""
    yield from block.known_penalties()
    if not block.penalties:
        with np.errstate(invalid="ignore"):
            target = block.analytic - turned(block.numeric)
        known = block.compared & np.isfinite(target)
        k = block.fit(target, block.theta - turned(block.theta), where=known)
        if k is not None and k[0] > 0:
            yield k[0] * block.theta


def _other(block, blocks):
    """The gradient of another array of the same size."""
    for other in blocks:
        if other.start == block.start or other.theta.size != block.theta.size:
            continue
        where = block.compared & other.compared
        # A vector of few numbers is soon like another.
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
    """Unknown penalties in the two: a = n' - lambda W' + lambda W."""
    if block.penalties or other.penalties:
        return 0.0
    where = block.compared & other.compared
    term = block.theta - other.theta
    k = block.fit(block.analytic - model, term, where=where) if where.sum() > 2 else None
    return 0.0 if k is None or k[0] <= 0 else k[0] * term


def _row_or_column(block, blocks):
    if len(block.shape) != 2 or not block.off.any():
        return None
    for axis, name in ((0, "row"), (1, "column")):
        lines = np.flatnonzero(block.square(block.off).any(axis=1 - axis))
        # Those that were looked at elsewhere must be right.
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


def _stretch(block, blocks):
    """A contiguous part, such as the slice of one array in a vector without names."""
    off = np.flatnonzero(block.off)
    if off.size < 2 or off[-1] - off[0] + 1 > 0.9 * block.theta.size:
        return None
    mask = np.zeros(block.theta.size, bool)
    mask[off[0] : off[-1] + 1] = True
    if block.checked[mask].mean() < 0.8:  # too few to say where it begins and ends
        return None
    # Some components of a slice are zero, or right by chance.
    if block.off[mask & block.compared].mean() < 0.8:
        return None
    return Match(
        "stretch",
        f"{{is_}} wrong from {_at(block, off[0])} to {_at(block, off[-1])}"
        f"{_part(block, mask & block.compared)}",
        may_group=False,
    )


def _subset(block, blocks):
    if block.off.sum() < 3:
        return None
    found = _factor_where(block, block.off)
    if found is None or found[1]:
        return None
    return Match(
        "subset",
        f"{_factor_words(found[0])} in {block.off.sum()} of {block.count}",
        may_group=False,
    )


def _components(block):
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


# The simplest first: what one word explains comes before what needs a place or a number.
PATTERNS = (
    _flat,
    _zero,
    _constant,
    _single,
    _factor,
    _penalty,
    _transposed,
    _other,
    _row_or_column,
    _stretch,
    _subset,
)


def _part(block, mask):
    """What is wrong in a part of it."""
    if not block.analytic[mask].any():
        return ": zero there"
    found = _factor_where(block, mask) if mask.sum() > 1 else None
    if found is None or found[1]:
        return ""
    return f": {_factor_words(found[0]).removeprefix('{is_} ').removeprefix('{has} ')}"


def factor_words(c, where):
    """Of a factor that explains a whole array, or several."""
    return f"{{is_}} zero{where}: never written?" if c == 0.0 else _factor_words(c) + where


def _factor_words(c):
    if _is_minus_one(c):
        return "{has} the wrong sign"
    if c < 0:
        return "{has} the wrong sign and {is_} " + _size_words(-c)
    return "{is_} " + _size_words(c)


def _size_words(c):
    return f"{_number(c)} times " + ("too large" if c > 1.0 else "what {it} should be")


def _number(c):
    """To four digits, and more where it is next to 1."""
    apart = abs(c - 1.0)
    if 0.0 < apart < 5e-3:
        return f"{c:.{max(4, -math.floor(math.log10(apart)))}f}"
    return f"{c:#.4g}"


def _is_minus_one(c):
    return abs(c + 1.0) < 5e-4


def _at(block, i):
    position = [str(int(k)) for k in np.unravel_index(i, block.shape)]
    return position[0] if len(position) == 1 else f"({', '.join(position)})"


def _instead(block, i):
    return f"{block.analytic[i]:.6g} instead of {block.numeric[i]:.6g}"

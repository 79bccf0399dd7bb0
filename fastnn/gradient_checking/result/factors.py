"""Arrays of a gradient that are wrong by a factor."""

import math

import numpy as np

from fastnn.gradient_checking.result.match import Match


def factor(block, blocks):
    """The whole array is a multiple of the right one."""
    found = factor_where(block, block.compared)
    if found is None:
        return None
    c, penalty = found
    pattern = "sign" if _is_minus_one(c) else "factor"
    return Match(pattern, factor_words(c, block.everywhere), c, penalty)


def factor_where(block, where):
    """The factor c by which components are wrong, and the penalty that is right; or None."""
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
    # Not a factor: an error that a wrong penalty alone explains, or that no component shows.
    alone = block.fit(block.analytic - block.numeric, block.theta, where=where)
    if alone is not None and block.explained_by(
        block.numeric + alone[0] * block.theta, where, robust=True
    ):
        return None
    moved = abs(both[0] - 1.0) * np.abs(block.numeric[where])
    if np.mean(moved > block.uncertainty[where]) < 0.2:
        return None
    strength = both[1] / (1.0 - both[0])
    # No penalty is negative, or far larger than the gradient that contains it.
    if (
        strength <= 0.0
        or strength * np.abs(block.theta[where]).max() > 30.0 * np.abs(block.numeric[where]).max()
    ):
        return None
    return float(both[0]), f"{strength:.4g} {block.name}"


def factor_words(c, where):
    """The words for a factor c that explains a whole array, or several."""
    return f"{{is_}} zero{where}: never written?" if c == 0.0 else shown_factor(c) + where


def shown_factor(c):
    """The words for a factor c."""
    if _is_minus_one(c):
        return "{has} the wrong sign"
    if c < 0:
        return "{has} the wrong sign and {is_} " + _size_words(-c)
    return "{is_} " + _size_words(c)


def _size_words(c):
    return f"{shown_number(c)} times " + ("too large" if c > 1.0 else "what {it} should be")


def shown_number(c):
    """`c` with four digits, or more where it is next to 1."""
    apart = abs(c - 1.0)
    if 0.0 < apart < 5e-3:
        return f"{c:.{max(4, -math.floor(math.log10(apart)))}f}"
    return f"{c:#.4g}"


def _is_minus_one(c):
    return abs(c + 1.0) < 5e-4

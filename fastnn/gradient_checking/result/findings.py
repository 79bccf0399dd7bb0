"""The errors of a gradient in words: the simplest pattern that explains every component.

`patterns.py` looks at one array at a time. Here the arrays are seen together: all wrong by one
factor, the biases alone, a layer and all below it, or each array by itself.
"""

import re

import numpy as np

from fastnn.gradient_checking.result.array import Block
from fastnn.gradient_checking.result.components import Finding
from fastnn.gradient_checking.result.factors import factor_words
from fastnn.gradient_checking.result.hidden import cannot_be_judged, is_hidden, listed
from fastnn.gradient_checking.result.patterns import match

# Patterns of an array's own fault. Any other may be the trace of a fault in a layer above.
_ITS_OWN = {"penalty"}


def find(check):
    """The findings of a `GradientCheck`, a list."""
    hidden = [p for p in check.blocks if is_hidden(check, p)]
    blocks = [
        Block.of(check, p)
        for p in check.blocks
        if check.compared[p.slice].any() and p not in hidden
    ]
    off = [block for block in blocks if block.is_off]
    if not off:
        return _elsewhere(check) + cannot_be_judged(check, hidden)
    matches = {block.name: match(block, blocks, check) for block in off}
    agree = [block for block in blocks if not block.is_off]
    for pattern in (_all, _rounded, _biases, _layer, _before):
        finding = pattern(off, agree, matches, check)
        if finding:
            return [finding, *cannot_be_judged(check, hidden)]
    return _each(off, agree, matches, check) + cannot_be_judged(check, hidden)


def _all(off, agree, matches, check):
    """Every array is wrong by the same factor, or J depends on none of them."""
    if len(off) < 2:
        return None
    where = _where(off)
    if not agree and all(matches[block.name].pattern == "flat" for block in off):
        return Finding(
            _names(off),
            "flat",
            f"the numerical derivative is zero{where}: does J depend on theta, or only in steps?",
        )
    c = _same_factor(off, matches)
    if c is None or not all(block.allows_factor(c) for block in agree):
        return None
    whole, inverse = round(c), round(1.0 / c) if c else 0
    # A small number says little, unless something in the problem has that size.
    sizes = {n for block in off + agree for n in block.shape} | set(check.sizes)
    hint = ""
    if whole >= 2 and abs(c / whole - 1.0) < 1e-3 and (whole > 9 or whole in sizes):
        hint = f": summed over {whole}, where the cost is averaged?"
    elif inverse >= 2 and abs(c * inverse - 1.0) < 1e-3 and (inverse > 9 or inverse in sizes):
        hint = f": divided by {inverse} once too often?"
    words = factor_words(c, where).format(**_ONE)
    but = _but_penalties([matches[block.name] for block in off])
    return Finding(_names(off), "all", f"every gradient {words}{but}{hint}")


def _rounded(off, agree, matches, check):
    """The gradient is right to the digits of float32, but not to more."""
    if check.dtype != "float64" or any(matches[block.name].pattern == "component" for block in off):
        return None
    where = np.concatenate(
        [np.arange(block.theta.size)[block.compared] + block.start for block in off]
    )
    analytic, numeric = check.analytic[where], check.numeric[where]
    error = np.abs(analytic - numeric)
    with np.errstate(over="ignore"):
        exact = (analytic == analytic.astype(np.float32)).all()
    allowed = (
        2.0**-23 * np.abs(numeric)
        if exact
        else 1e-6 * (np.abs(numeric) + np.sqrt(np.mean(numeric**2)))
    )
    if where.size < 2 or not (error <= allowed + check.uncertainty[where]).all():
        return None
    return Finding(
        _names(off),
        "rounded",
        "the gradient is right to 7 digits or so" + ", and all of it are float32 "
        "numbers" * bool(exact) + ": was it computed or stored in float32? If that "
        "is meant, check it with dtype='float32'",
    )


def _biases(off, agree, matches, check):
    """Every bias is wrong and no weight."""
    if not all(_is_bias(block) for block in off):
        return None
    others = [block for block in agree if not block.is_null]
    if len(off) < 2 or not others or any(_is_bias(block) for block in others):
        return None
    c = _same_factor(off, matches)
    hint, patterns = "", {matches[block.name].pattern for block in off}
    if c is not None:
        words = factor_words(c, _where(off)).format(**_ONE)
        if c > 0:
            hint = ": summed or averaged over the batch in another way than the weights?"
    elif "penalty" in patterns and patterns <= {"penalty", "factor"}:
        return None
    elif len(patterns) == 1 and patterns <= {"constant"}:
        most = max(off, key=lambda block: block.compared.sum())
        words = matches[most.name].words.format(**_ONE)
    else:
        words = "is wrong"
    agrees = "agrees" if check.checked.all() else "that was checked agrees"
    return Finding(
        _names(off), "biases", f"every bias's gradient {words}; every weight's {agrees}{hint}"
    )


def _is_bias(block):
    return bool(re.fullmatch(r"b\d+|.*\.bias|intercepts?.*", block.name))


def _layer(off, agree, matches, check):
    """W[l], b[l] and all below are wrong, and nothing above."""
    numbers = {block.name: _layer_of(block.name) for block in off + agree}
    if None in numbers.values() or not _are_inherited(off, matches):
        return None
    top, depth = max(numbers[block.name] for block in off), max(numbers.values())
    if any(numbers[block.name] <= top and not block.is_null for block in agree):
        return None
    if len([block for block in off if numbers[block.name] == top]) < 2 and not (
        top > 1 and len(off) > 1
    ):
        return None
    said = (
        listed([f"d{name}" for name in _names(off)])
        if len(off) <= 4
        else (f"the gradients of layers {top} to 1")
    )
    c = _same_factor(off, matches)
    if top == depth and not _is_well_seen(off):
        # A few numbers do not show where the error enters.
        return Finding(_names(off), "layer", "every gradient that was checked disagrees")
    if top == depth:
        return Finding(
            _names(off),
            "layer",
            "every gradient disagrees: the error enters at the output, in the "
            "derivative of the loss, or cost and gradient differ in their rows or dropout masks",
        )
    above = f"layer {depth} agrees" if top + 1 == depth else f"layers {top + 1} to {depth} agree"
    text = (
        f"{said} {'are wrong' if len(off) > 1 else 'is wrong'}, {above}: the error enters in "
        f"the backward step through layer {top}"
    )
    text += _of_factor(c) if c is not None else _of_factors(off, matches, numbers)
    if not check.checked.all():
        text += f"; by the {int(check.compared.sum()):,} components that were checked"
    return Finding(_names(off), "layer", text)


def _is_well_seen(off):
    return all(block.checked.all() or block.compared.sum() >= 4 for block in off)


def _of_factor(c):
    if c == 0.0:
        return ", where it gets lost: all are zero"
    hint = "a wrong sign?" if c < 0 else "1/keep_prob or a slope left out?"
    return f", by the same factor {_short(c)}: {hint}"


def _of_factors(off, matches, numbers):
    """The words where several backward steps each left out a factor below 1, else ""."""
    factors = {}
    for l in sorted({numbers[block.name] for block in off}, reverse=True):
        c = _same_factor([block for block in off if numbers[block.name] == l], matches)
        if c is None or not 0.0 < c < 1.001 * min(factors.values(), default=1.0):
            return ""
        factors[l] = c
    said = listed([f"{_short(c)} in layer {l}" for l, c in factors.items()])
    return f", by a factor of {said}: 1/keep_prob left out in more than one step?"


def _before(off, agree, matches, check):
    """All arrays up to one of them are wrong: `_layer`, for names without a layer number."""
    if any(_layer_of(block.name) is not None for block in off + agree):
        return None
    order = sorted(off + agree, key=lambda block: block.start)
    last = max(block.start for block in off)
    if (
        len(off) < 2
        or not any(block.start > last for block in agree)
        or any(not block.is_off and not block.is_null for block in order if block.start < last)
    ):
        return None
    if not _are_inherited(off, matches):
        return None
    name = max(off, key=lambda block: block.start).name
    c = _same_factor(off, matches)
    by = "" if c is None else ", all zero" if c == 0 else f", by the same factor {_short(c)}"
    return Finding(
        _names(off),
        "before",
        f"the gradients of {name} and all before it are wrong{by}, those after it "
        "agree: the error enters in the backward step there",
    )


def _each(off, agree, matches, check):
    """A finding for each fault; arrays with the same fault share one."""
    findings = []
    for members, words, pattern in _groups(off, matches):
        subject = listed([block.symbol for block in members])
        words = words.format(**(_ONE if len(members) == 1 else _MANY))
        but = _but_penalties([matches[block.name] for block in members])
        findings.append(Finding(_names(members), pattern, f"{subject} {words}{but}"))
    if agree:
        last = findings[-1]
        what = "everything else" + ("" if check.checked.all() else " that was checked")
        findings[-1] = Finding(last.names, last.pattern, f"{last.text}; {what} agrees")
    return findings


def _groups(off, matches):
    """Groups of arrays with the same fault, as (blocks, their words, the pattern)."""
    groups, left = [], list(off)
    # The penalties first, beginning with the best known array: a single number fits any.
    for block in sorted(off, key=lambda block: -block.weight):
        m = matches[block.name]
        if block not in left or not m.template:
            continue
        same = [block] + [
            other
            for other in left
            if other is not block
            and (m.term.explains(other) if m.term else m.template == matches[other.name].template)
        ]
        if len(same) > 1:
            left = [other for other in left if other not in same]
            same.sort(key=lambda block: block.start)
            groups.append((same, m.template.replace("{name}", _common_name(same)), m.pattern))
    together = {}
    for block in left:
        m = matches[block.name]
        key = (m.pattern, m.words) if m.may_group else block.name
        together.setdefault(key, ([], m.words, m.pattern))[0].append(block)
    groups += together.values()
    return sorted(groups, key=lambda group: min(block.start for block in group[0]))


def _common_name(blocks):
    letters = {re.sub(r"\d+$", "", block.name) for block in blocks}
    letter = letters.pop()
    return letter if not letters and letter.isalpha() else "theta"


def _where(off):
    if all(block.checked.all() for block in off):
        return " everywhere"
    n = int(sum(block.compared.sum() for block in off))
    return f" in the {n:,} components that were checked"


def _elsewhere(check):
    if check.directions is None or check.direction_verdict in ("correct", None):
        return []
    if check.compared.all():
        return []
    return [
        Finding(
            (),
            "elsewhere",
            "the derivative along random directions is off, but none of the components "
            "that were checked: the error is in others",
        )
    ]


_ONE = {
    "is_": "is",
    "has": "has",
    "lacks": "lacks",
    "holds": "holds",
    "it": "it",
    "disagrees": "disagrees",
}
_MANY = {
    "is_": "are",
    "has": "have",
    "lacks": "lack",
    "holds": "hold",
    "it": "they",
    "disagrees": "disagree",
}


def _same_factor(off, matches):
    """The one factor that explains all arrays, or None."""
    factors = [
        (matches[block.name].factor, block) for block in off if not matches[block.name].vague
    ]
    if not factors or any(factor is None for factor, _ in factors):
        return None
    # The factor of the array that determines it best.
    c = max(factors, key=lambda pair: pair[1].weight)[0]
    return c if all(block.allows_factor(c) for block in off) else None


def _are_inherited(off, matches):
    return all(matches[block.name].pattern not in _ITS_OWN for block in off)


def _but_penalties(matches):
    terms = [m.penalty for m in matches if m.penalty]
    if not terms:
        return ""
    return (
        f", apart from {'its' if len(matches) == 1 else 'their'} L2 term"
        + (f" {terms[0]}" if len(matches) == 1 else "s")
        + (", which is right" if len(matches) == 1 else ", which are right")
    )


def _layer_of(name):
    found = re.fullmatch(r"[Wb](\d+)", name)
    return int(found.group(1)) if found else None


def _names(blocks):
    return tuple(block.name for block in sorted(blocks, key=lambda block: block.start))


def _short(c):
    return f"{c:#.4g}" if abs(c - 1.0) > 0.01 else f"{c:.6g}"

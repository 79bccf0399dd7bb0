"""What is wrong with a gradient, in words: the simplest pattern that explains every component.

`patterns.py` looks at one array at a time; here is what they say together: all by one factor, the
biases alone, a layer and all below it, or each array for itself.
"""

import re
from dataclasses import dataclass

from fastnn.checking.blocks import Block
from fastnn.checking.patterns import match

# Faults of an array itself; any other pattern may be what a fault further up leaves in it.
_ITS_OWN = {"penalty"}


@dataclass(frozen=True)
class Finding:
    """An error in words.

    Attributes
    ----------
    names : tuple of str
        The arrays that are off, in the order of theta.
    pattern : str
        zero, sign, factor, penalty, transposed, other, component, row, column, stretch, subset,
        components: one array; all, biases, layer, before: several; elsewhere: none that was
        checked.
    text : str
    """

    names: tuple[str, ...]
    pattern: str
    text: str

    @property
    def name(self):
        return ", ".join(self.names)


def find(check):
    """The findings of a `GradientCheck`, a list."""
    blocks = [Block.of(check, p) for p in check.blocks if check.compared[p.slice].any()]
    off = [block for block in blocks if block.is_off]
    if not off:
        return _elsewhere(check)
    matches = {block.name: match(block, blocks, check) for block in off}
    agree = [block for block in blocks if not block.is_off]
    for pattern in (_all, _biases, _layer, _before):
        finding = pattern(off, agree, matches)
        if finding:
            return [finding]
    return _each(off, agree, matches, check)


def _all(off, agree, matches):
    """Every array by the same factor."""
    c = _same_factor(off, matches)
    if len(off) < 2 or c is None or not all(block.allows_factor(c) for block in agree):
        return None
    whole, inverse = round(c), round(1.0 / c) if c else 0
    hint = ""
    if whole >= 2 and abs(c / whole - 1.0) < 1e-3:
        hint = f": summed over {whole}, where the cost is averaged?"
    elif inverse >= 2 and abs(c * inverse - 1.0) < 1e-3:
        hint = f": divided by {inverse} once too often?"
    words = matches[off[0].name].words
    but = _but_penalties([matches[block.name] for block in off])
    return Finding(_names(off), "all", f"every gradient {words.format(**_ONE)}{but}{hint}")


def _biases(off, agree, matches):
    """Every bias, and no weights."""
    if not all(re.fullmatch(r"b\d+|.*\.bias|intercepts?.*", block.name) for block in off):
        return None
    others = [block for block in agree if not block.is_null]
    if len(off) < 2 or not others or any(
            re.fullmatch(r"b\d+|.*\.bias|intercepts?.*", block.name) for block in others):
        return None
    c = _same_factor(off, matches)
    words = matches[off[0].name].words.format(**_ONE) if c is not None else "is wrong"
    hint = "" if c is not None and c < 0 else (
        ": summed or averaged over the batch in another way than the weights?")
    return Finding(_names(off), "biases",
                   f"every bias's gradient {words}; every weight's agrees{hint}")


def _layer(off, agree, matches):
    """W[l], b[l] and everything below, nothing above."""
    numbers = {block.name: _layer_of(block.name) for block in off + agree}
    if None in numbers.values() or not _are_inherited(off, matches):
        return None
    top, depth = max(numbers[block.name] for block in off), max(numbers.values())
    if any(numbers[block.name] <= top and not block.is_null for block in agree):
        return None
    if len([block for block in off if numbers[block.name] == top]) < 2 and not (
            top > 1 and len(off) > 1):
        return None
    said = _list([f"d{name}" for name in _names(off)]) if len(off) <= 4 else (
        f"the gradients of layers {top} to 1")
    c = _same_factor(off, matches)
    if top == depth:
        return Finding(_names(off), "layer",
                       "every gradient disagrees: the error enters at the output, in the "
                       "derivative of the loss")
    above = f"layer {depth} agrees" if top + 1 == depth else f"layers {top + 1} to {depth} agree"
    text = f"{said} {'are wrong' if len(off) > 1 else 'is wrong'}, {above}: the error enters in " \
           f"the backward step through layer {top}"
    if c is not None:
        text += _of_factor(c)
    return Finding(_names(off), "layer", text)


def _of_factor(c):
    if c == 0.0:
        return ", where it gets lost: all are zero"
    hint = "a wrong sign?" if c < 0 else "1/keep_prob or a slope left out?"
    return f", by the same factor {_short(c)}: {hint}"


def _before(off, agree, matches):
    """The first arrays up to one of them: as `_layer`, for names that tell no layer."""
    if any(_layer_of(block.name) is not None for block in off + agree):
        return None
    order = sorted(off + agree, key=lambda block: block.start)
    last = max(block.start for block in off)
    if len(off) < 2 or not any(block.start > last for block in agree) or any(
            not block.is_off and not block.is_null for block in order if block.start < last):
        return None
    if not _are_inherited(off, matches):
        return None
    name = max(off, key=lambda block: block.start).name
    c = _same_factor(off, matches)
    by = "" if c is None else ", all zero" if c == 0 else f", by the same factor {_short(c)}"
    return Finding(_names(off), "before",
                   f"the gradients of {name} and all before it are wrong{by}, those after it "
                   "agree: the error enters in the backward step there")


def _each(off, agree, matches, check):
    """Every array by itself, those with the same fault together."""
    groups = {}
    for block in off:
        m = matches[block.name]
        key = (m.pattern, m.words) if m.may_group else block.name
        groups.setdefault(key, []).append(block)
    findings = []
    for members in groups.values():
        m = matches[members[0].name]
        names = [block.symbol for block in members]
        subject = _list(names)
        words = m.words.format(**(_ONE if len(names) == 1 else _MANY))
        but = _but_penalties([matches[block.name] for block in members])
        findings.append(Finding(_names(members), m.pattern, f"{subject} {words}{but}"))
    if agree:
        last = findings[-1]
        what = "everything else" + ("" if check.checked.all() else " that was checked")
        findings[-1] = Finding(last.names, last.pattern, f"{last.text}; {what} agrees")
    return findings


def _elsewhere(check):
    if check.directions is None or check.direction_verdict in ("correct", None):
        return []
    if check.compared.all():
        return []
    return [Finding((), "elsewhere",
                    "the derivative along random directions is off, but none of the components "
                    "that were checked: the error is in others")]


_ONE = {"is_": "is", "has": "has", "lacks": "lacks", "holds": "holds", "it": "it",
        "disagrees": "disagrees"}
_MANY = {"is_": "are", "has": "have", "lacks": "lack", "holds": "hold", "it": "they",
         "disagrees": "disagree"}


def _same_factor(off, matches):
    """The one factor that explains all arrays, or None."""
    factors = [(matches[block.name].factor, block) for block in off]
    if any(factor is None for factor, _ in factors):
        return None
    # That of the array with the most to go by.
    c = max(factors, key=lambda pair: pair[1].weight)[0]
    return c if all(block.allows_factor(c) for _, block in factors) else None


def _are_inherited(off, matches):
    return all(matches[block.name].pattern not in _ITS_OWN for block in off)


def _but_penalties(matches):
    terms = [m.penalty for m in matches if m.penalty]
    if not terms:
        return ""
    return f", apart from {'its' if len(matches) == 1 else 'their'} L2 term" + (
        f" {terms[0]}" if len(matches) == 1 else "s") + (
        ", which is right" if len(matches) == 1 else ", which are right")


def _layer_of(name):
    found = re.fullmatch(r"[Wb](\d+)", name)
    return int(found.group(1)) if found else None


def _names(blocks):
    return tuple(block.name for block in sorted(blocks, key=lambda block: block.start))


def _list(names):
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _short(c):
    return f"{c:#.4g}" if abs(c - 1.0) > 0.01 else f"{c:.6g}"



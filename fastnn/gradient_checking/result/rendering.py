"""A `GradientCheck` as text of 80 columns, and as HTML for notebooks."""

import textwrap

import numpy as np

from fastnn.gradient_checking.result.components import CLOSE_LOOK, GREAT, WORRY
from fastnn.gradient_checking.result.hidden import is_hidden, is_stationary, is_wide
from fastnn.text.markup import result, table, tag
from fastnn.text.meanings import MEANINGS
from fastnn.text.tables import aligned

_WIDTH = 80
_ROWS = 12
_HEADS = ("array", "shape", "difference", "off", "worst", "analytic", "numeric", "error/unc.")
# Colours that can be read on a light and on a dark page.
_MARKS = {
    "correct": "#2e9e5b",
    "suspect": "#c98a00",
    "wrong": "#d64545",
    "not judged": "#c98a00",
    "not checked": "#888888",
}


def as_text(check):
    """The verdict, the findings in words, and a table of the arrays, worst first."""
    lines = [headline(check)]
    if check.verdict == "correct":
        return "\n".join(lines + _details(check) + _worst_line(check))
    for finding in check.findings:
        lines += textwrap.wrap(finding.text, _WIDTH)
    rows, hidden = _rows(check)
    if rows:
        lines += ["", *_table([_HEADS, *rows])]
        if hidden:
            lines.append(f"and {hidden} more")
    return "\n".join([*lines, "", *_details(check)])


def as_html(check):
    """The same for notebooks; a wrong array has a mark in front of its name."""
    rows, hidden = _rows(check)
    marked = [(_mark(check.parameters[row.name].verdict, row[0]), *row[1:]) for row in rows]
    if hidden:
        marked.append((f"and {hidden} more", *[""] * (len(_HEADS) - 1)))
    return result(
        headline(check),
        *(tag("p", finding.text) for finding in check.findings),
        table(_HEADS, marked, caption="Arrays, the worst first"),
        tag("p", " ".join(_details(check)), class_="soft"),
        columns=MEANINGS["GradientCheck"],
    )


def _mark(verdict, name):
    colour = _MARKS[verdict]
    return tag("span", tag("span", "\N{BLACK CIRCLE} ", style=f"color: {colour}"), name)


def headline(check):
    """The verdict, the ratio, and the meaning of the ratio by the thresholds of the notes."""
    d = check.difference
    if not check.compared.any() and check.directions is None:
        why = (
            "within epsilon of every component the cost has a kink or bends too much"
            if is_wide(check)
            else "every component crosses a kink"
        )
        return f"gradient check: {check.verdict}, nothing could be compared: {why}"
    return f"gradient check: {check.verdict}, difference {d:.1e} ({_threshold(check)})"


def _threshold(check):
    difference = check.difference
    if difference <= GREAT:
        return "great: at most 1e-7"
    if difference <= CLOSE_LOOK:
        return "fine: at most 1e-5"
    if check.verdict == "correct":
        return "within its uncertainty"
    if difference <= WORRY:
        return "look closely: above 1e-5"
    return "worry: above 1e-3"


class _Row(tuple):
    """The cells of an array in the table."""

    def __new__(cls, p):
        if p.worst is None:
            cells = (p.name, _shape(p.shape), "", "not checked", "", "", "", "")
        else:
            w = p.worst
            cells = (
                p.name,
                _shape(p.shape),
                f"{p.difference:.1e}",
                f"{p.off:,}/{p.checked:,}",
                _shape(w.position),
                f"{w.analytic:.3e}",
                f"{w.numeric:.3e}",
                f"{w.excess:.1g}" if w.excess < 10 else f"{w.excess:.1e}",
            )
        row = super().__new__(cls, cells)
        row.name = p.name
        return row


def _rows(check):
    """Rows for the worst arrays, at most `_ROWS` of them, and the number of all others."""
    order = {"wrong": 0, "suspect": 1, "not judged": 2, "correct": 3, "not checked": 4}
    arrays = sorted(check.parameters.values(), key=lambda p: (order[p.verdict], -p.excess))
    return [_Row(p) for p in arrays[:_ROWS]], max(len(arrays) - _ROWS, 0)


def _table(rows):
    """The rows as lines of at most `_WIDTH`: long names lose their beginnings."""
    figures = aligned([row[1:] for row in rows], gap=" ")
    room = max(_WIDTH - 1 - max(map(len, figures)), 12)
    names = [row[0] if len(row[0]) <= room else "…" + row[0][1 - room :] for row in rows]
    return aligned(list(zip(names, figures, strict=True)), "<<", gap=" ")


def _details(check):
    """Lines on how the check was done, what was left out, and what limits the ratio."""
    lines = []
    compared, size = int(check.compared.sum()), check.theta.size
    epsilon = "" if check.method == "complex-step" else ", " + _epsilon_words(check.epsilon)
    if check.checked.any():
        share = f"{compared:,} of {size:,}"
        if compared == size:
            share = f"all {size:,}" if size > 1 else "1"
        noun = "component" if size == 1 else "components"
        lines.append(
            f"{share} {noun}, {check.method}{epsilon}, "
            f"{check.dtype}; {check.evaluations:,} costs, {check.seconds:.1g} s"
            + (
                f" + {check.compile_seconds:.2g} s to compile"
                if check.compile_seconds >= 0.05
                else ""
            )
        )
    if check.rates is not None:
        rates = ", ".join("straight" if np.isnan(r) else f"{r:.2f}" for r in check.rates[:8])
        lines.append(
            f"along {len(check.rates)} random directions: rates {rates} "
            "(2 when right, 1 when wrong)"
        )
    excluded = int((check.checked & check.excluded).sum())
    if excluded:
        arrays = ", ".join(p.name for p in check.parameters.values() if p.excluded)
        why = (
            f"within {check.epsilon:g} of them the cost has a kink or bends too much: choose a "
            "smaller epsilon,"
            if is_wide(check)
            else "because a kink of the cost is too near,"
        )
        lines.append(
            f"{excluded:,} left out, {why} in {textwrap.shorten(arrays, 60, placeholder=' ...')}"
        )
    if check.verdict == "correct" and check.difference > GREAT:
        lines.append(
            "the ratio is what rounding and truncation explain"
            + (" at this epsilon" if np.isscalar(check.epsilon) else "")
        )
    if is_stationary(check) and check.verdict == "correct":
        lines.append(
            "the gradient is zero here, as at a minimum, and so is its error by any factor: check "
            "another theta as well"
        )
    else:
        lines += _blind(check)
    if check.note:
        lines.append(check.note)
    return [part for line in lines for part in textwrap.wrap(line, _WIDTH)]


def _blind(check):
    """Lines on errors that the check cannot see, where these are not small."""
    told, parts = (
        [],
        sum(int(check.hidden[p.slice].sum()) for p in check.blocks if not is_hidden(check, p)),
    )
    for p in check.blocks:
        compared = check.compared[p.slice]
        size = np.abs(check.analytic[p.slice][compared]).max(initial=0.0)
        if size > 0.0 and not is_hidden(check, p) and check.parameters[p.name].verdict == "correct":
            seen = check.uncertainty[p.slice][compared].min() / size
            if seen > 0.01:
                told.append((seen, p.name))
    lines = []
    if told:
        seen, name = max(told)
        lines.append(
            f"an error below {seen:.0%} of the largest component of {name} would not be seen"
        )
    if parts:
        lines.append(
            f"{parts:,} component{'s' * (parts > 1)} cannot be judged: the uncertainty is "
            "of the size of the gradient"
        )
    return lines


def _worst_line(check):
    worst = check.worst(1)
    if not worst:
        return []
    w = worst[0]
    return textwrap.wrap(
        f"largest error over its uncertainty {w.excess:.1g}, in {w.parameter} "
        f"{_shape(w.position)}: {w.analytic:.6g} and {w.numeric:.6g}",
        _WIDTH,
    )


def _epsilon_words(epsilon):
    if epsilon is None or np.ndim(epsilon) or np.isnan(epsilon):
        return "epsilon varies"
    return f"epsilon {epsilon:g}"


def _shape(numbers):
    return f"({', '.join(map(str, numbers))})" if len(numbers) != 1 else f"({numbers[0]},)"

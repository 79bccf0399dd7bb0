"""Arrays of a gradient with a penalty that is missing, doubled or of the wrong strength."""

import numpy as np

from fastnn.gradient_checking.result.factors import shown_number
from fastnn.gradient_checking.result.match import Match, Term


def penalty(block, blocks):
    """A multiple of theta, or of sign(theta), is missing or too much."""
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
            return _match_of(
                block,
                f"{{lacks}} a term {size}: an {name} penalty? Or has one of {half} the wrong sign?",
                Term(k, name),
            )
        return _match_of(
            block,
            f"{{has}} a term {size} too many: an {name} penalty that is "
            "counted twice, or that the cost does not have?",
            Term(k, name),
        )
    return None


def _match_of(block, template, term=None):
    return Match(
        "penalty",
        template.replace("{name}", block.name),
        may_group=False,
        template=template,
        term=term,
    )


def _known_penalty(block):
    """A wrong penalty, where the right one is known: in the check of a network."""
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
                return _match_of(block, words)
        k = block.fit(block.analytic - block.numeric, term)
        if (
            k is not None
            and block.compared.sum() > 1
            and block.explained_by(block.numeric + k[0] * term)
        ):
            return _match_of(block, "{has} the " + name + f" {shown_number(1.0 + k[0])} times")
    return None

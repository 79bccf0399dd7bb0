"""Formulas as MathML: no script, no picture, no network. docutils makes it from LaTeX."""

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)


def _inline(translator, node):
    translator.body.append(_formula(node))
    raise nodes.SkipNode


def _displayed(translator, node):
    translator.body.append(f'<div class="formula">{_formula(node, as_block=True)}</div>')
    raise nodes.SkipNode


def _formula(node, as_block=False):
    if not node.astext().strip():
        LOGGER.warning("an empty formula: is it indented?", location=node)
    try:
        return tex2mathml(node.astext(), as_block=as_block)
    except MathError as error:
        LOGGER.warning("%s in %r", error, node.astext(), location=node)
        return ""


def setup(app):
    app.add_html_math_renderer("mathml", (_inline, None), (_displayed, None))
    return {"parallel_read_safe": True}

"""``.. changelog::`` shows CHANGELOG.md, which is also read as plain text."""

import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

PATH = Path(__file__).parents[2] / "CHANGELOG.md"


def as_rst(markdown: str) -> str:
    """reStructuredText of the little Markdown that the changelog uses.

    >>> as_rst("## 0.1\\n\\n- `f(x)` is *new*")
    '0.1\\n---\\n\\n- ``f(x)`` is *new*'
    """
    text = re.sub(r"^# .*\n", "", markdown)
    text = re.sub(r"`([^`]+)`", r"``\1``", text)
    return re.sub(r"^## (.*)$", lambda m: f"{m[1]}\n{'-' * len(m[1])}", text, flags=re.MULTILINE)


class Changelog(SphinxDirective):
    def run(self):
        self.env.note_dependency(str(PATH))
        section = nodes.section()
        lines = as_rst(PATH.read_text(encoding="utf-8")).splitlines()
        nested_parse_with_titles(self.state, StringList(lines, str(PATH)), section)
        return section.children


def setup(app):
    app.add_directive("changelog", Changelog)
    return {"parallel_read_safe": True}

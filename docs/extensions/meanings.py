"""``.. meanings:: Sweep`` shows what the words of a table mean, from fastnn.text.meanings."""

from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.rst import escape

from fastnn.text.meanings import MEANINGS


class Meanings(SphinxDirective):
    """A list of words and their meanings, of one class of result."""

    required_arguments = 1

    def run(self):
        lines = []
        for words, meaning in MEANINGS[self.arguments[0]].items():
            named = ", ".join(f"**{escape(word)}**" for word in words.split(", "))
            lines += [f"- {named}: {meaning}", ""]
        return self.parse_text_to_nodes(StringList(lines, "fastnn/text/meanings.py"))


def setup(app):
    app.add_directive("meanings", Meanings)
    return {"parallel_read_safe": True}

"""``.. command-line::`` shows every command of ``fastnn`` with its options, from its own help."""

import inspect

import click
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles
from sphinx.util.rst import escape

from fastnn.cli import main


def lines_of(name: str, command: click.Command) -> list[str]:
    """The help of a command as reStructuredText."""
    context = click.Context(command, info_name=f"fastnn {name}", **command.context_settings)
    title = f"fastnn {name}"
    lines = [f".. _command-{name}:", "", title, "-" * len(title), ""]
    usage = " ".join(command.collect_usage_pieces(context))
    lines += [".. code-block:: text", "", f"   {title} {usage}", ""]
    lines += _paragraphs(command.help)
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            option, text = record
            lines += [f"``{option}``", f"    {escape(text)}", ""]
    return lines + _paragraphs(command.epilog)


def _paragraphs(text: str | None) -> list[str]:
    lines = []
    for paragraph in inspect.cleandoc(text or "").split("\n\n"):
        if paragraph.startswith("\b"):  # click's mark of lines that keep their ends
            _, title, *commands = paragraph.splitlines()
            lines += [title, "", ".. code-block:: sh", ""]
            lines += [*(f"   {command.strip()}" for command in commands), ""]
        else:
            lines += [escape(" ".join(paragraph.split())), ""]
    return lines


class CommandLine(SphinxDirective):
    def run(self):
        section = nodes.section()
        for name, command in sorted(main.commands.items()):
            nested_parse_with_titles(self.state, StringList(lines_of(name, command), name), section)
        return section.children


def setup(app):
    app.add_directive("command-line", CommandLine)
    return {"parallel_read_safe": True}

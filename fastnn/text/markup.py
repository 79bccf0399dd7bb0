"""HTML and SVG from Python: text is escaped unless it is `Markup`."""

import html
import re

_VOID = {"meta", "img", "br"}
# The look of results in notebooks: the notebook's own colours, so that light and dark both work.
# All rules are of one class, and change nothing else on the page.
_STYLE = """
.fastnn-result { line-height: 1.4; }
.fastnn-result p { margin: 0.3em 0; }
.fastnn-result .soft { opacity: 0.75; font-size: 0.9em; }
.fastnn-result figure { margin: 0.4em 0; }
.fastnn-result figcaption { opacity: 0.75; font-size: 0.9em; }
.fastnn-result .scroll { overflow-x: auto; max-width: 100%; }
.fastnn-result table { border-collapse: collapse; color: inherit; margin: 0; font-size: 0.9em; }
.fastnn-result tr { background: transparent; border: 0;
  border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
.fastnn-result th, .fastnn-result td { padding: 2px 10px; text-align: left; border: 0;
  background: transparent; color: inherit; }
.fastnn-result .number { text-align: right; font-variant-numeric: tabular-nums; }
.fastnn-result details summary { cursor: pointer; opacity: 0.75; font-size: 0.9em; }
"""
_NUMBER = re.compile(r"n/a|[+-]?\d[\d,.]*(e[+-]?\d+)?( ?%| s)?( to .+)?")


class Markup(str):
    """Text that is HTML, and is not escaped again."""


def tag(name, /, *children, **attributes):
    """An element; children are Markup, or text to escape.

    An attribute's underscores are hyphens, `class_` is class, and None leaves an attribute out.

    >>> tag("p", "1 < 2", tag("b", "!"), class_="note", aria_label='"x"')
    '<p class="note" aria-label="&quot;x&quot;">1 &lt; 2<b>!</b></p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{join(children)}</{name}>")


def join(children):
    """Markup and texts, one after the other."""
    return Markup(
        "".join(
            child if isinstance(child, Markup) else html.escape(str(child)) for child in children
        )
    )


def table(heads, rows, *, caption):
    """A table in a box that scrolls where the page is narrow.

    `rows` are sequences of cells: text, Markup, or a whole ``<td>`` from `cell`. The first cell of
    a row names it. Columns that hold only numbers are set to the right.
    """
    rows = list(rows)
    styles = [
        "number" if rows and all(map(_is_number, column)) else None
        for column in (zip(*rows, strict=True) if rows else [()] * len(heads))
    ]
    named = list(zip(heads, styles, strict=True))
    head = tag("tr", *(tag("th", text, scope="col", class_=style) for text, style in named))
    body = [
        tag(
            "tr",
            tag("th", first, scope="row", class_=styles[0]),
            *(
                content if isinstance(content, _Cell) else tag("td", content, class_=style)
                for content, style in zip(rest, styles[1:], strict=True)
            ),
        )
        for first, *rest in rows
    ]
    content = tag("table", tag("thead", head), tag("tbody", *body), aria_label=caption)
    # tabindex lets the keyboard reach the box and scroll it. The caption is outside of the box, so
    # that it is never cut off.
    box = tag("div", content, class_="scroll", role="region", aria_label=caption, tabindex=0)
    return tag("figure", tag("figcaption", caption), box, class_="table")


def result(verdict, *parts, columns=None):
    """A result as notebooks show it, in one style for all, on light and dark ground.

    Parameters
    ----------
    verdict : str
        The first line.
    *parts : Markup
        Tables, lists and paragraphs; None and "" are left out.
    columns : dict of str to str, optional
        What each column or row of a table means (`fastnn.text.meanings`); it is a click away.
    """
    explained = None
    if columns:
        rows = [f"{name}: {meaning}" for name, meaning in columns.items()]
        explained = tag("details", tag("summary", "What the words mean"), listed("ul", rows))
    shown = [part for part in (*parts, explained) if part]
    style = tag("style", Markup(_STYLE))
    return tag("div", style, tag("p", tag("b", verdict)), *shown, class_="fastnn-result")


def cell(content, **attributes):
    """A cell of a table, with attributes."""
    return _Cell(tag("td", content, **attributes))


def paragraphs(*texts):
    return join(tag("p", text) for text in texts)


def listed(kind, texts):
    """An "ol" or "ul" of texts."""
    return tag(kind, *(tag("li", text) for text in texts))


class _Cell(Markup):
    pass


def _is_number(content):
    """A number, an interval, or n/a."""
    return not isinstance(content, Markup) and bool(_NUMBER.fullmatch(str(content)))

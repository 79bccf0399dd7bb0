"""A strict reader of the pages of `fastnn.report`, which finds their tables and sections."""

from html.parser import HTMLParser

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """The elements of a page. Elements that are not properly nested fail.

    Attributes
    ----------
    elements : list of (name, attributes)
    tables : dict of str to list of rows
        By caption, each row a list of the texts of its cells, the heads first.
    sections : dict of str to str
        The text of each by its id.
    text : str
        All that is read.
    """

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        assert html.startswith("<!DOCTYPE html>\n<html")
        self.elements, self.tables, self.sections = [], {}, {}
        self._open, self._texts = [], []
        self._section = None
        self.feed(html)
        self.close()
        assert self._open == []
        self.text = " ".join(" ".join(self._texts).split())
        self.sections = {name: " ".join(text.split()) for name, text in self.sections.items()}

    def handle_starttag(self, name, attributes):
        assert len(attributes) == len(dict(attributes)), f"an attribute twice in <{name}>"
        attributes = dict(attributes)
        self.elements.append((name, attributes))
        if name == "p":
            assert "p" not in self._open, "a paragraph in a paragraph"
        if name not in VOID:
            self._open.append(name)
        if name == "section":
            self._section = attributes["id"]
        elif name == "table":
            self._rows = self.tables.setdefault(attributes["aria-label"], [])
        elif name == "tr":
            self._rows.append([])
        elif name in ("td", "th"):
            self._rows[-1].append("")

    def handle_endtag(self, name):
        assert self._open, f"</{name}> without a start"
        assert self._open.pop() == name
        if name == "section":
            self._section = None

    def handle_data(self, data):
        if "style" in self._open:
            return
        self._texts.append(data)
        if {"td", "th"} & set(self._open):
            self._rows[-1][-1] += data
        if self._section is not None:
            self.sections[self._section] = self.sections.get(self._section, "") + data + " "

    def named(self, name):
        """Attributes of every element of that name."""
        return [attributes for found, attributes in self.elements if found == name]

    def table(self, beginning):
        """Rows of the only table with a caption that starts with `beginning`."""
        (found,) = (rows for caption, rows in self.tables.items() if caption.startswith(beginning))
        return found

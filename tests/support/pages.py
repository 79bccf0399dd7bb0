"""Reading the pages of fastnn.report: strictly, as a validator would, and by their tables."""

from html.parser import HTMLParser

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Elements of a page; reading it fails where they are not properly nested.

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
        """The attributes of all elements of that name."""
        return [attributes for found, attributes in self.elements if found == name]

    def table(self, beginning):
        """The rows of the one table whose caption begins so."""
        (found,) = (rows for caption, rows in self.tables.items() if caption.startswith(beginning))
        return found

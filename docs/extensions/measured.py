"""Results of the bench and of the proofs as pages; no number is typed by hand.

``.. measured:: step threads`` shows sections of bench/results/*.json, one file for each kind of
CPU, and ``.. proved::`` what is in proof/results.json.
"""

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles
from sphinx.util.rst import escape

from bench.report import duration, quantity
from bench.sections import SECTIONS
from proof import results as proofs

ROOT = Path(__file__).parents[2]
# A table of times longer than this stays in the JSON file.
MOST_CASES = 6
# Of findings side by side.
MOST_COLUMNS = 6


def results_files() -> list[Path]:
    """The files with results, one for each kind of CPU."""
    return sorted((ROOT / "bench" / "results").glob("*.json"))


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A table in reStructuredText; the cells may have markup."""
    lines = [".. list-table::", "   :header-rows: 1", "   :class: table-wide", ""]
    for row in [head, *rows]:
        for k, text in enumerate(row):
            lines.append(f"   {'* -' if k == 0 else '  -'} {text}".rstrip())
    return [*lines, ""]


def times_table(times: dict) -> list[str]:
    """Cases down, contenders across, in the units that people read."""
    names = list(dict.fromkeys(name for of in times.values() for name in of))
    rows = [
        [escape(case), *(duration(of[name]["median"]) if name in of else "" for name in names)]
        for case, of in times.items()
    ]
    return table(["", *map(escape, names)], rows)


def findings_table(findings: list[dict]) -> list[str]:
    """Cases down, findings across, where that is a table that people can read; else a list."""
    cases = list(dict.fromkeys(of["case"] for of in findings))
    whats = list(dict.fromkeys(of["what"] for of in findings))
    cells = {(of["case"], of["what"]): _cell(of) for of in findings}
    if len(whats) <= MOST_COLUMNS and len(cells) == len(findings) and len(cases) > 1:
        rows = [[escape(case), *(cells.get((case, what), "") for what in whats)] for case in cases]
        return table(["case", *map(escape, whats)], rows)
    rows = [[escape(of["case"]), escape(of["what"]), _cell(of)] for of in findings]
    return table(["case", "finding", "median"], rows)


def _cell(finding):
    """The median, with the target where there is one."""
    median, unit = finding["value"]["median"], finding["unit"]
    measured = "n/a" if median is None else quantity(median, unit)
    for sign, target in (("≥", finding["at_least"]), ("≤", finding["at_most"])):
        if target is not None:
            verdict = {None: "", True: "met", False: "**missed**"}[finding["met"]]
            return f"{measured} ({sign} {quantity(target, unit)} {verdict})".replace(" )", ")")
    return measured


def lines_of(wanted: list[str]) -> list[str]:
    """The sections of every machine that has them."""
    lines = []
    for name in wanted:
        title = escape(SECTIONS[name].title)
        lines += [title, "-" * len(title), ""]
        missing, absent = len(lines), []
        for path in results_files():
            results = json.loads(path.read_text(encoding="utf-8"))
            section = results["sections"].get(name)
            if section is None:
                absent.append(results["cpu"])
                continue
            machine = section["machine"]
            versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items() if v)
            lines += [
                f"*{escape(machine['cpu'])}, {machine['cores']} cores, kernels "
                f"{machine['kernels']}, {escape(machine['date'])}; "
                f"Python {machine['python']}, {escape(versions)}.*",
                "",
            ]
            if 0 < len(section["times"]) <= MOST_CASES:
                lines += times_table(section["times"])
            if section["findings"]:
                lines += findings_table(section["findings"])
            lines += [f"Left out: {escape(what)}\n" for what in section["skipped"]]
        if len(lines) == missing:
            lines += [
                f"Not measured yet on any CPU: ``python -m bench --only {name}`` does it.",
                "",
            ]
        elif absent:
            lines += [f"Not measured on: {escape(', '.join(absent))}.", ""]
    return lines


def lines_of_where() -> list[str]:
    """A row for each section, a column for each CPU: the day of the measurement, or that none is.

    A section of a bench newer than a file of results is in no file.
    """
    files = [json.loads(path.read_text(encoding="utf-8")) for path in results_files()]
    rows = []
    for name, section in SECTIONS.items():
        found = [of["sections"].get(name) for of in files]
        days = [of["machine"]["date"][:10] if of else "not measured" for of in found]
        rows.append([escape(section.title), f"``{name}``", *map(escape, days)])
    return table(["section", "name", *(escape(of["cpu"]) for of in files)], rows)


class Measured(SphinxDirective):
    """Sections of the results, by their names."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        for path in results_files():
            self.env.note_dependency(str(path))
        section = nodes.section()
        lines = lines_of(self.arguments[0].split())
        nested_parse_with_titles(self.state, StringList(lines, "results"), section)
        return section.children


def lines_of_proofs() -> list[str]:
    """Each form of each proof: its promise, figure, time and machine."""
    rows = []
    for name, entry in proofs.read().items():
        for form in proofs.FORMS:
            if form in entry:
                of = entry[form]
                versions = ", ".join(f"{package} {v}" for package, v in of["versions"].items())
                rows.append(
                    [
                        f"``{name}``, {form}",
                        escape(entry["promise"]),
                        escape(of["figure"]),
                        f"{of['seconds']:,.0f}",
                        escape(f"{of['machine']}; {of['date']}; {versions}"),
                    ]
                )
    return table(["proof", "promise", "figure", "seconds", "machine"], rows)


class Proved(SphinxDirective):
    """What `python -m proof` has shown."""

    def run(self):
        self.env.note_dependency(str(proofs.RESULTS))
        section = nodes.section()
        lines = StringList(lines_of_proofs(), "results")
        nested_parse_with_titles(self.state, lines, section)
        return section.children


class MeasuredWhere(SphinxDirective):
    """Which sections have results of which CPU."""

    def run(self):
        for path in results_files():
            self.env.note_dependency(str(path))
        section = nodes.section()
        nested_parse_with_titles(self.state, StringList(lines_of_where(), "results"), section)
        return section.children


def setup(app):
    app.add_directive("proved", Proved)
    app.add_directive("measured", Measured)
    app.add_directive("measured-where", MeasuredWhere)
    return {"parallel_read_safe": True}

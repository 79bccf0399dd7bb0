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
    """What was found, and the target where there is one."""
    rows = []
    for of in findings:
        median = of["value"]["median"]
        target = ""
        if of["at_least"] is not None:
            target = f"≥ {quantity(of['at_least'], of['unit'])}"
        elif of["at_most"] is not None:
            target = f"≤ {quantity(of['at_most'], of['unit'])}"
        verdict = {None: "", True: "met", False: "**missed**"}[of["met"]]
        measured = "n/a" if median is None else quantity(median, of["unit"])
        rows.append([escape(of["case"]), escape(of["what"]), measured, target, verdict])
    return table(["case", "finding", "median", "target", ""], rows)


def lines_of(wanted: list[str]) -> list[str]:
    """The sections of every machine that has them."""
    lines = []
    for name in wanted:
        title = escape(SECTIONS[name].title)
        lines += [title, "-" * len(title), ""]
        missing = len(lines)
        for path in results_files():
            section = json.loads(path.read_text(encoding="utf-8"))["sections"].get(name)
            if section is None:
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
            lines += [f"No results yet: ``python -m bench --only {name}`` measures it.", ""]
    return lines


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


def setup(app):
    app.add_directive("proved", Proved)
    app.add_directive("measured", Measured)
    return {"parallel_read_safe": True}

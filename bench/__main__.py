"""python -m bench: fastnn side by side with its peers."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from bench import machine, report
from bench.measure import Effort
from bench.results import Results
from bench.sections import SECTIONS

HERE = Path(__file__).parent
FULL = Effort(rounds=11, seconds=0.25, thorough=True)
QUICK = Effort(rounds=5, seconds=0.1, thorough=False)


def _sections(ctx, param, value):
    names = [name.strip() for name in value.split(",")] if value else list(SECTIONS)
    unknown = sorted(set(names) - set(SECTIONS))
    if unknown:
        raise click.BadParameter(
            f"there is no {', '.join(unknown)}; expected some of {','.join(SECTIONS)}."
        )
    return names


@click.command()
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds, nothing that compiles long.")
@click.option(
    "--only",
    metavar="SECTIONS",
    callback=_sections,
    help=f"Of {','.join(SECTIONS)}: those with commas between.",
)
@click.option(
    "--write/--no-write",
    default=True,
    show_default=True,
    help="bench/results.json and bench/speed.svg; of some sections only into a file "
    "that the same machine and versions wrote.",
)
def main(quick, only, write):
    """Measure fastnn and its peers side by side, and show which targets are met.

    For figures to rely on, let nothing else run meanwhile.
    """
    console = Console()
    before = machine.load()
    if before is not None and before > 0.5:
        console.print(f"The machine is busy (load {before}): expect noise.", style="yellow")
    described = machine.describe()
    effort = QUICK if quick else FULL
    sections, failed = {}, False
    for name in only:
        with console.status(f"{SECTIONS[name].title} ..."):
            results, log, seconds = _run(name, effort)
        if results is None:
            failed = True
            console.print(f"{name} failed:\n{log}", style="red", markup=False, highlight=False)
            continue
        sections[name] = results
        console.print(f"{SECTIONS[name].title}: {seconds:.0f} s", style="dim", highlight=False)
    report.show(console, described, sections)

    if write and not quick and not failed:
        earlier = {} if len(sections) == len(SECTIONS) else _earlier(described)
        if earlier is not None:
            _write(described, effort, earlier, sections)
            console.print("Wrote bench/results.json and bench/speed.svg.")
    sys.exit(failed)


def _run(name, effort):
    """Results of a section, or None; what it printed; seconds."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "results.json"
        worker = subprocess.run(
            [sys.executable, "-m", "bench.worker", name, json.dumps(asdict(effort)), path],
            cwd=HERE.parent,
            env=os.environ,
            capture_output=True,
            text=True,
        )
        results = None
        if worker.returncode == 0:
            results = Results.from_json(json.loads(path.read_text()))
    return results, worker.stdout + worker.stderr, time.perf_counter() - began


def _earlier(described):
    """The sections of results.json as JSON, if they are of this machine and these versions."""
    if not (HERE / "results.json").exists():
        return None
    data = json.loads((HERE / "results.json").read_text())
    passing = ("date", "load")
    same = (
        {key: value for key, value in of.items() if key not in passing}
        for of in (data["machine"], described)
    )
    return data["sections"] if next(same) == next(same) else None


def _write(described, effort, earlier, sections):
    from bench.picture import draw

    new = {
        name: {**results.as_json(), "date": described["date"], "load": described["load"]}
        for name, results in sections.items()
    }
    together = {name: {**earlier, **new}[name] for name in SECTIONS if name in {**earlier, **new}}
    data = {"machine": described, "effort": asdict(effort), "sections": together}
    (HERE / "results.json").write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    if "step" in sections:
        draw(sections["step"], HERE / "speed.svg", described)


if __name__ == "__main__":
    main()

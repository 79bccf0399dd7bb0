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

from bench import machine, report, stored
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
    help="Keep the sections in the file of this CPU in bench/results, and draw bench/speed.svg.",
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
        console.print(f"Wrote {_write(described, effort, sections)}.")
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


def _write(described, effort, sections):
    """Put the sections into the file of this CPU, in the place of its earlier ones."""
    path = stored.path_of(described["cpu"])
    earlier = stored.read(path)["sections"] if path.exists() else {}
    for name, results in sections.items():
        earlier[name] = {**results.as_json(), "effort": asdict(effort), "machine": described}
    together = {name: earlier[name] for name in SECTIONS if name in earlier}
    stored.write(path, {"cpu": described["cpu"], "sections": together})
    if "step" in sections:
        from bench.picture import draw

        draw(stored.everywhere("step"), HERE / "speed.svg")
    return path


if __name__ == "__main__":
    main()

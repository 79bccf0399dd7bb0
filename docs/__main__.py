"""python -m docs: build the documentation, offline, and count it; a warning is an error."""

import os
import shutil
import sys
import time
from pathlib import Path

import click
from sphinx.cmd.build import build_main

from docs import counts

HERE = Path(__file__).parent
# Folders that a build writes beside the sources.
GENERATED = ["_build", "lessons", "howto", "gallery", "reference/api"]


@click.command()
@click.option("--clean", is_flag=True, help="First remove what earlier builds have made.")
@click.option("--examples/--no-examples", default=True, help="Run lessons, how-tos and gallery.")
def main(clean: bool, examples: bool) -> None:
    """Build docs/_build/index.html; examples that have not changed are not run again."""
    # Pages of names are made anew each time: those of names that are gone would stay.
    for folder in GENERATED if clean else ["reference/api"]:
        shutil.rmtree(HERE / folder, ignore_errors=True)
    # Pages run `fastnn` as a command, also where the environment is not activated.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ["MPLBACKEND"] = "agg"
    began = time.perf_counter()
    options = ["-W", "--keep-going", "-q", "-b", "html"]
    if not examples:
        options += ["-D", "plot_gallery=0"]
    failed = build_main(
        [*options, "-d", str(HERE / "_build/.doctrees"), str(HERE), str(HERE / "_build")]
    )
    print(counts.summary())
    print(f"built in {time.perf_counter() - began:.0f} s: {HERE / '_build/index.html'}")
    sys.exit(failed)


if __name__ == "__main__":
    main()

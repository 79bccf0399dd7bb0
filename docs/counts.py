"""What the documentation consists of: pages, programs, blocks of code that are run, and times."""

import doctest
import importlib
import json
import pkgutil
from dataclasses import dataclass
from pathlib import Path

from sphinx_gallery.py_source_parser import split_code_and_text_blocks

import fastnn

HERE = Path(__file__).parent
BUILD = HERE / "_build"
# Folders of scripts: lessons, how-tos, gallery.
SCRIPTS = HERE / "examples"
# Seconds of CPU time that a script may take.
MOST_SECONDS = 20


@dataclass(frozen=True)
class Script:
    """A script of the build: its blocks of code, and the CPU time of its last run, if known."""

    name: str
    folder: str
    blocks: int
    seconds: float | None


def pages() -> list[Path]:
    """The pages that the build has made; what the theme keeps in _static is no page."""
    return sorted(page for page in BUILD.rglob("*.html") if "_static" not in page.parts)


def scripts() -> list[Script]:
    """Every script that the build runs, also if an earlier build has run it last."""
    return [_script(path) for path in sorted(SCRIPTS.rglob("*.py"))]


def _script(path):
    _, blocks = split_code_and_text_blocks(str(path))
    folder = path.parent.name
    kept = BUILD / ".times" / f"{path.stem}.json"  # by docs/extensions/pictures.py
    seconds = json.loads(kept.read_text()) if kept.exists() else None
    return Script(path.stem, folder, sum(block.type == "code" for block in blocks), seconds)


def doctests_of_pages() -> int:
    """Examples (>>>) in the pages that are written by hand; tests/project runs them."""
    parser = doctest.DocTestParser()
    written = [path for path in HERE.rglob("*.rst") if not (path.parent / "images").exists()]
    return sum(
        len(parser.get_examples(path.read_text(encoding="utf-8")))
        for path in written
        if "api" not in path.parts
    )


def doctests_of_docstrings() -> int:
    """Examples (>>>) in the docstrings of the package; tests/project runs them."""
    modules = [fastnn]
    for found in pkgutil.walk_packages(fastnn.__path__, "fastnn."):
        if not found.name.endswith(("__main__", "_kernels")):
            modules.append(importlib.import_module(found.name))
    finder = doctest.DocTestFinder(exclude_empty=True)
    return sum(len(test.examples) for module in modules for test in finder.find(module))


def summary() -> str:
    """The counts in sentences."""
    every = scripts()
    folders = dict.fromkeys(script.folder for script in every)
    kinds = ", ".join(
        f"{sum(script.folder == folder for script in every)} in {folder}" for folder in folders
    )
    lines = [
        f"{len(pages())} pages",
        f"{len(every)} scripts ({kinds}) of {sum(s.blocks for s in every)} blocks of code, run by "
        "the build",
        f"{doctests_of_pages()} doctest examples in pages and {doctests_of_docstrings()} in "
        "docstrings, run by pytest tests/project",
    ]
    timed = [script for script in every if script.seconds is not None]
    if timed:
        longest = max(timed, key=lambda script: script.seconds)
        slow = sum(script.seconds > MOST_SECONDS for script in timed)
        lines.append(
            f"{len(timed)} of them timed: {sum(s.seconds for s in timed):.0f} s of CPU, at most "
            f"{longest.seconds:.1f} s ({longest.name}); {slow} took more than {MOST_SECONDS} s"
        )
    return "\n".join(lines)

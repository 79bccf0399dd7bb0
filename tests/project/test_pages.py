"""The pages of docs/: every public name has one, and what they show is run."""

import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import fastnn

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = sorted((DOCS / "examples").rglob("*.py"))
# Folders that a build writes, and templates.
GENERATED = {"_build", "lessons", "howto", "gallery", "api", "templates"}
PAGES = [
    path
    for path in sorted(DOCS.rglob("*.rst"))
    if "examples" in path.parts or not GENERATED & set(path.relative_to(DOCS).parts)
]
NAMES = [path.relative_to(DOCS).as_posix() for path in PAGES]


def documented():
    """Names in the tables of the reference, without `fastnn.`."""
    found = set()
    for path in (DOCS / "reference").glob("*.rst"):
        for block in re.findall(r"\.\. autosummary::\n((?: +.*\n|\n)*)", path.read_text()):
            found |= set(re.findall(r"^ +([A-Za-z_][\w.]*)$", block, re.MULTILINE))
    return found


def public_names():
    """Public names of the package, and those of its public modules, once each."""
    found = {}
    for name in fastnn.__all__:
        value = getattr(fastnn, name)
        if inspect.ismodule(value):
            inside = getattr(value, "__all__", None) or [
                key
                for key, member in vars(value).items()
                if inspect.isclass(member) and issubclass(member, fastnn.schedules.Schedule)
            ]
            for key in inside:
                found.setdefault(id(getattr(value, key)), f"{name}.{key}")
        elif name != "__version__":
            found[id(value)] = name
    return set(found.values())


def test_every_public_name_has_a_page():
    assert documented() == public_names()


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_examples_of_pages_run(page):
    run = doctest.testfile(
        str(page), module_relative=False, optionflags=doctest.ELLIPSIS, encoding="utf-8"
    )
    assert run.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_code_of_pages_is_run(page):
    """Python is a doctest or a script of the build; a shell block is one of installation."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"\.\. code-block:: (\w+)\n\n((?:   .*\n|\n)+)", text)
    assert len(blocks) == len(re.findall(r"\.\. code(-block)?::", text))
    for language, block in blocks:
        assert language in ("sh", "text"), block
        if language == "sh":
            assert all("pip install" in line for line in block.split("\n") if line.strip()), block


def test_every_section_of_the_bench_is_shown_once(monkeypatch):
    monkeypatch.syspath_prepend(DOCS.parent)
    sections = importlib.import_module("bench.sections").SECTIONS
    pages = [path.read_text(encoding="utf-8") for path in (DOCS / "measured").glob("*.rst")]
    shown = [name for page in pages for line in re.findall(r"^\.\. measured:: (.*)$", page, re.M)
             for name in line.split()]  # fmt: skip
    assert sorted(shown) == sorted(sections)


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_scripts_are_python_with_a_title(path):
    code = path.read_text(encoding="utf-8")
    compile(code, str(path), "exec")
    assert re.match(r'"""\n.+\n=+\n', code)

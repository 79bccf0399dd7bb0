"""What the documentation shows is run: every docstring's examples, and the README's."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

import fastnn

PACKAGE = Path(fastnn.__file__).parent
README = Path(__file__).parent.parent / "README.md"


@pytest.mark.parametrize("module", sorted(p.stem for p in PACKAGE.glob("*.py")))
def test_docstrings(module):
    name = "fastnn" if module == "__init__" else f"fastnn.{module}"
    assert doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS).failed == 0


def python_blocks():
    return re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


def test_readme_examples_run():
    blocks = python_blocks()
    assert blocks
    names = {}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    assert names["net"].error(names["X_dev"], names["y_dev"]) < 0.05


def test_readme_is_one_page():
    assert len(README.read_text().splitlines()) <= 120

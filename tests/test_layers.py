"""Imports point down only: surface -> practice -> engine -> vocabulary -> kernels."""

import ast
from pathlib import Path

import pytest

import fastnn

# Every module has its place; a module may import from its own layer and from those below.
LAYERS = {
    "surface": ["cli"],
    "practice": ["checking", "augment"],
    "engine": ["network", "training", "lbfgs", "passes", "threads", "inputs", "history",
               "early_stopping", "modelfile", "progress", "plots",
               "plots_augmented"],
    "vocabulary": ["layout", "activations", "losses", "initializers", "optimizers", "schedules",
                   "arguments", "errors", "elastic"],
    "kernels": ["_kernels"],
}
# Methods that hand on to what is made of networks: loaded when they are called.
HANDED_ON = {("network", "checking"), ("training", "checking"), ("training", "augment")}
HEIGHT = {module: -depth for depth, modules in enumerate(LAYERS.values()) for module in modules}
# The public face of the package: lazily names what lies anywhere.
FACE = "__init__"
PACKAGE = Path(fastnn.__file__).parent


def imported_modules(path):
    """fastnn modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "fastnn" and len(parts) > 1 and parts[1] in HEIGHT:
                yield parts[1]


def files_of(module):
    """Of a module, or of a folder of them."""
    folder = PACKAGE / module
    return sorted(folder.glob("*.py")) if folder.is_dir() else [PACKAGE / f"{module}.py"]


def test_every_module_has_a_layer():
    found = {path.stem for path in PACKAGE.glob("*.py")} - {FACE}
    found |= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert found == set(HEIGHT) - {"_kernels"}


@pytest.mark.parametrize("module", [m for m in HEIGHT if m != "_kernels"])
def test_imports_point_down(module):
    for path in files_of(module):
        for target in imported_modules(path):
            assert HEIGHT[target] <= HEIGHT[module] or (module, target) in HANDED_ON, (
                f"{path.name} imports {target}, which lies above it")


def test_the_rule_would_notice():
    assert HEIGHT["network"] > HEIGHT["layout"] > HEIGHT["_kernels"]
    assert "training" in set(imported_modules(PACKAGE / "network.py"))
    assert "_kernels" in set(imported_modules(PACKAGE / "passes.py"))
    assert "passes" in {target for path in files_of("checking")
                        for target in imported_modules(path)}


def test_no_module_is_named_like_a_public_function():
    functions = {"gradcheck", "split", "diagnose", "sweep", "report", "load", "fit"}
    assert not functions & set(HEIGHT)

"""Imports point down only: surface -> practice -> engine -> vocabulary -> kernels."""

import ast
from pathlib import Path

import pytest

import fastnn

# Every module has its place; a module may import from its own layer and from those below.
LAYERS = {
    "surface": ["cli", "estimators", "export", "reporting", "sweeps", "tabular", "tuning"],
    "practice": ["checking", "data", "diagnosis", "augment"],
    "engine": [
        "network",
        "training",
        "lbfgs",
        "passes",
        "threads",
        "inputs",
        "history",
        "early_stopping",
        "checkpoint",
        "checkpointfile",
        "checkpointstate",
        "fingerprint",
        "tensorfile",
        "modelfile",
        "modelcontent",
        "progress",
        "plots",
        "plots_augmented",
        "plots_boundary",
        "plots_curves",
        "plots_diagnosis",
        "plots_signals",
        "plots_sweep",
    ],
    "vocabulary": [
        "layout",
        "activations",
        "losses",
        "initializers",
        "optimizers",
        "schedules",
        "arguments",
        "errors",
        "elastic",
    ],
    "kernels": ["_kernels"],
}
HEIGHT = {module: -depth for depth, modules in enumerate(LAYERS.values()) for module in modules}
# (module, target): a method of the one, or a setting of a fit, hands on to the other, which lies
# above it, and imports it when it is called.
HANDED_ON = {
    ("network", "checking"),
    ("network", "data"),
    ("network", "diagnosis"),
    ("training", "checking"),
    ("training", "augment"),
    ("modelfile", "tabular"),
    ("modelfile", "estimators"),
}
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
    """A module's file; those of a package."""
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
                f"{module} imports {target}, which lies above it"
            )


@pytest.mark.parametrize(("module", "target"), sorted(HANDED_ON))
def test_what_is_handed_on_is_loaded_late(module, target):
    """The import is in a function, and there is one."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text())
    assert target in set(imported_modules(PACKAGE / f"{module}.py"))
    assert f"fastnn.{target}" not in {
        node.module for node in tree.body if isinstance(node, ast.ImportFrom)
    }


def test_the_rule_would_notice():
    assert HEIGHT["network"] > HEIGHT["layout"] > HEIGHT["_kernels"]
    assert "training" in set(imported_modules(PACKAGE / "network.py"))
    assert "_kernels" in set(imported_modules(PACKAGE / "passes.py"))
    assert "passes" in {
        target for path in files_of("checking") for target in imported_modules(path)
    }


def test_no_module_is_named_like_a_public_function():
    functions = {
        "gradcheck",
        "split",
        "diagnose",
        "sweep",
        "report",
        "load",
        "fit",
        "learning_curve",
        "penalty_path",
        "signal_flow",
        "same_distribution",
        "dev_size",
        "to_onnx",
        "from_sklearn",
        "from_torch",
        "to_torch",
    }
    files = {path.stem for module in HEIGHT if module != "_kernels" for path in files_of(module)}
    assert not functions & (set(HEIGHT) | files)

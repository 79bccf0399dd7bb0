"""Importing has no side effects: nothing heavy is loaded, no thread is started."""

import ast
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastnn

HEAVY = (
    "scipy",
    "sklearn",
    "numba",
    "rich",
    "click",
    "matplotlib",
    "safetensors",
    "joblib",
    "onnx",
    "torch",
    "pandas",
    "pyarrow",
    "polars",
    "optuna",
    "dask",
)


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("code", ["import fastnn", "import fastnn; fastnn.Network([3, 4, 2])"])
def test_nothing_heavy_is_imported(code):
    loaded = run(f"{code}; import sys; print(*[m for m in {HEAVY} if m in sys.modules])")
    assert loaded.split() == []


def test_training_is_loaded_by_the_first_fit():
    """It takes as long to load as everything that a network needs to be made."""
    code = (
        "import fastnn, sys; net = fastnn.Network([1, 2], rng=0); "
        "print('fastnn.training' in sys.modules); net.fit([[0.0], [1.0]], [0, 1], epochs=1); "
        "print('fastnn.training' in sys.modules, fastnn.Network.fit.__module__)"
    )
    assert run(code).split() == ["False", "True", "fastnn.training.fitting"]


def test_a_fit_does_not_load_masked_arrays():
    """They take longer to load than a small fit."""
    fit = "import fastnn; fastnn.Network([1, 2], rng=0).fit([[0.0], [1.0]], [0, 1], epochs=1)"
    assert run(f"{fit}; import sys; print('numpy.ma' in sys.modules)").strip() == "False"


def test_a_network_is_saved_and_loaded_without_pandas_and_sklearn(tmp_path):
    code = (
        f"import fastnn, sys; path = {str(tmp_path / 'net.safetensors')!r}; "
        "fastnn.Network([3, 4, 2]).save(path); fastnn.load(path); "
        "print(*[m for m in ('pandas', 'sklearn', 'scipy') if m in sys.modules])"
    )
    assert run(code).split() == []


def test_no_thread_is_started():
    threads = "len(__import__('os').listdir('/proc/self/task'))"
    code = f"import numpy; before = {threads}; import fastnn._kernels; print({threads} - before)"
    if not sys.platform.startswith("linux"):
        pytest.skip("threads are counted through /proc")
    assert run(code).strip() == "0"


def test_public_names():
    for name in fastnn.__all__:
        assert getattr(fastnn, name) is not None
        assert name in dir(fastnn)
    with pytest.raises(AttributeError, match="no attribute 'Netwrok'"):
        fastnn.Netwrok  # noqa: B018


def test_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert fastnn.__version__ == version("fastnn-cpu")


def test_unknown_variant_is_refused():
    result = subprocess.run(
        [sys.executable, "-c", "import fastnn._kernels"],
        capture_output=True,
        text=True,
        env={**os.environ, "FASTNN_VARIANT": "avx1024"},
        check=False,
    )
    assert "FASTNN_VARIANT is 'avx1024'" in result.stderr
    assert "baseline" in result.stderr


def test_python_runs_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "fastnn", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (f"fastnn {fastnn.__version__}\n", "")


def test_type_checkers_see_the_public_names():
    """__init__.pyi and the names that are loaded on first use are told twice, and are the same."""
    stub = Path(fastnn.__file__).with_suffix(".pyi").read_text()
    seen = re.findall(r"^from (\S+) import (\w+) as (\w+)$", stub, re.MULTILINE)
    assert all(name == alias for _, name, alias in seen)
    assert sorted(name for _, name, _ in seen) == fastnn.__all__
    for module, name, _ in seen:
        assert getattr(importlib.import_module(module), name) is getattr(fastnn, name)


def test_only_public_names_are_listed():
    assert dir(fastnn) == sorted(fastnn.__all__)
    net = fastnn.Network([2, 3, 2], rng=0)
    assert not [name for name in dir(net) if name.startswith("_")]
    assert {"fit", "forward", "theta", "params", "gradcheck", "diagnose"} <= set(dir(net))


def test_help_begins_with_the_public_names():
    listed = re.findall(r"^(?:- .*?:|  )((?: ?\w+,?)+)$", fastnn.__doc__, re.MULTILINE)
    names = re.findall(r"\w+", " ".join(listed))
    assert sorted([*names, "__version__"]) == fastnn.__all__


def test_internal_modules_say_so():
    folder = Path(fastnn.__file__).parent
    silent = []
    for path in [*folder.glob("*.py"), *folder.glob("*/__init__.py")]:
        name = path.parent.name if path.name == "__init__.py" else path.stem
        if name not in {"fastnn", "__main__", *fastnn.__all__}:
            words = ast.get_docstring(ast.parse(path.read_text()))
            if "Internal: it may change at any time." not in words:
                silent.append(name)
    assert silent == []

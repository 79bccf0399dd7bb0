"""The examples of the documentation are run: every docstring's, and the README's."""

import doctest
import importlib
import json
import re
import shlex
from pathlib import Path

import pytest

import fastnn

PACKAGE = Path(fastnn.__file__).parent
README = Path(__file__).parents[2] / "README.md"
LIBRARIES = ("fastnn", "JAX", "PyTorch", "scikit-learn")


def module_names():
    """The names of all modules of the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("name", list(module_names()))
def test_docstrings(name):
    assert doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS).failed == 0


def python_blocks():
    return re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


def test_readme_examples_run():
    blocks = python_blocks()
    assert blocks
    names = {}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    assert names["net"].error(names["dev"].X, names["dev"].y) < 0.05


@pytest.fixture
def tables_of_iris(tmp_path, monkeypatch):
    """The current folder, with iris.csv, and new.csv without the species."""
    from sklearn.datasets import load_iris

    iris = load_iris(as_frame=True)
    frame = iris.frame.drop(columns="target")
    known = frame.assign(species=iris.target_names[iris.target])
    known.to_csv(tmp_path / "iris.csv", index=False)
    known[::-10].to_csv(tmp_path / "iris-new.csv", index=False)
    frame[::-10].to_csv(tmp_path / "new.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_readme_commands_run(tables_of_iris):
    from click.testing import CliRunner

    from fastnn.cli import main

    (block,) = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    for line in block.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "fastnn"
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
    assert len((tables_of_iris / "out.csv").read_text().splitlines()) == 16
    assert fastnn.load(tables_of_iris / "best.safetensors").schema_.target == "species"


@pytest.mark.slow
def test_examples_of_help_run(tables_of_iris):
    """Two at least for each command, in an order in which each finds its files."""
    from click.testing import CliRunner

    from fastnn.cli import main

    order = ["train", "predict", "score", "diagnose", "report", "export", "info", "sweep"]
    order += ["improve", "warmup"]
    assert sorted(order) == sorted(main.commands)
    for name in order:
        epilog = main.commands[name].epilog
        examples = re.findall(r"^  (fastnn .*)$", epilog, re.MULTILINE)
        assert len(examples) >= 2
        for example in examples:
            _, *arguments = shlex.split(example.replace("--seconds 60", "--seconds 3"))
            assert arguments[0] == name
            done = CliRunner().invoke(main, arguments)
            assert done.exit_code == 0, (example, done.output)


def test_summaries_of_commands_are_whole():
    from click.testing import CliRunner

    from fastnn.cli import main

    text = CliRunner().invoke(main, ["--help"]).output
    _, _, summaries = text.partition("Commands:")
    assert len(summaries.split("\n")) > len(main.commands)
    assert "..." not in summaries


def figure(microseconds):
    """Three significant digits: 0.0123, 12.3, 12,300."""
    return f"{float(f'{microseconds:.3g}'):,g}"


def test_readme_figures_are_those_of_the_benchmark():
    """`python -m bench` writes a file for each kind of CPU; the README's table is its medians."""
    files = sorted((README.parent / "bench" / "results").glob("*.json"))
    measured = [json.loads(path.read_text()) for path in files]
    wanted = {
        (of["cpu"], case): [figure(libraries[name]["median"] * 1e6) for name in LIBRARIES]
        for of in measured
        if "step" in of["sections"]
        for case, libraries in of["sections"]["step"]["times"].items()
    }
    (table,) = re.findall(r"^\| CPU .*\n(?:\|.*\n)+", README.read_text(), re.MULTILINE)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    cases = [network.partition(",")[0] for network in rows[0][1:]]
    shown = {
        (cpu, case): cell.replace("*", "").split(" / ")
        for cpu, *cells in rows[2:]
        for case, cell in zip(cases, cells, strict=True)
    }
    assert len(wanted) >= 4
    assert shown == wanted


def test_readme_accuracy_is_that_of_the_benchmark():
    (path,) = (README.parent / "bench" / "results").glob("amd-epyc-family-26.json")
    sections = json.loads(path.read_text())["sections"]

    def median(section, case, what):
        (value,) = (
            of["value"]["median"]
            for of in sections[section]["findings"]
            if (of["case"], of["what"]) == (case, what)
        )
        return f"{value:.1%}".replace("%", " %")

    noisy = "mnist, 10% of labels random"
    wanted = [
        [median("practice", f"{data}: {method}", "dev error") for method in ("nothing", "dropout")]
        for data in ("mnist", noisy)
    ]
    case = "784-256-128-10, 200 epochs"
    wanted.append([median("mnist", case, f"test error {how}") for how in ("without", "with")])
    (table,) = re.findall(r"^\| data \| error .*\n(?:\|.*\n)+", README.read_text(), re.MULTILINE)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert [row[2:] for row in rows[2:]] == wanted
    differences = [of["value"] for of in sections["accuracy"]["findings"]]
    assert len(differences) == 4
    assert all(max(abs(of["min"]), abs(of["max"])) < 1e-9 for of in differences)


def test_readme_tables_are_those_of_the_benchmark():
    path = README.parent / "bench" / "results" / "amd-epyc-family-25-model-1.json"
    findings = json.loads(path.read_text())["sections"]["tables"]["findings"]
    shown = {(of["case"], of["what"]): of["value"]["median"] for of in findings}
    wanted = [
        f"{shown[f'{half}: fastnn, best', what]:.2f}"
        for what in ("loss relative to CatBoost", "CPU time of all tables relative to CatBoost")
        for half in ("chosen on", "new")
    ]
    sentence = README.read_text().partition("On 24 tables")[2].partition(" of its time")[0]
    assert re.findall(r"\d\.\d\d", sentence) == wanted


def test_readme_is_one_page():
    assert len(README.read_text().splitlines()) <= 120

"""Places outside of the package that must agree with one another."""

import importlib
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import fastnn

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
STEPS = {path.name for path in (ROOT / ".ci").iterdir()}


def test_hooks_have_the_versions_that_the_lint_step_installs():
    pinned = dict(line.split("==") for line in PROJECT["dependency-groups"]["lint"])
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    found = re.findall(r"repo: .*/(?:mirrors-)?([a-z-]+?)(?:-pre-commit)?\n +rev: v(.*)", hooks)
    assert dict(found) == pinned


WORKFLOWS = sorted(path.name for path in (ROOT / ".github" / "workflows").iterdir())


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_only_call_steps(name):
    workflow = (ROOT / ".github" / "workflows" / name).read_text()
    commands = re.findall(r"\brun: (.*)", workflow)
    assert commands
    assert {command.split()[0] for command in commands} <= {f".ci/{step}" for step in STEPS}


def test_every_step_is_run():
    script = (ROOT / ".ci" / "run").read_text()
    (steps,) = re.findall(r"for step in (.*);", script)
    elsewhere = {"audit": "nightly.yml", "wheels": "release.yml", "publish": "release.yml"}
    assert set(steps.split()) == STEPS - {"run"} - elsewhere.keys()
    for step, name in elsewhere.items():
        assert f"run: .ci/{step}\n" in (ROOT / ".github" / "workflows" / name).read_text()
    assert all((ROOT / ".ci" / step).stat().st_mode & 0o111 for step in STEPS)


def test_the_test_step_finds_its_command_in_the_readme():
    pattern = re.search(r"grep -m1 '(.*?)' README", (ROOT / ".ci" / "test").read_text())[1]
    commands = re.findall(f"{pattern}.*", (ROOT / "README.md").read_text())
    assert commands == ['pip install -e ".[test]" && pytest -n auto']


def test_the_oldest_python_is_tested():
    (oldest,) = re.findall(r">=(\S+)", PROJECT["project"]["requires-python"])
    for name in WORKFLOWS:
        assert f'"{oldest}"' in (ROOT / ".github" / "workflows" / name).read_text()
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")


def test_wheels_are_built_for_the_pythons_that_are_tested():
    nightly = (ROOT / ".github" / "workflows" / "nightly.yml").read_text()
    (pythons,) = re.findall(r"python: \[(.*)\]", nightly)
    built = [f"cp{version.replace('.', '')}-*" for version in re.findall(r'"(.*?)"', pythons)]
    assert PROJECT["tool"]["cibuildwheel"]["build"] == built


def test_the_pinned_versions_are_those_of_the_tests():
    """`proof/requirements.txt` has a version that is allowed, and hashes, of all that is needed."""
    blocks = re.split(r"\n(?=\S)", (ROOT / "proof" / "requirements.txt").read_text())
    pinned = {}
    for block in blocks:
        if not block.startswith("#"):
            name, version = re.match(r"([a-z0-9-]+)==([^\s;]+)", block).groups()
            assert re.search(r" --hash=sha256:[0-9a-f]{64}", block), name
            pinned.setdefault(name, []).append(version)
    project = PROJECT["project"]
    for needed in project["dependencies"] + project["optional-dependencies"]["test"]:
        requirement = Requirement(needed)
        assert pinned[requirement.name], needed
        assert all(requirement.specifier.contains(v) for v in pinned[requirement.name]), needed


def test_the_tools_of_a_release_are_pinned_by_hash():
    locked = (ROOT / ".github" / "release.txt").read_text()
    for needed in PROJECT["dependency-groups"]["release"]:
        requirement = Requirement(needed)
        version = re.search(rf"^{requirement.name}==(\S+)", locked, re.MULTILINE)[1]
        assert requirement.specifier.contains(version)
    assert len(re.findall("^[a-z]", locked, re.MULTILINE)) <= locked.count("--hash=sha256:")


def test_windows_is_sent_to_wsl(monkeypatch):
    for module in ("build_ext", "egg_info"):  # before they ask for the platform
        importlib.import_module(f"setuptools.command.{module}")
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit, match="on Windows use WSL"):
        runpy.run_path(str(ROOT / "setup.py"))


def test_nothing_is_published_under_another_tag(monkeypatch):
    monkeypatch.setenv("GITHUB_REF_NAME", "v0.0.0")
    done = subprocess.run([ROOT / ".ci" / "publish"], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"expected the tag v{fastnn.__version__}" in done.stderr


def test_the_citation_has_the_version():
    (version,) = re.findall(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert version == fastnn.__version__
    assert f"## {version} " in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("document", sorted(path.name for path in ROOT.glob("*.md")))
def test_links_between_documents_lead_somewhere(document):
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / document).read_text()):
        assert (ROOT / target).exists(), target


def test_every_shell_script_is_valid():
    for step in sorted(STEPS):
        subprocess.run(["bash", "-n", ROOT / ".ci" / step], check=True)


def test_rooms_with_tests_have_a_folder_of_their_name():
    """Folders of tests are rooms, or one of the few that are about all of them."""
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    rooms = {path.name for path in (Path(fastnn.__file__).parent).iterdir() if path.is_dir()}
    others = {"core", "project", "stories", "support", "types"}
    assert {name for name in folders if not name.startswith("__")} <= rooms | others

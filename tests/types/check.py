"""The types of the public API, as mypy and pyright see them: ``python tests/types/check.py``.

Both must accept all Python examples of the README, and report every line of mistakes.py that is
marked as wrong, and no other. pyright must know the type of everything that is public.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import types
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MARK = "# wrong"


def mypy(path):
    """Lines of `path` that mypy --strict reports, with its words."""
    # scikit-learn and SciPy have no types.
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports",
         # Of the script alone: in a checkout mypy would judge the sources of fastnn, too.
         "--follow-imports=silent", "--disable-error-code=import-untyped", "--no-error-summary",
         "--show-error-codes", path],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if found.stderr:
        raise SystemExit(found.stderr)
    lines = re.findall(r"^(.*?):(\d+): error: (.*)$", found.stdout, re.MULTILINE)
    return [(int(line), text) for file, line, text in lines if Path(file).name == path.name] + [
        (0, f"{file}:{line} {text}") for file, line, text in lines if Path(file).name != path.name
    ]


def pyright(path):
    """Lines of `path` that pyright reports, with its words."""
    found = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, path],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    report = json.loads(found.stdout)
    return [(d["range"]["start"]["line"] + 1, d["message"])
            for d in report["generalDiagnostics"] if d["severity"] == "error"]  # fmt: skip


def readme():
    """The Python examples of the README in one script."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return "\n".join(blocks)


def check_readme(folder):
    path = folder / "readme.py"
    path.write_text(readme())
    return [f"README, {tool.__name__}, line {line}: {text}"
            for tool in (mypy, pyright) for line, text in tool(path)]  # fmt: skip


def check_mistakes():
    path = HERE / "mistakes.py"
    lines = path.read_text().splitlines()
    wrong = {n for n, line in enumerate(lines, 1) if line.endswith(MARK)}
    assert wrong
    for tool in (mypy, pyright):
        found = dict(tool(path))
        for line in sorted(wrong - set(found)):
            yield f"mistakes.py, {tool.__name__} does not see line {line}: {lines[line - 1]}"
        for line in sorted(set(found) - wrong):
            yield f"mistakes.py, {tool.__name__}, line {line} is right: {found[line]}"


def public_names():
    """Qualified names of all that `fastnn` and its public modules offer, and of their bases."""
    import fastnn

    for name in fastnn.__all__:
        offered = getattr(fastnn, name)
        things = [offered]
        if isinstance(offered, types.ModuleType):
            listed = getattr(offered, "__all__", None) or [
                name
                for name, value in vars(offered).items()
                if getattr(value, "__module__", None) == offered.__name__
            ]
            things = [getattr(offered, each) for each in listed]
        for thing in things:
            for each in thing.__mro__ if isinstance(thing, type) else [thing]:
                if getattr(each, "__module__", "").startswith("fastnn."):
                    yield f"{each.__module__}.{each.__qualname__}"


def check_public(folder):
    """Everything that is public has a known type."""
    # pyright verifies what is installed, and does not follow an editable install.
    (folder / "fastnn").symlink_to(ROOT / "fastnn")
    found = subprocess.run(
        [sys.executable, "-m", "pyright", "--verifytypes", "fastnn", "--ignoreexternal",
         "--outputjson", "--pythonpath", sys.executable],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    # It takes every module without an underscore for public; of those only some names are.
    names = set(public_names())
    symbols = [
        symbol
        for symbol in json.loads(found.stdout)["typeCompleteness"]["symbols"]
        if any(symbol["name"] == n or symbol["name"].startswith(f"{n}.") for n in names)
    ]
    known = [symbol for symbol in symbols if symbol["isTypeKnown"]]
    print(f"{len(known)} of {len(symbols)} public symbols have a known type")
    assert len(symbols) > len(names) / 2, "pyright has not seen the package"
    for symbol in symbols:
        if not symbol["isTypeKnown"]:
            yield f"{symbol['name']}: " + "; ".join(d["message"] for d in symbol["diagnostics"][:2])


def main():
    with tempfile.TemporaryDirectory() as folder:
        wrong = [*check_readme(Path(folder)), *check_mistakes(), *check_public(Path(folder))]
    print("\n".join(wrong) or "The types hold.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())

"""The figures of proofs: proof/results.json, and the table of them in CONTRIBUTING.md."""

import ast
import json
import platform
import re
from pathlib import Path

import proof

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "proof" / "results.json"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
FORMS = ("short", "long")
_TABLE = re.compile(r"^\| proof \| promise .*\n(?:\|.*\n)+", re.MULTILINE)


def promise(name):
    """The first line of a proof's docstring."""
    source = (ROOT / "proof" / f"{name}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)).partition("\n")[0]


def read():
    """name -> promise, and the entry of each form in which the proof was run."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def keep(name, form, figure, seconds):
    """Write the entry of a proof; those of other proofs, and of its other form, stay."""
    import fastnn
    from bench import machine

    described = machine.describe()
    known = read()
    known[name] = {
        **known.get(name, {}),
        "promise": promise(name),
        form: {
            "figure": figure,
            "seconds": seconds,
            "machine": f"{described['cpu']}, {described['cores']} cores, {described['kernels']}, "
            f"load {described['load']}",
            "date": described["date"],
            "versions": {"python": platform.python_version(), "fastnn": fastnn.__version__},
        },
    }
    ordered = {name: known[name] for name in proof.PROOFS if name in known}
    RESULTS.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    text = CONTRIBUTING.read_text(encoding="utf-8")
    CONTRIBUTING.write_text(_TABLE.sub(lambda _: table(), text), encoding="utf-8")


def table():
    """The table of CONTRIBUTING.md: every proof, and how long each form of it took."""
    known = read()
    lines = ["| proof | promise | short, s | long, s |", "| --- | --- | ---: | ---: |"]
    for name in proof.PROOFS:
        entry = known.get(name, {})
        seconds = (f"{entry[form]['seconds']:,.0f}" if form in entry else "" for form in FORMS)
        lines.append(f"| `{name}` | {promise(name)} | {' | '.join(seconds)} |")
    return "\n".join(lines) + "\n"


def written_table():
    """The table that stands in CONTRIBUTING.md."""
    (found,) = _TABLE.findall(CONTRIBUTING.read_text(encoding="utf-8"))
    return found

"""Results in files: one for each kind of CPU, in bench/results.

Each section says when it was measured, with which versions, and under which load.
"""

import json
import re
from pathlib import Path

from bench.results import Results

DIRECTORY = Path(__file__).parent / "results"


def path_of(cpu):
    """The file of a CPU of this name."""
    return DIRECTORY / f"{re.sub(r'[^a-z0-9]+', '-', cpu.lower()).strip('-')}.json"


def read(path):
    """{"cpu": name, "sections": {section: results, effort and machine}}."""
    return json.loads(path.read_text(encoding="utf-8"))


def write(path, data):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def everywhere(section):
    """(machine, Results) of a section, for each CPU that has it."""
    files = [read(path)["sections"] for path in sorted(DIRECTORY.glob("*.json"))]
    return [
        (sections[section]["machine"], Results.from_json(sections[section]))
        for sections in files
        if section in sections
    ]

"""Runs of a section that takes long: a call that was stopped goes on from them."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Kept:
    """The runs in a file of build/, one a line, with a digest of the sources that they are of.

    Parameters
    ----------
    name : str
        Of the section.
    sources : list of str
        Files and folders of the repository; runs of other ones are made again.
    """

    def __init__(self, name, sources):
        self._path = ROOT / "build" / f"bench-{name}.jsonl"
        self._digest = _digest(sources)
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        of_all = (json.loads(line) for line in lines)
        self._runs = {tuple(key): runs for digest, key, runs in of_all if digest == self._digest}

    def runs(self, key, make):
        """The list of dicts of a key, a tuple of texts and numbers; `make` makes missing ones."""
        if key not in self._runs:
            self._runs[key] = make()
            self._path.parent.mkdir(exist_ok=True)
            with self._path.open("a") as file:
                file.write(json.dumps([self._digest, key, self._runs[key]]) + "\n")
        return self._runs[key]

    def runs_on_tables(self, tables, seeds, runs_on, kind):
        """`kind` of each run of ``runs_on(table, seed)``, over tables and so many seeds."""
        return [
            kind(**run)
            for table in tables
            for seed in range(seeds)
            for run in self.runs(
                (table.name, seed),
                lambda table=table, seed=seed: list(map(asdict, runs_on(table, seed))),
            )
        ]


def _digest(sources):
    digest = hashlib.sha256()
    for path in (ROOT / source for source in sources):
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]

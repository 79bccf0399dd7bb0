"""The proofs of reliability, their figures, and what CONTRIBUTING says of them, agree."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def results(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("proof.results")


def test_the_table_of_contributing_is_that_of_the_results(results):
    assert results.written_table() == results.table()


def test_every_proof_is_in_the_list(results):
    modules = {path.stem for path in (ROOT / "proof").glob("*.py")}
    with_run = {
        name
        for name in modules
        if "\ndef run(long):" in (ROOT / "proof" / f"{name}.py").read_text()
    }
    assert with_run == set(importlib.import_module("proof").PROOFS)


def test_results_have_what_is_to_be_known_of_a_figure(results):
    known = results.read()
    assert known
    for name, entry in known.items():
        assert entry["promise"] == results.promise(name)
        forms = set(entry) - {"promise"}
        assert forms
        assert forms <= set(results.FORMS)
        for form in forms:
            assert set(entry[form]) == {"figure", "seconds", "machine", "date", "versions"}
            assert entry[form]["figure"].count("\n") == 0
            assert set(entry[form]["versions"]) == {"python", "fastnn"}


def test_a_short_result_leaves_the_long_one(results, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(results, "CONTRIBUTING", tmp_path / "CONTRIBUTING.md")
    (tmp_path / "CONTRIBUTING.md").write_text("a\n" + results.table() + "\nb\n")
    results.keep("kills", "long", "10,002 kills", 1234.5)
    results.keep("kills", "short", "102 kills", 7.8)
    results.keep("fuzz", "short", "100 executions", 2.0)
    known = results.read()
    assert list(known) == ["fuzz", "kills"]
    assert known["kills"]["long"]["figure"] == "10,002 kills"
    assert known["kills"]["short"]["seconds"] == 7.8
    text = (tmp_path / "CONTRIBUTING.md").read_text()
    assert text == "a\n" + results.table() + "\nb\n"
    assert " | 8 | 1,234 |\n" in text

"""Fuzzing catches what it is there to catch, names the execution, and goes on from run to run."""

import importlib
import os
import random
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAULTY = 7  # the number of the execution at fault


def documented():
    raise ValueError


def undocumented():
    raise KeyError("a bug")


def crash():
    os.kill(os.getpid(), signal.SIGKILL)


def waste():
    return bytearray(2_000_000)


def slow():
    while True:
        pass


@pytest.fixture
def fuzz(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("proof.fuzz")


def faulty(monkeypatch, fault):
    """A target, fuzzed instead of models, which has a fault in one execution of ten."""
    fuzzing = importlib.import_module("proof.fuzzing")
    target = importlib.import_module("proof.fuzzing.target")

    def use(data):
        if data == str(FAULTY).encode():
            fault()

    numbers = iter(range(100))
    made = target.Target(lambda rng: str(next(numbers)).encode(), use, (ValueError,))
    monkeypatch.setitem(fuzzing.TARGETS, "model", lambda directory: made)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (undocumented, "KeyError: 'a bug'"),
        (crash, f"status -{int(signal.SIGKILL)}"),
        (waste, "bytes of memory for an input of 1"),
    ],
)
def test_a_fault_is_caught_and_its_execution_is_named(fuzz, monkeypatch, fault, words):
    faulty(monkeypatch, fault)
    with pytest.raises(importlib.import_module("proof").Broken) as caught:
        fuzz._batch("model", 0, 10)
    assert f"python -m proof.fuzz model {FAULTY} " in str(caught.value)
    assert words in str(caught.value)


def test_a_hang_is_ended(fuzz, monkeypatch):
    faulty(monkeypatch, slow)
    monkeypatch.setattr(fuzz, "_HANGS", 0.2)
    with pytest.raises(importlib.import_module("proof").Broken, match=f"model {FAULTY} ended"):
        fuzz._batch("model", 0, 10)


def test_a_documented_refusal_is_no_fault(fuzz, monkeypatch):
    faulty(monkeypatch, documented)
    assert fuzz._batch("model", 0, 10) == 10


def test_every_target_has_a_number_of_executions(fuzz):
    assert set(fuzz._COUNTS) == set(importlib.import_module("proof.fuzzing").TARGETS)


def test_a_long_form_goes_on_where_it_ended(fuzz, monkeypatch, tmp_path):
    parts = importlib.import_module("proof.parts")
    monkeypatch.setattr(parts, "_STATE", tmp_path)
    monkeypatch.setattr(parts, "_ends", float("inf"))
    met = []

    def work(kind, first, count):
        met.append((kind, first, count))
        if len(met) == 3:
            parts.stop_after(0)
        return count, [f"{kind}{len(met)}"]

    counts = {"a": 10, "b": 4}
    assert parts.in_parts("x", counts, work, 2).words.startswith("12 of 14, ")
    first = met[0][1]
    assert met == [("a", first, 5), ("b", first, 2), ("a", first + 5, 5)]
    monkeypatch.setattr(parts, "_ends", float("inf"))
    done = parts.in_parts("x", counts, work, 2)
    assert done.words.startswith("14, ")
    assert done.found == {"a": ["a1", "a3"], "b": ["b2", "b4"]}
    assert met[3:] == [("b", first + 2, 2)]
    assert parts.in_parts("x", counts, work, 2).words.startswith("14, ")  # anew
    assert len(met) == 8


def test_an_input_follows_from_its_number_alone(fuzz):
    mutations = importlib.import_module("proof.fuzzing.mutations")
    content = mutations.Json({"a": [1, {"b": [2, 3]}], "c": {"d": None}})

    def texts():
        return [
            mutations.json_text(content.mutated(random.Random(number))) for number in range(2000)
        ]

    assert texts() == texts()

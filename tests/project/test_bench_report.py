"""Numbers in the tables of the bench."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TIMES, SHARE = "\N{MULTIPLICATION SIGN}", "share"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "", "0"),
        (1.234e-14, "", "1.2e-14"),
        (1e-5, "", "1.0e-05"),
        (0.0012, "", "0.0012"),
        (0.0949, "us", "0.095 us"),
        (0.5, TIMES, "0.50" + TIMES),
        (1.234, TIMES, "1.23" + TIMES),
        (12.34, "us", "12.3 us"),
        (12345.0, "us", "12,300 us"),
        (0.0168, SHARE, "1.7%"),
        (0.00042, SHARE, "0.042%"),
        (0.0, SHARE, "0%"),
    ],
)
def test_no_number_that_is_not_zero_is_shown_as_zero(value, unit, text, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    quantity = importlib.import_module("bench.report").quantity
    assert quantity(value, unit) == text


@pytest.mark.parametrize(
    ("value", "target", "ceilings", "word"),
    [
        (1.3, 2.4, [1.7, 1.6, 1.8], "peak"),  # no program could
        (1.3, 1.5, [1.7, 1.6, 1.8], "missed"),
        (1.6, 1.5, [1.7, 1.6, 1.8], "met"),
        (1.3, 2.4, [], "missed"),  # nobody knows
    ],
)
def test_a_target_that_the_peak_forbids_is_told_from_a_missed_one(
    value, target, ceilings, word, monkeypatch
):
    monkeypatch.syspath_prepend(ROOT)
    report = importlib.import_module("bench.report")
    results = importlib.import_module("bench.results").Results()
    results.find("case", "vs peer", [value], TIMES, at_least=target, ceilings=ceilings)
    again = type(results).from_json(results.as_json()).findings[0]
    assert str(report.verdict(again)) == word
    assert report._limit(again) == ("at most 1.70" + TIMES if ceilings else "")

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

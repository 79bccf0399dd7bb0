"""Which number a text is, where it can be two."""

import pandas as pd
import pytest
from columns import cycle, kept, learn, table

from fastnn.tabular import TableSchema


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (("$1,371", "$0"), [0, 1371]),
        (("$0", "$1,371", "$12,000", "$125,500"), [0, 1371, 12000, 125500]),
        (("-$1,371", "$250", "($2,125)"), [-2125, -1371, 250]),
        (("$1,371", "$2,450"), [1371, 2450]),  # no bare number, of a country with commas
        (("1,371 EUR", "0 EUR"), [0, 1371]),
        (("£1,371", "0"), [0, 1371]),  # 0 without its unit
        (("$1,371k", "$950k"), [950_000, 1_371_000]),
    ],
)
def test_commas_in_money_separate_thousands_if_no_value_speaks_against_it(texts, numbers):
    values, notices = kept(cycle(*texts))
    assert sorted(set(values.round(0))) == numbers
    commas = [text for text in texts if "," in text]
    assert any(f"{text!r} is read as" in said for said in notices for text in commas)
    target = TableSchema.fit(table(y=cycle(*texts)), "y", task="regression")
    assert sorted(set(target.answers(target.targets(table(y=cycle(*texts)))).round(0))) == numbers


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (("$1,371", "$0,5"), [0.5, 1.371]),
        (("$1,371", "$0,250"), [0.25, 1.371]),  # nobody writes 0,250 for 250
        (("$1,371", "$1,5", "$0"), [0, 1.371, 1.5]),
        (("$1,371", "$1.5", "$0"), [0, 1.5, 1371]),
    ],
)
def test_one_value_that_speaks_for_a_mark_decides(texts, numbers):
    assert sorted(set(kept(cycle(*texts))[0].round(3))) == pytest.approx(numbers)


@pytest.mark.parametrize(
    "texts",
    [
        ("1,371", "0"),
        ("1,371 kg", "0 kg"),
        ("€1,459", "€1,389"),  # of a litre
        ("$1.371", "$0"),
        ("1.371 €", "0 €"),
        ("$1.371", "$1,371"),
    ],
)
def test_what_stays_open_is_refused_with_the_way_out(texts):
    with pytest.raises(
        ValueError, match=r"can mean two numbers; say what the decimal mark is.*--decimal"
    ):
        learn(cycle(*texts))


def test_new_amounts_are_read_by_the_mark_of_training():
    schema = learn(cycle("$1,371", "$0"))
    new = pd.DataFrame({"c": ["$2,000", "$0,5"], "x": 0.5})
    assert "1 row with no numbers, as '$0,5' in row 1" in schema.unreadable(new)[0]

"""Which number a text is, where it can be two."""

import json

import numpy as np
import pandas as pd
import pytest
from columns import M, cycle, kept, learn, table
from stopwatch import Stopwatch

from fastnn.reading.notation import _NUMBER, PLAIN, Notation, learn_notation, unit_of
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


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda v: f"{v:.2f}".replace(".", ","), "'-1,50' is read as -1.5"),
        (lambda v: f"{v + 2000:,.2f}", "'1,998.50' is read as 1998.5"),
        (lambda v: f"{v + 2000:,.2f}".translate({44: 46, 46: 44}), "'1.998,50' is read as 1998.5"),
        (lambda v: f"{v + 2000:,.2f}".replace(",", " "), "'1 998.50' is read as 1998.5"),
        (lambda v: f"{v:.2f} kg", "'-1.50 kg' is read as -1.5"),
        (lambda v: f"${v:.2f}", r"'\$-1.50' is read as -1.5"),
        (lambda v: f"{v:.2f}%", "'-1.50%' is read as -1.5"),
        (lambda v: f"({-v:.2f})" if v < 0 else f"{v:.2f}", r"'\(1.50\)' is read as -1.5"),
        (lambda v: f"{v:.2f}".replace("-", "\N{MINUS SIGN}"), "'.1.50' is read as -1.5"),
        (lambda v: f" {v:.2f} ", None),
    ],
)
def test_numbers_stay_numbers_however_they_are_written(write, said):
    expected = np.linspace(-1.5, 7.35, M)
    values, notices = kept([write(v) for v in expected])
    shift = 2000 if "98" in write(-1.5) else 0
    np.testing.assert_allclose(values, expected.round(2) + shift, atol=0.005 + 1e-6 * shift)
    if said is None:
        assert notices == []
    else:
        assert len(notices) == 1
        assert pd.Series(notices).str.match(f"Column 'c' is numbers: {said}\\.").all()


@pytest.mark.parametrize("mark", ["-", "?", ".", "n.a.", "None", "N/A", "#VALUE!", " - ", "oops"])
def test_marks_among_numbers_are_gaps(mark):
    numbers = (np.arange(M) * 7 % M / 8).tolist()
    values = [mark if i % 8 == 0 else f"{v}" for i, v in enumerate(numbers)]
    frame, gaps = (
        table(c=values),
        table(c=[None if i % 8 == 0 else v for i, v in enumerate(numbers)]),
    )
    schema, expected = (TableSchema.fit(each, target="y") for each in (frame, gaps))
    assert schema.columns == expected.columns
    np.testing.assert_array_equal(schema.inputs(frame), expected.inputs(gaps))
    assert expected.notices == []
    known = (
        []
        if mark == "N/A"
        else [f"Column 'c' is numbers: 8 rows with {mark.strip()!r} count as missing."]
    )
    assert schema.notices == known


def test_limits_are_numbers_and_mixtures_are_told():
    assert kept([f"<0.{i + 1}" if i < 5 else f"{i}" for i in range(M)])[0][:6] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.5, 5], abs=1e-5
    )
    schema = learn([f"{7 * i % M}" if i % 3 else f"A{i % 7}" for i in range(M)])
    assert schema.notices == [
        "Column 'c': 20 rows hold texts among numbers, as 'A0': all of it is read as categories."
    ]


@pytest.mark.parametrize("units", [("kg", "g"), ("$", "€"), ("m", "ft", "km")])
def test_numbers_of_several_units_are_no_numbers_and_that_is_told(units):
    rng = np.random.default_rng(0)
    values = [f"{rng.uniform(1, 9):.3f} {units[i % len(units)]}" for i in range(M)]
    frame = table(c=[v if units[0] != "$" else "".join(v.split()[::-1]) for v in values])
    schema = TableSchema.fit(frame, "y")
    assert "c" in schema.dropped
    said = [text for text in schema.notices if text.startswith("Column 'c' is numbers")]
    assert len(said) == 1
    assert "several units" in said[0]
    assert all(unit in said[0] for unit in units)
    with pytest.raises(ValueError, match=r"none that is usable.*several units"):
        TableSchema.fit(frame.drop(columns="x"), "y")


@pytest.mark.parametrize(
    "units",
    [
        ("kg", "Kg", "KG"),
        ("lbs", "LBS", "lb"),
        ("l", "L"),
        ("EUR", "eur"),
        ("min", "Min"),
        ("W", "w"),
    ],
)
def test_capitals_make_no_other_unit(units):
    values = [f"{7 * i % M + 0.5} {units[i % len(units)]}" for i in range(M)]
    schema = learn(values)
    assert schema.input_names == ["x", "c"]
    assert not any("several" in text or "missing" in text for text in schema.notices)
    expected = learn([f"{7 * i % M + 0.5} {units[0]}" for i in range(M)])
    frame = table(c=values)
    np.testing.assert_array_equal(schema.inputs(frame), expected.inputs(frame))
    assert schema.review(frame) == []


@pytest.mark.parametrize("units", [("mW", "MW"), ("kb", "kB"), ("mm", "Mm"), ("Mbps", "MBps")])
def test_capitals_that_make_another_unit_are_told(units):
    said = learn([f"{7 * i % M + 0.5} {units[i % 2]}" for i in range(M)]).notices
    assert any("several units" in text for text in said)


def test_the_most_frequent_spelling_is_the_unit():
    texts = {f"{i} {unit}": 1 for i, unit in enumerate(("kg", "g", "g", "Kg", "kg"))}
    assert learn_notation(texts)[0].unit == "kg"
    assert Notation(unit="KG").number("5 kg") == 5
    assert Notation(unit="mW").number("5 MW") is None


def test_a_column_of_numbers_and_texts_is_never_silently_categories():
    rng = np.random.default_rng(0)
    said = learn([f"{rng.normal():.3f}" if i % 2 else "low" for i in range(M)]).notices
    assert any("hold texts among numbers, as 'low'" in text for text in said)
    codes = learn([str(i % 5) if i % 2 else "low" for i in range(M)]).notices
    assert not any("among numbers" in text for text in codes)


def test_the_decimal_mark_can_be_named():
    values = cycle("1,234", "900")
    assert sorted(set(kept(values, decimal=".")[0].round(3))) == [900, 1234]
    assert sorted(set(kept(values, decimal=",")[0].round(3))) == pytest.approx([1.234, 900])
    with pytest.raises(ValueError, match="unknown decimal mark ';'"):
        learn(values, decimal=";")


def test_missing_values_can_be_named():
    frame = table(c=cycle(5.0, -999.0, 7.0), d=cycle("NA", "DE", "?"))
    schema = TableSchema.fit(frame, target="y", missing=["-999", "?"])
    assert schema.input_names == ["x", "c", "c is missing", "d is missing", "d=DE", "d=NA"]
    assert schema.columns[1].low == 5
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    np.testing.assert_array_equal(again.inputs(frame), schema.inputs(frame))
    assert TableSchema.fit(frame, target="y").input_names[2:] == ["d is missing", "d=?", "d=DE"]


@pytest.mark.parametrize("mark", [-999, 9999, -99.0])
def test_far_nines_can_be_gaps_and_are_told(mark):
    values = np.array(cycle(*np.linspace(-3, 4, 8)))
    values[[5, 17, 40]] = mark
    for name in ("a", "y"):
        frame = table(a=cycle(1.5, 2.5, 0.5), y=cycle(*range(30)), b=cycle(*range(7)))
        frame[name] = values
        said = TableSchema.fit(frame, "y", task="regression").notices
        (told,) = (text for text in said if "stand for a gap" in text)
        assert told == (
            f"Column {name!r}: {mark:g} in 3 rows, far from the other values, -3 to 4, can stand "
            f"for a gap; if it does: missing=['{mark:g}'], --missing {mark:g}."
        )
        without = TableSchema.fit(frame, "y", task="regression", missing=[f"{mark:g}"]).notices
        assert not any("stand for a gap" in text for text in without)


@pytest.mark.parametrize(
    ("marks", "others", "told"),
    [
        (
            (-9, -8),
            range(60),
            "-9 and -8 in 24 rows, of another sign than the other values, 0 to 59",
        ),
        ((-9,), range(60), "-9 in 12 rows, of another sign than"),
        ((98, 99), range(6), "98 and 99 in 24 rows, far from the other values, 0 to 5"),
        ((777, 999), range(60), "777 and 999 in 24 rows, far from the other values, 0 to 59"),
        ((-999, -99), range(60), "-999 and -99 in 24 rows, far from the other values, 0 to 59"),
        ((-9, -8), range(-7, 60), None),
        ((-9, -8), range(4), None),
        ((98,), range(6), None),
        ((98, 99), range(50), None),
        ((-3, -2), range(60), None),
    ],
)
def test_codes_of_surveys_for_gaps_are_told_together(marks, others, told):
    values = [mark for mark in marks for _ in range(12)] + [*others] * 8
    frame = pd.DataFrame({"v": np.array(values, float), "y": np.arange(len(values)) % 97.0})
    said = [text for text in TableSchema.fit(frame, "y").notices if "stand for" in text]
    assert len(said) == (told is not None)
    if told:
        assert told in said[0]
        assert f"--missing {','.join(map(str, marks))}." in said[0]
        marks = list(map(str, marks))
        left = TableSchema.fit(frame, "y", missing=marks).notices
        assert not any("stand for" in text for text in left)


@pytest.mark.parametrize("values", [(-999, 1500), (99, 60, 100), (9, 1, 2), (998, 1, 2)])
def test_other_numbers_stand_for_no_gap(values):
    said = TableSchema.fit(table(a=cycle(*values), y=cycle(*range(30))), "y").notices
    assert not any("stand for a gap" in text for text in said)


@pytest.mark.parametrize(
    ("texts", "count"),
    [(("5.5 kg", "7", "8.25 kg"), 20), (("0", "12%", "0.5"), 20), (("0", "1 km"), 0)],
)
def test_numbers_without_the_unit_of_the_others_are_told(texts, count):
    unit = next(text for text in texts if not text[-1].isdigit()).lstrip("0123456789. ")
    schema = TableSchema.fit(table(a=cycle(*texts), y=cycle(*range(30))), "y")
    told = f"{count} rows without {unit!r} count as if they had it"
    assert any(told in text for text in schema.notices) == bool(count)
    new = pd.DataFrame({"a": [f"3{unit}", "4", None, "0", "5.5"], "x": 0.5})
    (said,) = (text for text in schema.review(new) if "without" in text)
    assert said == f"Column 'a': 2 rows without {unit!r} count as if they had it, as 4 in row 1."
    (said,) = (text for text in schema.review(new[:2].assign(a=[0, 7.0])) if "without" in text)
    assert said == f"Column 'a': 1 row without {unit!r} counts as if it had it, as 7.0 in row 1."
    assert not any("without" in text for text in schema.review(new[:1]))


@pytest.mark.parametrize("unit", ["", " EUR", " kg", "%"])
def test_three_digits_after_a_point_beside_whole_numbers_can_be_thousands(unit):
    mixed = cycle(*(f"{text}{unit}" for text in ("950", "1.540", "12.300")))
    for frame in (table(c=mixed), table(y=mixed)):
        with pytest.raises(ValueError, match=r"'1.540.*' in row 1 can mean two numbers.*--decimal"):
            TableSchema.fit(frame, "y", task="regression")
    assert sorted(set(kept(mixed, decimal=",")[0].round(1))) == [950, 1540, 12300]
    assert sorted(set(kept(mixed, decimal=".")[0].round(3))) == [1.54, 12.3, 950]
    sure = cycle(*(f"{text}{unit}" for text in ("950", "1.540", "1.540.000")))
    assert sorted(set(kept(sure)[0].round(0))) == [950, 1540, 1540000]


@pytest.mark.parametrize(
    "texts",
    [
        ("1.540", "2.125", "12.345"),
        ("950", "1.540", "0.950"),
        ("950", "1.540", "12.5"),
        ("950", "1.540", "1234.567"),
        ("950", "1.540", "1.540e2"),
    ],
)
@pytest.mark.parametrize("unit", ["", " kg"])
def test_decimals_stay_decimals(texts, unit):
    values, _ = kept(cycle(*(text + unit for text in texts)))
    expected = sorted({round(float(text), 3) for text in texts})
    assert sorted(set(values.round(3))) == pytest.approx(expected, rel=1e-6)


def test_a_new_cell_that_can_be_thousands_is_no_number():
    schema = TableSchema.fit(table(c=cycle("2000 kg", "950 kg", "3000 kg")), "y")
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    new = pd.DataFrame({"c": ["2000 kg", "2.000 kg", "2.5 kg"], "x": 0.5})
    gap = schema.inputs(new.assign(c=["2000 kg", None, "2.5 kg"]))
    for each in (schema, again):
        np.testing.assert_array_equal(each.inputs(new), gap)
        assert each.unreadable(new) == [
            "Column 'c': 1 row with no numbers, as '2.000 kg' in row 1 (it can mean two numbers, "
            "and training has none with a decimal mark), counts as missing."
        ]
    decimals = TableSchema.fit(table(c=cycle("2.000 kg", "3.125 kg")), "y")
    assert decimals.unreadable(new[1:]) == []


def test_integers_of_pandas_are_known_to_be_whole():
    frame = table(c=[100 + 7 * i % M for i in range(M)], d=np.arange(M) + 0.5, e=cycle("x", "y"))
    schema = TableSchema.fit(frame, "y")
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    new = pd.DataFrame({"c": ["200", "2.000", "2.5"], "d": 1.5, "e": "x", "x": 0.5})
    for each in (schema, again):
        assert (each.whole_columns, each.text_columns) == (["c"], ["e"])
        gap = each.inputs(new.assign(c=[200, None, 2.5]))
        np.testing.assert_array_equal(each.inputs(new), gap)
        assert "'2.000' in row 1 (it can mean two numbers" in each.unreadable(new)[0]
        assert each.unreadable(new.assign(c=[200, 2.0, 2.5])) == []


@pytest.mark.parametrize(
    "texts", [("12B", "13", "14"), ("300K", "295.5", "301.5K"), ("2k", "950", "3k")]
)
def test_a_letter_on_a_part_of_the_numbers_that_may_be_no_factor_is_refused(texts):
    for frame in (table(c=cycle(*texts)), table(y=cycle(*texts))):
        with pytest.raises(
            ValueError, match=r"expected '\w' at all numbers, .*'(950|13|295.5)' in row"
        ):
            TableSchema.fit(frame, "y", task="regression")
    assert learn(cycle(*texts), categorical="c").n_inputs == 4


def test_a_letter_on_all_numbers_that_may_be_no_factor_is_a_unit():
    values, _ = kept(cycle("15k", "9k", "0"))
    assert sorted(set(values.round(3))) == pytest.approx([0, 9, 15])
    schema = learn(cycle("15k", "9k", "22k"))
    new = pd.DataFrame({"c": ["950", "9k", "0"], "x": 0.5})
    assert [text[:60] for text in schema.unreadable(new)] == [
        "Column 'c': 1 row with no numbers, as '950' in row 0, counts"
    ]
    assert learn(cycle("1.5 m", "950", "2.5 m")).columns[1].high == 950  # metres


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (("1.5k", "950", "2.25k"), (1500, 950, 2250)),
        (("1.5K", "0.95K", "0"), (1500, 950, 0)),
        (("€110.5M", "€900K", "€0"), (110_500_000, 900_000, 0)),
        (("$1.5k", "$950"), (1500, 950)),
        (("1.5k EUR", "900 EUR"), (1500, 900)),
        (("1.5k€", "2k€"), (1500, 2000)),
        (("3 Mio. EUR", "950 Tsd. EUR", "2 Mrd EUR"), (3e6, 950e3, 2e9)),
        (("3 million", "950", "1.5 millions"), (3e6, 950, 1.5e6)),
        (("2M", "3k", "10"), (2e6, 3000, 10)),
        (("42 Lac", "1.4 Cr"), (4.2e6, 1.4e7)),
        (("1,5 Mio. €", "250.000 €"), (1.5e6, 250e3)),
        (("EUR 1.5", "EUR 12"), (1.5, 12)),
        (("Rs. 500", "Rs. 1,50,000", "Rs. 12,34,567.5"), (500, 150_000, 1_234_567.5)),
        (("1,000,000+", "500+", "10+"), (1e6, 500, 10)),
        (("12 B", "250 M"), (12e9, 250e6)),
    ],
)
def test_factors_multiply_and_money_is_a_unit(texts, numbers):
    column = cycle(*texts)
    values, said = kept(column)
    # The inputs are float32.
    np.testing.assert_allclose(values, cycle(*numbers), atol=1e-6 * max(numbers))
    assert any("is read as" in text for text in said)
    schema = learn(column)
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    new = table(c=column).drop(columns="y")
    np.testing.assert_array_equal(again.inputs(new), schema.inputs(new))


def test_long_blanks_are_read_at_once():
    text = "1" + " " * 20_000 + "x y"
    watch = Stopwatch()
    assert PLAIN.number(text) is None
    assert watch.seconds() < 1


@pytest.mark.parametrize(("mark", "told"), [(-1, True), (-999, True), (-2, False)])
def test_a_repeated_mark_of_another_sign_can_be_a_gap(mark, told):
    values = cycle(*range(0, 5000, 333))
    values[7] = values[30] = mark
    said = [text for text in learn(values).notices if "stand for a gap" in text]
    assert len(said) == told
    if told:
        assert f"{mark} in 2 rows, of another sign than the other values, 0 to 4995" in said[0]
        assert f"--missing {mark}." in said[0]
    answers = learn(cycle(-1, 0, 1)).notices
    assert not any("stand for a gap" in text for text in answers)


def test_codes_with_leading_zeros_are_told():
    (said,) = learn(cycle("05948", "10001", "00123")).notices
    assert said == (
        "Column 'c' is numbers: '05948' is read as 5948; if such numbers are codes, name the "
        "column as categorical (--categorical)."
    )
    assert learn(cycle("0", "10", "0.5")).notices == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("57 m2", 57), ("12.5 µg/m3", 12.5), ("24.1 kg/m^2", 24.1), ("7.2 L/100km", 7.2)),
        *(("56.9*", 56.9), ("41.3[1]", 41.3), ("41.3 \u2020", 41.3), ("871.05-", -871.05)),
        *(("$ (871.05)", -871.05), ("($871.05)", -871.05), ("-$5", -5), ("$-5", -5)),
        *(("'56.9", 56.9), ("ca. 57", 57), ("\u20b9 56920/-", 56920), ("CHF 5'692.-", 5692)),
        *(("21st", 21), ("32nd", 32), ("10+ items", 10), ("8,000+", 8000)),
        *(("1. rare", None), ("5-6", None), ("(5", None), ("5*x", None), ("5[123]", None)),
        *(
            ("> 1/4 acre", None),
            ("1/2 cup", None),
            ("7.2 l/100 km", 7.2),
            ("5 mg/24h", 5),
            ("24-", None),
        ),
    ],
)
def test_marks_and_units_behind_a_number(text, number):
    match = _NUMBER.fullmatch(text)
    unit = unit_of(match) if match else ""
    assert Notation(unit=unit).number(text) == number


def test_columns_with_marks_units_and_ordinals_are_numbers():
    values = np.arange(M) % 23 + 0.5
    ends = ["th", "st", "nd", "rd", *["th"] * 6]
    for texts in (
        [f"{v}*" if i % 7 else f"{v}" for i, v in enumerate(values)],
        [f"{v} m2" if i % 2 else f"{v} m²" for i, v in enumerate(values)],
        [f"{v:.2f}-" for v in values],
        [f"{21 + i % 10}{ends[(1 + i) % 10]}" for i in range(M)],
    ):
        assert learn(texts).input_names == ["x", "c"], texts[:3]
    assert learn(cycle("1. rare", "2. some", "3. often")).notices == []

"""Quantities of several units, rates and shares as numbers, and what new rows may hold."""

import json

import numpy as np
import pandas as pd
import pytest
from columns import M, cycle, kept, learn, table
from hypothesis import given, settings
from hypothesis import strategies as st
from stopwatch import Stopwatch

import fastnn
from fastnn.reading.dates import ORDERS
from fastnn.reading.moments import is_date, zone_of
from fastnn.reading.notation import Notation, learn_notation
from fastnn.reading.quantities import quantity
from fastnn.tabular import TableSchema, read_table

# Ways to write a duration of whole hours, minutes and seconds.
DURATIONS = [
    *("{h}h {m}m {s}s", "{h}h{m:02}min{s}", "{h} hours, {m} minutes and {s} seconds"),
    "{h} Std. {m} Min. {s} Sek.",
    *("{h}:{m:02}:{s:02}", "0 days {h:02}:{m:02}:{s:02}", "PT{h}H{m}M{s}S"),
    *("{h}小时{m}分{s}秒", "{h}시간 {m}분 {s}초"),
    *("{all} s", "P0DT{all}S", "0 weeks {h}:{m:02}:{s:02}.0"),
]  # fmt: skip


@settings(deadline=None)
@given(st.integers(0, 999), st.integers(0, 59), st.integers(0, 59))
def test_a_duration_is_the_same_number_however_it_is_written(hours, minutes, seconds):
    total = 3600 * hours + 60 * minutes + seconds
    for form in DURATIONS:
        text = form.format(h=hours, m=minutes, s=seconds, all=total)
        assert quantity(text, "second", "h:mm:ss") == pytest.approx(total, abs=1e-6), text
        assert Notation(unit="hrs").number(text) == pytest.approx(total / 3600, abs=1e-9), text
        if ":" not in text:
            assert quantity(f"-{text}", "second", "time") == -total


@settings(deadline=None)
@given(st.timedeltas(pd.Timedelta("-900D"), pd.Timedelta("900D")))
def test_durations_of_pandas_and_python_are_read(duration):
    text = str(pd.Timedelta(duration).round("us"))
    for each in (text, str(duration)):
        assert quantity(each, "second", "time") == pytest.approx(duration.total_seconds(), abs=1e-6)


@settings(deadline=None)
@given(
    st.one_of(st.text(), st.text("0123456789 .,:/-+PTHMSNkm$€%'\"°年月日\n\t")),
    st.sampled_from(",."),
)
def test_any_text_is_read_or_not(text, decimal):
    for family, unit in {
        "time": "hour",
        "length": "inch",
        "angle": "degree",
        "share": "/5",
    }.items():
        number = quantity(text, unit, family, decimal)
        assert number is None or np.isfinite(number)
    for order in ORDERS:
        assert isinstance(is_date(text, order), bool)
        assert isinstance(zone_of(text, order), str)
    counts = {text + end: 1 for end in ("", " ", "\n", "1", "2", "3", "4")}
    assert learn_notation(counts)[0].decimal in ",."


@pytest.mark.parametrize(
    ("texts", "numbers", "unit"),
    [
        (("1h 20m", "45m", "2h"), [4 / 3, 0.75, 2], "hours"),
        (("1h30", "2h05", "3h"), [1.5, 25 / 12, 3], "hours"),
        (("40 min 20 s", "45 min"), [40 + 1 / 3, 45], "minutes"),
        (("0 days 00:35:00", "0 days 00:50:30"), [35, 50.5], "minutes"),
        (("PT35M", "PT1H10M", "PT50M"), [35, 70, 50], "minutes"),
        (("3 yrs 2 mos", "8 yrs"), [3 + 1 / 6, 8], "years"),
        (("2 years", "1 month", "3 weeks", "1 year"), [2, 1 / 12, 21 / 365.25, 1], "years"),
        (("3M", "6M", "1Y", "10Y", "2Y"), [0.25, 0.5, 1, 10, 2], "years"),
        (("1,5 Std 5 Min", "2 Std"), [1.5 + 1 / 12, 2], "hours"),
        (("2 hours ago", "a day ago", "5 days ago"), [2 / 24, 1, 5], "days"),
        (("5'11\"", "6'0\"", "5'10"), [71, 72, 70], "inches"),
        (("5 ft 11 in", "6 ft", "5 ft"), [71, 72, 60], "inches"),
        (("7 lb 3 oz", "8 lbs"), [7.1875, 8], "pounds"),
        (("40°26'46\"N", "40°30'S"), [40 + 26 / 60 + 46 / 3600, -40.5], "degrees"),
    ],
)
def test_quantities_of_several_units_are_one_number(texts, numbers, unit):
    values, notices = kept(cycle(*texts))
    np.testing.assert_allclose(values[: len(texts)], numbers, rtol=5e-6)
    (said,) = notices
    assert said.startswith("Column 'c' is numbers: ")
    assert said.endswith(f" {unit}.")


def test_hours_and_minutes_may_not_be_plural():
    texts = cycle("2 hrs", "1 hour", "3 h", "1.5 Std.")
    assert kept(texts)[0][:4] == pytest.approx([2, 1, 3, 1.5])
    assert kept(cycle("190 min", "0", "20 min"))[0][:3] == pytest.approx([190, 0, 20])


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (("$17/hr", "$18.50/hr"), [17, 18.5]),
        (("$17 per hour", "$18.50/hr", "$20 an hour"), [17, 18.5, 20]),
        (("€1,234.50 / month", "€950.00/mo"), [1234.5, 950]),
        (("17 km per hour", "20 km/h"), [17, 20]),
        (("20 per week", "15 per week"), [20, 15]),
        (("$35k/year", "$40k/year"), [35000, 40000]),
    ],
)
def test_rates_are_numbers(texts, numbers):
    assert kept(cycle(*texts))[0][: len(texts)] == pytest.approx(numbers)


def test_rates_of_several_units_are_told():
    (said,) = (
        text for text in learn(cycle("$17/hr", "$35000/yr", "$20/hr")).notices if "units" in text
    )
    assert "'$17/hr', '$35000/yr'" in said


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (("4 out of 5", "3 of 5", "4.5 out of 5 stars"), [4, 3, 4.5]),
        (("7/10", "10/10", "3/10"), [7, 10, 3]),
        (("4 out of 5", "9 out of 10"), [0.8, 0.9]),
        ([f"{i}/{i + 4}" for i in range(1, 13)], [i / (i + 4) for i in range(1, 13)]),
        (["1 1/2", "2", *(f"{i}/16" for i in range(1, 16)), "3/8"], [1.5, 2, 1 / 16]),
    ],
)
def test_shares_are_numbers(texts, numbers):
    assert kept(cycle(*texts))[0][: len(numbers)] == pytest.approx(numbers)


@pytest.mark.parametrize(
    "texts",
    [
        *(("0/0", "0/1", "1/1"), ("1/1", "1/2", "2/2"), ("05/10", "06/10"), ("7/3", "12/25")),
        *(("001/2021", "17/2020"), ("3B", "12A", "4C"), ("12 Main Street", "14 Oak Avenue")),
        *(("S", "M", "10 L"), ("2D", "D3"), ("PT", "P"), ("5'30\"", "6'45\"")),
    ],
)
def test_codes_are_no_quantities(texts):
    assert all(name.startswith("c=") for name in learn(cycle(*texts)).input_names[1:])


def test_new_rows_may_be_written_otherwise():
    for values, unit in ((cycle("1h 20m", "45m", "2h"), 1), (cycle("80 min", "45 min"), 60)):
        schema = learn(values)
        schema = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
        texts = [
            "80 min",
            "1h20",
            "1:20:00",
            "PT80M",
            "0 days 01:20:00",
            "1.5 hours",
            "3 kg",
            "soon",
        ]
        new = pd.DataFrame({"x": 0.0, "c": texts})
        numbers = schema.columns_of(new)["c"][:, 0] / unit
        np.testing.assert_allclose(numbers, [4 / 3] * 5 + [1.5, np.nan, np.nan])
        assert schema.unreadable(new) == [
            "Column 'c': 2 rows with no numbers, as '3 kg' in row 6, count as missing."
        ]
        bare = schema.unreadable(new.assign(c="2"))
        assert len(bare) == 1
        assert "count as if they had it" in bare[0]
    schema = learn(cycle("7/10", "3/10"))
    new = pd.DataFrame({"x": 0.0, "c": ["7 out of 10", "14/20", "soon"]})
    np.testing.assert_array_equal(schema.columns_of(new)["c"][:, 0], [7, 7, np.nan])
    times = learn(cycle("00:35:00", "01:20:30"))
    new = pd.DataFrame({"x": 0.0, "c": ["35 min", "0 days 01:20:30", "soon"]})
    np.testing.assert_allclose(24 * 60 * times.columns_of(new)["c: time"][:, 0], [35, 80.5, np.nan])


@pytest.mark.parametrize(
    ("write", "unit", "numbers"),
    [
        (lambda s: f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}", "minutes", 60),
        (lambda s: f"{s // 60}m {s % 60}s", "minutes", 60),
        (lambda s: str(pd.Timedelta(s, "s")), "minutes", 60),
        (lambda s: f"PT{s * 6}S", "hours", 600),
    ],
)
def test_a_target_of_durations_is_a_number_of_a_told_unit(write, unit, numbers, tmp_path):
    seconds = np.random.default_rng(0).permutation(np.arange(M) * 61 + 600)
    texts = [write(int(s)) for s in seconds]
    frame = table(y=texts)
    schema = TableSchema.fit(frame, "y")
    schema = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    assert schema.task == "regression"
    np.testing.assert_allclose(schema.answers(schema.targets(frame)), seconds / numbers)
    said = TableSchema.fit(frame, "y").notices
    assert f"Predictions of 'y' are {unit}." in said
    assert any(text.startswith("Column 'y' is numbers: ") and unit in text for text in said)
    file = tmp_path / "times.csv"
    frame.assign(y=["-", "", *texts[2:]]).to_csv(file, index=False)
    some = TableSchema.fit(read_table(file), "y")
    assert some.notices[0].startswith("2 rows without a y are left out: 1 with '-', 1 empty")


def test_few_times_are_classes_and_that_is_told():
    frame = table(y=cycle("10am", "2pm", "6:30 pm"))
    schema = TableSchema.fit(frame, "y")
    assert schema.classes.tolist() == ["10am", "2pm", "6:30 pm"]
    assert "3 different values, all of them numbers from 10am to 6:30 pm." in schema.notices[0]
    assert TableSchema.fit(frame, "y", task="regression").task == "regression"
    with pytest.raises(ValueError, match="'y' holds dates"):
        TableSchema.fit(table(y=[f"2020-03-{i % 28 + 1:02}" for i in range(M)]), "y")


@pytest.mark.parametrize(
    ("family", "unit"),
    [("time", "kg"), ("length", "hour"), ("ago", "hour"), ("share", "/0"), (3, "h")],
)
def test_a_stored_quantity_has_a_unit_of_its_family(family, unit):
    state = learn(cycle("1h 20m", "45m")).to_dict()
    assert state["readings"]["c"]["family"] == "time"
    state["readings"]["c"] |= {"family": family, "unit": unit}
    with pytest.raises(fastnn.ModelFormatError, match="family"):
        TableSchema.from_dict(state)


def test_hostile_quantities_are_read_in_no_time():
    watch = Stopwatch()
    texts = [
        *("1h " * 10_000, "9" * 100_000, "1" + " " * 100_000, "1h" + "and" * 30_000),
        *("N" * 100_000, "5'" * 50_000, "P" + "1Y" * 50_000, "1 " * 50_000 + "/2"),
    ]
    for text in texts:
        for family in ("time", "months", "length", "angle", "share"):
            unit = {"length": "inch", "angle": "degree", "share": "/5"}.get(family, "hour")
            assert quantity(text, unit, family) is None
    assert watch.seconds() < 1

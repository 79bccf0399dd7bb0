"""Dates: the forms that are read, what they become, and days that training did not have."""

import json

import numpy as np
import pandas as pd
import pytest
from columns import M, cycle, learn, table

import fastnn
from fastnn.reading.dates import DateForm
from fastnn.reading.moments import written_day
from fastnn.tabular import TableSchema, read_table

DAYS = pd.date_range("2019-11-03", periods=M, freq="33h")


@pytest.mark.parametrize(
    "form",
    [
        *("%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%dT%H:%M:%S", "%d %b %Y", "%d-%B-%y", "%b %d, %Y"),
        *("%m/%d/%y", "%d/%m/%Y", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p", "%Y%m%d"),
        *("%A, %B %d, %Y", "%a, %d %b %Y %H:%M:%S GMT", "%a %b %d %H:%M:%S UTC %Y", "%Y-%b-%d"),
        *("%B %dth, %Y", "%Y-%m-%d %H:%M:%S+00", "%Y%m%dT%H%M%SZ", "%Y%m%d%H%M%S"),
        *("%Y_%m_%d", "%d_%m_%Y", "%Y_%m_%d %H:%M"),
    ],
)
def test_dates_become_numbers(form):
    texts = DAYS.strftime(form)
    frame = table(c=texts)
    schema = TableSchema.fit(frame, target="y")
    clock = "%H" in form or "%I" in form
    parts = ["time", "month", "weekday", "hour"] if clock else ["time", "month", "weekday"]
    assert schema.input_names == ["x", *(f"c: {part}" for part in parts)]
    example = f"; {texts[0]!r} is 2019-11-03" * (not form.startswith("%Y-%m-%d"))
    assert schema.notices == [f"Dates are read as numbers: 'c' ({', '.join(parts)}{example})."]
    columns = {column.name: column for column in schema.columns}
    X = pd.DataFrame(schema.inputs(frame), columns=schema.input_names)
    when = DAYS.floor("min") if clock else DAYS.floor("D")
    expected = {
        "time": (when - pd.Timestamp("1970-01-01")) / pd.Timedelta("1D"),
        "month": when.month,
        "weekday": when.day_of_week,
        "hour": when.hour,
    }
    for part in parts:
        column = columns[f"c: {part}"]
        np.testing.assert_allclose(
            X[column.name] * column.scale + column.mean, expected[part], atol=2e-4
        )
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    np.testing.assert_array_equal(again.inputs(frame), schema.inputs(frame))


@pytest.mark.parametrize(
    "values",
    [
        DAYS,
        DAYS.tz_localize("UTC"),
        DAYS.date,
        DAYS.to_period("D"),
        DAYS.strftime("%Y%m%d").astype(int),
    ],
)
def test_columns_of_dates(values):
    frame = table(c=values)
    schema = TableSchema.fit(frame, target="y")
    assert schema.input_names[1:4] == ["c: time", "c: month", "c: weekday"]
    text = table(c=DAYS.strftime("%Y-%m-%d %H:%M"))
    days = TableSchema.fit(text, target="y")
    np.testing.assert_allclose(schema.inputs(frame)[:, 2:4], days.inputs(text)[:, 2:4], rtol=1e-6)


def test_seconds_since_1970_are_dates_where_the_name_says_so():
    seconds = DAYS.to_numpy("datetime64[s]").astype(np.int64)
    for values in (seconds, seconds * 1000, seconds * 10**6, seconds + 0.25, seconds.astype(str)):
        assert TableSchema.fit(table(timestamp=values), "y").input_names[1:3] == [
            "timestamp: time",
            "timestamp: month",
        ]
        assert TableSchema.fit(table(population=values), "y").input_names == ["x", "population"]


@pytest.mark.parametrize("kind", [int, str])
def test_zeros_among_days_as_numbers_stand_for_no_date(kind):
    zeros = np.arange(M) % 9 == 0
    days = DAYS.strftime("%Y%m%d").astype(int).to_series(index=range(M)).mask(zeros, 0)
    frame = table(c=days.astype(kind))
    schema = learn(frame["c"])
    shown = schema.columns_of(frame)["c: time"][:, 0]
    assert np.isnan(shown[zeros]).all()
    assert [written_day(day) for day in shown[~zeros]] == list(DAYS[~zeros].strftime("%Y-%m-%d"))
    zero = "0" if kind is int else "'0'"
    assert schema.notices[0] == f"Column 'c': 7 rows with {zero} count as missing."
    seconds = DAYS.to_numpy("datetime64[s]").astype(np.int64) * ~zeros
    said = TableSchema.fit(table(timestamp=seconds.astype(kind)), "y").notices
    assert any("1970-01-01 in 7 rows, far from the other days" in text for text in said)
    assert any("--missing 0." in text for text in said)


@pytest.mark.parametrize(
    ("write", "days"),
    [
        (lambda d: f"{d.year}-{d.month:02d}", [0, 31, 60]),
        (lambda d: f"{d.year}_{d.month:02d}", [0, 31, 60]),
        (lambda d: f"{d.month}/{d.year}", [0, 31, 60]),
        (lambda d: d.strftime("%b %Y"), [0, 31, 60]),
        (lambda d: d.strftime("%b-%y"), [0, 31, 60]),
        (lambda d: f"{d.year}Q{d.quarter}", [0, 0, 0, 91]),
        (lambda d: f"Q{d.quarter} {d.year}", [0, 0, 0, 91]),
        (lambda d: d.strftime("%G-W%V"), [-2, 26, 54]),
    ],
)
def test_months_quarters_and_weeks_are_their_first_days(write, days):
    texts = [write(day) for day in pd.date_range("2020-01-01", periods=M, freq="MS")]
    days = np.array(days) + 18262  # 2020-01-01
    frame = table(c=texts)
    schema = TableSchema.fit(frame, target="y")
    column = schema.columns[1]
    assert column.name == "c: time"
    X = schema.inputs(frame)[: len(days), 1].astype(float)
    np.testing.assert_allclose(X * column.scale + column.mean, days, atol=2e-4)


@pytest.mark.parametrize(
    ("texts", "hours"),
    [
        (["07:30", "23:45", "0:00"], [7.5, 23.75, 0]),
        (["07:30:36", "23:45:01.8"], [7.51, 23.7505]),
        (["7:30 AM", "12:15 am", "12:15 PM", "1:00 pm"], [7.5, 0.25, 12.25, 13]),
        (["171:24", "0:30", "3:00"], [171.4, 0.5, 3]),
        (["9:45", "00:34.92", "11:06"], [9.75 / 60, 0.0097, 11.1 / 60]),
    ],
)
def test_times_of_a_day_are_numbers(texts, hours):
    frame = table(c=cycle(*texts))
    schema = TableSchema.fit(frame, target="y")
    assert schema.input_names == ["x", "c: time"]
    column = schema.columns[1]
    X = schema.inputs(frame)[: len(hours), 1] * column.scale + column.mean
    np.testing.assert_allclose(24 * X, hours, atol=1e-4)
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    np.testing.assert_array_equal(again.inputs(frame), schema.inputs(frame))


def test_times_below_an_hour_are_minutes_and_seconds_beside_those_with_hours():
    minutes = np.linspace(20, 125, M) // 1
    texts = [f"{m // 60:.0f}:{m % 60:02.0f}:30" if m >= 60 else f"{m:.0f}:30" for m in minutes]
    schema = learn(texts)
    said = schema.notices[0]
    schema = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    frame = table(c=texts)
    np.testing.assert_allclose(24 * schema.columns_of(frame)["c: time"][:, 0] * 60, minutes + 0.5)
    assert said == (
        "Column 'c': '59:30' is read as minutes and seconds, but can be hours and minutes; write "
        "these with seconds: 12:30:00."
    )


@pytest.mark.parametrize(
    ("texts", "hours", "doubt"),
    [
        (["07:30", "23:45:36", "12:00"], [7.5, 23.76, 12], None),
        (["07:30", "9:45 PM", "01:00:36"], [7.5, 21.75, 1.01], None),
        (["171:30", "1:00:36", "100:00"], [171.5, 1.01, 100], "171:30"),
        (["12:30", "1:00:36", "13:00"], [12.5, 1.01, 13], "13:00"),
        (["7:30", "9:00", "8:15", "31:15", "10:00:36"], [7.5, 9, 8.25, 31.25, 10.01], "31:15"),
    ],
)
def test_times_that_can_be_hours_stay_hours_and_doubts_are_told(texts, hours, doubt):
    schema = learn(cycle(*texts))
    shown = schema.columns_of(table(c=cycle(*texts)))["c: time"][: len(hours), 0]
    np.testing.assert_allclose(24 * shown, hours)
    said = [text for text in schema.notices if "can be minutes" in text]
    assert len(said) == (doubt is not None)
    assert all(repr(doubt) in text and "with hours: 0:12:30" in text for text in said)


@pytest.mark.parametrize(
    ("texts", "other", "numbers"),
    [(("59:30", "45:10"), "1:02:11", "two"), (("1:02:11", "2:10:59"), "59:30", "three")],
)
def test_times_of_a_form_that_training_has_not_are_gaps_and_told(texts, other, numbers):
    schema = learn(cycle(*texts))
    new = pd.DataFrame({"x": 0.0, "c": [texts[0], other, "1:00 AM"]})
    shown = schema.columns_of(new)["c: time"][:, 0]
    assert np.isnan(shown[1])
    assert 24 * shown[2] == pytest.approx(1)
    assert schema.unreadable(new) == [
        f"Column 'c': 1 row with no dates, as {other!r} in row 1 (two numbers can be h:mm or "
        f"m:ss; all times of training have {numbers}), counts as missing."
    ]


def test_a_few_mistakes_among_dates_are_gaps():
    texts = [f"2020-03-{i % 28 + 1:02d}" for i in range(M)]
    odd = {3: "soon", 9: "2020-02-31", 12: "-", 20: "0000-00-00", 30: "soon"}
    frame = table(c=[odd.get(i, text) for i, text in enumerate(texts)])
    gaps = table(c=[None if i in odd else text for i, text in enumerate(texts)])
    schema, expected = (TableSchema.fit(each, target="y") for each in (frame, gaps))
    assert schema.columns == expected.columns
    np.testing.assert_array_equal(schema.inputs(frame), expected.inputs(gaps))
    assert schema.notices[0] == (
        "Column 'c': 5 rows with 'soon', '2020-02-31', '-', '0000-00-00' count as missing."
    )
    odd = {i: f"later {i}" for i in range(6)}
    with pytest.raises(
        ValueError, match=r"'c': expected dates, as most .*'later 0' in row 0, and 5"
    ):
        learn([odd.get(i, text) for i, text in enumerate(texts)])


def test_dates_of_two_orders_are_refused():
    values = cycle("25/12/2020", "01/02/2020", "12/25/2020")
    with pytest.raises(ValueError, match="'25/12/2020' has the day first, '12/25/2020' the month"):
        learn(values)
    assert learn(values, categorical="c").n_inputs == 4


def test_text_that_looks_a_little_like_dates_is_none():
    for values in (
        cycle("Mar 5", "Aprilia", "May"),
        cycle("16:9", "4:3", "21:9"),
        cycle("2020-21", "2021-22", "2021-29"),
        cycle("1.2.3", "1.2.15", "0.9.1"),
    ):
        assert all(name.startswith("c=") for name in learn(values).input_names[1:])


def test_texts_with_underscores_are_no_numbers():
    for values in (
        cycle("2020_21", "2021_22"),
        cycle("1_250_000_000", "1_260_000_000"),
        [f"2020_01_0{i % 5 + 1}_{i % 2}" for i in range(M)],
    ):
        for name in ("c", "timestamp"):
            frame = table(**{name: values})
            names = TableSchema.fit(frame, target="y").input_names
            assert names[1:] == [f"{name}={text}" for text in sorted(set(values))]


def test_dates_with_gaps_in_doubt_and_later_than_training():
    frame = table(when=[f"0{i % 3 + 1}/0{i % 7 + 1}/2020" for i in range(M - 1)] + ["-"])
    schema = TableSchema.fit(frame, target="y")
    assert schema.notices[0] == (
        "Column 'when': '01/04/2020' is read as month, day, year, but can be another day: say "
        "which it is (day_first=True or False, --day-first or --month-first); 1 row with '-' count "
        "as missing."
    )
    assert "when: time is missing" in schema.input_names
    later = pd.DataFrame({"x": [0.0, 0.0, 0.0], "when": ["02/03/2020", "05/01/2021", ""]})
    assert schema.review(later) == [
        "Column 'when: time': 1 row after 2020-03-07, the last day of training, on 2021-05-01: "
        "trust them less."
    ]
    others = pd.DataFrame(
        {"x": 0.0, "when": ["03/07/2020", "03/08/2020", "12/31/2020", "12/31/2019"]}
    )
    assert schema.review(others) == [
        "Column 'when: time': 2 rows after 2020-03-07, the last day of training, from 2020-03-08 "
        "to 2020-12-31; 1 row before 2020-01-01, the first day of training, on 2019-12-31: trust "
        "them less.",
        "Column 'when: month': 2 rows far outside the 1 to 3 of training, as 12 in row 2, "
        "count as 5: do not trust their predictions.",
    ]
    np.testing.assert_array_equal(
        schema.inputs(later.assign(when="soon")), schema.inputs(later.assign(when=None))
    )
    assert schema.unreadable(later.assign(when="soon")) == [
        "Column 'when': 3 rows with no dates, as 'soon' in row 0, count as missing."
    ]


@pytest.mark.parametrize(
    "values",
    [
        DAYS,
        DAYS.strftime("%Y-%m-%d"),
        DAYS.strftime("%d %B %Y"),
        DAYS.strftime("%Y%m%d").astype(int),
        DAYS.strftime("%Y-%m-%d").where(np.arange(M) > 1, "05/05/2020"),
    ],
)
def test_an_order_that_training_does_not_show_is_not_guessed(values):
    frame = table(c=values)
    schema = TableSchema.fit(frame, target="y")
    schema = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    sure = {
        **{"25/12/2019": "2019-12-25", "12/25/2019": "2019-12-25", "01/01/2020": "2020-01-01"},
        **{"3.1.2020": "2020-01-03", "3-jan-2020": "2020-01-03", "2020-01-03": "2020-01-03"},
    }
    new = pd.DataFrame({"x": 0.0, "c": [*sure, "03/01/2020", "1-3-2020", "13/13/2020"]})
    shown = schema.columns_of(new)["c: time"][:, 0]
    assert [written_day(day) for day in shown[: len(sure)]] == list(sure.values())
    assert np.isnan(shown[len(sure) :]).all()
    assert schema.unreadable(new) == [
        "Column 'c': 3 rows with no dates, as '03/01/2020' in row 6 (it can be two days; write "
        "2020-03-05, or say day_first at training), count as missing."
    ]
    if isinstance(values, pd.Index) and isinstance(values[0], str):
        for day_first, day in ((True, "2020-01-03"), (False, "2020-03-01")):
            schema = TableSchema.fit(frame, target="y", day_first=day_first)
            assert written_day(schema.columns_of(new)["c: time"][len(sure), 0]) == day


@pytest.mark.parametrize(
    ("form", "years", "shown"),
    [
        ("%m/%d/%y", range(1935, 1999), ("'01/15/69'", "'01/15/68'", "2068-01-15")),
        ("%d-%b-%y", range(1935, 1999), ("'15-Jan-69'", "'15-Jan-68'", "2068-01-15")),
        ("%b-%y", range(1935, 1999), ("'Jan-69'", "'Jan-68'", "2068-01-01")),
        ("%m/%d/%Y", range(1935, 1999), None),
        ("%m/%d/%y", range(1985, 2015), None),
        ("%m/%d/%y", range(2030, 2060), None),
    ],
)
def test_years_of_two_digits_in_two_centuries_are_told(form, years, shown):
    days = [pd.Timestamp(years[i % len(years)], 1, 15).strftime(form) for i in range(M)]
    said = [text for text in learn(days).notices if "century" in text]
    assert (
        said == []
        if shown is None
        else [
            f"Column 'c': {shown[0]} is read as 1969-01-{shown[2][-2:]} and {shown[1]} is read as "
            f"{shown[2]}; if a century is wrong, write years of four digits."
        ]
    )


def test_a_doubt_is_told_of_the_dates_that_are_in_doubt():
    days = [f"2020-0{i % 3 + 1}-15" for i in range(M)]
    for text, order in (("03/05/2020", "month, day"), ("Mon, 03/05/2020", "month, day")):
        said = learn([*days[:-1], text]).notices[0]
        assert said.startswith(f"Column 'c': {text!r} is read as {order}, year, but can be")
    mixed = learn([*days[:-2], "3/5/2020", "3.5.2020"]).notices[0]
    assert "'3/5/2020' is read as day, month, year, but can be another day" in mixed
    assert not any("another day" in text for text in learn([*days[:-1], "3.5.2020"]).notices)


@pytest.mark.parametrize("mark", ["/", "-", "."])
def test_the_day_can_be_said_to_be_first(mark):
    frame = table(when=[f"0{i % 3 + 1}{mark}0{i % 7 + 1}{mark}2020" for i in range(M)])
    for day_first, low in ((True, "2020-07-03"), (False, "2020-03-07")):
        schema = TableSchema.fit(frame, target="y", day_first=day_first)
        assert not any("can be another day" in text for text in schema.notices)
        again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
        (time,) = (column for column in again.columns if column.name == "when: time")
        assert written_day(time.high) == low
        np.testing.assert_array_equal(again.inputs(frame), schema.inputs(frame))
    sure = frame.assign(when=[f"{i % 28 + 1}/03/2020" for i in range(M)])
    schema = TableSchema.fit(sure, target="y", day_first=False)  # 28/03 leaves no doubt
    assert written_day(schema.columns[1].high) == "2020-03-28"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("9999-12-31", "missing=['9999-12-31'], --missing 9999-12-31"),
        ("31.12.9999", "missing=['31.12.9999'], --missing 31.12.9999"),
        ("01.01.1900", "missing=['01.01.1900'], --missing 01.01.1900"),
    ],
)
def test_far_days_can_be_gaps_and_are_told(text, remedy):
    form = "%Y-%m-%d" if text[4] == "-" else "%d.%m.%Y"
    days = pd.date_range("2020-01-01", periods=M).strftime(form).tolist()
    frame = table(c=[*days[:-2], text, text])
    (told,) = (said for said in TableSchema.fit(frame, "y").notices if "stand for a gap" in said)
    assert "in 2 rows, far from the other days, 2020-01-01 to 2020-02-27, can stand" in told
    assert remedy in told
    for fine in (table(c=days), table(c=[*days[:-1], days[0][:-4] + "2031"])):
        if text[4] != "-" or fine["c"].iloc[-1] == days[-1]:
            assert not any("for a gap" in said for said in TableSchema.fit(fine, "y").notices)
    schema = TableSchema.fit(frame, "y", missing=[text])
    assert not any("for a gap" in said for said in schema.notices)


def test_far_days_of_pandas_and_as_numbers_are_told_and_durations_are_not():
    days = pd.Series(pd.date_range("2020-01-01", periods=M).astype("datetime64[s]"))
    days[3] = pd.Timestamp("1900-01-01")
    digits = days.dt.strftime("%Y%m%d").astype(int)
    hours = [f"{24 * (i % 3 + 40)}:00" if i % 9 else "0:30" for i in range(M)]
    for values, remedy in ((days, "pandas.NaT"), (digits, "--missing 19000101."), (hours, None)):
        said = TableSchema.fit(table(time=values), "y").notices
        told = [text for text in said if "stand for a gap" in text]
        assert len(told) == (remedy is not None)
        assert all(remedy in text for text in told)


@pytest.mark.parametrize(
    ("days", "text"), [(0.5, "1970-01-01"), (-1, "1969-12-31"), (1e300, "1e+300 days after 1970")]
)
def test_days_are_written_however_far_away(days, text):
    assert written_day(days) == text


def test_a_stored_column_of_numbers_cannot_be_read_as_dates():
    state = TableSchema.fit(table(c=cycle("2000 kg", "950 kg")), target="y").to_dict()
    state["readings"]["c"] = {"kind": "dates", "order": "dmy", "parts": ["time"]}
    with pytest.raises(fastnn.ModelFormatError, match="expected numbers for 'c'"):
        TableSchema.from_dict(state)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        *[("12. März 2020", 3), ("12. Mrz. 2020", 3), ("12. Dez 2020", 12), ("12. Jänner 2020", 1)],
        *[("12 août 2020", 8), ("1er févr. 2020", 2), ("12 de mayo de 2020", 5), ("3-ene-2020", 1)],
        *[("12 mrt 2020", 3), ("12 giugno 2020", 6), ("12 de setembro de 2020", 9)],
        *[("12 jui 2020", None), ("12 may0 2020", None), ("12 apples 2020", None)],
    ],
)
def test_months_in_other_languages(text, month):
    days = DateForm("dmy").days(text)
    assert (None if days is None else int(written_day(days)[5:7])) == month


@pytest.mark.parametrize("name", ["month", "c"])
@pytest.mark.parametrize("kind", [int, str])
def test_numbers_of_months_are_dates_where_the_name_says_so(name, kind):
    months = pd.period_range("2015-01", periods=M, freq="M")
    schema = TableSchema.fit(table(**{name: months.strftime("%Y%m").astype(kind)}), "y")
    if name == "c":
        assert schema.input_names == ["x", "c"]
        return
    assert schema.input_names == ["x", *(f"month: {part}" for part in ("time", "month"))]
    assert "2015-01-01 to 2019-12-01, mean" in str(schema)
    not_all = months.strftime("%Y%m").astype(int).where(np.arange(M) != 7, 201713)
    assert TableSchema.fit(table(month=not_all), "y").input_names == ["x", "month"]


MONTHS = pd.date_range("2015-01-01", periods=M, freq="MS")


def months(form):
    return [form.format(m=day.month, y=day.year) for day in MONTHS]


@pytest.mark.parametrize("values", [months("{m:02}.{y}"), months("{m}.{y}")])
def test_months_before_a_point_and_the_year_are_dates(values, tmp_path):
    file = tmp_path / "months.csv"
    table(c=values).to_csv(file, index=False)
    days = MONTHS.to_numpy("datetime64[D]").astype(float)
    for frame in (table(c=values), table(c=list(map(float, values))), read_table(file)):
        schema = TableSchema.fit(frame, "y")
        schema = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
        for new in (table(c=values), table(c=list(map(float, values))), read_table(file)):
            np.testing.assert_array_equal(schema.columns_of(new)["c: time"][:, 0], days)
    schema = learn([*values[:-3], "soon", "-", ""])
    np.testing.assert_array_equal(schema.columns_of(table(c=values))["c: time"][:, 0], days)
    with pytest.raises(ValueError, match="'y' holds dates"):
        TableSchema.fit(table(y=values), "y")
    numbers = table(y=list(map(float, values)))
    with pytest.raises(ValueError, match=r"'y' holds dates, as \d+\.20.* say which"):
        TableSchema.fit(numbers, "y")
    assert TableSchema.fit(numbers, "y", task="regression").task == "regression"
    assert TableSchema.fit(table(c=values), "y", numeric="c").input_names == ["x", "c"]


@pytest.mark.parametrize(
    "values",
    [
        [f"1.{1905 + 3 * i}" for i in range(M)],
        [f"{i % 12 + 1}.2" for i in range(M)],
        [f"{i % 12 + 1}.{19 + i % 2}" for i in range(M)],
        [f"{i % 13 + 1}.2021" for i in range(M)],
        [f"{i % 12 + 1}.{2090 + i}" for i in range(M)],
    ],
)
def test_numbers_that_are_no_months_stay_numbers(values, tmp_path):
    file = tmp_path / "numbers.csv"
    table(c=values).to_csv(file, index=False)
    numbers = list(map(float, values))
    assert read_table(file)["c"].tolist() == numbers
    for each in (values, numbers):
        assert learn(each).input_names == ["x", "c"]
    if values[0].startswith("1."):
        assert learn([*values[:-2], "-", ""]).input_names == ["x", "c", "c is missing"]


@pytest.mark.parametrize("mark", ["/", "-"])
def test_seasons_are_their_first_year_and_no_months(mark):
    years = [2001 + i % 11 for i in range(M)]
    frame = table(c=[f"{year}{mark}{(year + 1) % 100:02}" for year in years])
    schema = TableSchema.fit(frame, "y")
    schema = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    assert schema.input_names == ["x", "c: time"]
    new = pd.DataFrame({"x": 0.0, "c": [f"1999{mark}00", f"2012{mark}13", f"2012{mark}12"]})
    days = schema.columns_of(new)["c: time"][:, 0]
    assert [written_day(day) for day in days[:2]] == ["1999-01-01", "2012-01-01"]
    assert np.isnan(days[2])
    classes = TableSchema.fit(table(y=frame["c"].where(np.arange(M) % 11 < 3, "2003/04")), "y")
    assert classes.task == "classification"
    months = table(c=[f"{year}{mark}{i % 12 + 1:02}" for i, year in enumerate(years)])
    assert "c: month" in TableSchema.fit(months, "y").input_names


def test_the_notice_on_dates_shows_how_one_is_read():
    for values, shown in (
        (cycle("3.9.18", "3.10.13"), "'3.9.18' is 2018-09-03"),
        (cycle(None, "21:15", "10:30"), "'21:15' is 21.25 hours"),
        ([20200301 + i % 28 for i in range(M)], "20200301 is 2020-03-01"),
    ):
        assert f"; {shown})." in learn(values).notices[-1]
    assert ";" not in learn(DAYS).notices[-1]


def test_days_that_follow_each_other_are_no_counter_of_rows():
    days = pd.date_range("2019-11-03", periods=M, freq="D").strftime("%Y-%m-%d")
    assert learn(days).input_names == ["x", "c: time", "c: month", "c: weekday"]


def test_a_day_that_does_not_vary_is_left_out_by_its_name():
    frame = table(c=["2020-03-05"] * M)
    schema = TableSchema.fit(frame, "y")
    assert schema.dropped == {"c": "it is 2020-03-05 in all rows"}
    assert schema.notices == ["Column 'c' is left out: it is 2020-03-05 in all rows."]
    assert schema.review(frame) == []


def test_days_are_told_as_days():
    days = DAYS.strftime("%Y-%m-%d").where(np.arange(M) % 7 > 0, None)
    shown = str(learn(days))
    assert "2019-11-04 to 2020-01-23, mean 2019-12-13; gaps become 2019-12-14 and are" in shown
    schema = learn(DAYS.strftime("%Y-%m-%d"))
    said = schema.review(pd.DataFrame({"c": [None, "2019-11-05"], "x": 0.5}))
    assert said[0].endswith("and was in none of training: 2019-12-13 is put there.")


@pytest.mark.parametrize("kind", [int, float])
def test_a_target_of_days_as_numbers_is_refused_unless_it_is_asked_for(kind):
    frame = table(y=DAYS.strftime("%Y%m%d").astype(kind))
    with pytest.raises(ValueError, match=r"'y' holds dates, as 20191103.* in row 0: .* say which"):
        TableSchema.fit(frame, "y")
    assert TableSchema.fit(frame, "y", task="regression").task == "regression"


@pytest.mark.parametrize("form", ["%m.%Y", "%Y-%m", "%Y-%m-01", "%b %Y"])
def test_months_have_no_weekday(form):
    days = pd.Timestamp("2015-01-01") + pd.to_timedelta(37 * np.arange(M), "D")
    assert learn(days.strftime(form)).input_names[-2:] == ["c: time", "c: month"]


@pytest.mark.parametrize(
    ("times", "said"), [("{}:00", "11:00"), ("{}:30:20", "11:30:20"), ("{}:05", "11:05")]
)
def test_the_time_that_fills_a_gap_is_written_as_a_time(times, said):
    clock = cycle(*(times.format(hour) for hour in range(7, 16)))
    schema = learn(clock)
    frame = pd.DataFrame({"x": np.zeros(2), "c": [clock[0], None]})
    assert f"was in none of training: {said} is put there." in " ".join(schema.review(frame))

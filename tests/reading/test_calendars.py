"""Dates by quarters and weeks, in marks of East Asia, with names of days and of zones."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from columns import M, learn, table
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnn.reading.moments import days_in
from fastnn.tabular import TableSchema

# Each writes a moment of a whole minute.
MOMENTS = [
    "{d:%Y-%m-%d %H:%M}",
    "{d.year}年{d.month}月{d.day}日 {d:%H:%M}",
    "{d.year}年{d.month}月{d.day}日{d.hour}時{d.minute}分",
    "{d.year}년 {d.month}월 {d.day}일 {d.hour}시 {d.minute}분",
    "{d:%a %b} {d.day:>2} {d:%H:%M}:00 CET {d.year}",
    "{d:%a %d %b %Y %I:%M:%S %p CET}",
    "{d:%a %b %d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)",
    "{d:%Y-%m-%d %H:%M} PST",
    "{d:%Y-%m-%d %H:%M:%S} +0000 UTC",
    "{d:%Y-%m-%dT%H:%M}+00:00[Etc/UTC]",
    "{d:%d.%m.%Y %I:%M} {half}",
    "Do, {d:%d.%m.%Y %H:%M}",
    "jeudi {d:%d.%m.%Y %H:%M}",
    "{d.day} {d:%B %Y} at {d:%H:%M}",
    "{d:%d%b%Y:%H:%M:%S}",  # as SAS
]


@settings(deadline=None)
@given(st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")))
def test_a_moment_is_the_same_number_however_it_is_written(moment):
    moment = moment.replace(second=0, microsecond=0)
    days = (moment - pd.Timestamp(0)) / pd.Timedelta("1D")
    half = "a.m." if moment.hour < 12 else "p. m."
    for form in MOMENTS:
        text = form.format(d=moment, half=half)
        assert days_in(text, "dmy") == pytest.approx(days, abs=1e-7), text


@settings(deadline=None)
@given(st.dates(pd.Timestamp("1900-01-01").date(), pd.Timestamp("2099-12-31").date()))
def test_a_quarter_a_half_and_a_week_are_the_same_day_however_they_are_written(day):
    stamp = pd.Timestamp(day)
    forms = {
        stamp.to_period("Q").start_time: (
            "Q{q}/{y}", "{y}/Q{q}", "{y}Q{q}", "{y}-Q{q}", "Q{q} {y}", "{q}Q{y}", "FY{y} Q{q}",
            "Q{q} FY{y}", "{q}. Quartal {y}", "T{q} {y}",
        ),
        stamp.replace(month=6 * (stamp.month > 6) + 1, day=1): ("H{h} {y}", "{y}H{h}", "{h}H/{y}"),
        stamp - pd.Timedelta(days=day.weekday()): (
            "{g}W{w:02}", "{g} W{w:02}", "{g}-W{w:02}", "KW {w}/{g}", "KW{w:02} {g}", "Week {w} {g}"
        ),
        stamp: ("{g}-W{w:02}-{u}", "{g}W{w:02}{u}", "{y}年{m}月{d}日", "{y}-{j:03}",
            "{y}-{m:02}-{d:02} ({n})", "{d:02}{o}{y}"),
        stamp.replace(day=1): ("{y}-{m:02}", "{o}{y}", "{o} {y}", "{m}/{y}"),
        stamp.replace(month=1, day=1): ("{y}",),
    }  # fmt: skip
    year, week, weekday = day.isocalendar()
    names = {"q": stamp.quarter, "h": 1 + (day.month > 6), "g": year, "w": week, "u": weekday}
    names |= {"y": day.year, "m": day.month, "d": day.day, "j": stamp.day_of_year}
    names |= {"n": f"{day:%a}", "o": f"{day:%b}"}
    for first, texts in forms.items():
        for form in texts:
            text = form.format(**names)
            assert days_in(text, "ymd") == (first - pd.Timestamp(0)).days, text


@pytest.mark.parametrize(
    "text",
    [
        *("Q5/2021", "H3 2021", "2021 Q1 2022", "Q321", "H1N1", "T1", "2021-W54", "2021-W03-8"),
        *("2021-366", "2021-000", "Sep13", "5kg20", "2013-02-12 (2)", "1899", "20:13"),
        *("2020年13月5日", "Version 3.9.2018", "So 5", "2020-03-05 10:00 cet", "10:00 CET"),
    ],
)
def test_what_is_no_date(text):
    assert days_in(text, "dmy") is None


@pytest.mark.parametrize(
    ("form", "parts"),
    [
        ("Q{d.quarter}/{d.year}", ("time", "month")),
        ("{d:%G-W%V-%u}", ("time", "month", "weekday")),
        ("{d.year}년 {d.month}월", ("time", "month")),
        ("{d.year}/{e.year}", ("time",)),
        ("{d:%I:%M} a.m.", ("time",)),
        ("{d.hour} p.m.", ("time",)),
    ],
)
def test_columns_of_other_dates(form, parts):
    days = pd.date_range("2015-01-01", periods=M, freq="73D") + pd.to_timedelta(
        np.arange(M) % 11 * 61, "min"
    )
    texts = [form.format(d=day, e=day + pd.DateOffset(years=1)) for day in days]
    schema = learn(texts)
    assert schema.input_names == ["x", *(f"c: {part}" for part in parts)]
    assert any(repr(texts[0]) in said for said in schema.notices)


def moments(*zones):
    days = pd.date_range("2020-01-01", periods=M, freq="31h")
    return [f"{day:%Y-%m-%d %H:%M}{zones[i % len(zones)]}" for i, day in enumerate(days)]


def test_the_name_of_a_zone_does_not_count_if_it_is_the_same_in_all_rows():
    schema = learn(moments(" CET"))
    schema = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    new = table(c=moments(""))
    np.testing.assert_array_equal(schema.inputs(table(c=moments(" CET"))), schema.inputs(new))
    assert not any("zone" in said for said in learn(moments(" CET")).notices)
    assert schema.unreadable(table(c=moments(" CET", " CEST"))) == [
        f"Column 'c': 30 rows with no dates, as {moments(' CEST')[1]!r} in row 1 (training has no "
        "zone CEST; write the offset, as +01:00), count as missing."
    ]
    later = moments("+01:00")[:1]
    column = schema.columns_of(pd.DataFrame({"x": 0.0, "c": later}))["c: time"]
    assert column[0, 0] == 18262 - 1 / 24


@pytest.mark.parametrize("zones", [(" CET", " CEST"), (" PST", ""), (" PST", " UTC")])
def test_names_of_several_zones_are_told(zones):
    schema = learn(moments(*zones))
    first, second = moments(*zones)[:2]
    assert schema.notices[0] == (
        f"Column 'c': {first!r} and {second!r} are read as of one zone: names of zones do not "
        "count, +01:00 would."
    )
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    frame = table(c=moments(*zones))
    np.testing.assert_array_equal(again.inputs(frame), schema.inputs(table(c=moments(""))))
    assert again.unreadable(frame) == []


def test_years_beside_whole_dates_are_their_first_days():
    days = pd.date_range("2001-03-05", periods=M, freq="97D")
    texts = [f"{day:%Y}" if i % 3 == 1 else f"{day:%Y-%m-%d}" for i, day in enumerate(days)]
    schema = learn(texts)
    assert "c: time" in schema.input_names
    assert re.search(r"'20\d\d' is read as its first day", "".join(schema.notices))
    assert schema.columns_of(table(c=texts))["c: time"][1, 0] == (
        (pd.Timestamp(f"{texts[1]}-01-01") - pd.Timestamp(0)).days
    )


def test_years_with_gaps_are_numbers():
    texts = [str(2001 + i % 17) if i % 4 else "?" for i in range(M)]
    assert "c: time" not in learn(texts).input_names

"""Units of times, lengths, weights and angles: their names in several languages, and sizes."""

import re
from functools import cache

from fastnn.reading.clocks import CLOCKS

# Names of a unit, the first in English, by its size; m is a minute or a month, by the column.
_TIME = (
    (31_557_600, "year y yr jahr jahre jahren an année annee año ano anno anni jaar jaren 年 년"),
    (2_629_800, "month mo mth mon monat monate monaten mois mes mese mesi meses mês maand maanden "
     "月 个月 個月 か月 ヶ月 개월"),
    (604_800, "week w wk woche wochen semaine semana settimana settimane weken 周 週 週間 주"),
    (86_400, "day d tag tage tagen tg j jour dia día giorno giorni dag dagen 天 日 일"),
    (3_600, "hour h hr std stunde stunden heure hora ora ore uur uren 时 時 小时 小時 時間 시간"),
    (60, "minute min mn minuten minuto minuti minuut 分 分钟 分鐘 분"),
    (1, "second s sec sek sekunde sekunden seconde segundo secondo secondi 秒 초"),
    (1e-3, "millisecond ms msec"),
    (1e-6, "microsecond \u00b5s \u03bcs"),
    (1e-9, "nanosecond ns"),
)  # fmt: skip
MONTH, DAY, HOUR, MINUTE, SECOND = 1, 3, 4, 5, 6  # their places
# Units of a family become smaller. "months" are times whose m is a month.
UNITS = {
    "time": _TIME,
    "months": _TIME,
    "length": ((12, "foot ft feet ' \u2032 \u2019"), (1, "inch in inche \" \u2033 \u201d ''")),
    "weight": ((224, "stone st"), (16, "pound lb"), (1, "ounce oz")),
    "angle": (
        (3_600, "degree deg ° º"),
        (60, "minute ' \u2032 \u2019"),
        (1, "second \" \u2033 \u201d ''"),
    ),
}
FAMILIES = (*UNITS, *CLOCKS, "share")


def unit_named(name, family="time"):
    """The name in English of a unit of a family, and None for others; m is none.

    >>> unit_named("hrs"), unit_named("Std."), unit_named("kg"), unit_named("m")
    ('hour', 'hour', None, None)
    """
    place = None if name in ("m", "M") else place_of(name, family)
    return None if place is None else name_of(place, family)


def is_unit(unit, family):
    """Whether `quantity` knows a unit of a family, which can be "".

    >>> is_unit("hour", "m:ss"), is_unit("kg", "time"), is_unit("/5", "share"), is_unit("kg", "")
    (True, False, True, True)
    """
    if family == "share":
        return re.fullmatch(r"/[1-9]\d{0,3}", unit) is not None
    return not family or unit_named(unit, "time" if family in CLOCKS else family) is not None


def plural(unit):
    """The name of a unit in the plural.

    >>> plural("hour"), plural("inch")
    ('hours', 'inches')
    """
    return f"{unit}{'es' if unit.endswith('ch') else 's'}"


def place_of(name, family):
    """The place of a unit in its family; None if it is none of it."""
    names, name = _names(family), name.lower().rstrip(".")
    if name in names or len(name) < 3:
        return names.get(name)
    return names.get(name.removesuffix("s"))


def name_of(place, family):
    """The name in English of the unit at a place of its family."""
    return UNITS[family][place][1].split()[0]


def size_of(unit, family):
    """The size of a unit of a family, which is 1 for a second, an inch or an ounce."""
    return UNITS[family][place_of(unit, family)][0]


@cache
def _names(family):
    """{name of a unit: its place in its family}."""
    found = {name: i for i, (_, names) in enumerate(UNITS[family]) for name in names.split()}
    return found | {"time": {"m": MINUTE}, "months": {"m": MONTH}}.get(family, {})

"""A schema as types that JSON has, and back. Everything that is read is checked."""

import math
import reprlib
from itertools import pairwise

import numpy as np

from fastnn.errors import ModelFormatError
from fastnn.layers.outputs import LOSSES
from fastnn.reading.dates import ORDERS, PARTS, DateForm
from fastnn.reading.notation import PLAIN, Notation
from fastnn.reading.units import FAMILIES, is_unit
from fastnn.tabular.columns import CategoricalColumn, NumericColumn
from fastnn.tabular.encoding import FEWEST_EDGES
from fastnn.tabular.target import Target
from fastnn.tabular.target_means import TargetMeans

# Larger integers may be no float. The power is computed once: Python does not fold it.
_LARGEST = 2**1000
_TARGET = {"name", "classes", "mean", "scale", "never_negative", "reading", "output", "joined"}
# Of a `Notation`, in their order; a file has those that are true.
_FLAGS = ("whole", "factors")
_NUMERIC = ("name", "fill", "mean", "scale", "low", "high", "missing", "edges")


def schema_state(columns, target, dropped, readings, missing):
    """The whole schema in types that JSON has."""
    return {
        "columns": [_column_state(column) for column in columns],
        "target": {
            "name": target.name,
            "classes": None if target.classes is None else target.classes.tolist(),
            "mean": target.mean,
            "scale": target.scale,
            "never_negative": target.lowest == 0,
            "reading": None if target.reading is None else _reading_state(target.reading),
            "output": target.output,
            "joined": list(target.joined),
        },
        "dropped": dict(dropped),
        "readings": {name: _reading_state(reading) for name, reading in readings.items()},
        "missing": None if missing is None else list(missing),
    }


def _reading_state(reading):
    if isinstance(reading, DateForm):
        zone = {} if reading.zone == "" else {"zone": reading.zone}
        return {"kind": "dates", "order": reading.order, "parts": list(reading.parts)} | zone
    return {
        "kind": "numbers",
        "decimal": reading.decimal,
        "unit": reading.unit,
        "gaps": list(reading.gaps),
        **{name: True for name in _FLAGS if getattr(reading, name)},
        **({"family": reading.family} if reading.family else {}),
    }


def _column_state(column):
    if column.kind == "numeric":
        return {
            "kind": "numeric",
            "name": column.name,
            "fill": column.fill,
            "mean": column.mean,
            "scale": column.scale,
            "low": column.low,
            "high": column.high,
            "missing": None if column.missing is None else list(column.missing),
            "edges": list(column.edges),
        }
    return {
        "kind": "categorical",
        "name": column.name,
        "categories": list(column.categories),
        "rare": column.rare,
        "hashed": list(column.hashed),
        **({"means": _means_state(column.means)} if column.means else {}),
    }


def _means_state(means):
    return {
        "names": list(means.names),
        "center": list(means.center),
        "smoothing": means.smoothing,
        "scale": means.scale,
        "categories": list(means.categories),
        "counts": list(means.counts),
        "sums": [list(sums) for sums in means.sums],
    }


def schema_parts(state):
    """The arguments of a `TableSchema` in a state; ModelFormatError if any is unsound."""
    _check_keys(state, {"columns", "target", "dropped", "readings", "missing"}, "schema")
    if not isinstance(state["columns"], list) or not state["columns"]:
        _refuse("columns", state["columns"], "a list of columns")
    columns = tuple(_column(column) for column in state["columns"])
    target, dropped = _target(state["target"]), state["dropped"]
    if not isinstance(dropped, dict) or not all(
        isinstance(text, str) for text in (*dropped, *dropped.values())
    ):
        _refuse("dropped", dropped, "a reason for each name")
    names = [column.name for column in columns] + [target.name]
    if len({*names, *dropped}) != len(names) + len(dropped):
        _refuse("columns", sorted(names), "each name once")
    kinds = [column.kind for column in columns]
    if kinds != sorted(kinds, reverse=True):
        _refuse("columns", kinds, "numeric columns before categorical ones")
    readings, missing = state["readings"], state["missing"]
    if not isinstance(readings, dict) or not all(isinstance(name, str) for name in readings):
        _refuse("readings", readings, "a reading for each name")
    if missing is not None:
        missing = _texts(missing, "missing")
    readings = {name: _reading(reading) for name, reading in readings.items()}
    for name in names:
        if isinstance(readings.get(name), DateForm):  # its inputs are named after parts of it
            _refuse("readings", state["readings"][name], f"numbers for {name!r}")
    return columns, target, dropped, (), readings, missing


def _reading(state):
    kind = state.get("kind") if isinstance(state, dict) else state
    if kind == "dates":
        state = {"zone": ""} | state
        _check_keys(state, {"kind", "order", "parts", "zone"}, "reading")
        parts = _texts(state["parts"], "parts")
        if not set(parts) <= set(PARTS):
            _refuse("parts", parts, f"some of {', '.join(PARTS)}")
        if state["order"] not in ORDERS:
            _refuse("order", state["order"], f"one of {', '.join(ORDERS)}")
        zone = state["zone"] if state["zone"] is None else _text(state["zone"], "zone")
        return DateForm(state["order"], parts, zone)
    if isinstance(state, dict):
        state = dict.fromkeys(_FLAGS, False) | {"family": ""} | state
    _check_keys(state, {"kind", "decimal", "unit", "gaps", "family", *_FLAGS}, "reading")
    for name in _FLAGS:
        if not isinstance(state[name], bool):
            _refuse(name, state[name], "true or false")
    if kind != "numbers" or state["decimal"] not in (".", ","):
        _refuse("reading", state, "numbers with a decimal point or comma, or dates")
    unit, gaps = _text(state["unit"], "unit"), _texts(state["gaps"], "gaps")
    family = _text(state["family"], "family")
    if family and not (family in FAMILIES and is_unit(unit, family)):
        _refuse("family", family, f"one of {', '.join(FAMILIES)}, which has the unit")
    return Notation(state["decimal"], unit, gaps, *(state[name] for name in _FLAGS), family)


def _texts(values, what):
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        _refuse(what, values, "a list of texts")
    return tuple(values)


def _column(state):
    kind = state.get("kind") if isinstance(state, dict) else state
    if kind == "numeric":
        _check_keys(state, {"kind", *_NUMERIC}, "column")
        missing = state["missing"]
        if missing is not None:
            if not isinstance(missing, list) or len(missing) != 2:
                _refuse("missing", missing, "null, or mean and scale")
            missing = _number(missing[0], "missing"), _scale(missing[1], "missing")
        return NumericColumn(
            _text(state["name"], "name"),
            _number(state["fill"], "fill"),
            _number(state["mean"], "mean"),
            _scale(state["scale"], "scale"),
            _number(state["low"], "low"),
            _number(state["high"], "high"),
            missing,
            _edges(state["edges"]),
        )
    if kind == "categorical":
        state = {"means": None} | state
        _check_keys(state, {"kind", "name", "categories", "rare", "hashed", "means"}, "column")
        known, rare = state["categories"], state["rare"]
        known, hashed = _texts(known, "categories"), _texts(state["hashed"], "hashed")
        if len({*known, *hashed}) != len(known) + len(hashed):
            _refuse("categories", known, "different texts")
        if not isinstance(rare, bool) or not (known or hashed or rare):
            _refuse("rare", rare, "true or false, and true where there are no categories")
        means = None if state["means"] is None else _means(state["means"])
        return CategoricalColumn(_text(state["name"], "name"), known, rare, hashed, means)
    return _refuse("column", state, "a numeric or a categorical one")


def _means(state):
    keys = {"names", "center", "smoothing", "scale", "categories", "counts", "sums"}
    _check_keys(state, keys, "means")
    names, texts = _texts(state["names"], "names"), _texts(state["categories"], "categories")
    if not names or not texts or len(set(texts)) != len(texts):
        _refuse("means", [names, texts], "names, and different categories")
    smoothing, counts, sums = (
        _number(state["smoothing"], "smoothing"),
        state["counts"],
        state["sums"],
    )
    if smoothing < 0:
        _refuse("smoothing", smoothing, "a number of at least 0")
    if not isinstance(counts, list) or len(counts) != len(texts):
        _refuse("counts", counts, "one for each category")
    for count in counts:
        if type(count) is not int or not 0 < count < 2**53:
            _refuse("counts", count, "positive integers")
    if not isinstance(sums, list) or len(sums) != len(names):
        _refuse("sums", sums, "those of each name")
    return TargetMeans(
        names,
        _numbers(state["center"], len(names), "center"),
        smoothing,
        _scale(state["scale"], "scale"),
        texts,
        tuple(counts),
        tuple(_numbers(some, len(texts), "sums") for some in sums),
    )


def _numbers(values, n, what):
    if not isinstance(values, list) or len(values) != n:
        _refuse(what, values, f"{n} numbers")
    return tuple(_number(value, what) for value in values)


def _edges(values):
    edges = tuple(_number(value, "edges") for value in values) if isinstance(values, list) else None
    if edges is None or 0 < len(edges) < FEWEST_EDGES or any(a >= b for a, b in pairwise(edges)):
        _refuse("edges", values, f"none, or {FEWEST_EDGES} or more increasing numbers")
    return edges


def _target(state):
    _check_keys(state, _TARGET, "target")
    if not isinstance(state["never_negative"], bool):
        _refuse("never_negative", state["never_negative"], "true or false")
    reading = None if state["reading"] is None else _reading(state["reading"])
    if isinstance(reading, DateForm):
        _refuse("target", state["reading"], "numbers")
    name, values = _text(state["name"], "name"), state["classes"]
    mean, scale = _number(state["mean"], "mean"), _scale(state["scale"], "scale")
    output, joined = state["output"], _texts(state["joined"], "joined")
    if output not in LOSSES.values():
        _refuse("output", output, f"one of {', '.join(LOSSES.values())}")
    if values is None:
        lowest = 0.0 if state["never_negative"] else -np.inf
        return Target(name, None, mean, scale, lowest, reading or PLAIN, output)
    kinds = {type(value) for value in values} if isinstance(values, list) else set()
    # All values are of one of these types. type(True) is bool, not int.
    dtypes = {str: object, bool: np.bool_, int: np.int64, float: np.float64}
    if (
        len(kinds) != 1
        or not kinds <= dtypes.keys()
        or len(values) < 2
        or (any(not a < b for a, b in pairwise(values)))
    ):
        _refuse("classes", values, "two or more, sorted, of one type")
    kind = kinds.pop()
    if kind in (int, float):
        for value in values:
            _number(value, "classes")
    if kind is int and max(map(abs, values)) >= 2**53:
        _refuse("classes", values, "integers within 2^53")
    if (kind is str) != (reading is None):
        _refuse("reading", state["reading"], "one for classes that are numbers, none for text")
    classes = np.array(values, dtype=dtypes[kind])
    return Target(name, classes, mean, scale, reading=reading, joined=joined)


def _check_keys(state, keys, what):
    if not isinstance(state, dict) or state.keys() != keys:
        got = sorted(state) if isinstance(state, dict) else state
        _refuse(what, got, f"an object with {sorted(keys)}")


def _text(value, what):
    return value if isinstance(value, str) else _refuse(what, value, "text")


def _number(value, what):
    if type(value) is int and abs(value) < _LARGEST:  # JSON can write 1.0 as 1
        value = float(value)
    if type(value) is not float or not math.isfinite(value):
        _refuse(what, value, "a finite number")
    return value


def _scale(value, what):
    value = _number(value, what)
    return value if value > 0 else _refuse(what, value, "a positive number")


def _refuse(what, got, expected):
    raise ModelFormatError(
        f"the schema's {what} is {reprlib.repr(got):.200}, expected {expected}: "
        "save the model again"
    )

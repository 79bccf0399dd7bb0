"""A schema as types that JSON has, and back. Everything that is read is checked."""

import math
import reprlib
from itertools import pairwise

import numpy as np

from fastnn.errors import ModelFormatError
from fastnn.tabular.columns import CategoricalColumn, NumericColumn
from fastnn.tabular.target import Target


def schema_state(columns, target, dropped):
    """The whole schema in types that JSON has."""
    return {
        "columns": [_column_state(column) for column in columns],
        "target": {
            "name": target.name,
            "classes": None if target.classes is None else target.classes.tolist(),
            "mean": target.mean,
            "scale": target.scale,
        },
        "dropped": dict(dropped),
    }


def _column_state(column):
    if column.kind == "numeric":
        return {
            "kind": "numeric",
            "name": column.name,
            "fill": column.fill,
            "mean": column.mean,
            "scale": column.scale,
            "missing": None if column.missing is None else list(column.missing),
        }
    return {
        "kind": "categorical",
        "name": column.name,
        "categories": list(column.categories),
        "rare": column.rare,
    }


def schema_parts(state):
    """Columns, target and dropped columns of a state; ModelFormatError if any is unsound."""
    _check_keys(state, {"columns", "target", "dropped"}, "schema")
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
    return columns, target, dropped


def _column(state):
    kind = state.get("kind") if isinstance(state, dict) else state
    if kind == "numeric":
        _check_keys(state, {"kind", "name", "fill", "mean", "scale", "missing"}, "column")
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
            missing,
        )
    if kind == "categorical":
        _check_keys(state, {"kind", "name", "categories", "rare"}, "column")
        known, rare = state["categories"], state["rare"]
        if (
            not isinstance(known, list)
            or not all(isinstance(text, str) for text in known)
            or (len(set(known)) != len(known))
        ):
            _refuse("categories", known, "a list of different texts")
        if not isinstance(rare, bool) or not (known or rare):
            _refuse("rare", rare, "true or false, and true where there are no categories")
        return CategoricalColumn(_text(state["name"], "name"), tuple(known), rare)
    return _refuse("column", state, "a numeric or a categorical one")


def _target(state):
    _check_keys(state, {"name", "classes", "mean", "scale"}, "target")
    name, values = _text(state["name"], "name"), state["classes"]
    mean, scale = _number(state["mean"], "mean"), _scale(state["scale"], "scale")
    if values is None:
        return Target(name, None, mean, scale)
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
    return Target(name, np.array(values, dtype=dtypes[kind]), mean, scale)


def _check_keys(state, keys, what):
    if not isinstance(state, dict) or state.keys() != keys:
        got = sorted(state) if isinstance(state, dict) else state
        _refuse(what, got, f"an object with {sorted(keys)}")


def _text(value, what):
    return value if isinstance(value, str) else _refuse(what, value, "text")


def _number(value, what):
    if type(value) is int and abs(value) < 2**1000:  # JSON can write 1.0 as 1
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

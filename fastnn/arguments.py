"""Checks of arguments: every message says what was got and what was expected.

Internal: it may change at any time.
"""

import contextlib
import functools
import math
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np

# Names that `check_dtype` takes, for type checkers.
DtypeName = Literal["float32", "float64"]
# Random sources that `generator` takes, for type checkers.
Rng = int | np.integer[Any] | np.random.Generator | None


def shown(value):
    """The repr of a value in a message: of an array its shape, of a long text its beginning.

    >>> shown(np.zeros((600, 2))), shown("0.1")
    ('an array of shape (600, 2)', "'0.1'")
    """
    if isinstance(value, np.ndarray) and value.size > 4:
        return f"an array of shape {value.shape}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def lookup(table, name, what):
    """`table[name]`, or an error that lists the names there are.

    >>> lookup({"relu": 1, "tanh": 6}, "tanh", "activation")
    6
    >>> lookup({"relu": 1, "tanh": 6}, "Tanh", "activation")
    Traceback (most recent call last):
        ...
    ValueError: unknown activation 'Tanh'; known: relu, tanh
    """
    if not isinstance(name, str):
        raise TypeError(
            f"expected {what} to be a name, got {shown(name)} of type {type(name).__name__}; "
            f"known: {', '.join(table)}"
        )
    if name not in table:
        raise ValueError(f"unknown {what} {name!r}; known: {', '.join(table)}")
    return table[name]


def integer(value, name, low, high=math.inf):
    """`value` as an int in [low, high]."""
    # The exact type first: a look at an abstract class takes longer than all the rest.
    if type(value) is not int and (isinstance(value, bool) or not isinstance(value, Integral)):
        raise TypeError(
            f"expected {name} to be an integer, got {shown(value)} of type {type(value).__name__}"
        )
    if not low <= value <= high:
        upper = f" and at most {high}" if high < math.inf else ""
        raise ValueError(f"expected {name} to be at least {low}{upper}, got {value}")
    return int(value)


def number(value, name, interval):
    """`value` as a float in `interval`, which is written as in mathematics: "(0, 1]"."""
    if type(value) is not float:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(
                f"expected {name} to be a number, got {shown(value)} of type {type(value).__name__}"
            )
        try:
            value = float(value)
        except OverflowError:
            raise ValueError(f"expected {name} in {interval}, got an integer too large") from None
    low, high = _ends(interval)
    above = value > low if interval[0] == "(" else value >= low
    below = value < high if interval[-1] == ")" else value <= high
    if not (above and below):
        raise ValueError(f"expected {name} in {interval}, got {shown(value)}")
    return value


@functools.cache
def _ends(interval):
    return tuple(float(end) for end in interval[1:-1].split(","))


def number_range(value, name, interval):
    """`value` as a pair (low, high) of numbers in `interval`; one number r is (-r, r).

    >>> number_range(15, "rotation", "(-inf, inf)")
    (-15.0, 15.0)
    """
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise ValueError(f"expected {name} to be a pair (low, high), got {shown(value)}")
        low, high = (number(v, f"{name}[{i}]", interval) for i, v in enumerate(value))
        if low > high:
            raise ValueError(
                f"expected {name} to be (low, high), got {shown(value)}, which is reversed"
            )
        return low, high
    high = number(value, name, "[0, inf)")
    return -high, high


def boolean(value, name):
    """`value` as a bool."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(
            f"expected {name} to be True or False, got {shown(value)} of type "
            f"{type(value).__name__}"
        )
    return bool(value)


def functions(value, name, arguments):
    """`value`, a function or a sequence of functions of these arguments, as a tuple."""
    if callable(value):
        return (value,)
    if not isinstance(value, tuple | list) or not all(map(callable, value)):
        raise TypeError(
            f"expected {name} to be functions of {arguments}, one or a list of them, got "
            f"{shown(value)}"
        )
    return tuple(value)


def per_layer(value, name, count, interval, layers):
    """`value` as a tuple of `count` numbers: one number for all layers, or a sequence of them."""
    if type(value) is float or isinstance(value, Real):
        return (number(value, name, interval),) * count
    if isinstance(value, str) or not np.iterable(value):
        raise TypeError(f"expected {name} to be a number or a sequence of them, got {shown(value)}")
    values = list(value)
    if len(values) != count:
        raise ValueError(
            f"expected {name} to be one number or {count}, one for each of {layers}; "
            f"got {len(values)}"
        )
    return tuple(number(v, f"{name}[{i}]", interval) for i, v in enumerate(values))


def generator(rng):
    """The numpy Generator of a seed, a Generator, or None."""
    if rng is None or isinstance(rng, np.random.Generator):
        return np.random.default_rng(rng)
    if type(rng) is not int and (isinstance(rng, bool) or not isinstance(rng, Integral)):
        raise TypeError(
            f"expected rng to be a seed, a numpy.random.Generator or None, got {rng!r} of type "
            f"{type(rng).__name__}"
        )
    return np.random.default_rng(integer(rng, "rng", 0))


@contextlib.contextmanager
def errors_in(what):
    """Let the message of a TypeError or ValueError begin with the argument that it is about."""
    try:
        yield
    except TypeError as error:
        raise TypeError(f"{what}: {error}") from None
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None


def check_dtype(dtype):
    """`dtype` as np.float32 or np.float64 of this machine's byte order."""
    try:
        resolved = np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError):  # which one NumPy raises depends on the string
        resolved = None
    if resolved not in (np.float32, np.float64) or dtype is None:
        raise ValueError(f"expected dtype float32 or float64, got {dtype!r}")
    return resolved.newbyteorder("=")

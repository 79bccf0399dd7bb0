"""Checks of the state in a checkpoint: could a fit be in it?"""

import sys

import numpy as np

from fastnn.errors import ModelFormatError

_INTEGERS = ("epoch", "batch", "step", "dropout_seed", "examples")
_NUMBERS = ("elapsed", "training_seconds", "rate", "reach_step", "reach_rate")


def check_state(state, batches, bit_generator, *, early_stopping):
    """Raise ModelFormatError unless `fit` could have written `state`.

    Parameters
    ----------
    state : dict
        As read from JSON.
    batches : int
        Mini-batches of an epoch.
    bit_generator : type
        The class of NumPy's bit generator that the state belongs to.
    early_stopping : bool
    """
    sound = (
        state.keys() == {*_INTEGERS, *_NUMBERS, "stopped", "generator", "early_stopping"}
        and all(type(state[name]) is int and 0 <= state[name] < 2**63 for name in _INTEGERS)
        and all(
            type(state[name]) in (int, float) and 0 <= state[name] <= sys.float_info.max
            for name in _NUMBERS
        )
        and state["batch"] < batches
        and state["step"] == state["epoch"] * batches + state["batch"] > 0
        and state["stopped"] in ("", "early stopping")
        and _is_generator_state(state["generator"], bit_generator)
        and _is_early_stopping(state["early_stopping"], state["epoch"], early_stopping)
    )
    if not sound:
        raise ModelFormatError(
            "the state in the metadata is not one that fit writes: the file was changed"
        )


def check_arrays(path, arrays):
    """Raise ModelFormatError unless the arrays are finite and `order` has each row once."""
    for name in ("theta", "first", "second", "best_theta"):
        if name in arrays and not np.isfinite(arrays[name]).all():
            raise ModelFormatError(
                f"{path}: {name} has NaN or infinite values, expected finite "
                "ones: the file was changed"
            )
    order = arrays.get("order")
    # The compiled core gathers rows by it without a check of bounds.
    if order is not None and not np.array_equal(np.sort(order), np.arange(order.size)):
        raise ModelFormatError(
            f"{path}: order is no order of {order.size} rows: the file was changed"
        )


def _is_generator_state(state, bit_generator):
    """Whether NumPy accepts it as the state of such a generator."""
    fresh = bit_generator(0)
    try:
        fresh.state = state
    except (TypeError, ValueError, KeyError, OverflowError):
        return False
    return fresh.state == state


def _is_early_stopping(numbers, done, expected):
    if not expected:
        return numbers is None
    if not isinstance(numbers, dict) or numbers.keys() != {"epoch", "improved"}:
        return False
    best, improved = numbers["epoch"], numbers["improved"]
    return (
        (best is None or (type(best) is int and 0 <= best < done))
        and type(improved) is int
        and -1 <= improved < done
    )

"""A `Loss` compiled by Numba to a native function that the core calls without the GIL."""

import inspect

import numpy as np

from fastnn.text.slow_work import slow_work


def compiled(loss, dtype):
    """The native loop over rows, an OwnLoss of native/kernels.h; it is compiled once per dtype.

    Returns
    -------
    numba.core.ccallback.CFunc
        With its `address`. The function is valid while this object lives.
    """
    found = loss._compiled.get(dtype)
    if found is None:
        with slow_work(f"Numba compiles the loss {loss.name}, once in this process, for seconds."):
            found = loss._compiled[dtype] = _compile(loss, dtype)
    return found


def _compile(loss, dtype):
    import numba
    from numba import types
    from numba.extending import register_jitable

    # Indices are checked, since a wrong one would write to memory of others. Division by 0 gives
    # infinity or NaN as in NumPy.
    options = {"nogil": True, "error_model": "numpy", "boundscheck": True}
    if not loss._compiled:
        for helper in _helpers(loss):
            register_jitable(**options)(helper)
    value, slope = (numba.njit(**options)(function) for function in loss.functions)
    T = types.float32 if dtype == np.float32 else types.float64
    row = types.Array(T, 1, "C")
    _check(loss, "value", value, (row, row), lambda result: isinstance(result, types.Number))
    _check(loss, "slope", slope, (row, row, row), lambda result: result == types.none)

    def rows(Z_at, ld, n, Y_at, columns, loss_at, dZ_at, slopes, count):
        Z, Y = numba.carray(Z_at, (count, ld)), numba.carray(Y_at, (count, columns))
        losses, dZ = numba.carray(loss_at, (count,)), numba.carray(dZ_at, (count, ld))
        for r in range(count):
            try:
                losses[r] = value(Z[r, :n], Y[r])
                if slopes:
                    slope(Z[r, :n], Y[r], dZ[r, :n])
            except Exception:
                losses[r] = np.nan

    many, whole = types.CPointer(T), types.int64
    signature = types.void(many, whole, whole, many, whole, many, many, whole, whole)
    return numba.cfunc(signature, nopython=True, error_model="numpy")(rows)


def _helpers(loss):
    """The plain functions that its functions close over, each once."""
    closures = [inspect.getclosurevars(function).nonlocals for function in loss.functions]
    values = (value for closure in closures for value in closure.values())
    return dict.fromkeys(filter(inspect.isfunction, values))


def _check(loss, what, function, arguments, is_right):
    """Compile one of the two functions, and check the type of its result."""
    from numba.core.errors import NumbaError

    try:
        function.compile(arguments)
    except NumbaError as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"Numba cannot compile the {what} of the loss {loss.name}: {reason[:500]}; write it "
            "with the Python and NumPy that Numba's nopython mode takes, or pass a function of "
            "whole mini-batches as loss: (A, y) -> (losses, dA)"
        ) from error
    result = function.overloads[arguments].signature.return_type
    if not is_right(result):
        expected = "a number" if what == "value" else "nothing, and to write to dz"
        raise TypeError(
            f"expected the {what} of the loss {loss.name} to return {expected}, got {result}"
        )

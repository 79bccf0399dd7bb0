"""Faults of a user's loss, found by its plain Python functions: NaN, errors, a wrong slope."""

import numpy as np

from fastnn.losses.batch import BatchFunction, name_of

# A difference quotient of float64 is good to some 1e-9 of the loss; a wrong slope is off by more.
_STEP, _TOLERANCE = 6e-6, 1e-5
# A loss may overflow where the logits have: then it is not the cause.
_SENSIBLE = 1e6
# Looking at more rows than this takes longer than the answer is worth.
_MOST_ROWS = 100_000


class Faults:
    """Looks for the first row for which a loss of the user's own is not finite, or raises.

    `first` has words about it; "" if there is none.
    """

    def __init__(self, criterion):
        self._criterion, self._seen = criterion, 0
        self.first = ""

    def look(self, A, Y):
        """Look at a piece of the data: A are logits for a `Loss`, else output activations."""
        loss, first = self._criterion.loss, self._seen
        self._seen += len(A)
        if self.first or first > _MOST_ROWS:
            return
        if self._criterion.by_batches:
            losses, dA = BatchFunction(loss, A.dtype)(A, Y)
            bad = ~(np.isfinite(losses) & np.isfinite(dA).all(axis=1)) & _sensible(A)
            for r in np.flatnonzero(bad)[:1]:
                fault = f"the loss is {losses[r]} and its slope {dA[r]}"
                self.first = _words(name_of(loss), fault, first + r, A[r], Y[r], "A")
            return
        for r in np.flatnonzero(_sensible(A)):
            fault = _fault_of_row(loss, A[r], Y[r])
            if fault:
                self.first = _words(loss.name, fault, first + r, A[r], Y[r])
                return


def _sensible(A):
    return (np.abs(A) < _SENSIBLE).all(axis=1)


def _fault_of_row(loss, z, y):
    value, slope = loss.functions
    dz, what = np.zeros_like(z), "value"
    try:
        with np.errstate(all="ignore"):
            result = value(z.copy(), y.copy())
            if np.isfinite(result):
                what = "slope"
                slope(z.copy(), y.copy(), dz)
                result = dz
    except ArithmeticError:  # where Numba goes on with infinity or NaN
        result = np.nan
    except Exception as error:
        return f"the {what} raises {error!r}"
    return "" if np.isfinite(result).all() else f"the {what} is {result}"


def wrong_slope(loss, Z, Y):
    """Words about the slope that is furthest from the differences of the value; "" if none is."""
    worst, found = 1.0, ""
    value, slope = loss.functions
    for r in range(len(Z)):
        z, y = Z[r].astype(np.float64), Y[r].astype(np.float64)
        dz = np.zeros_like(z)
        slope(z.copy(), y.copy(), dz)
        center = value(z.copy(), y.copy())
        for j in range(z.size):
            step = _STEP * max(1.0, abs(z[j]))
            moved = [z.copy(), z.copy()]
            moved[0][j] += step
            moved[1][j] -= step
            up, down = (value(m, y.copy()) for m in moved)
            numeric = (up - down) / (2 * step)
            # One-sided slopes that differ mean a kink, or a strong curvature.
            apart = abs(up - 2 * center + down) / step
            size = max(1.0, abs(numeric), abs(center))
            excess = abs(dz[j] - numeric) / (_TOLERANCE * size + apart)
            if not excess <= worst:
                worst = excess
                found = _words(
                    loss.name,
                    f"the slope is wrong: dz[{j}] is {dz[j]:.6g}, and the value's difference "
                    f"quotient {numeric:.6g}",
                    r,
                    z,
                    y,
                )
    return found


def _words(name, fault, row, z, y, letter="z"):
    def numbers(vector):
        return np.array2string(vector, precision=6, threshold=8, separator=", ")

    return (
        f"The loss {name} is the cause: {fault}, for the example in row {row}, where {letter} is "
        f"{numbers(z)} and y {numbers(y)}."
    )

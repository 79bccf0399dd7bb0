"""A loss as a function of whole mini-batches, for the core, which calls it with the GIL."""

import numpy as np


class BatchFunction:
    """``function(A, y) -> (losses, dA)``, its answers checked.

    y has the shape of A if it has as many columns. Else a single column comes as (rows,).
    """

    def __init__(self, function, dtype):
        self._function, self._dtype = function, dtype

    def __call__(self, A, Y):
        y = Y[:, 0] if Y.shape[1] == 1 < A.shape[1] else Y
        answer, name = self._function(A, y), name_of(self._function)
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise TypeError(
                f"expected the loss {name} to return (losses, dA), the losses of the rows and "
                f"their slopes by A, got {type(answer).__name__}"
            )
        losses, dA = (np.asarray(part) for part in answer)
        for part, what, shape in ((losses, "losses", A.shape[:1]), (dA, "dA", A.shape)):
            if part.shape != shape or part.dtype.kind not in "fiu":
                raise ValueError(
                    f"expected the loss {name} to return {what} of shape {shape}, real numbers, "
                    f"got {part.dtype} of shape {part.shape}"
                )
        with np.errstate(over="ignore"):  # the fit then ends as a divergence
            return tuple(np.ascontiguousarray(part, self._dtype) for part in (losses, dA))


def name_of(function):
    """The name of a function or of a callable object, for messages."""
    module = getattr(function, "__module__", type(function).__module__)
    return f"{module}.{getattr(function, '__qualname__', type(function).__qualname__)}"

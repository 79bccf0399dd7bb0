"""Early stopping: keep the parameters of the best dev iteration."""

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Literal

import numpy as np

from fastnn.arguments import integer, lookup, number

_MONITORS = {"dev_error": None, "dev_cost": None}


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the dev set has not improved for a while, and restore the best parameters.

    One knob then does two jobs: to lower J, and not to overfit. A search of lambda keeps these
    apart, but takes many runs.

    Parameters
    ----------
    patience : int
        Epochs without improvement after which to stop.
    monitor : {"dev_error", "dev_cost"}
        Among epochs of equal dev error, the epoch of lowest dev cost is best: a small dev set has
        few different errors. Where the dev error is NaN (see `Network.error`), the dev cost counts.
    min_delta : float
        The least decrease that counts as an improvement. 0: any, and also an equal dev error with
        a lower dev cost.
    """

    patience: int = 10
    monitor: Literal["dev_error", "dev_cost"] = "dev_error"
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        integer(self.patience, "patience", 1)
        lookup(_MONITORS, self.monitor, "monitor")
        number(self.min_delta, "min_delta", "[0, inf)")


def make_early_stopping(early_stopping):
    """The EarlyStopping of the argument `early_stopping` of `fit`, or None."""
    if early_stopping is None or early_stopping is False:
        return None
    if early_stopping is True:
        return EarlyStopping()
    if isinstance(early_stopping, EarlyStopping):
        return early_stopping
    if isinstance(early_stopping, Integral):
        return EarlyStopping(patience=integer(early_stopping, "early_stopping", 1))
    raise TypeError(
        "expected early_stopping to be True, a patience in epochs or a fastnn.EarlyStopping, got "
        f"{early_stopping!r} of type {type(early_stopping).__name__}"
    )


class BestSoFar:
    """The best theta of a fit, and its epoch."""

    def __init__(self, rule, theta):
        self._rule = rule
        self._best = (math.inf, math.inf)
        self._mark = math.inf  # the monitored value has to be lower than this by min_delta
        self._improved = -1  # the last epoch in which it was so
        self.theta = theta.copy()
        self.epoch = None

    def look(self, epoch, history, theta):
        """Compare an evaluated epoch with the best; True when it is time to stop."""
        value = getattr(history, self._rule.monitor)[-1]
        if math.isnan(value):  # a loss of the user's own: y is no target of each output
            value = history.dev_cost[-1]
        best = (value, history.dev_cost[-1]) < self._best
        if best:
            self._best, self.epoch = (value, history.dev_cost[-1]), epoch
            self.theta[...] = theta
        if value < self._mark - self._rule.min_delta or (best and not self._rule.min_delta):
            self._mark, self._improved = value, epoch
        return epoch - self._improved >= self._rule.patience

    def state(self):
        """The state for a checkpoint: numbers for JSON, and arrays (values may be infinite)."""
        return (
            {"epoch": self.epoch, "improved": self._improved},
            {"best_theta": self.theta, "best_values": np.array([*self._best, self._mark])},
        )

    def restore(self, numbers, arrays):
        """Go back to a `state`."""
        self.epoch, self._improved = numbers["epoch"], numbers["improved"]
        self.theta[...] = arrays["best_theta"]
        *best, self._mark = arrays["best_values"].tolist()
        self._best = tuple(best)

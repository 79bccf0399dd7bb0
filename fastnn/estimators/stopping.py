"""When training ends, and the learning rates until then, as in scikit-learn."""

import math
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fastnn.estimators.parameters import LearningRateName


class Progress:
    """The best training loss or validation score, and the epochs since then.

    An estimator keeps it from epoch to epoch, and from one `partial_fit` to the next.
    """

    best: float  # greater is better: a score, or minus a loss
    without_improvement: int  # number of epochs
    theta: NDArray[np.floating[Any]] | None  # of the best validation score
    stopped: bool

    def __init__(self) -> None:
        self.best = -math.inf
        self.without_improvement = 0
        self.theta = None
        self.stopped = False

    def look(
        self, value: float, tol: float, theta: NDArray[np.floating[Any]] | None = None
    ) -> None:
        """Take note of the value after an epoch; keep a copy of theta if it is the best."""
        self.without_improvement = self.without_improvement + 1 if value < self.best + tol else 0
        if value > self.best:
            self.best = value
            if theta is not None:
                self.theta = theta.copy()


class LearningRate:
    """The learning rate of solver "sgd": constant, divided by a power of the examples, or adaptive.

    Parameters
    ----------
    initial : float
    schedule : {"constant", "invscaling", "adaptive"}
    power_t : float
    """

    initial: float
    schedule: LearningRateName
    power_t: float
    now: float

    def __init__(self, initial: float, schedule: LearningRateName, power_t: float) -> None:
        self.initial, self.schedule, self.power_t = float(initial), schedule, power_t
        self.now = self.initial

    def begins_as(self, other: Self) -> bool:
        """Whether the two have the same settings."""
        return (self.initial, self.schedule, self.power_t) == (
            other.initial,
            other.schedule,
            other.power_t,
        )

    def epoch_done(self, examples: int) -> None:
        """Set the rate after an epoch; `examples` have been seen in all."""
        if self.schedule == "invscaling":
            self.now = self.initial / (examples + 1) ** self.power_t

    def exhausted(self) -> bool:
        """Whether lack of progress ends training; if it does not, divide the rate by 5."""
        if self.schedule != "adaptive" or self.now <= 1e-6:
            return True
        self.now /= 5
        return False

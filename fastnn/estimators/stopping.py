"""The end of training, and the learning rates until then, as in scikit-learn."""

import math
import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr
from sklearn.exceptions import ConvergenceWarning

from fastnn.estimators.parameters import LearningRateName
from fastnn.layers.outputs import OUTPUTS

# L-BFGS stops when an iteration lowers J by less, relative to max(J, 1). scikit-learn keeps this
# default of SciPy's.
COST_TOLERANCE = 2.220446049250313e-09

# A tolerance is too large if it is more than this share of the number that it is compared with, for
# a constant prediction. tol = 1e-4 is well below it for targets of variance 1.
_LARGE_SHARE = 0.01


@dataclass
class Progress:
    """The best training loss or validation score, and the epochs since then.

    An estimator keeps it from epoch to epoch, and from one `partial_fit` to the next. Every `fit`
    begins anew, because its data can be others.

    Parameters
    ----------
    by_score : bool
        Whether the validation score is watched.
    """

    by_score: bool = False
    best: float = -math.inf  # greater is better: a score, or minus a loss
    without_improvement: int = 0  # number of epochs
    theta: NDArray[np.floating[Any]] | None = None  # of the best validation score
    stopped: bool = False

    def look(self, value: float, tol: float, theta: NDArray[np.floating[Any]]) -> None:
        """Take note of the value after an epoch. Keep a copy of theta with the best score."""
        improved = value >= self.best + tol  # False for NaN
        self.without_improvement = 0 if improved else self.without_improvement + 1
        if value > self.best:
            self.best = value
            if self.by_score:
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


def warn_of_large_tol(estimator: Any, output: str, targets: Any, weight: Any, loss: float) -> None:
    """Warn if `tol` ended training although the loss was high, because all losses are small.

    `tol` is an absolute number, as in scikit-learn. "sgd" and "adam" compare it with the decrease
    of the loss, "lbfgs" with the gradient. Both are small if the targets are.

    Parameters
    ----------
    output : str
        The network's.
    targets, weight : the last ones that it was trained on
    loss : float
        The lowest loss of the fit.
    """
    constant, slope = _of_constant_prediction(output, targets, weight)
    if estimator.solver == "lbfgs":
        large = estimator.tol > _LARGE_SHARE * slope or _LARGE_SHARE * constant < COST_TOLERANCE
    else:
        large = estimator.tol > _LARGE_SHARE * constant
    if not (large and loss > constant / 10 > 0):
        return
    advice = f"lower tol, which is {estimator.tol:g}"
    if OUTPUTS[output].regression:
        advice = (
            "give y a larger unit, as with sklearn.compose.TransformedTargetRegressor, or " + advice
        )
    warnings.warn(
        "training ended before the loss was low: the tolerance is large for these data. A constant "
        f"prediction has a loss of {constant:.2g}, the network has {loss:.2g}; {advice}",
        ConvergenceWarning,
        stacklevel=2,
    )


def _of_constant_prediction(output, targets, weight):
    """(mean loss, mean size of its slope by z) if every prediction is the mean of the targets.

    For classes the mean is their shares. Several outputs are summed.
    """
    if output == "softmax":
        counts = np.bincount(targets, weight)
        p = counts / counts.sum()
        return float(entr(p).sum()), float(2 * p @ (1 - p))
    y = np.asarray(targets, np.float64).reshape(len(targets), -1)
    mean = np.average(y, axis=0, weights=weight)
    r = np.abs(y - mean)
    losses, slopes = {
        "sigmoid": lambda: (entr(mean) + entr(1 - mean) + 0 * r, r),
        "identity": lambda: (r**2 / 2, r),
        "exp": lambda: (entr(mean) - entr(y), r),
        "identity_absolute": lambda: (r, np.ones_like(r)),
        "identity_huber": lambda: (np.where(r <= 1, r**2 / 2, r - 0.5), np.minimum(r, 1)),
    }[output]()
    return tuple(float(np.average(a.sum(axis=1), weights=weight)) for a in (losses, slopes))

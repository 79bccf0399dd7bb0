"""The end of training, and the learning rates until then, as scikit-learn has them."""

import math


class Progress:
    """The training loss or the validation score, and for how many epochs it has not improved.

    It is an estimator's memory from epoch to epoch, and from one `partial_fit` to the next.
    """

    def __init__(self):
        self.best = -math.inf  # greater is better: a score, or minus a loss
        self.without_improvement = 0
        self.theta = None  # of the best validation score
        self.stopped = False

    def look(self, value, tol, theta=None):
        """Take note of an epoch."""
        self.without_improvement = self.without_improvement + 1 if value < self.best + tol else 0
        if value > self.best:
            self.best = value
            if theta is not None:
                self.theta = theta.copy()


class LearningRate:
    """Of solver "sgd": constant, one over a power of the examples seen, or adaptive.

    Parameters
    ----------
    initial : float
    schedule : {"constant", "invscaling", "adaptive"}
    power_t : float
    """

    def __init__(self, initial, schedule, power_t):
        self.initial, self.schedule, self.power_t = float(initial), schedule, power_t
        self.now = self.initial

    def begins_as(self, other):
        """Whether the two had the same settings."""
        return (self.initial, self.schedule, self.power_t) == (
            other.initial,
            other.schedule,
            other.power_t,
        )

    def epoch_done(self, examples):
        """After so many examples in all."""
        if self.schedule == "invscaling":
            self.now = self.initial / (examples + 1) ** self.power_t

    def exhausted(self):
        """Whether lack of progress ends training; if it does not, the rate is now a fifth."""
        if self.schedule != "adaptive" or self.now <= 1e-6:
            return True
        self.now /= 5
        return False

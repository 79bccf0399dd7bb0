"""The errors of fastnn's own; all others are the standard ones.

Internal: it may change at any time.
"""

import math
from typing import Any


class DivergenceError(ArithmeticError):
    """Training produced a loss, gradient or parameter that is not finite.

    The network has its last finite parameters.

    Attributes
    ----------
    epoch, batch : int
        Where it happened, both counted from 0; the message counts from 1. A `Trainer` has no
        epochs: `epoch` is None, and `batch` counts its steps.
    learning_rate : float
        Of the update that failed; NaN for lbfgs, which has none.
    what : str
        Which quantity is not finite.
    cause : str
        The cause and a remedy, where a trial has shown that it is not the learning rate; else "".
    """

    epoch: int | None
    batch: int
    learning_rate: float
    what: str
    cause: str = ""

    def __init__(self, epoch: int | None, batch: int, learning_rate: float, what: str) -> None:
        self.epoch, self.batch, self.learning_rate, self.what = epoch, batch, learning_rate, what
        # pickle rebuilds an exception from its arguments.
        super().__init__(epoch, batch, learning_rate, what)

    def __str__(self) -> str:
        rate = (
            ""
            if math.isnan(self.learning_rate)
            else (f" with learning rate {self.learning_rate:g}")
        )
        at = f"step {self.batch + 1}"
        if self.epoch is not None:
            at = f"epoch {self.epoch + 1}, batch {self.batch + 1}"
        if self.cause:
            return f"training diverged at {at}: {self.what}. {self.cause}"
        smaller = "a learning rate 3 to 10 times smaller, " if rate else ""
        return (
            f"training diverged at {at}{rate}: {self.what}. The network has the last finite "
            f"parameters. Try {smaller}normalized inputs, clip_norm=1.0, or another init."
        )


class ModelFormatError(ValueError):
    """A file is not a model that this version of fastnn can read, or it is damaged."""


class GradientError(AssertionError):
    """A gradient is not the derivative of its cost; the message is the table of the check.

    An AssertionError, so that a test suite counts it as a failure and not as a broken test.

    Attributes
    ----------
    check : GradientCheck
    """

    check: Any

    def __init__(self, check: Any) -> None:
        self.check = check
        super().__init__(check)

    def __str__(self) -> str:
        return str(self.check)

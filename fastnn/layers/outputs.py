"""The outputs by name, with the loss that trains each (native/loss.h)."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray


def _largest(A):
    return A.argmax(axis=1)


def _above_half(A):
    labels = (A > 0.5).astype(np.int64)
    return labels[:, 0] if A.shape[1] == 1 else labels


def _itself(A):
    return A[:, 0] if A.shape[1] == 1 else A


class Output(NamedTuple):
    """An output: its loss, its error and its predictions."""

    code: int  # enum Output in native/kernels.h
    loss: str
    error: str  # its name in History
    predict: Callable[[NDArray[Any]], NDArray[Any]]  # output activations (m, n[L]) to predictions

    @property
    def regression(self) -> bool:
        """Whether it is trained on real targets; its error is then a distance from them."""
        return self.error == "root mean squared error"


OUTPUTS = {
    "softmax": Output(0, "cross-entropy", "misclassified", _largest),
    "sigmoid": Output(1, "binary cross-entropy", "misclassified", _above_half),
    "identity": Output(2, "half mean squared error", "root mean squared error", _itself),
    # e^z for counts and rates; the loss lacks y log y - y, which does not depend on z.
    "exp": Output(3, "half mean Poisson deviance", "root mean squared error", _itself),
    # The identity, trained on losses in which outliers weigh less: |r|, and Huber's (1964), which
    # is r^2 / 2 up to |r| = 1 and a straight line beyond.
    "identity_absolute": Output(4, "mean absolute error", "root mean squared error", _itself),
    "identity_huber": Output(5, "mean Huber loss", "root mean squared error", _itself),
}

# The keys of OUTPUTS, for type checkers.
OutputName = Literal["softmax", "sigmoid", "identity", "exp", "identity_absolute", "identity_huber"]
RegressionOutput = Literal["identity", "exp", "identity_absolute", "identity_huber"]

# The losses of a regression by their names in estimators -> the output of the network.
LOSSES: dict[str, RegressionOutput] = {
    "squared_error": "identity",
    "poisson": "exp",
    "absolute_error": "identity_absolute",
    "huber": "identity_huber",
}
# The keys of LOSSES, for type checkers.
LossName = Literal["squared_error", "poisson", "absolute_error", "huber"]

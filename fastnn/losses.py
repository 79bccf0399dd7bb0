"""The outputs by name, with the loss that each is trained on (native/loss.h)."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


def _largest(A):
    return A.argmax(axis=1)


def _above_half(A):
    labels = (A > 0.5).astype(np.int64)
    return labels[:, 0] if A.shape[1] == 1 else labels


def _itself(A):
    return A[:, 0] if A.shape[1] == 1 else A


class Output(NamedTuple):
    code: int            # enum Output in native/kernels.h
    loss: str
    error: str           # what History calls the error
    predict: Callable    # output activations (m, n[L]) to predictions


OUTPUTS = {
    "softmax": Output(0, "cross-entropy", "misclassified", _largest),
    "sigmoid": Output(1, "binary cross-entropy", "misclassified", _above_half),
    "identity": Output(2, "half mean squared error", "root mean squared error", _itself),
}

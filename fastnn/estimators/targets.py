"""Class labels as the network's targets, and back."""

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, issparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d


class Labels:
    """The classes of a classifier, translated to the outputs of its network and back.

    Two classes take one sigmoid output; more classes take one softmax output each. Multilabel
    targets, an indicator matrix, take one sigmoid output for each label.

    Parameters
    ----------
    classes : (n_classes,) array, sorted
    multilabel : bool
    sparse : bool
        Whether the indicator matrix is sparse; `decode` then returns a sparse one.
    """

    def __init__(
        self, classes: NDArray[Any], multilabel: bool = False, sparse: bool = False
    ) -> None:
        self.classes, self.multilabel, self.sparse = classes, multilabel, sparse

    @classmethod
    def of(cls, y: NDArray[Any], sparse: bool) -> Self:
        """The classes that occur in y; for an indicator matrix, one class for each column."""
        if y.ndim == 2:
            return cls(np.arange(y.shape[1]), True, sparse)
        return cls(np.unique(y))

    @property
    def output(self) -> Literal["sigmoid", "softmax"]:
        """Name of the network's output."""
        return "sigmoid" if self.multilabel or len(self.classes) <= 2 else "softmax"

    @property
    def n_outputs(self) -> int:
        """Number of the network's outputs."""
        return 1 if not self.multilabel and len(self.classes) <= 2 else len(self.classes)

    def encode(self, y: NDArray[Any]) -> NDArray[Any]:
        """y for the network: (m,) indices of classes, or (m, n_labels) of 0 and 1."""
        if (y.ndim == 2) != self.multilabel:
            raise ValueError(
                f"expected y to be {'an indicator matrix' if self.multilabel else 'class labels'} "
                f"as in the first call, got shape {y.shape}"
            )
        if self.multilabel:
            if y.shape[1] != len(self.classes):
                raise ValueError(
                    f"`y` has {y.shape[1]} labels, expected {len(self.classes)} as in "
                    "the first call"
                )
            return y.astype(np.uint8)
        index = np.searchsorted(self.classes, y)
        known = self.classes[np.minimum(index, len(self.classes) - 1)] == y
        if not known.all():
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has "
                f"{self.classes}. 'y' has {np.unique(y)}."
            )
        return index

    def decode(self, A: NDArray[Any]) -> Any:
        """Labels of output activations A (m, n[L])."""
        if self.multilabel:
            labels = (A > 0.5).astype(np.int64)
            return csr_matrix(labels) if self.sparse else labels
        index = A.argmax(axis=1) if A.shape[1] > 1 else (A[:, 0] > 0.5).astype(np.intp)
        return self.classes[index] if len(self.classes) > 1 else self.classes[0 * index]

    def probabilities(self, A: NDArray[Any]) -> NDArray[Any]:
        """(m, n_classes): the probability of each class, or that each label is present."""
        if self.multilabel or A.shape[1] > 1:
            return A
        if len(self.classes) == 1:
            return np.ones_like(A)
        return np.hstack([1 - A, A])


def check_no_gaps(y: Any) -> None:
    """Refuse class labels of which some are None, NaN or NA, and name the first."""
    if issparse(y) or y is None:
        return
    values = np.asarray(y)
    if values.dtype.kind == "f":
        gaps = np.isnan(values)
    elif values.dtype.kind == "O":
        gaps = np.fromiter(map(_is_gap, values.flat), bool, values.size).reshape(values.shape)
    else:
        return
    if gaps.any():
        first = np.argwhere(gaps)[0]
        raise ValueError(
            f"expected a label for each example, got {values[tuple(first)]} at index {first[0]} of "
            f"y ({np.count_nonzero(gaps)} missing labels in all); leave these examples out, or "
            "give them a label"
        )


def _is_gap(label):
    """Whether a label is None, NaN, or NA or NaT of pandas."""
    return (
        label is None
        or type(label).__name__ in ("NAType", "NaTType")
        or (isinstance(label, float | np.floating) and bool(np.isnan(label)))
    )


def as_labels(y: Any) -> NDArray[Any]:
    """y as one vector of labels, or as a multilabel indicator matrix."""
    check_classification_targets(y)
    kind = type_of_target(y, input_name="y")
    if kind == "multilabel-indicator":
        y = y.toarray() if issparse(y) else np.asarray(y)
        return y[:, 0] if y.shape[1] == 1 else y
    if kind == "multiclass-multioutput":
        raise ValueError(
            "Multioutput target data is not supported: expected y to be one vector of "
            "labels, or an indicator matrix of 0 and 1 for several labels an example"
        )
    return column_or_1d(y, warn=True)

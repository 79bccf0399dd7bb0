"""Class labels as the network's targets, and back."""

import numpy as np
from scipy.sparse import csr_matrix, issparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d


class Labels:
    """What `classes_` are to the outputs of a network.

    Two classes are one sigmoid output, more a softmax output; multilabel targets, an indicator
    matrix, are a sigmoid output a label.

    Parameters
    ----------
    classes : (n_classes,) array, sorted
    multilabel : bool
    sparse : bool
        Whether the indicator matrix is sparse; labels are then decoded to one.
    """

    def __init__(self, classes, multilabel=False, sparse=False):
        self.classes, self.multilabel, self.sparse = classes, multilabel, sparse

    @classmethod
    def of(cls, y, sparse):
        """Those that occur in y, or that its columns stand for."""
        if y.ndim == 2:
            return cls(np.arange(y.shape[1]), True, sparse)
        return cls(np.unique(y))

    @property
    def output(self):
        return "sigmoid" if self.multilabel or len(self.classes) <= 2 else "softmax"

    @property
    def n_outputs(self):
        return 1 if not self.multilabel and len(self.classes) <= 2 else len(self.classes)

    def encode(self, y):
        """y as the network takes it: (m,) indices of classes, or (m, n_labels) of 0 and 1."""
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

    def decode(self, A):
        """Labels of output activations A (m, n[L])."""
        if self.multilabel:
            labels = (A > 0.5).astype(np.int64)
            return csr_matrix(labels) if self.sparse else labels
        index = A.argmax(axis=1) if A.shape[1] > 1 else (A[:, 0] > 0.5).astype(np.intp)
        return self.classes[index] if len(self.classes) > 1 else self.classes[0 * index]

    def probabilities(self, A):
        """(m, n_classes): of each class, or of each label being there."""
        if self.multilabel or A.shape[1] > 1:
            return A
        if len(self.classes) == 1:
            return np.ones_like(A)
        return np.hstack([1 - A, A])


def as_labels(y):
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

"""The validation set of a fit: the loss and the score on it after each epoch."""

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing

from fastnn import passes
from fastnn.inputs import as_features, as_targets, as_weights


class Validation:
    """Examples that training does not see.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Its `network_` is the one evaluated.
    X, targets : as the network takes them
    raw : (X, y)
        As the user has them, for a scorer.
    weight : (m,) array or None
    """

    def __init__(self, estimator, X, targets, raw, weight=None):
        network = estimator.network_
        self._estimator, self._raw, self._weight = estimator, raw, weight
        self._network = network
        self._rows = as_features(X, network.layer_sizes[0], network.dtype)
        m = self._rows.shape[0]
        y = as_targets(targets, m, network.output, network.layer_sizes[-1], network.dtype)
        self._session = passes.open_session(network, self._rows, y, as_weights(weight, m),
                                            threads=estimator.n_threads)
        self._scorer = None
        if estimator.scoring not in (None, "loss"):
            self._scorer = check_scoring(estimator, estimator.scoring)

    def measure(self):
        """(mean loss without penalty, score) at the present theta; a greater score is better."""
        session, estimator = self._session, self._estimator
        session.start()
        while session.evaluate(passes.TURN):
            pass
        loss = session.loss / session.rows
        if estimator.scoring == "loss":
            return loss, -loss
        if self._scorer is not None:
            weight = {} if self._weight is None else {"sample_weight": self._weight}
            return loss, float(self._scorer(estimator, *self._raw, **weight))
        return loss, estimator._score_of(self, session.error / session.rows)

    def outputs(self):
        """Output activations (m, n[L])."""
        return passes.outputs(self._network, self._rows)

    @property
    def y(self):
        return self._raw[1]

    @property
    def weight(self):
        return self._weight


def hold_out(m, fraction, random_state, stratify):
    """Indices of the training and of the validation examples."""
    training, validation = train_test_split(np.arange(m), random_state=random_state,
                                            test_size=fraction, stratify=stratify)
    if len(validation) < 2:
        raise ValueError("The validation set is too small. Increase 'validation_fraction' or the "
                         "size of your dataset.")
    return training, validation


def take(values, index):
    """Rows of an array, sparse matrix or table; None for None."""
    return None if values is None else _safe_indexing(values, index)

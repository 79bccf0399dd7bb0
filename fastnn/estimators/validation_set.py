"""The validation set of a fit: the loss and the score on it after each epoch."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing

from fastnn.data.inputs import as_features, as_targets, as_weights
from fastnn.engine import passes


class Examples(NamedTuple):
    """Rows of data for a fit.

    Parameters
    ----------
    X, targets : for the network
    weight : (m,) array or None
    table, y : the user's own, for a scorer
    """

    X: Any
    targets: NDArray[Any]
    weight: NDArray[Any] | None
    table: Any
    y: NDArray[Any]

    def at(self, index: NDArray[np.integer[Any]]) -> Self:
        """The rows at `index`."""
        return type(self)(*(None if part is None else _safe_indexing(part, index) for part in self))


class Validation:
    """Examples that training does not see.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        `measure` evaluates its `network_`.
    examples : Examples
    """

    examples: Examples

    def __init__(self, estimator: Any, examples: Examples) -> None:
        network = estimator.network_
        self._estimator, self._network = estimator, network
        self.examples = examples
        self._rows = as_features(examples.X, network.layer_sizes[0], network.dtype)
        m = self._rows.shape[0]
        y = as_targets(examples.targets, m, network.output, network.layer_sizes[-1], network.dtype)
        self._session = passes.open_session(
            network, self._rows, y, as_weights(examples.weight, m), threads=estimator.n_threads
        )
        self._scorer = None
        if estimator.scoring not in (None, "loss"):
            self._scorer = check_scoring(estimator, estimator.scoring)

    def measure(self) -> tuple[float, float]:
        """(mean loss without penalty, score) at the present theta; a greater score is better."""
        session, estimator = self._session, self._estimator
        session.start()
        while session.evaluate(passes.TURN):
            pass
        loss = session.loss / session.rows
        if estimator.scoring == "loss":
            return loss, -loss
        if self._scorer is not None:
            _, _, weight, table, y = self.examples
            weights = {} if weight is None else {"sample_weight": weight}
            return loss, float(self._scorer(estimator, table, y, **weights))
        return loss, estimator._score_of(self, session.error / session.rows)

    def outputs(self) -> NDArray[np.floating[Any]]:
        """Output activations (m, n[L])."""
        return passes.outputs(self._network, self._rows)


def hold_out(
    m: int,
    fraction: float,
    random_state: np.random.RandomState,
    stratify: NDArray[Any] | None,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the training and of the validation examples."""
    training, validation = train_test_split(
        np.arange(m), random_state=random_state, test_size=fraction, stratify=stratify
    )
    if len(validation) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the "
            "size of your dataset."
        )
    return training, validation

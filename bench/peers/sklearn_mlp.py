"""scikit-learn: `MLPClassifier`, which has no dropout.

Two classes it gives a single logistic output, so that it computes a little less than the others
on the tiny case.
"""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from bench.cases import LEARNING_RATE
from bench.measure import Contender


def trainer(task, name="scikit-learn"):
    """Epochs of `fit`, each call going on from the last."""
    mlp = MLPClassifier(
        task.layer_sizes[1:-1],
        activation=task.activation,
        alpha=0.0,
        batch_size=task.batch_size,
        learning_rate_init=LEARNING_RATE,
        warm_start=True,
        tol=0.0,
        n_iter_no_change=10**9,
        random_state=0,
    )

    def run(epochs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is not meant to converge
            mlp.set_params(max_iter=epochs).fit(task.X, task.y)

    return Contender(name, run, task.steps)

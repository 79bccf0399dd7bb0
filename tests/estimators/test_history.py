"""`history_` of the estimators: their curves as a History."""

import math
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning

import fastnn

X, LABELS = load_iris(return_X_y=True)
X_NUMBERS, NUMBERS = load_diabetes(return_X_y=True)


def test_curves_of_a_classifier_with_early_stopping():
    model = fastnn.MLPClassifier((8,), early_stopping=True, random_state=0, max_iter=500)
    history = model.fit(X, LABELS).history_
    assert history.cost == model.loss_curve_
    assert history.dev_cost == model.validation_loss_curve_
    np.testing.assert_allclose(history.dev_error, 1 - np.array(model.validation_scores_))
    assert history.dev_error[history.best_epoch] == 1 - model.best_validation_score_
    assert history.stopped == "early stopping"
    assert len(history) == model.n_iter_
    assert all(map(math.isnan, history.train_error + history.learning_rate + history.seconds))
    assert history.to_frame().shape == (model.n_iter_, 6)


def test_a_regressor_has_no_share_of_errors():
    model = fastnn.MLPRegressor(
        hidden_layer_sizes=(8,), early_stopping=True, random_state=0, max_iter=30
    )
    with pytest.warns(ConvergenceWarning):
        history = model.fit(X_NUMBERS, NUMBERS).history_
    assert history.stopped == "epochs"
    assert history.dev_cost == model.validation_loss_curve_
    assert all(map(math.isnan, history.dev_error))


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_a_fit_that_converged(solver):
    model = fastnn.MLPClassifier((4,), solver=solver, random_state=0, max_iter=3000)
    history = model.fit(X, LABELS).history_
    assert history.stopped == "converged"
    assert history.cost == model.loss_curve_
    assert history.dev_cost == []
    assert history.best_epoch is None


def test_a_stream():
    model = fastnn.MLPClassifier((4,), random_state=0)
    for _ in range(3):
        model.partial_fit(X, LABELS, classes=[0, 1, 2])
    assert (len(model.history_), model.history_.stopped) == (3, "epochs")


@pytest.mark.parametrize(
    ("options", "stopped"),
    [
        ({"max_iter": 3}, "epochs"),
        ({"early_stopping": True, "max_iter": 500}, "early stopping"),
        ({"max_iter": 3000}, "converged"),
        ({"solver": "lbfgs", "max_iter": 3000, "early_stopping": True}, "converged"),
        ({"solver": "lbfgs", "max_iter": 3000, "max_fun": 5}, "limit of evaluations"),
        ({"solver": "lbfgs", "max_iter": 2}, "epochs"),
        ({"callbacks": [lambda *_: True]}, "callback"),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_why_a_fit_ended_is_known_after_loading(options, stopped, tmp_path):
    model = fastnn.MLPClassifier((4,), random_state=0, **options).fit(X, LABELS)
    assert model.history_.stopped == stopped
    assert pickle.loads(pickle.dumps(model.set_params(callbacks=()))).history_.stopped == stopped
    path = tmp_path / "model.safetensors"
    model.save(path)
    assert fastnn.load(path).history_.stopped == stopped


def test_a_fit_that_was_interrupted_or_diverged():
    def interrupt(*_):
        raise KeyboardInterrupt

    model = fastnn.MLPClassifier((4,), random_state=0, callbacks=[interrupt])
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, LABELS)
    assert model.history_.stopped == "interrupted"
    model = fastnn.MLPRegressor(
        hidden_layer_sizes=(4,), random_state=0, solver="sgd", learning_rate_init=1e20
    )
    with pytest.raises(fastnn.DivergenceError):
        model.fit(X_NUMBERS, NUMBERS)
    assert model.history_.stopped == "diverged"


def test_not_before_fit():
    with pytest.raises(AttributeError, match="no history_ before fit"):
        fastnn.MLPClassifier().history_  # noqa: B018

"""When training ends: losses and scores are those of this fit's data, and say enough."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import scale

import fastnn

ignoring_convergence = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return scale(X), scale(y)


# --- the loss of an epoch ------------------------------------------------------------------------


@ignoring_convergence
@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "adam", "learning_rate_init": 0.1, "alpha": 1.0},
        {"solver": "adam", "learning_rate_init": 0.01, "alpha": 0.1},
        {"solver": "sgd", "learning_rate_init": 0.1, "alpha": 0.1},
        {"solver": "sgd", "learning_rate_init": 0.1, "alpha": 10.0},
    ],
)
def test_training_ends_at_the_epoch_of_scikit_learn(load, settings):
    """The penalty is a large part of the loss, and changes much within an epoch."""
    X, y = load(return_X_y=True)
    settings = {"hidden_layer_sizes": (10,), "batch_size": 8, "max_iter": 60, **settings}
    ours, theirs = (
        kind(random_state=0, **settings).fit(scale(X), y)
        for kind in (fastnn.MLPClassifier, MLPClassifier)
    )
    assert ours.n_iter_ == theirs.n_iter_ < 60
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-7)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=1e-6, atol=1e-9)


@ignoring_convergence
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("weighted", [False, True])
def test_loss_of_one_batch_is_j_before_its_update(dtype, weighted):
    X, y = diabetes()
    X, weight = X.astype(dtype), None
    if weighted:
        weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    model = fastnn.MLPRegressor(
        hidden_layer_sizes=(7, 3), alpha=3.0, l1=2.0, batch_size=len(y), random_state=0
    )
    model.partial_fit(X, y, weight)
    for _ in range(3):
        J = model.network_.cost(X, y, sample_weight=weight)
        model.partial_fit(X, y, weight)
        assert model.loss_ == pytest.approx(J, rel=1e-5 if dtype == "float32" else 1e-12)


@ignoring_convergence
def test_loss_has_the_same_bits_for_any_number_of_threads():
    X, y = diabetes()
    settings = {"alpha": 1.0, "l1": 0.1, "batch_size": 50, "max_iter": 5, "random_state": 0}
    one, three = (
        fastnn.MLPRegressor(hidden_layer_sizes=(30, 20), n_threads=n, **settings).fit(X, y)
        for n in (1, 3)
    )
    assert one.loss_curve_ == three.loss_curve_


# --- another fit, on other data ------------------------------------------------------------------


@pytest.mark.parametrize("warm_start", [True, "optimizer"])
def test_warm_start_counts_progress_anew(warm_start):
    X = np.random.default_rng(0).normal(size=(300, 3))
    model = fastnn.MLPRegressor(
        warm_start=warm_start, random_state=0, max_iter=1000, learning_rate_init=0.01
    )
    model.fit(X, X[:, 0])
    assert model.best_loss_ < 0.01
    model.fit(X, 10 * X[:, 1])
    assert model.score(X, 10 * X[:, 1]) > 0.9
    assert model.best_loss_ == min(model.loss_curve_[-model.n_iter_ :])


@pytest.mark.parametrize("warm_start", [True, "optimizer"])
def test_warm_start_forgets_the_best_score_of_other_labels(warm_start):
    X, y = make_classification(400, random_state=0)
    model = fastnn.MLPClassifier(
        warm_start=warm_start,
        early_stopping=True,
        random_state=0,
        max_iter=300,
        learning_rate_init=0.01,
    ).fit(X, y)
    model.fit(X, 1 - y)
    assert model.score(X, 1 - y) > 0.8


# --- a tolerance that tells nothing --------------------------------------------------------------


TOO_LARGE = "the tolerance is large for these data"


@pytest.mark.slow
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize(
    ("loss", "size"),
    [
        ("squared_error", 1e-3),
        ("squared_error", 1e-4),
        ("huber", 1e-3),
        ("absolute_error", 1e-7),
        ("poisson", 1e-3),
    ],
)
def test_small_targets_are_named(solver, loss, size):
    X, y = diabetes()
    y = size * (np.exp(y) if loss == "poisson" else y)
    model = fastnn.MLPRegressor(loss, solver=solver, random_state=0, max_iter=3000)
    with pytest.warns(ConvergenceWarning, match=rf"{TOO_LARGE}.* larger unit"):
        model.fit(X, y)
    assert model.score(X, y) < 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message=f".*{TOO_LARGE}")
        model.set_params(max_iter=5000).fit(X, y / size)
    assert model.score(X, y / size) > 0.5


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_loss_that_is_low_ends_training_without_a_warning(solver):
    X, y = diabetes()
    settings = {"solver": solver, "random_state": 0, "max_iter": 5000, "learning_rate_init": 0.01}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fastnn.MLPRegressor(**settings).fit(X, np.zeros(len(y)))
        fastnn.MLPRegressor(**settings, tol=1e-9).fit(X, 0.01 * X[:, 0])
        fastnn.MLPClassifier(**settings).fit(X, y > 0)


def test_validation_loss_of_small_targets_is_named():
    X, y = diabetes()
    model = fastnn.MLPRegressor(early_stopping=True, scoring="loss", random_state=0)
    with pytest.warns(ConvergenceWarning, match=TOO_LARGE):
        model.fit(X, 1e-3 * y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # R^2 has no unit
        model.set_params(scoring=None, max_iter=2000).fit(X, 1e-3 * y)


def test_rare_classes_are_named():
    X = np.random.default_rng(0).normal(size=(5000, 3))
    model = fastnn.MLPClassifier(random_state=0)
    with pytest.warns(ConvergenceWarning, match=rf"{TOO_LARGE}.* loss of 0.0051.*; lower tol"):
        model.fit(X, np.arange(5000) % 1667 == 0)


# --- a score that is not a number ----------------------------------------------------------------


def test_scores_of_nan_end_training_and_keep_the_last_parameters():
    X, y = diabetes()
    model = fastnn.MLPRegressor(
        early_stopping=True, scoring=lambda *_: np.nan, random_state=0, n_iter_no_change=4
    )
    with pytest.warns(ConvergenceWarning, match="not a number in any of 5 epochs"):
        model.fit(X, y)
    plain = fastnn.MLPRegressor(random_state=0, max_iter=5, early_stopping=True)
    seen = []
    plain.set_params(callbacks=lambda model: seen.append(model.network_.theta.copy()))
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        plain.fit(X, y)
    np.testing.assert_array_equal(model.network_.theta, seen[-1])


def test_a_score_of_nan_is_no_improvement():
    X, y = diabetes()
    scores = iter([0.1, np.nan, 0.3, *[np.nan] * 10])
    model = fastnn.MLPRegressor(
        early_stopping=True, scoring=lambda *_: next(scores), random_state=0, n_iter_no_change=3
    ).fit(X, y)
    assert model.n_iter_ == 7
    assert model.best_validation_score_ == 0.3


# --- what is written to a fitted estimator -------------------------------------------------------


@ignoring_convergence
def test_items_of_coefs_and_intercepts_are_written_to_the_network():
    X, y = load_wine(return_X_y=True)
    model = fastnn.MLPClassifier((4,), random_state=0, max_iter=5).fit(scale(X), y)
    W = np.arange(52.0).reshape(13, 4)
    model.coefs_[0] = W
    np.testing.assert_array_equal(model.network_.params["W1"], W)
    model.intercepts_[-1] = [0.0, 0.0, 1e6]
    assert (model.predict(scale(X)) == 2).all()
    model.coefs_[:] = [2 * W, np.ones((4, 3))]
    np.testing.assert_array_equal(model.network_.params["W1"], 2 * W)
    np.testing.assert_array_equal(model.network_.params["W2"], 1)
    with pytest.raises(ValueError, match=r"shape \(13, 4\), got \(4, 13\)"):
        model.coefs_[0] = W.T
    with pytest.raises(ValueError, match="expected 2 arrays, got 1"):
        model.coefs_[:] = [W]
    for change in (
        lambda: model.coefs_.append(W),
        lambda: model.coefs_.pop(),
        lambda: model.coefs_.reverse(),
    ):
        with pytest.raises(TypeError, match="keep their number and order"):
            change()
    np.testing.assert_array_equal(model.network_.params["W1"], 2 * W)
    for twin in (copy.deepcopy(model.coefs_), pickle.loads(pickle.dumps(model.coefs_))):
        assert type(twin) is list
        twin[0] = np.zeros((13, 4))
    assert isinstance(model.coefs_ + model.intercepts_, list)
    np.testing.assert_array_equal(model.network_.params["W1"], 2 * W)

"""The state that an estimator keeps from call to call; no call leaves it in disorder."""

import threading

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import scale

import fastnn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SOLVERS = ("adam", "sgd", "lbfgs")


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True)
    return scale(X), y


def small(**settings):
    return fastnn.MLPClassifier((8,), **{"max_iter": 4, "random_state": 0, **settings})


# --- one fit at a time ------------------------------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("how", ["in a callback", "in another thread"])
def test_one_fit_at_a_time(wine, solver, how):
    caught = []
    digits = load_digits(return_X_y=True)

    def again(model):
        try:
            model.fit(*digits)
        except RuntimeError as error:
            caught.append(str(error))

    def callback(model):
        if how == "in a callback":
            return again(model)
        other = threading.Thread(target=again, args=(model,))
        other.start()
        other.join()

    plain = small(solver=solver).fit(*wine)
    model = small(solver=solver, callbacks=callback).fit(*wine)
    assert len(caught) == model.n_iter_
    assert "is being fitted already, by another thread or a callback" in caught[0]
    np.testing.assert_array_equal(model.network_.theta, plain.network_.theta)
    model.set_params(callbacks=()).fit(*digits)  # and when it is done it may be fitted again
    assert model.n_features_in_ == 64
    with pytest.raises(ZeroDivisionError):
        model.set_params(callbacks=lambda model: 1 / 0).fit(*wine)
    model.set_params(callbacks=()).fit(*wine)


def test_a_copy_made_during_a_fit_can_be_fitted(wine):
    copies = []
    small(callbacks=lambda model: copies.append(model.__getstate__())).fit(*wine)
    copy = small()
    copy.__setstate__({**copies[0], "callbacks": ()})
    copy.fit(*wine)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_model_mapped_from_a_file_goes_on(wine, solver, tmp_path):
    """joblib gives workers their large arrays as read-only maps."""
    settings = {"solver": solver, "warm_start": "optimizer"}
    model = small(early_stopping=True, **settings).fit(*wine)
    joblib.dump(model, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    for one in (model, mapped):
        one.fit(*wine)
        one.set_params(early_stopping=False).partial_fit(*wine)
    np.testing.assert_array_equal(mapped.network_.theta, model.network_.theta)


def test_parameters_of_another_network_are_refused(wine):
    model = small().fit(*wine)
    with pytest.raises(ValueError, match=r"expected 2 arrays, got 1"):
        model.coefs_ = model.coefs_[:1]
    with pytest.raises(ValueError, match=r"shape \(13, 8\), got \(8, 13\)"):
        model.coefs_ = [W.T for W in model.coefs_]


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_network_put_in_its_place_is_not_trained(wine, solver):
    """It has fewer outputs than the labels that were checked."""
    other = fastnn.Network([13, 8, 2], dtype="float64", rng=0)
    theta = other.theta.copy()

    class Swap:
        def setup(self, estimator, context):
            pass

        teardown = on_fit_task_end = setup

        def on_fit_task_begin(self, estimator, context, **_):
            estimator.network_ = other

    pytest.importorskip("sklearn.callback")
    small(solver=solver, early_stopping=True).set_callbacks(Swap()).fit(*wine)
    np.testing.assert_array_equal(other.theta, theta)


# --- a refused call changes nothing -----------------------------------------------------------


def refused(X, y):
    few = slice(0, None, 20)
    yield "dropout", {"solver": "lbfgs", "keep_prob": 0.5}, (X, y), {}
    yield "few examples", {"early_stopping": True}, (X[few], y[few]), {}
    yield "features", {}, (X[:, :5], y), {"X_val": X[:, :4], "y_val": y}
    yield "labels", {}, (X, y), {"X_val": X, "y_val": y + 7}
    yield "only y_val", {}, (X, y), {"y_val": y}
    yield "other labels", {}, (X, np.array(["a", "b", "c"])[y]), {"X_val": X}
    yield "names", {}, (pd.DataFrame(X).add_prefix("x"), y), {"X_val": X}


def test_a_refused_fit_leaves_the_model_as_it_was(wine):
    X, y = wine
    for name, settings, data, more in refused(X, y):
        model = small().fit(X, y)
        expected, fitted = model.predict_proba(X), set(vars(model))
        with pytest.raises(ValueError, match=r"."):
            model.set_params(**settings).fit(*data, **more)
        assert set(vars(model)) == fitted, name
        np.testing.assert_array_equal(model.predict_proba(X), expected, err_msg=name)
        np.testing.assert_array_equal(model.classes_, [0, 1, 2], err_msg=name)
        new = small(**settings)
        before = set(vars(new))
        with pytest.raises(ValueError, match=r"."):
            new.fit(*data, **more)
        assert set(vars(new)) == before, name


def test_a_refused_first_partial_fit_leaves_it_unfitted(wine):
    X, y = wine
    model = small(early_stopping=True)
    with pytest.raises(ValueError, match="cannot hold out"):
        model.partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(NotFittedError):
        model.predict(X)
    assert not hasattr(model, "classes_")
    model.set_params(early_stopping=False).partial_fit(X, y, classes=[0, 1, 2, 3])
    assert model.n_outputs_ == 4


# --- settings changed between calls -----------------------------------------------------------


@pytest.mark.parametrize("call", ["partial_fit", "fit"])
@pytest.mark.parametrize("activation", ["tanh", "swish", ["tanh"]])
def test_another_activation_is_refused(wine, call, activation):
    model = small(warm_start=True).fit(*wine)
    with pytest.raises(ValueError, match="activation"):
        getattr(model.set_params(activation=activation), call)(*wine)
    getattr(model.set_params(activation=["relu"]), call)(*wine)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_another_learning_rate_holds_from_then_on(wine, solver):
    """With one mini-batch a step is the rate times what does not depend on it."""
    steps = []
    for rate in (0.01, 0.03):
        model = small(solver=solver, momentum=0.0, learning_rate_init=0.01).partial_fit(
            *wine, classes=[0, 1, 2]
        )
        before = model.network_.theta.copy()
        model.set_params(learning_rate_init=rate).partial_fit(*wine)
        steps.append(model.network_.theta - before)
    np.testing.assert_allclose(steps[1], 3 * steps[0], rtol=1e-6, atol=1e-12)


def test_momentum_keeps_its_velocity_when_the_rate_changes(wine):
    """As where scikit-learn's adaptive rate falls: v <- momentum v - rate dW; W <- W + v."""
    settings = {"solver": "sgd", "nesterovs_momentum": False, "alpha": 0.0, "momentum": 0.5}
    model = small(**settings, learning_rate_init=0.1).partial_fit(*wine, classes=[0, 1, 2])
    start = small(**settings, learning_rate_init=1e-12).partial_fit(*wine, classes=[0, 1, 2])
    theta = model.network_.theta.copy()
    velocity = theta - start.network_.theta
    _, gradient = model.network_.value_and_grad(*wine)
    model.set_params(learning_rate_init=0.02).partial_fit(*wine)
    expected = theta + 0.5 * velocity - 0.02 * gradient
    np.testing.assert_allclose(model.network_.theta, expected, rtol=1e-6, atol=1e-9)


def test_another_network_is_told_of(wine):
    model = small().fit(*wine)
    model.network_ = fastnn.Network([13, 8, 2], rng=0)
    with pytest.raises(ValueError, match=r"layers of \[13, 8, 3\], got network_ .* \[13, 8, 2\]"):
        model.partial_fit(*wine)


def test_a_stream_goes_on_after_a_fit_that_converged(wine):
    """That the training loss came to rest says nothing of the validation score."""
    X, y = wine
    model = small(max_iter=300, tol=1.0, n_iter_no_change=2).fit(X, y)
    assert model.n_iter_ < 300
    before = len(model.loss_curve_)
    model.set_params(early_stopping=True).partial_fit(X, y, X_val=X, y_val=y)
    assert len(model.loss_curve_) == before + 1

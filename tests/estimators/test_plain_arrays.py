"""Arrays that need no validation take a shorter way; the rest is as before."""

import warnings

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier as Reference

import fastnn
from fastnn.estimators import base

rng = np.random.default_rng(0)
X = rng.standard_normal((32, 5))
LABELS = np.arange(32) % 4
NUMBERS = rng.standard_normal(32)


def begun(kind=fastnn.MLPClassifier, y=LABELS, X=X, **options):
    estimator = kind(hidden_layer_sizes=(6,), random_state=0, **options)
    classes = {"classes": np.unique(y)} if kind is fastnn.MLPClassifier else {}
    return estimator.partial_fit(X, y, **classes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("kind", "y"),
    [
        (fastnn.MLPClassifier, LABELS),
        (fastnn.MLPClassifier, LABELS.astype(np.uint8)),
        (fastnn.MLPClassifier, LABELS > 1),
        (fastnn.MLPRegressor, NUMBERS),
        (fastnn.MLPRegressor, LABELS),
    ],
)
def test_the_bits_are_those_of_validated_arrays(monkeypatch, kind, y, dtype):
    given = X.astype(dtype)
    short = begun(kind, y, given)
    with monkeypatch.context() as without:
        without.setattr(f"{kind.__module__}.validated", None)
        short.partial_fit(given, y)
    long = begun(kind, y, given)
    with monkeypatch.context() as always:
        always.setattr(f"{kind.__module__}.plain", lambda *_: False)
        long.partial_fit(given, y)
    np.testing.assert_array_equal(short.network_.theta, long.network_.theta)
    assert short.loss_curve_ == long.loss_curve_


def spoilt(value):
    changed = X.copy()
    changed[3, 2] = value
    return changed


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (spoilt(np.nan), LABELS),
        (spoilt(np.inf), LABELS),
        (X[:, :4], LABELS),
        (X[:31], LABELS),
        (X[:0], LABELS[:0]),
        (X[0], LABELS),
        (X.astype(complex), LABELS),
        (X, LABELS + 0.5),
        (X, NUMBERS),
        (X, np.where(LABELS == 2, np.nan, LABELS)),
        (X, LABELS[:, np.newaxis] * np.ones(3)),
    ],
)
def test_errors_are_those_of_scikit_learn(monkeypatch, X, y):
    messages = []
    for plain in (base.plain, lambda *_: False):
        estimator = begun()
        monkeypatch.setattr("fastnn.estimators.classifier.plain", plain)
        before = estimator.network_.theta.copy()
        with pytest.raises((ValueError, TypeError)) as error:
            estimator.partial_fit(X, y)
        messages.append(str(error.value))
        np.testing.assert_array_equal(estimator.network_.theta, before)
    assert messages[0] == messages[1]


def test_a_regressors_y_is_still_looked_at():
    estimator = begun(fastnn.MLPRegressor, NUMBERS)
    with pytest.raises(ValueError, match="NaN"):
        estimator.partial_fit(X, np.where(LABELS == 1, np.nan, NUMBERS))


def test_scikit_learns_warning_about_many_labels_stays():
    y = np.arange(32)
    estimator = fastnn.MLPClassifier((6,), random_state=0)
    with pytest.warns(UserWarning, match="greater than 50%"):
        estimator.partial_fit(X, y, classes=y)
    with pytest.warns(UserWarning, match="greater than 50%"):
        estimator.partial_fit(X, y)


@pytest.mark.parametrize("warm_start", [True, "optimizer"])
def test_a_warm_start_with_fewer_classes_is_refused_as_by_scikit_learn(warm_start):
    fewer = np.flatnonzero(LABELS)
    estimator = fastnn.MLPClassifier((6,), max_iter=2, random_state=0, warm_start=warm_start)
    reference = Reference((6,), max_iter=2, random_state=0, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(X, LABELS)
        reference.fit(X, LABELS)
        with pytest.raises(ValueError, match="same classes") as expected:
            reference.fit(X[fewer], LABELS[fewer])
        before = estimator.network_.theta.copy()
        with pytest.raises(ValueError, match="same classes") as error:
            estimator.fit(X[fewer], LABELS[fewer])
        assert str(error.value).startswith(str(expected.value))
        np.testing.assert_array_equal(estimator.network_.theta, before)
        estimator.fit(X, LABELS)
        estimator.partial_fit(X[fewer], LABELS[fewer])

"""`improve` of estimators: they are fitted with the best network, and have its parameters."""

import numpy as np
import pandas as pd
import pytest
import sklearn.neural_network
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.pipeline import make_pipeline

import fastnn
from fastnn.diagnosis.causes.losses import baseline

# Estimators that have trained for three epochs are what is to be improved.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
FEW = {"seconds": None, "trials": 3, "seeds": 2}


def parts(X, y):
    train, dev, test = fastnn.split(X, y, sizes=(0.6, 0.2, 0.2), rng=0)
    return (train.X, train.y), (dev.X, dev.y), (test.X, test.y)


@pytest.fixture(scope="module")
def flowers():
    X, y = load_iris(return_X_y=True, as_frame=True)
    return parts(X, np.array(["setosa", "versicolor", "virginica"])[y])


def test_a_classifier_is_fitted_with_the_best_network(flowers, tmp_path):
    train, dev, test = flowers
    classifier = fastnn.MLPClassifier((2,), max_iter=3, random_state=0)
    before = fastnn.MLPClassifier((2,), max_iter=3, random_state=0)
    before.fit(*train)
    result = fastnn.improve(classifier, train, dev, **FEW)
    assert classifier.network_ is result.network
    assert classifier.score(*test) > before.score(*test) + 0.2
    assert set(classifier.predict(test[0])) <= {"setosa", "versicolor", "virginica"}
    assert classifier.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert classifier.feature_names_in_.tolist() == list(train[0].columns)
    assert result.dev_error == pytest.approx(1 - classifier.score(*dev), abs=0.1)
    assert any("The estimator is fitted" in note for note in result.notes)
    # What a fitted estimator can do, it can do.
    assert classifier.diagnose(*train, *dev).errors
    classifier.save(tmp_path / "model.safetensors")
    again = fastnn.load(tmp_path / "model.safetensors")
    assert np.array_equal(again.predict_proba(test[0]), classifier.predict_proba(test[0]))
    classifier.partial_fit(*train, X_val=dev[0], y_val=dev[1])
    assert clone(classifier).fit(*train).n_layers_ == classifier.n_layers_


def test_where_no_move_helps_a_fitted_estimator_keeps_its_own_fit(flowers, monkeypatch):
    train, dev, test = flowers
    fitted, fresh = (fastnn.MLPClassifier((8,), max_iter=3, random_state=7) for _ in range(2))
    fitted.fit(*train)
    network, said, params = fitted.network_, fitted.predict_proba(test[0]), fitted.get_params()
    monkeypatch.setattr("fastnn.improvement.loop.ideas", lambda *arguments: [])
    result = fastnn.improve(fitted, train, dev, **FEW)
    assert not any(move.kept for move in result.moves)
    assert fitted.network_ is network
    np.testing.assert_array_equal(fitted.predict_proba(test[0]), said)
    assert fitted.get_params() == params
    assert "No move was kept: the estimator has its own fit, as before." in result.notes
    result = fastnn.improve(fresh, train, dev, **FEW)
    assert fresh.network_ is result.network


def test_its_parameters_are_those_of_the_best_setting(flowers):
    train, dev, _ = flowers
    classifier = fastnn.MLPClassifier((2,), max_iter=3, random_state=0)
    result = fastnn.improve(classifier, train, dev, **FEW)
    setting, params = result.setting, classifier.get_params()
    assert params["hidden_layer_sizes"] == tuple(setting["layer_sizes"][1:-1])
    assert params["learning_rate_init"] == setting["learning_rate"]
    assert params["max_iter"] == setting["epochs"]
    assert params["solver"] == "adam"
    batches = len(train[1]) / params["batch_size"]
    assert params["alpha"] * batches == pytest.approx(setting["l2"])
    if setting["normalize"]:
        assert "StandardScaler" in " ".join(result.notes)


@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_regressor(targets, dtype):
    X, y = load_diabetes(return_X_y=True)
    y = (y - y.mean()) / y.std()
    y = y if targets == 1 else np.c_[y, -y]
    train, dev, test = parts(X.astype(dtype), y)
    regressor = fastnn.MLPRegressor(hidden_layer_sizes=(2,), max_iter=3, random_state=0)
    result = fastnn.improve(regressor, train, dev, **FEW)
    assert regressor.network_ is result.network
    assert regressor.network_.dtype == dtype
    assert regressor.predict(test[0]).shape == test[1].shape
    assert regressor.score(*test) > 0.2


def test_class_weights_and_columns_of_labels_are_kept():
    r = np.random.default_rng(0)
    X = r.normal(size=(200, 4))
    several = (X[:, :2] > 0).astype(int)
    train, dev, test = parts(X, several)
    classifier = fastnn.MLPClassifier((4,), max_iter=5, random_state=0)
    fastnn.improve(classifier, train, dev, **FEW)
    assert classifier.predict(test[0]).shape == test[1].shape
    rare = (X[:, 0] > 1.2).astype(int)
    train, dev, test = parts(X, rare)
    classifier = fastnn.MLPClassifier((4,), class_weight={0: 1, 1: 50}, random_state=0)
    result = fastnn.improve(classifier, train, dev, **FEW)
    assert result.setting["sample_weight"].tolist() == np.where(train[1], 50, 1).tolist()


def test_a_refused_call_leaves_the_estimator_as_it_was(flowers):
    train, dev, _ = flowers
    classifier = fastnn.MLPClassifier((2,), max_iter=3, random_state=0).fit(*train)
    before = dict(vars(classifier))
    for bad in ({"l2": -1}, {"epoch": 3}, {"seeds": 0}):
        with pytest.raises((TypeError, ValueError)):
            fastnn.improve(classifier, train, dev, **FEW | bad)
    with pytest.raises(ValueError, match="iris"):
        fastnn.improve(classifier, train, (dev[0], ["iris"] * len(dev[1])), **FEW)
    with pytest.raises(ValueError, match="feature"):
        fastnn.improve(classifier, train, (pd.DataFrame(dev[0]).iloc[:, :2], dev[1]), **FEW)
    assert vars(classifier) == before


@pytest.mark.parametrize(
    "other",
    [sklearn.neural_network.MLPClassifier(), make_pipeline(fastnn.MLPClassifier())],
)
def test_other_estimators_are_refused(flowers, other):
    with pytest.raises(TypeError, match=r"fastnn.MLPClassifier"):
        fastnn.improve(other, *flowers[:2], **FEW)


def test_class_weights_count_for_the_dev_set_too():
    r = np.random.default_rng(0)
    X = r.normal(size=(400, 3))
    y = (r.random(400) < 1 / (1 + np.exp(2.6 - X[:, 0]))).astype(int)
    classifier = fastnn.MLPClassifier((4,), class_weight="balanced", max_iter=20, random_state=0)
    train, dev = (X[:200], y[:200]), (X[200:], y[200:])
    result = fastnn.improve(classifier, train, dev, seconds=None, trials=2, seeds=1)
    p = result.network.forward(dev[0]).reshape(-1)
    of_label = np.where(dev[1] == 1, p, 1 - p)
    by_class = [-np.log(of_label[dev[1] == k]).mean() for k in (0, 1)]
    assert result.dev_loss == pytest.approx(np.mean(by_class), rel=1e-4)


def test_the_constant_of_weighted_rows():
    """Weights count as rows that are there so many times."""
    r = np.random.default_rng(0)
    y, weight = r.normal(size=(51, 1)).round(1), r.integers(1, 4, size=51)
    many = np.repeat(y, weight, axis=0)
    for output in ("identity", "identity_huber"):
        given = baseline(output, y, y, weight)
        np.testing.assert_allclose(given, baseline(output, many, y), rtol=1e-6)
    if len(many) % 2:
        given = baseline("identity_absolute", y, y, weight)
        np.testing.assert_allclose(given, baseline("identity_absolute", many, y))
    classes = (y > 0).astype(int)
    given = baseline("softmax", classes, classes, weight)
    np.testing.assert_allclose(given, baseline("softmax", np.repeat(classes, weight), classes))

"""fastnn.MLPClassifier and MLPRegressor beside scikit-learn's, and what theirs lack."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import mean_poisson_deviance
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

import fastnn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SETTINGS = {
    "adam": {},
    "nesterov": {"solver": "sgd", "learning_rate_init": 0.1},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False, "alpha": 1.0},
    "plain": {"solver": "sgd", "momentum": 0.0, "shuffle": False},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5},
    "adaptive": {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "learning_rate_init": 0.3,
        "max_iter": 80,
        "tol": 1e-3,
        "n_iter_no_change": 3,
    },
    "lbfgs": {"solver": "lbfgs", "alpha": 0.01},
    "early stopping": {"early_stopping": True, "batch_size": 32, "n_iter_no_change": 3},
    "two layers": {"hidden_layer_sizes": (20, 10), "activation": "tanh", "batch_size": 60},
    "logistic": {"activation": "logistic", "learning_rate_init": 0.01},
    "linear": {"hidden_layer_sizes": (), "batch_size": 50},
}


def classification(load=load_wine):
    X, y = load(return_X_y=True)
    return scale(X), y


def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return scale(X), y / 50


def assert_alike(ours, theirs):
    for name in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-9)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-6)


# --- the same as scikit-learn's ---------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
def test_classifier_takes_the_steps_of_scikit_learn(load, settings, weighted):
    X, y = classification(load)
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y)) if weighted else None
    settings = {"max_iter": 15, "random_state": 3, "hidden_layer_sizes": (16,), **settings}
    theirs = MLPClassifier(**settings).fit(X, y, weight)
    ours = fastnn.MLPClassifier(**settings).fit(X, y, weight)
    assert_alike(ours, theirs)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-5, atol=1e-9)
    if settings.get("solver") != "lbfgs":
        np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-6)
        if settings.get("early_stopping"):
            assert ours.best_loss_ is theirs.best_loss_ is None
            np.testing.assert_allclose(ours.validation_scores_, theirs.validation_scores_)
            assert ours.best_validation_score_ == pytest.approx(theirs.best_validation_score_)
        else:
            assert ours.best_loss_ == pytest.approx(theirs.best_loss_, rel=1e-6)
            assert ours.validation_scores_ is None
            assert ours.best_validation_score_ is None


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "settings",
    [*SETTINGS.values(), {"loss": "poisson"}, {"loss": "poisson", "solver": "lbfgs"}],
    ids=[*SETTINGS, "poisson", "poisson by lbfgs"],
)
def test_regressor_takes_the_steps_of_scikit_learn(settings, weighted):
    X, y = diabetes()
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y)) if weighted else None
    settings = {"max_iter": 15, "random_state": 3, "hidden_layer_sizes": (16,), **settings}
    if settings.get("solver") == "sgd":
        settings["learning_rate_init"] = 0.01
    theirs = MLPRegressor(**settings).fit(X, y, weight)
    ours = fastnn.MLPRegressor(**settings).fit(X, y, weight)
    assert_alike(ours, theirs)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-5, atol=1e-8)


def test_partial_fit_takes_the_steps_of_scikit_learn():
    X, y = classification()
    both = [kind(random_state=0, batch_size=20) for kind in (MLPClassifier, fastnn.MLPClassifier)]
    for begin in (0, 60, 120, 0):
        part = slice(begin, begin + 60)
        theirs, ours = (e.partial_fit(X[part], y[part], classes=[0, 1, 2]) for e in both)
    assert_alike(ours, theirs)
    assert len(ours.loss_curve_) == 4


def test_warm_start_takes_the_steps_of_scikit_learn():
    X, y = diabetes()
    both = [
        kind(random_state=0, warm_start=True, max_iter=3)
        for kind in (MLPRegressor, fastnn.MLPRegressor)
    ]
    for _ in range(3):
        theirs, ours = (e.fit(X, y) for e in both)
    assert_alike(ours, theirs)
    assert len(ours.loss_curve_) == 9


def test_gradient_of_several_outputs_is_that_of_the_loss():
    """Their gradient is n_outputs times as large: one step of plain descent tells."""
    X, y = diabetes()
    Y = np.column_stack([y, -y, y**2 / 4])
    settings = {
        "hidden_layer_sizes": (5,),
        "activation": "tanh",
        "solver": "sgd",
        "momentum": 0.0,
        "max_iter": 1,
        "batch_size": len(y),
        "random_state": 0,
        "learning_rate_init": 1e-3,
    }
    ours = fastnn.MLPRegressor(**settings).fit(X, Y)
    theirs = MLPRegressor(**settings).fit(X, Y)
    for mine, other in zip(ours.coefs_, theirs.coefs_, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9)
    assert ours.loss_ == pytest.approx(3 * theirs.loss_, rel=1e-6)
    assert ours.gradcheck(X[:50], Y[:50]).verdict == "correct"
    lbfgs = {
        "solver": "lbfgs",
        "hidden_layer_sizes": (20,),
        "max_iter": 300,
        "random_state": 0,
        "alpha": 1.0,
    }
    assert fastnn.MLPRegressor(**lbfgs).fit(X, Y).score(X, Y) >= (
        MLPRegressor(**lbfgs).fit(X, Y).score(X, Y) - 1e-3
    )


@pytest.mark.parametrize("load", [load_digits, load_breast_cancer, load_wine, load_diabetes])
def test_as_accurate_over_seeds(load):
    X, y = load(return_X_y=True)
    X = scale(X)
    ours_kind, their_kind = (fastnn.MLPClassifier, MLPClassifier)
    if load is load_diabetes:
        y, ours_kind, their_kind = y / 50, fastnn.MLPRegressor, MLPRegressor
    differences = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(y))
        train, test = order[: len(y) // 2], order[len(y) // 2 :]
        settings = {"random_state": seed, "max_iter": 15, "hidden_layer_sizes": (30,)}
        scores = [
            kind(**settings).fit(X[train], y[train]).score(X[test], y[test])
            for kind in (ours_kind, their_kind)
        ]
        differences.append(scores[0] - scores[1])
    assert np.mean(differences) > -1e-3


def test_defaults_and_names_are_theirs():
    for ours, theirs in (
        (fastnn.MLPClassifier(), MLPClassifier()),
        (fastnn.MLPRegressor(), MLPRegressor()),
    ):
        mine = ours.get_params()
        assert theirs.get_params().items() <= mine.items()
        first = list(type(theirs)._get_param_names())
        assert set(first) <= set(type(ours)._get_param_names())
        public = {name for name in dir(theirs) if name[0] != "_"}
        assert public <= set(dir(ours))


# --- targets ----------------------------------------------------------------------------------


def test_labels_of_any_kind():
    X, y = classification()
    names = np.array(["red", "white", "rosé"], dtype=object)[y]
    model = fastnn.MLPClassifier(solver="lbfgs", random_state=0).fit(X, names)
    assert list(model.classes_) == sorted(set(names))
    assert model.score(X, names) > 0.99
    assert model.predict_log_proba(X).shape == (len(y), 3)
    two = fastnn.MLPClassifier(solver="lbfgs", random_state=0).fit(X, y > 0)
    assert two.n_outputs_ == 1
    assert two.out_activation_ == "logistic"
    np.testing.assert_allclose(two.predict_proba(X).sum(axis=1), 1)
    one = fastnn.MLPClassifier(random_state=0, max_iter=3).fit(X, np.full(len(y), "only"))
    assert set(one.predict(X)) == {"only"}
    assert (one.predict_proba(X) == 1).all()


@pytest.mark.parametrize("sparse", [False, True])
def test_multilabel(sparse):
    X, Y = make_multilabel_classification(300, 20, n_classes=4, random_state=0)
    settings = {"random_state": 0, "max_iter": 40}
    Y_given = sp.csr_array(Y) if sparse else Y
    ours = fastnn.MLPClassifier(**settings).fit(X, Y_given)
    theirs = MLPClassifier(**settings).fit(X, Y_given)
    assert_alike(ours, theirs)
    got, expected = ours.predict(X), theirs.predict(X)
    assert sp.issparse(got) == sp.issparse(expected) == sparse
    if sparse:
        got, expected = got.toarray(), expected.toarray()
    np.testing.assert_array_equal(got, expected)
    assert ours.score(X, Y_given) == theirs.score(X, Y_given)
    stopped = fastnn.MLPClassifier(early_stopping=True, **settings).fit(X, Y)
    assert max(stopped.validation_scores_) == stopped.best_validation_score_


def test_multilabel_partial_fit_needs_no_classes_and_no_complete_batch():
    X, Y = make_multilabel_classification(300, 20, n_classes=4, random_state=0)
    Y[:100, 3] = 0  # the first batch has no example of the last label
    model = fastnn.MLPClassifier(random_state=0)
    for _ in range(60):
        for begin in (0, 100, 200):
            model.partial_fit(X[begin : begin + 100], Y[begin : begin + 100])
    assert model.classes_.tolist() == [0, 1, 2, 3]
    assert model.score(X, Y) > 0.5
    with pytest.raises(ValueError, match="4"):
        model.partial_fit(X, Y[:, :3])


def test_poisson_regression():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 3))
    y = rng.poisson(np.exp(X[:, 0] - 0.5 * X[:, 1]))
    model = fastnn.MLPRegressor("poisson", solver="lbfgs", alpha=1.0, random_state=0).fit(X, y)
    assert model.out_activation_ == "exp"
    assert (model.predict(X) > 0).all()
    penalty = sum((W**2).sum() for W in model.coefs_) / 2 / len(y)
    half = mean_poisson_deviance(y, model.predict(X)) / 2
    assert model.loss_ == pytest.approx(half + penalty, rel=1e-6)
    with pytest.raises(ValueError, match="at least 0"):
        fastnn.MLPRegressor("poisson").fit(X, -1.0 - y)


@pytest.mark.parametrize("loss", ["absolute_error", "huber"])
def test_outliers_weigh_less(loss):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 1))
    y = X[:, 0].copy()
    y[:40] += 50
    settings = {
        "hidden_layer_sizes": (),
        "max_iter": 600,
        "random_state": 0,
        "tol": 0.0,
        "learning_rate_init": 0.02,
        "batch_size": 100,
    }
    robust = fastnn.MLPRegressor(loss, **settings).fit(X, y)
    plain = fastnn.MLPRegressor(**settings).fit(X, y)
    assert abs(robust.intercepts_[0][0]) < 0.3 < abs(plain.intercepts_[0][0])


@pytest.mark.parametrize("loss", ["squared_error", "poisson", "absolute_error", "huber"])
@pytest.mark.parametrize("dropout", [False, True])
def test_gradients_of_every_loss(loss, dropout):
    rng = np.random.default_rng(1)
    X, Y = rng.standard_normal((40, 4)), 3 * rng.random((40, 2))
    model = fastnn.MLPRegressor(
        loss, (6,), "tanh", random_state=0, max_iter=5, alpha=0.5, keep_prob=0.8
    ).fit(X, Y)
    weight = rng.random(40)
    assert model.gradcheck(X, Y, sample_weight=weight, dropout=dropout).verdict == "correct"


# --- what theirs lack -------------------------------------------------------------------------


def test_validation_set_of_the_users_own():
    X, y = classification()
    model = fastnn.MLPClassifier(random_state=0, max_iter=20, early_stopping=True)
    model.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == model.n_iter_
    assert model.score(X[1::2], y[1::2]) == pytest.approx(model.best_validation_score_)
    watched = fastnn.MLPClassifier(random_state=0, max_iter=20)
    watched.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    plain = fastnn.MLPClassifier(random_state=0, max_iter=20).fit(X[::2], y[::2])
    np.testing.assert_array_equal(watched.coefs_[0], plain.coefs_[0])
    p = watched.predict_proba(X[1::2])[np.arange(len(y[1::2])), y[1::2]]
    assert watched.validation_loss_curve_[-1] == pytest.approx(-np.log(p).mean())


@pytest.mark.parametrize("scoring", ["loss", "neg_log_loss", "f1_macro"])
def test_early_stopping_by_any_score(scoring):
    X, y = classification()
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    model = fastnn.MLPClassifier(
        random_state=0,
        max_iter=200,
        early_stopping=True,
        scoring=scoring,
        learning_rate_init=0.02,
        n_iter_no_change=3,
    )
    model.fit(frame, y)
    assert model.n_iter_ < 200
    best = int(np.argmax(model.validation_scores_))
    assert model.best_validation_score_ == model.validation_scores_[best]
    if scoring != "f1_macro":
        np.testing.assert_allclose(
            model.validation_scores_, -np.array(model.validation_loss_curve_), rtol=1e-6
        )


def test_early_stopping_of_a_stream():
    X, y = classification()
    model = fastnn.MLPClassifier(
        random_state=0, early_stopping=True, n_iter_no_change=3, learning_rate_init=0.01
    )
    with pytest.raises(ValueError, match="pass X_val and y_val"):
        model.partial_fit(X, y, classes=[0, 1, 2])
    for _ in range(60):
        model.partial_fit(X[::2], y[::2], classes=[0, 1, 2], X_val=X[1::2], y_val=y[1::2])
    assert len(model.loss_curve_) < 60
    assert model.score(X[1::2], y[1::2]) == pytest.approx(model.best_validation_score_)


def test_class_weight_is_sample_weight():
    X, y = classification()
    settings = {"random_state": 0, "max_iter": 5}
    by_class = fastnn.MLPClassifier(class_weight={0: 1, 1: 3, 2: 0.5}, **settings).fit(X, y)
    by_sample = fastnn.MLPClassifier(**settings).fit(X, y, np.array([1, 3, 0.5])[y])
    np.testing.assert_array_equal(by_class.coefs_[0], by_sample.coefs_[0])
    with pytest.raises(ValueError, match="balanced"):
        fastnn.MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])


def test_dropout_activations_and_l1():
    X, y = classification()
    model = fastnn.MLPClassifier(
        (20, 10),
        ["tanh", "gelu"],
        keep_prob=[1.0, 0.7, 0.9],
        l1=0.5,
        random_state=0,
        max_iter=300,
        batch_size=40,
    ).fit(X, y)
    assert model.network_.activation == ("tanh", "gelu")
    assert model.network_.keep_prob == (1.0, 0.7, 0.9)
    assert model.network_.sparsity()["W1"] > 0.2
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(model.coefs_[0], again.coefs_[0])
    with pytest.raises(ValueError, match="keep_prob to 1"):
        fastnn.MLPClassifier(solver="lbfgs", keep_prob=0.5).fit(X, y)


def test_warm_start_with_the_optimizer_is_one_long_fit():
    X, y = classification()
    settings = {"shuffle": False, "batch_size": 50, "random_state": 0}
    for solver in ("adam", "sgd"):
        model = fastnn.MLPClassifier(warm_start="optimizer", max_iter=4, solver=solver, **settings)
        model.fit(X, y).fit(X, y)
        whole = fastnn.MLPClassifier(max_iter=8, solver=solver, **settings).fit(X, y)
        np.testing.assert_array_equal(model.coefs_[0], whole.coefs_[0])
        assert model.loss_curve_ == whole.loss_curve_


def test_early_stopping_switched_on_and_off_between_fits():
    """A score is not compared with a loss."""
    X, y = classification()
    model = fastnn.MLPClassifier(warm_start=True, max_iter=3, n_iter_no_change=1, random_state=0)
    for early_stopping in (False, True, False):
        model.set_params(early_stopping=early_stopping).fit(X, y)
        assert model.n_iter_ == 3
    assert model.best_loss_ == min(model.loss_curve_[-3:])


def test_callbacks():
    X, y = classification()
    seen = []

    def stop_after_three(model):
        seen.append((model.n_iter_, model.loss_))
        return model.n_iter_ == 3

    for solver in ("adam", "lbfgs"):
        seen.clear()
        model = fastnn.MLPClassifier(callbacks=stop_after_three, solver=solver).fit(X, y)
        assert model.n_iter_ == len(seen) == 3
        assert [loss for _, loss in seen] == model.loss_curve_


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks_of_scikit_learn(solver):
    callback = pytest.importorskip("sklearn.callback")
    X, y = classification()
    model = fastnn.MLPClassifier(max_iter=7, random_state=0, solver=solver)
    monitor = callback.ScoringMonitor(scoring="accuracy")
    model.set_callbacks(monitor).fit(X, y)
    assert model.n_iter_ == 7
    log = monitor.get_logs()
    assert log


def test_advice():
    X, y = classification(load_digits)
    model = fastnn.MLPClassifier((2,), random_state=0, max_iter=10).fit(X[::2], y[::2])
    diagnosis = model.diagnose(X[::2], y[::2], X[1::2], y[1::2])
    assert diagnosis.high_bias
    assert diagnosis.advice
    assert model.gradcheck(X[:40], y[:40]).verdict == "correct"
    assert model.signal_flow(X, y).verdict
    with pytest.raises(NotFittedError):
        fastnn.MLPClassifier().gradcheck(X, y)


def test_advice_is_in_the_estimators_own_words():
    X, y = classification(load_digits)
    y = np.char.add("digit ", y.astype(str))
    sets = X[::3], y[::3], X[1::3], y[1::3]
    settings = {"random_state": 0, "max_iter": 10, "alpha": 0.5}  # l2 is 3 times it
    high_bias = fastnn.MLPClassifier((2,), **settings).fit(X[::3], y[::3]).diagnose(*sets)
    advice = "\n".join(high_bias.advice)
    assert "try hidden_layer_sizes [4] (now [2])" in advice
    assert "regularize less: now alpha=0.5" in advice
    settings.update(max_iter=100, solver="lbfgs", alpha=0.001, l1=0.0)
    order = np.random.default_rng(0).permutation(len(X))  # the digits are sorted by their writers
    X, y = X[order], y[order]
    model = fastnn.MLPClassifier((50,), **settings).fit(X[:200], y[:200])
    options = {"test": (X[1300:], y[1300:]), "train_dev": (X[200:400], y[200:400])}
    diagnosis = model.diagnose(X[:200], y[:200], X[400:], y[400:], **options)
    advice = "\n".join(diagnosis.advice)
    assert "try alpha=0.003 (now 0.001), or keep_prob 0.8" in advice  # lbfgs does not stop early
    assert "sklearn.model_selection.learning_curve tells" in advice
    assert "sklearn.model_selection.validation_curve searches alpha and keep_prob" in advice
    assert "fastnn." not in advice
    model = fastnn.MLPClassifier((50,), max_iter=150, random_state=0, learning_rate_init=0.01)
    diagnosis = model.fit(X[:200], y[:200]).diagnose(X[:200], y[:200], X[400:], y[400:])
    assert "with early_stopping=True, n_iter_no_change=" in "\n".join(diagnosis.advice)
    with pytest.raises(TypeError, match="no argument 'words'"):
        model.network_.diagnose((X, X[:, 0]), (X, X[:, 0]), words=3)


def test_threads_do_not_change_bits():
    X, y = classification(load_digits)
    nets = [fastnn.MLPClassifier(random_state=0, max_iter=2, n_threads=n).fit(X, y) for n in (1, 2)]
    np.testing.assert_array_equal(nets[0].coefs_[0], nets[1].coefs_[0])


# --- in the company of scikit-learn and tables ------------------------------------------------


def test_pipelines_and_searches():
    X, y = load_wine(return_X_y=True)
    pipe = make_pipeline(
        StandardScaler().set_output(transform="pandas"),
        fastnn.MLPClassifier((8,), max_iter=20, random_state=0),
    )
    grid = GridSearchCV(pipe, {"mlpclassifier__alpha": [1e-4, 1.0]}, cv=2).fit(X, y)
    assert list(grid.best_estimator_[-1].feature_names_in_)
    assert cross_val_score(pipe, X, y, cv=2).shape == (2,)
    halving = HalvingRandomSearchCV(
        fastnn.MLPClassifier(random_state=0),
        {"alpha": [1e-4, 1e-2, 1.0, 10.0]},
        cv=2,
        resource="max_iter",
        max_resources=40,
        min_resources=10,
        random_state=0,
    ).fit(scale(X), y)
    assert halving.best_estimator_.max_iter == halving.n_resources_[-1] == 30


def test_tables_by_name():
    X, y = classification()
    names = [f"x{i}" for i in range(X.shape[1])]
    plain = fastnn.MLPClassifier(random_state=0, max_iter=5).fit(X, y)
    for table in (pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names)):
        model = fastnn.MLPClassifier(random_state=0, max_iter=5).fit(table, y)
        assert list(model.feature_names_in_) == names
        np.testing.assert_array_equal(model.predict_proba(table), plain.predict_proba(X))
        with pytest.warns(UserWarning, match="feature names"):
            model.predict(X[:1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_sparse_input_are_kept(dtype):
    X, y = classification()
    X = np.where(X > 0, X, 0).astype(dtype)
    dense = fastnn.MLPClassifier(random_state=0, max_iter=5).fit(X, y)
    assert dense.coefs_[0].dtype == dense.predict_proba(X).dtype == dtype
    for kind in (sp.csr_array, sp.csc_matrix):
        model = fastnn.MLPClassifier(random_state=0, max_iter=5).fit(kind(X), y)
        np.testing.assert_array_equal(model.coefs_[0], dense.coefs_[0])
        np.testing.assert_array_equal(model.predict(kind(X)), dense.predict(X))


def test_copies():
    X, y = classification()
    model = fastnn.MLPClassifier(random_state=0, max_iter=5).fit(X, y)
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
    twin.partial_fit(X, y)
    assert (twin.coefs_[0] != model.coefs_[0]).any()
    twin.coefs_ = model.coefs_
    twin.intercepts_ = model.intercepts_
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()


def test_metadata_routing():
    import sklearn

    X, y = classification()
    with sklearn.config_context(enable_metadata_routing=True):
        model = fastnn.MLPClassifier(max_iter=3).set_fit_request(
            sample_weight=True, X_val=True, y_val=True
        )
        pipe = make_pipeline(model)
        pipe.fit(X, y, sample_weight=np.ones(len(y)), X_val=X[:50], y_val=y[:50])
    assert len(pipe[-1].validation_loss_curve_) == 3


# --- one row, and errors ----------------------------------------------------------------------


def test_a_few_rows_are_predicted_as_many_are():
    X, y = classification()
    model = fastnn.MLPClassifier(random_state=0, max_iter=20).fit(X, y)
    one_by_one = np.concatenate([model.predict(row[np.newaxis]) for row in X])
    np.testing.assert_array_equal(one_by_one, model.predict(X))
    with pytest.raises(ValueError, match="NaN"):
        model.predict(np.full((1, X.shape[1]), np.nan))
    with pytest.raises(ValueError, match="12 features"):
        model.predict(X[:1, :12])
    with pytest.raises(NotFittedError):
        fastnn.MLPClassifier().predict(X)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpha", -1),
        ("tol", "small"),
        ("max_iter", 0),
        ("solver", "newton"),
        ("momentum", 1.5),
        ("learning_rate", "fast"),
        ("batch_size", "all"),
        ("activation", "swish"),
        ("shuffle", 1),
        ("activation", ["tanh", "relu"]),
        ("hidden_layer_sizes", (0,)),
        ("keep_prob", 0.0),
        ("n_iter_no_change", 0),
        ("n_threads", 0),
        ("callbacks", 3),
        ("beta_1", 1.0),
        ("warm_start", "always"),
        ("activation", None),
        ("activation", np.array("tanh")),
        ("activation", 3),
        ("hidden_layer_sizes", "9"),
        ("hidden_layer_sizes", b"9"),
        ("hidden_layer_sizes", np.array(3.0)),
        ("keep_prob", np.array(0.5)),
        ("warm_start", np.array([1, 2])),
        ("n_iter_no_change", np.array([1, 2])),
    ],
)
def test_bad_settings(name, value):
    X, y = classification()
    with pytest.raises((ValueError, TypeError), match=r"expected|unknown"):
        fastnn.MLPClassifier(**{name: value}).fit(X, y)


def test_bad_calls():
    X, y = classification()
    model = fastnn.MLPClassifier(max_iter=2, random_state=0)
    with pytest.raises(ValueError, match="negative"):
        model.fit(X, y, np.linspace(-1, 1, len(y)))
    with pytest.raises(ValueError, match=r"non-zero|positive sum of sample_weight"):
        model.fit(X, y, np.zeros(len(y)))
    with pytest.raises(ValueError, match="y_val"):
        model.fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="classes must be passed"):
        fastnn.MLPClassifier().partial_fit(X, y)
    model.fit(X, y)
    with pytest.raises(ValueError, match="classes not in"):
        model.partial_fit(X, y + 1)
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        model.set_params(hidden_layer_sizes=(7,)).partial_fit(X, y)
    assert not hasattr(fastnn.MLPClassifier(solver="lbfgs"), "partial_fit")
    with pytest.raises(fastnn.DivergenceError):
        fastnn.MLPRegressor(solver="sgd", learning_rate_init=1e10).fit(X, y)


def test_targets_that_a_regressor_cannot_have():
    X, y = diabetes()
    for loss in ("squared_error", "poisson"):
        with pytest.raises(TypeError, match=r"real numbers, got dtype <U.*y\.astype\(float\)"):
            fastnn.MLPRegressor(loss=loss).fit(X, y.astype(str))
    with pytest.raises(ValueError, match=r"loss='poisson', got -.*loss='squared_error'"):
        fastnn.MLPRegressor(loss="poisson").fit(X, -y)


def test_the_limit_that_ended_lbfgs_is_named():
    X, y = classification()
    with pytest.warns(ConvergenceWarning, match="limit of evaluations"):
        fastnn.MLPClassifier(solver="lbfgs", max_fun=5).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="limit of iterations"):
        fastnn.MLPClassifier(solver="lbfgs", max_iter=5).fit(X, y)


def test_what_is_warned_of():
    X, y = classification()
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        fastnn.MLPClassifier(max_iter=2).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge"):
        fastnn.MLPClassifier(max_iter=2, solver="lbfgs").fit(X, y)
    with pytest.warns(UserWarning, match="clipped"):
        fastnn.MLPClassifier(max_iter=2, batch_size=10_000).fit(X, y)


def test_interrupted_training_leaves_a_fitted_model():
    X, y = classification()

    def interrupt(model):
        if model.n_iter_ == 2:
            raise KeyboardInterrupt

    for solver in ("adam", "lbfgs"):
        model = fastnn.MLPClassifier(solver=solver, callbacks=interrupt)
        with pytest.warns(UserWarning, match="interrupted"):
            model.fit(X, y)
        assert model.predict(X).shape == y.shape


def test_zero_weights_are_as_good_as_left_out():
    X, y = classification()
    weight = (np.arange(len(y)) % 3 > 0).astype(float)
    settings = {"random_state": 0, "max_iter": 5, "batch_size": 20}
    weighted = fastnn.MLPClassifier(**settings).fit(X, y, weight)
    without = fastnn.MLPClassifier(**settings).fit(X[weight > 0], y[weight > 0])
    np.testing.assert_allclose(weighted.coefs_[0], without.coefs_[0], rtol=1e-9)


def test_verbose(capsys):
    X, y = classification()
    for model in (
        fastnn.MLPClassifier(max_iter=2, verbose=True, early_stopping=True),
        fastnn.MLPClassifier(max_iter=2, verbose=True, solver="lbfgs"),
    ):
        model.fit(X, y)
        assert "Iteration 2, loss = " in capsys.readouterr().out

"""`improve` of the estimators of tables: the recipe is a candidate, too."""

import warnings

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn.tables import improving
from fastnn.tables.recipe import REPLACED, Fitted

QUICK = {"seconds": None, "trials": 1, "seeds": 1, "n_jobs": 1}


def steps(m=300, seed=0):
    """A target with steps, which bins find and a linear model does not."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"x": rng.uniform(0, 10, m), "z": rng.normal(size=m)})
    return X, (np.floor(X["x"]) % 2 + 0.05 * rng.normal(size=m)).rename("y")


def lines(m=300, seed=0):
    """A target that a linear model tells best."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(m, 8))).add_prefix("x")
    return X, X.sum(axis=1) + 0.01 * rng.normal(size=m)


def test_nothing_better_leaves_the_model_of_fit():
    X, y = steps(120)
    model = fastnn.TableRegressor()
    result = model.improve(X, y, **QUICK)
    assert model.quality == "best"
    fitted = fastnn.TableRegressor().fit(X, y)
    np.testing.assert_array_equal(model.predict(X), fitted.predict(X))
    assert model.network_ is result.network
    assert model.get_params() == fitted.get_params()
    assert model.run_ == fitted.run_
    assert result.setting == {"quality": "best"}
    last = result.moves[-1]
    assert last.kept
    assert (last.change, last.networks) == ({"quality": "best"}, 12)
    assert result.dev_error == last.dev_error < result.first_dev_error
    assert 'The recipe (quality="best") is kept.' in str(result)
    assert "trained on all rows" in str(result)
    assert model.n_features_in_ == 2


def test_a_network_has_to_be_better_beyond_chance():
    X, y = lines()
    begun = {"quality": None, "hidden": (), "optimizer": "lbfgs", "l2": 0.0,
             "batch_size": None, "schedule": None}  # fmt: skip
    model = fastnn.TableRegressor(**begun)
    result = model.improve(X, y, **QUICK)
    assert not result.moves[-1].kept
    assert result.moves[-1].sure < -2
    assert (model.quality, model.hidden) == (None, ())
    assert result.dev_error < result.moves[-1].dev_error
    assert "The network is simpler, and beyond chance no worse" in str(result)


@pytest.mark.parametrize(("sure", "kept"), [(-3.0, False), (-1.0, True), (0.0, True), (3.0, True)])
@pytest.mark.parametrize("quality", ["fast", None])
def test_the_rule(monkeypatch, quality, sure, kept):
    """Ties are the recipe's where the search begins with a quality, else the simpler network's."""
    compare = improving.compare
    monkeypatch.setattr(
        improving, "compare", lambda *pair: compare(*pair)._replace(sure=sure, gain=sure / 10)
    )
    X, y = steps(80)
    model = fastnn.TableRegressor(quality=quality)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of 16 dev rows
        result = model.improve(X, y, **QUICK)
    kept = kept if quality else sure > 2
    assert result.moves[-1].kept is kept
    assert model.quality == ("best" if kept else None)
    defaults = fastnn.TableRegressor().get_params()
    if kept:
        assert all(model.get_params()[name] == defaults[name] for name in REPLACED)


def test_own_dev_rows_are_never_trained_on():
    X, y = steps(120)
    dev = steps(60, seed=1)
    model = fastnn.TableRegressor()
    model.improve(X, y, dev=dev, **QUICK)
    fitted = fastnn.TableRegressor().fit(X, y, dev=dev)
    np.testing.assert_array_equal(model.predict(X), fitted.predict(X))


def test_options_of_a_network_beside_a_quality_are_refused():
    X, y = steps(60)
    model = fastnn.TableRegressor(hidden=(8,))
    with pytest.raises(ValueError, match=r"takes the place of hidden=\(8,\).*quality=None"):
        model.improve(X, y, **QUICK)
    assert model.get_params() == fastnn.TableRegressor(hidden=(8,)).get_params()
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("whole", [True, False])
def test_ctrl_c_within_the_recipe_keeps_the_best_network(monkeypatch, whole):
    fit_model = improving.fit_model

    def interrupted(*given, **options):
        if not whole:
            raise KeyboardInterrupt
        return Fitted(fit_model(*given, **options).network, interrupted=True)

    monkeypatch.setattr(improving, "fit_model", interrupted)
    X, y = steps(80)
    model = fastnn.TableRegressor()
    result = model.improve(X, y, **QUICK)
    assert result.stopped == "interrupted"
    assert model.quality is None
    assert model.network_ is result.network
    assert "which is left out" in str(result)


def test_classes_by_time_and_balanced():
    X, y = steps()
    labels = np.where(y > 0.5, "odd", "even")
    model = fastnn.TableClassifier(time="day", class_weight="balanced")
    result = model.improve(X.assign(day=np.arange(len(X)) * 1.5), labels, **QUICK)
    assert model.run_["sizes"].keys() == {"train", "dev"}  # the last rows stay dev rows
    assert model.network_ is result.network
    assert result.moves[-1].kept

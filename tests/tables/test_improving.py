"""`improve` of the estimators of tables: the recipe is a candidate, too."""

import os
import signal
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn.improvement import loop
from fastnn.improvement.judging import Comparison
from fastnn.tables import improving
from fastnn.tables.options import REPLACED
from fastnn.tables.recipe import Fitted

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
    assert model.get_params() == fitted.get_params() | {"quality": "best"}
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
    options = {"quality": "best", "hidden": (64, 32)}
    model = fastnn.TableRegressor(**options)
    with pytest.raises(ValueError, match=r"takes the place of hidden=\(64, 32\).*quality=None"):
        model.improve(X, y, **QUICK)
    assert model.get_params() == fastnn.TableRegressor(**options).get_params()
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("whole", [True, False])
def test_ctrl_c_within_the_recipe_leaves_the_estimator_as_it_was(monkeypatch, whole):
    fit_model = improving.fit_model

    def interrupted(*given, **options):
        if not whole:
            raise KeyboardInterrupt
        return Fitted(fit_model(*given, **options).network, interrupted=True)

    monkeypatch.setattr(improving, "fit_model", interrupted)
    X, y = steps(80)
    model = fastnn.TableRegressor()
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.improve(X, y, **QUICK)
    assert vars(model) == before


@pytest.mark.filterwarnings("ignore:.* on the dev rows are not related:UserWarning")
def test_ctrl_c_within_the_search_keeps_the_recipe_without_training_on_all_rows(monkeypatch):
    def interrupted(self, *given):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop.Loop, "_choose", interrupted)
    X, y = steps(120)
    model = fastnn.TableRegressor()
    result = model.improve(X, y, **QUICK)
    assert (result.stopped, model.quality) == ("interrupted", "best")
    assert model.network_ is result.network
    assert model.run_["sizes"].keys() == {"train", "dev"}
    assert "trained on all rows" not in str(result)


class Watched(loop.Fits):
    """The fits of a search, and the seconds that they are given."""

    def __init__(self, *given):
        Watched.seconds = given[5]
        super().__init__(*given)


@pytest.fixture
def watched(monkeypatch):
    """`Watched`, with a clock by which the recipe takes 10 s."""
    clock = iter([5.0, 15.0])
    monkeypatch.setattr(improving, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(loop, "Fits", Watched)
    return Watched


@pytest.mark.parametrize(
    ("own_dev", "seconds", "left"),
    # 96 of 120 rows are training rows, and then the recipe is trained on all.
    [(True, 100.0, 90.0), (False, 100.0, 100 - 10 - 12.5), (False, None, None)],
)
def test_the_search_has_the_seconds_that_the_recipe_leaves(watched, own_dev, seconds, left):
    X, y = steps(120)
    dev = steps(60, seed=1) if own_dev else None
    result = fastnn.TableRegressor().improve(X, y, dev=dev, **QUICK | {"seconds": seconds})
    assert watched.seconds == pytest.approx(left)
    assert "no time" not in str(result)


def test_a_recipe_that_takes_all_seconds_is_told(watched):
    X, y = steps(120)
    result = fastnn.TableRegressor().improve(X, y, **QUICK | {"seconds": 20.0})
    assert 0 < watched.seconds < 0.1
    assert result.stopped == "time"
    assert "The search had no time: of the 20 s, the recipe" in str(result)
    assert "took 10.0 and once more on all rows" in str(result)


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0}, {"trials": 0}, {"seeds": 0}, {"n_jobs": 0}, {"optimal_error": 2}]
)
def test_options_are_refused_before_the_recipe_is_trained(monkeypatch, wrong):
    monkeypatch.setattr(improving, "fit_model", None)
    X, y = steps(60)
    with pytest.raises(ValueError, match=next(iter(wrong))):
        fastnn.TableRegressor().improve(X, y, **QUICK | wrong)


def test_classes_by_time_and_balanced():
    X, y = steps()
    labels = np.where(y > 0.5, "odd", "even")
    model = fastnn.TableClassifier(time="day", class_weight="balanced")
    result = model.improve(X.assign(day=np.arange(len(X)) * 1.5), labels, **QUICK)
    assert model.run_["sizes"].keys() == {"train", "dev"}  # the last rows stay dev rows
    assert model.network_ is result.network
    assert result.moves[-1].kept


def uneven(m=400, seed=0):
    """One class in nine, and inputs that tell little of it."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(m, 4))).add_prefix("x")
    rare = rng.random(m) < 1 / (1 + np.exp(2.6 - X["x0"] - X["x1"]))
    return X, np.where(rare, "yes", "no")


def test_balanced_classes_are_judged_by_balanced_losses():
    X, y = uneven()
    dev = uneven(200, seed=1)
    model = fastnn.TableClassifier(class_weight="balanced")
    result = model.improve(X, y, dev=dev, seconds=None, trials=3, seeds=1, n_jobs=1)
    p = model.predict_proba(dev[0])[:, 1]
    of_label = np.where(dev[1] == "yes", p, 1 - p)
    by_class = [of_label[dev[1] == name] for name in ("no", "yes")]
    assert result.dev_loss == pytest.approx(
        np.mean([-np.log(each).mean() for each in by_class]), rel=1e-4
    )
    assert result.dev_error == pytest.approx(np.mean([(each < 0.5).mean() for each in by_class]))
    assert np.mean(model.predict(dev[0]) == "yes") > 0.2
    assert "count each dev row by its weight" in str(result)


def test_without_class_weights_the_losses_are_of_rows():
    X, y = uneven()
    dev = uneven(200, seed=1)
    model = fastnn.TableClassifier()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # always "no" is as good by rows
        result = model.improve(X, y, dev=dev, **QUICK)
    p = model.predict_proba(dev[0])[:, 1]
    loss = -np.log(np.where(dev[1] == "yes", p, 1 - p)).mean()
    assert result.dev_loss == pytest.approx(loss, rel=1e-4)
    assert "by its weight" not in str(result)


@pytest.mark.parametrize(("trials", "kept"), [(1, False), (6, True)])
def test_the_best_of_many_networks_needs_more_than_one(monkeypatch, trials, kept):
    compare = improving.compare
    monkeypatch.setattr(
        improving, "compare", lambda *pair: compare(*pair)._replace(sure=-2.1, gain=-0.1)
    )
    X, y = lines(80)
    model = fastnn.TableRegressor()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of 16 dev rows
        result = model.improve(X, y, **QUICK | {"trials": trials})
    assert result.moves[-1].kept is kept
    needed = "No network is better beyond chance, which" if kept else "that the best of 2 needs"
    assert needed in str(result)
    if not kept:
        assert "was trained on 64 rows, and the other 16 judged it" in str(result)


def test_options_that_a_table_lacks_are_named_in_words(monkeypatch):
    monkeypatch.setattr(improving, "compare", lambda *pair: Comparison(-9.0, -99.0, False))
    planned = improving.planned

    def normalized(*given, **options):
        return planned(*given, normalize=True, **options)

    monkeypatch.setattr(improving, "planned", normalized)
    X, y = lines(80)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = fastnn.TableRegressor().improve(X, y, **QUICK)
    assert "was trained with normalize=True, which `fastnn.Network` and its `fit` alone" in str(
        result
    )


def test_an_interrupted_search_goes_on_from_its_checkpoint(monkeypatch, tmp_path):
    X, y = steps(120)
    search = QUICK | {"trials": 2, "seconds": 1000.0}
    whole = fastnn.TableRegressor()
    expected = whole.improve(X, y, **search)
    kept, choose = tmp_path / "fits", loop.Loop._choose

    def interrupted(self, *given):
        os.kill(os.getpid(), signal.SIGINT)
        return choose(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Loop, "_choose", interrupted)
        first = fastnn.TableRegressor().improve(X, y, checkpoint=kept, **search)
    assert first.stopped == "interrupted"
    (fit,) = kept.glob("fit-*.safetensors")
    written = fit.stat().st_mtime_ns
    model = fastnn.TableRegressor()
    result = model.improve(X, y, checkpoint=kept, **search)
    assert fit.stat().st_mtime_ns == written  # the first network is not trained again
    assert [move.text for move in result.moves] == [move.text for move in expected.moves]
    assert result.dev_error == expected.dev_error
    np.testing.assert_array_equal(model.predict(X), whole.predict(X))
    # On some rows, and on all.
    assert len(list(kept.glob("recipe-*"))) == 2


def test_a_second_search_trains_no_recipe_again(tmp_path):
    X, y = steps(120)
    first = fastnn.TableRegressor()
    first.improve(X, y, checkpoint=tmp_path / "fits", **QUICK)
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "fits").rglob("*")}
    assert len(list((tmp_path / "fits").glob("recipe-*/*"))) >= 2
    again = fastnn.TableRegressor()
    again.improve(X, y, checkpoint=tmp_path / "fits", **QUICK)
    assert files == {path: path.stat().st_mtime_ns for path in files}
    np.testing.assert_array_equal(again.predict(X), first.predict(X))

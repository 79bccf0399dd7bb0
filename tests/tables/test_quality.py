"""`quality` of the estimators of tables: the recipe of `fastnn.many.blend`."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import fastnn
from fastnn.tables.judging import diagnosis_of

M = 400


def table(m=M, seed=0):
    """A target with a step in x, which counts in one city only."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "x": rng.lognormal(size=m),
            "city": rng.choice(["Oslo", "Rome", None], m),
            "z": np.arange(m),
        }
    )
    frame["z"] %= 7
    frame.loc[::9, "x"] = np.nan
    y = 3.0 * ((frame["x"] > 1.5) & (frame["city"] == "Rome")) + 0.3 * frame["z"]
    return frame, y


@pytest.mark.parametrize("quality", ["fast", pytest.param("best", marks=pytest.mark.slow)])
def test_a_regression(quality, tmp_path):
    (X, y), (X_test, y_test) = table(), table(1_000, seed=1)
    model = fastnn.TableRegressor(quality=quality, numeric="z").fit(X, y)
    assert model.score(X_test, y_test) > 0.9
    assert model.run_["sizes"] == {"train": M}
    model.save(tmp_path / "m.safetensors")
    again = fastnn.load(tmp_path / "m.safetensors")
    assert again.quality == quality
    np.testing.assert_array_equal(again.predict(X_test), model.predict(X_test))


def test_classes_are_the_same_for_any_threads():
    X, y = table()
    labels = np.where(y > 2, "high", "low")
    one, two = (
        fastnn.TableClassifier(quality="fast", n_threads=n, numeric="z").fit(X, labels)
        for n in (1, 2)
    )
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))
    X_test, y_test = table(1_000, seed=1)
    assert one.score(X_test, np.where(y_test > 2, "high", "low")) > 0.9


def test_bins_only_with_a_quality():
    X, y = table()
    plain = fastnn.TableRegressor(quality=None, epochs=1, numeric="z").fit(X, y)
    binned = fastnn.TableRegressor(quality="fast", numeric="z").fit(X, y)
    assert plain.schema_.n_inputs < binned.schema_.n_inputs
    assert all(not getattr(column, "edges", ()) for column in plain.schema_.columns)


def test_groups_stay_together_and_the_last_rows_in_time_are_dev_rows():
    X, y = table()
    grouped = X.assign(who=[f"p{i // 10}" for i in range(M)])
    model = fastnn.TableRegressor(quality="fast", groups="who", numeric="z").fit(grouped, y)
    assert "who" not in [column.name for column in model.schema_.columns]
    timed = X.assign(day=np.arange(M) * 1.5)
    model = fastnn.TableRegressor(quality="fast", time="day", numeric="z").fit(timed, y)
    assert set(model.run_["sizes"]) == {"train", "dev"}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"hidden": (8,)}, r"hidden=\(8,\): leave it out, or give quality=None to use it"),
        (
            {"hidden": [64, 32], "l2": 5.0},  # as they are without a quality
            r"hidden=\[64, 32\], l2=5.0: leave them out, or give quality=None to use them",
        ),
        (
            {"l2": 99.0, "epochs": 1},
            "l2=99.0, epochs=1: leave them out, or give quality=None to use them",
        ),
        ({"keep_prob": np.array([1.0, 0.5, 0.5])}, "keep_prob="),
        ({"optimizer": fastnn.Adam()}, "optimizer=Adam"),
    ],
)
def test_options_that_a_quality_replaces_are_refused(options, named):
    X, y = table(60)
    with pytest.raises(ValueError, match="quality='fast' takes the place of " + named):
        fastnn.TableRegressor(quality="fast", **options).fit(X, y)


def test_auto_and_options_of_both_are_no_matter():
    X, y = table(60)
    left = {"hidden": "auto", "l2": "auto", "init": "auto", "dtype": "float64"}
    fastnn.TableRegressor(quality="fast", numeric="z", **left).fit(X, y)


@pytest.mark.parametrize("options", [{"hidden": (64, 32), "l2": 5.0}, {"epochs": 2}])
def test_an_option_of_one_network_without_a_quality_trains_that_one(options):
    """As `fastnn train --l2 5` does, though the option is as it is by default."""
    X, y = table(60)
    kind = fastnn.TableRegressor
    model = kind(numeric="z", **options).fit(X, y)
    alone = kind(numeric="z", quality=None, **options).fit(X, y)
    np.testing.assert_array_equal(model.network_.theta, alone.network_.theta)
    assert list(model.network_.layer_sizes[1:]) == [64, 32, 1]
    by = ", ".join(f"{name}={value!r}" for name, value in options.items())
    assert f"One network is trained, because of {by}. Without" in model.notices_[0]
    assert "quality=None chooses one network without this notice" in model.notices_[0]
    assert "One network" not in str(alone.notices_)
    assert clone(model).get_params() == model.get_params()


def test_what_was_given_is_kept_by_a_file(tmp_path):
    X, y = table(60)
    model = fastnn.TableRegressor(numeric="z", l2=5.0, epochs=2).fit(X, y)
    model.save(tmp_path / "m.safetensors")
    again = fastnn.load(tmp_path / "m.safetensors")
    kept = again.get_params()
    assert (kept["quality"], kept["l2"], kept["hidden"]) == ("auto", 5.0, "auto")
    page = again.report(X, y, gradcheck=False).html
    settings = page[page.rindex(">Settings<") :]
    assert "<td>(64, 32)</td>" in settings
    assert settings.count("auto") == 2  # init, of the network and of the fit


def test_the_page_about_a_quality_has_no_options_that_it_replaced():
    X, y = table(120)
    model = fastnn.TableRegressor(quality="fast", numeric="z").fit(X, y)
    page = model.report(X, y, dev=table(60, seed=1), gradcheck=False).html
    settings = page[page.rindex(">Settings<") :]
    assert "quality" in settings
    assert "early_stopping" not in settings


def test_what_does_not_go_together_is_refused(tmp_path):
    X, y = table()
    with pytest.raises(ValueError, match="quality"):
        fastnn.TableRegressor(quality="good").fit(X, y)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError):
        fastnn.TableRegressor(quality="fast").fit(X, y, checkpoint=tmp_path / "file")


# --- The default ---


def test_it_is_the_default_and_none_is_one_network():
    X, y = table(120)
    default = fastnn.TableRegressor(numeric="z").fit(X, y)
    best = fastnn.TableRegressor(quality="best", numeric="z").fit(X, y)
    np.testing.assert_array_equal(default.predict(X), best.predict(X))
    assert default.history_.averaged in (6, 12)
    assert f"Of one of {default.history_.averaged} networks" in default.history_._repr_html_()
    assert f"one of {default.history_.averaged} networks" in repr(default.history_)
    alone = fastnn.TableRegressor(quality=None, numeric="z", epochs=2).fit(X, y)
    assert alone.network_.layer_sizes[1:-1] == (64, 32)
    assert alone.history_.averaged == 1


def test_searches_over_the_quality():
    X, y = table(120)
    model = fastnn.TableRegressor(numeric="z", random_state=np.random.RandomState(0))
    search = GridSearchCV(model, {"quality": ["fast", None]}, cv=2).fit(X, y)
    assert search.best_params_ == {"quality": "fast"}
    assert clone(search.best_estimator_).quality == "fast"


@pytest.mark.parametrize("m", [2, 3, 5, 8, 12])
def test_a_few_rows(m, tmp_path):
    frame = pd.DataFrame(
        {"x": np.arange(m) % 3 + 0.5, "y": ["a", "b"] * (m // 2) + ["a"] * (m % 2)}
    )
    model = fastnn.TableClassifier().fit(frame, "y")
    P = model.predict_proba(frame)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-5)
    model.save(tmp_path / "m.safetensors")
    again = fastnn.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict_proba(frame), P)
    if m < 10:
        with pytest.raises(ValueError, match="too few rows to keep some: pass dev"):
            again.diagnose(frame)
    else:
        assert again.diagnose(frame).counts["dev_error"] > 0


def test_weights_of_rows_count():
    X, y = table()
    wrong = np.where(np.arange(M) % 4 == 0, 5.0, y)
    weight = np.where(np.arange(M) % 4 == 0, 1e-6, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the R^2 of a warning has no weights
        model = fastnn.TableRegressor(quality="fast", numeric="z").fit(X, wrong, weight)
    assert model.score(X, y) > 0.8
    with pytest.raises(ValueError, match=r"weights of its own.*pass dev"):
        model.diagnose(X, wrong)


def test_a_fit_that_knows_nothing_is_a_warning():
    """Though there are no dev rows: those of the networks tell."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc"))
    with pytest.warns(UserWarning, match="on rows kept from .* not related to"):
        fastnn.TableClassifier(quality="fast").fit(X, np.where(rng.random(300) < 0.2, "a", "b"))
    with pytest.warns(UserWarning, match="on rows kept from .* not related to"):
        fastnn.TableRegressor(quality="fast").fit(X, rng.standard_cauchy(300))


# --- Diagnoses ---


def test_a_diagnosis_sets_rows_aside_and_trains_the_same_anew(tmp_path):
    X, y = table(200)
    model = fastnn.TableRegressor(quality="fast", numeric="z").fit(X, y)
    diagnosis = model.diagnose(X, y)
    assert (diagnosis.counts["train_error"], diagnosis.counts["dev_error"]) == (160, 40)
    assert diagnosis.notes[-1] == (
        "the fit has trained on all rows: these are the errors of the same recipe, trained anew on "
        "160 of them and judged by the other 40 rows"
    )
    # The same by hand: the rows of one network, and the recipe with those dev rows.
    alone = fastnn.TableRegressor((), quality=None, numeric="z", learning_rate=0.02).fit(X, y)
    parts = alone._judged(X, y, None, None).parts
    train, dev = (X.iloc[parts[name].index] for name in ("train", "dev"))
    by_hand = fastnn.TableRegressor(quality="fast", numeric="z")
    by_hand.fit(train, y[train.index], dev=(dev, y[dev.index]))
    expected = by_hand.diagnose(train, y[train.index], dev=(dev, y[dev.index])).errors
    assert diagnosis.errors["dev_error"] == expected["dev_error"]
    model.save(tmp_path / "m.safetensors")
    again = fastnn.load(tmp_path / "m.safetensors")
    assert again.diagnose(X, y).errors == diagnosis.errors
    with pytest.raises(ValueError, match="does not hold the rows of the fit"):
        again.diagnose(X[::-1], y[::-1])
    page = again.report(X, y, gradcheck=False).html
    assert "trained anew on 160 of them" in page
    assert "of the 2 networks whose mean this is" in page


def test_a_diagnosis_with_dev_rows_tells_what_the_training_error_is():
    X, y = table()
    model = fastnn.TableRegressor(quality="fast", numeric="z").fit(X, y)
    diagnosis = model.diagnose(X, y, dev=table(200, seed=1))
    assert "kept a tenth of the training rows as dev rows" in diagnosis.notes[-1]
    own = fastnn.TableRegressor(quality="fast", numeric="z").fit(X, y, dev=table(200, seed=1))
    assert not any("a tenth" in note for note in own.diagnose(X, y, dev=table(200, seed=2)).notes)
    with pytest.raises(ValueError, match="had dev rows or weights of its own"):
        own.diagnose(X, y)


def test_advice_names_no_settings_that_the_recipe_has_chosen():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(600, 60))).add_prefix("x")
    y = X["x0"] * X["x1"] + X["x2"] * X["x3"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no better than the mean
        model = fastnn.TableRegressor(quality="fast").fit(X, y)
    judge, parts, _ = model._judged(X, y, None, None)
    said = {}
    for quality in ("fast", "best"):
        diagnosis = diagnosis_of(
            judge.network_, parts, {"quality": quality}, optimal_error=0.0, confidence=0.6
        )
        assert (diagnosis.high_variance, diagnosis.high_bias) == (True, True)
        assert diagnosis.change == {}
        said[quality] = "\n".join(diagnosis.advice)
        for wrong in ("penalty_path", "learning_curve", "try l2=", "early_stopping", "layers ["):
            assert wrong not in said[quality]
    assert 'variance: quality="best", the mean of 12 networks in the place of 2' in said["fast"]
    assert "variance: settings of your own (quality=None)" in said["best"]
    assert "bias: settings of your own (quality=None), such as larger hidden layers" in said["best"]

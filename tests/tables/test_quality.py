"""`quality` of the estimators of tables: the recipe of `fastnn.many.blend`."""

import numpy as np
import pandas as pd
import pytest

import fastnn

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
    plain = fastnn.TableRegressor(epochs=1, numeric="z").fit(X, y)
    binned = fastnn.TableRegressor(quality="fast", numeric="z").fit(X, y)
    assert plain.schema_.n_inputs < binned.schema_.n_inputs
    assert all(not getattr(column, "edges", ()) for column in plain.schema_.columns)


def test_diagnosis_needs_rows_that_were_not_trained_on():
    X, y = table()
    model = fastnn.TableRegressor(quality="fast", numeric="z").fit(X, y)
    with pytest.raises(ValueError, match="pass dev"):
        model.diagnose(X, y)
    assert model.diagnose(X, y, dev=table(200, seed=1)) is not None


def test_groups_stay_together_and_the_last_rows_in_time_are_dev_rows():
    X, y = table()
    grouped = X.assign(who=[f"p{i // 10}" for i in range(M)])
    model = fastnn.TableRegressor(quality="fast", groups="who", numeric="z").fit(grouped, y)
    assert "who" not in [column.name for column in model.schema_.columns]
    timed = X.assign(day=np.arange(M) * 1.5)
    model = fastnn.TableRegressor(quality="fast", time="day", numeric="z").fit(timed, y)
    assert set(model.run_["sizes"]) == {"train", "dev"}


def test_improve_takes_the_place_of_a_quality():
    X, y = table(120)
    model = fastnn.TableRegressor(quality="fast", numeric="z", epochs=3)
    model.improve(X, y, trials=1, seeds=1, n_jobs=1)
    assert model.quality is None


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"hidden": (8,)}, r"hidden=\(8,\): leave it out"),
        ({"l2": 99.0, "epochs": 1}, "l2=99.0, epochs=1: leave them out"),
        ({"keep_prob": np.array([1.0, 0.5, 0.5])}, "keep_prob="),
        ({"optimizer": fastnn.Adam()}, "optimizer=Adam"),
    ],
)
def test_options_that_a_quality_replaces_are_refused(options, named):
    X, y = table(60)
    with pytest.raises(ValueError, match="quality='fast' takes the place of " + named):
        fastnn.TableRegressor(quality="fast", **options).fit(X, y)


def test_options_as_they_are_by_default_are_no_matter():
    X, y = table(60)
    fastnn.TableRegressor(quality="fast", numeric="z", hidden=[64, 32], dtype="float64").fit(X, y)


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

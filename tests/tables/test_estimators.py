"""`TableClassifier` and `TableRegressor`: tables as they come, and what a fit leaves."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import fastnn

QUICK = {"quality": None, "epochs": 60, "hidden": (16,), "learning_rate": 0.01, "l2": 0.5}


def flowers(m=150, seed=0):
    """Numbers with gaps, text, booleans, categories and dates; the species follows from them."""
    rng = np.random.default_rng(seed)
    petal, wild = rng.normal(size=m), rng.random(m) < 0.5
    site = rng.choice(["bog", "hill", "shore"], m)
    score = petal + wild + (site == "hill")
    frame = pd.DataFrame(
        {
            "petal": np.where(rng.random(m) < 0.1, np.nan, petal),
            "site": site,
            "wild": wild,
            "soil": pd.Categorical(rng.choice(["clay", "sand"], m)),
            "seen": pd.Timestamp("2020-03-05") + pd.to_timedelta(rng.integers(400, size=m), "D"),
            "species": np.where(score > 1.6, "rosea", np.where(score > 0.4, "alba", "nigra")),
        }
    )
    frame["height"] = 20 + 5 * score
    return frame


@pytest.fixture(scope="module")
def frame():
    return flowers()


@pytest.fixture(scope="module")
def model(frame):
    return fastnn.TableClassifier(**QUICK).fit(frame.drop(columns="height"), "species")


def test_the_target_by_name_or_apart_is_the_same(frame, model):
    X = frame.drop(columns=["species", "height"])
    apart = fastnn.TableClassifier(**QUICK).fit(X, frame["species"])
    expected = model.predict_proba(frame)
    for table in (X, pl.from_pandas(X), X.to_dict("series"), X[X.columns[::-1]]):
        np.testing.assert_array_equal(apart.predict_proba(table), expected)
    assert model.score(frame) == apart.score(X, frame["species"]) == model.score(frame, "species")
    assert model.score(frame) > 0.8
    assert model.classes_.tolist() == ["alba", "nigra", "rosea"]
    assert model.feature_names_in_.tolist() == X.columns.tolist()


def test_arrays(frame):
    X = frame[["petal", "height"]].to_numpy()
    model = fastnn.TableRegressor(**QUICK).fit(X, frame["height"].to_numpy())
    assert model.score(X, frame["height"]) > 0.95
    assert model.schema_.input_names == ["x0", "x1", "x0 is missing"]
    with pytest.raises(ValueError, match="X has 1 features, but TableRegressor is expecting 2"):
        model.predict(X[:, :1])


@pytest.mark.parametrize(("high", "low"), [("1", "0"), ("02134", "10001"), ("5%", "10%"), (1, 0)])
def test_predictions_are_of_the_type_of_the_targets(frame, high, low, tmp_path):
    X = frame[["petal", "height"]]
    y = np.where(frame["height"] > 25, high, low)
    model = fastnn.TableClassifier(**QUICK | {"epochs": 20}).fit(X, y)
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    assert (model.predict(X) == y).mean() == model.score(X, y) > 0.8
    assert (cross_val_score(model, X, y, cv=2, scoring="balanced_accuracy") > 0.8).all()
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(fastnn.load(tmp_path / "m.safetensors").classes_, np.unique(y))


@pytest.mark.parametrize("options", [{"missing": ()}, {"categorical": "target"}])
def test_a_class_that_is_a_mark_of_gaps_is_kept(frame, options):
    X = frame[["petal", "height"]]
    y = np.where(frame["height"] > 27, "0", np.where(frame["height"] > 23, "1", "unknown"))
    model = fastnn.TableClassifier(**QUICK, **options).fit(X, y)
    assert model.classes_.tolist() == ["0", "1", "unknown"]
    assert model.score(X, y) == (model.predict(X) == y).mean() > 0.7
    left = fastnn.TableClassifier(**QUICK).fit(X, y)
    assert "if 'unknown' is a class, keep it by missing=()" in left.notices_[0]


def test_rows_without_a_target_or_weight_have_no_influence(frame):
    other = frame.copy()
    other.loc[:9, "species"] = None
    model = fastnn.TableClassifier(**QUICK).fit(other.drop(columns="height"), "species")
    assert model.notices_[0] == (
        "10 rows without a species are left out: 10 empty; if NA was a class of its file, read "
        "that by pandas.read_csv(keep_default_na=False), and keep it by missing=()."
    )
    texts = other.assign(species=other["species"].fillna("NA"))
    said = fastnn.TableClassifier(**QUICK).fit(texts, "species").notices_[0]
    assert "left out: 10 with 'NA'; if 'NA' is a class, keep it by missing=() (--missing" in said
    kept = fastnn.TableClassifier(**QUICK, missing=()).fit(texts, "species")
    assert "NA" in kept.classes_
    weight = np.r_[np.zeros(10), np.ones(140)]
    weighted = fastnn.TableClassifier(**QUICK).fit(frame.drop(columns="height"), "species", weight)
    np.testing.assert_array_equal(weighted.predict_proba(frame), model.predict_proba(frame))


def test_dev_rows_of_ones_own(frame):
    train, dev = frame[:100].drop(columns="height"), frame[100:].drop(columns="height")
    model = fastnn.TableClassifier(**QUICK).fit(train, "species", dev=dev)
    assert model.run_["sizes"] == {"train": 100}
    X, y = dev.drop(columns="species"), dev["species"]
    again = fastnn.TableClassifier(**QUICK).fit(train, "species", dev=(X, y))
    np.testing.assert_array_equal(model.predict_proba(dev), again.predict_proba(dev))
    assert model.history_.dev_error[-1] == pytest.approx(1 - model.score(dev), abs=0.2)
    with pytest.raises(ValueError, match="pass dev"):
        model.diagnose(train)
    assert model.diagnose(train, dev=dev).errors["dev_error"] == pytest.approx(1 - model.score(dev))


def test_diagnose_finds_the_rows_of_the_fit_again(frame, model):
    table = frame.drop(columns="height")
    diagnosis = model.diagnose(table)
    sizes = model.run_["sizes"]
    assert sizes == {"train": 120, "dev": 30}
    wrong = sum(diagnosis.errors[f"{name}_error"] * n for name, n in sizes.items())
    assert wrong == pytest.approx(150 * (1 - model.score(table)))
    with pytest.raises(ValueError, match="does not hold the rows of the fit"):
        model.diagnose(table[::-1])
    page = model.report(table, title="Flowers", gradcheck=False)
    for path in ("page.html", Path("page.html")):
        with pytest.raises(TypeError, match=r"after it, as in report\(X, path='page.html'\)"):
            model.report(table, path)
    assert "rosea" in page.html
    assert re.search(r"<th[^>]*>site</th>.*<td[^>]*>hill</td>", page.html, re.DOTALL)


def test_the_rows_of_the_parts_are_told(frame, tmp_path):
    odd = frame.set_axis([f"r{i}" for i in range(len(frame))])
    odd.loc[["r3", "r50"], "species"] = None
    model = fastnn.TableClassifier(quality=None, epochs=2).fit(odd, "species")
    known = np.flatnonzero(odd["species"].notna())
    assert model.parts_.keys() == {"train", "dev"}
    assert np.union1d(model.parts_["train"], model.parts_["dev"]).tolist() == known.tolist()
    assert len(model.parts_["train"]) + len(model.parts_["dev"]) == len(known)
    train, dev = (odd.iloc[model.parts_[name]] for name in ("train", "dev"))
    again = fastnn.TableClassifier(quality=None, epochs=2).fit(train, "species", dev=dev)
    assert again.parts_.keys() == {"train"}
    assert str(model.schema_) == str(again.schema_)
    model.save(tmp_path / "m.safetensors")
    assert fastnn.load(tmp_path / "m.safetensors").parts_ is None


def test_a_file_gives_the_model_back(frame, model, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(path)
    again = fastnn.load(path)
    assert type(again) is fastnn.TableClassifier
    assert again.get_params() == model.get_params()
    assert again.feature_names_in_.tolist() == model.feature_names_in_.tolist()
    np.testing.assert_array_equal(again.predict_proba(frame), model.predict_proba(frame))
    assert again.diagnose(frame.drop(columns="height")).errors == (
        model.diagnose(frame.drop(columns="height")).errors
    )


def test_improve_leaves_the_best_network_and_its_parameters(frame):
    model = fastnn.TableRegressor((4,), quality=None, epochs=5, l2=0.0)
    table = frame.drop(columns="species")
    with pytest.warns(UserWarning, match="on the dev rows are not related"):  # of 5 epochs
        first = clone(model).fit(table, "height").score(table)
    result = model.improve(table, "height", seconds=None, trials=3, seeds=1, n_jobs=1)
    assert result.dev_error < result.first_dev_error
    assert model.score(table) > first
    assert [move.kept for move in result.moves] == [False, False, True, True]
    assert (model.quality, model.hidden) == ("best", "auto")  # the last move is the recipe


def test_searches_and_pipelines(frame):
    X, y = frame.drop(columns=["species", "height"]), frame["species"]
    search = GridSearchCV(fastnn.TableClassifier(**QUICK), {"l2": [1.0, 1e4]}, cv=2).fit(X, y)
    assert search.best_params_ == {"l2": 1.0}
    pipe = make_pipeline(FunctionTransformer(lambda t: t.drop(columns="seen")), search.estimator)
    assert pipe.fit(X, y).score(X, y) > 0.7


def test_counts_have_a_loss_of_their_own():
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    count = rng.poisson(np.exp(1 + x))
    model = fastnn.TableRegressor((), quality=None, loss="poisson", learning_rate=0.02, l2=0.0)
    model.fit({"x": x}, count)
    assert model.network_.output == "exp"
    log = np.log(model.predict({"x": [-1.0, 0.0, 1.0]}))
    np.testing.assert_allclose(log, [0, 1, 2], atol=0.15)
    page = model.report({"x": x}, count, gradcheck=False)
    assert "Residuals, predicted minus true, of 80 dev examples" in page.html
    with pytest.raises(ValueError, match="'target' of at least 0 for loss='poisson', got -1"):
        model.fit({"x": x}, count - 1)


def test_rare_classes():
    frame = pd.DataFrame({"x": np.arange(90) % 11, "bird": ["a", "b", "c"] * 30})
    frame.loc[[5, 6, 7], "bird"] = ["owl", "kite", "crow"]
    fits = {
        rare: fastnn.TableClassifier(**QUICK, rare_classes=rare).fit(frame, "bird")
        for rare in ("drop", "keep", "join")
    }
    names = {rare: model.classes_.tolist() for rare, model in fits.items()}
    assert names["drop"] == ["a", "b", "c"]
    assert names["keep"] == ["a", "b", "c", "crow", "kite", "owl"]
    assert names["join"] == ["a", "b", "c", "other"]
    joined = "Classes of fewer than 2 rows are one class, 'other', with 3 rows: crow, kite, owl."
    assert fits["join"].notices_[0] == joined
    assert fits["join"].score(frame[5:8]) == pytest.approx(
        (fits["join"].predict(frame[5:8]) == "other").mean()
    )


def test_balanced_weights_find_a_rare_class():
    rng = np.random.default_rng(0)
    y = np.repeat(["no", "yes"], [1900, 100])
    x = rng.normal(size=2000) + (y == "yes")
    with pytest.warns(UserWarning, match="No better .* decide by their probability"):
        plain = fastnn.TableClassifier(**QUICK).fit({"x": x}, y)
    balanced = fastnn.TableClassifier(**QUICK, class_weight="balanced").fit({"x": x}, y)
    found = [(model.predict({"x": x})[y == "yes"] == "yes").mean() for model in (plain, balanced)]
    assert found[0] < 0.1
    assert found[1] > 0.5


def test_a_refused_fit_changes_nothing(frame, model):
    before = dict(vars(model))
    with pytest.raises(ValueError, match="did you mean 'species'"):
        model.fit(frame, "spices")
    with pytest.raises(ValueError, match="optimizer"):
        clone(model).set_params(optimizer="sgd").fit(None, None)  # before the data is looked at
    assert vars(model) == before
    with pytest.raises(NotFittedError):
        clone(model).predict(frame)


def test_class_weights_are_what_a_diagnosis_of_a_table_judges_by():
    """The rows that are wrong because other classes weigh more are no bias."""
    r = np.random.default_rng(0)
    X = pd.DataFrame(r.normal(size=(600, 3))).add_prefix("x")
    y = np.where(r.random(600) < 1 / (1 + np.exp(2.6 - X["x0"])), "yes", "no")
    model = fastnn.TableClassifier(quality="fast", class_weight="balanced", random_state=0)
    model.fit(X[:400], y[:400], dev=(X[400:], y[400:]))
    found = model.diagnose(X[:400], y[:400], dev=(X[400:], y[400:]))
    for name, rows in (("train", slice(400)), ("dev", slice(400, None))):
        wrong, labels = model.predict(X[rows]) != y[rows], y[rows]
        balanced = np.mean([wrong[labels == k].mean() for k in ("no", "yes")])
        # The weights are those of the training rows.
        assert found.errors[f"{name}_error"] == pytest.approx(balanced, abs=0.02)
        assert abs(found.errors[f"{name}_error"] - wrong.mean()) > 0
        assert found.counts[f"{name}_error"] < len(labels)
    assert found.high_bias is None
    assert found.unit == "share of wrong labels, weighted by class"
    assert "not compared with the optimal one of nearest neighbours" in str(found)
    assert "always answering" not in str(found)
    known = model.diagnose(X[:400], y[:400], dev=(X[400:], y[400:]), optimal_error=0.0)
    assert known.high_bias


@pytest.mark.parametrize("split", ["time", "groups"])
def test_the_target_divides_no_rows(split):
    frame = pd.DataFrame({"x": np.arange(40) % 7, "y": np.arange(40.0)})
    model = fastnn.TableRegressor(**{split: "y"})
    with pytest.raises(ValueError, match=f"{split}='y' is the target: .* by another column"):
        model.fit(frame, "y")


def test_a_lazy_frame_is_no_table_yet():
    lazy = pl.DataFrame({"x": [1.0, 2.0] * 20, "y": ["a", "b"] * 20}).lazy()
    with pytest.raises(TypeError, match=r"expected a table, got a LazyFrame: collect\(\) it first"):
        fastnn.TableClassifier().fit(lazy, "y")


def test_an_array_after_a_fit_of_names_is_taken_in_their_order(frame):
    numbers = pd.DataFrame(np.random.default_rng(0).normal(size=(150, 2)), columns=["b", "a"])
    model = fastnn.TableClassifier(**QUICK).fit(
        numbers, np.sign(numbers["b"]).map(str).rename("sign")
    )
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        A = model.predict(numbers.to_numpy())
    assert (model.predict(numbers) == A).all()
    few = pytest.raises(ValueError, match="X has 3 features")
    with pytest.warns(UserWarning, match="valid feature names"), few:
        model.predict(np.zeros((2, 3)))


def test_a_file_keeps_the_notices(frame, tmp_path):
    gaps = frame.assign(species=frame["species"].where(np.arange(len(frame)) > 2))
    model = fastnn.TableClassifier(**QUICK).fit(gaps, "species")
    model.save(tmp_path / "model.safetensors")
    assert model.notices_[0].startswith("3 rows without a species are left out")
    assert fastnn.load(tmp_path / "model.safetensors").notices_ == model.notices_


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"class_weight": "x"}, ValueError, "expected class_weight to be 'balanced', None, or"),
        ({"class_weight": 5}, TypeError, "a weight for each class, got 5 of type int"),
        ({"class_weight": {"low": -1}}, ValueError, "at least 0, got -1 for 'low': a larger"),
        ({"class_weight": {"low": "a"}}, TypeError, "got 'a' of type str for 'low'"),
        ({"hidden": 5}, TypeError, r"got 5 of type int; write \(5,\) for one hidden layer"),
        ({"numeric": 5}, TypeError, "expected numeric to be the name of a column or a sequence"),
        ({"categorical": 5}, TypeError, "expected categorical to be the name of a column"),
        ({"drop": 5}, TypeError, "expected drop to be the name .*, got 5 of type int"),
    ],
)
def test_options_of_another_kind_are_refused_in_words(frame, options, kind, words):
    with pytest.raises(kind, match=words):
        fastnn.TableClassifier(**(QUICK | options)).fit(frame, "species")


def test_a_target_that_is_the_index_is_told(frame):
    with pytest.raises(ValueError, match=r"is the index of the table: .* X.reset_index\(\)"):
        fastnn.TableClassifier(**QUICK).fit(frame.set_index("species"), "species")


def test_targets_in_another_order_than_the_rows_are_refused(frame):
    named = frame.set_index("flower " + pd.RangeIndex(len(frame)).astype(str))
    X, y = named.drop(columns="species"), named["species"]
    with pytest.raises(ValueError, match="first 'flower 0' in X and 'flower 149' in y at place 0"):
        fastnn.TableClassifier(**QUICK).fit(X, y[::-1])
    A = fastnn.TableClassifier(**QUICK).fit(X, y).predict(X)
    for same in (y.to_numpy(), y.reset_index(drop=True), y.set_axis(range(7, 7 + len(y)))):
        assert (fastnn.TableClassifier(**QUICK).fit(X, same).predict(X) == A).all()
    numbered = frame.drop(columns="species")  # its rows have no labels of their own
    shuffled = frame["species"].sample(frac=1, random_state=0)
    model = fastnn.TableClassifier(**QUICK)
    with pytest.warns(UserWarning, match="Predictions on the dev rows are not related"):
        model.fit(numbered, shuffled)

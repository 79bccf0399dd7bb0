"""Rows of classes that no training row has: errors, with a notice."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, cross_val_score

import fastnn


def table(classes, m=120, seed=0):
    rng = np.random.default_rng(seed)
    k = np.arange(m) % len(classes)
    x = k + 0.1 * rng.normal(size=m)
    return pd.DataFrame({"x": x, "y": np.array(classes, dtype=object)[k]})


@pytest.fixture(scope="module")
def model():
    return fastnn.TableClassifier(quality="fast").fit(table(["p", "q"]), "y")


def test_score_counts_them_as_errors_and_tells(model):
    new = table(["p", "q", "r"], 90, seed=1)
    known = new[new["y"] != "r"]
    with pytest.warns(
        UserWarning, match=r"30 of the 90 rows are of classes .*: 'r' \(30\)"
    ) as told:
        score = model.score(new)
    assert [each.filename for each in told] == [__file__]
    assert score == pytest.approx(model.score(known) * 60 / 90)
    weight = np.where(new["y"] == "r", 3.0, 1.0)
    with pytest.warns(UserWarning, match="no training row has"):
        score = model.score(new, sample_weight=weight)
    assert score == pytest.approx(model.score(known) * 60 / 150)


def test_no_known_class_at_all_is_refused(model):
    with pytest.raises(ValueError, match=r"'y' is 'P' in row 0, which is not one of the 2 classes"):
        model.score(table(["P", "Q"]))


@pytest.mark.parametrize("kind", [fastnn.TableClassifier, fastnn.TableRegressor])
def test_score_tells_of_rows_without_a_target(kind):
    frame = table([1.0, 2.0]).astype({"y": float})
    model = kind(quality="fast").fit(frame, "y")
    frame.loc[:9, "y"] = None
    with pytest.warns(UserWarning, match="10 rows without a y are left out") as told:
        score = model.score(frame)
    assert [each.filename for each in told] == [__file__]
    assert score == model.score(frame[10:])


def test_cross_validation_of_a_class_that_some_folds_lack():
    frame = table(["p", "q"])
    frame.loc[:1, "y"] = "rare"
    with pytest.warns(UserWarning, match=r"2 of the 40 rows .* 'rare' \(2\)"):
        scores = cross_val_score(
            fastnn.TableClassifier(quality="fast"), frame[["x"]], frame["y"], cv=KFold(3)
        )
    assert np.isfinite(scores).all()
    assert scores[0] <= 38 / 40


def test_a_diagnosis_leaves_them_out_and_says_so(model):
    new, trained_on = table(["p", "q", "r"], 90, seed=1), table(["p", "q"])
    diagnosis = model.diagnose(trained_on, test=new)
    assert any("30 of the 90 test rows are of classes" in note for note in diagnosis.notes)
    known = model.diagnose(trained_on, test=new[new["y"] != "r"])
    assert diagnosis.errors == known.errors


def test_a_class_of_later_rows_is_no_reason_to_refuse_them():
    frame = table(["p", "q"])
    frame.loc[110:, "y"] = "late"
    frame["at"] = np.arange(120)
    model = fastnn.TableClassifier(quality=None, epochs=20, time="at").fit(frame, "y")
    assert model.classes_.tolist() == ["p", "q"]
    told = "10 of the 24 dev rows are of classes that no training row has: 'late' (10)"
    assert any(told in notice for notice in model.notices_)
    assert {name: len(places) for name, places in model.parts_.items()} == {"train": 96, "dev": 24}
    notes = model.diagnose(frame).notes  # finds the parts again
    assert any(told in note for note in notes)


@pytest.mark.parametrize(("rare", "classes"), [("drop", 2), ("join", 3), ("keep", 4)])
def test_rare_classes_of_a_quality_are_those_that_inner_dev_rows_cannot_have(rare, classes):
    frame = table(["p", "q"])
    frame.loc[5, "y"], frame.loc[6, "y"] = "odd", "odder"
    model = fastnn.TableClassifier(quality="fast", rare_classes=rare).fit(frame, "y")
    assert len(model.classes_) == classes
    told = "Classes of fewer than 2 rows are" in "".join(model.notices_)
    assert told == (rare != "keep")
    assert not any("no training row has" in note for note in model.diagnose(frame).notes)

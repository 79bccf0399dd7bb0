"""What a fit in Python says of its table: warnings, notices, and errors on the target's name."""

import warnings

import numpy as np
import pandas as pd
import pytest

import fastnn

RNG = np.random.default_rng(0)
M = 300
QUICK = {"quality": None, "epochs": 5, "random_state": 0}


@pytest.fixture
def churn():
    """Customers; x goes with churning."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=M)
    churned = np.where(x + 0.3 * rng.normal(size=M) > 0, "yes", "no")
    return pd.DataFrame({"x": x, "z": rng.normal(size=M), "churned": churned})


def test_a_column_of_the_targets_name_in_X_is_named(churn):
    with pytest.raises(ValueError, match="X holds the target column 'churned' itself: name it"):
        fastnn.TableClassifier(**QUICK).fit(churn, churn["churned"])
    model = fastnn.TableClassifier(**QUICK).fit(churn, "churned")
    assert list(model.feature_names_in_) == ["x", "z"]


def test_targets_without_a_name_get_one_that_no_column_has(churn):
    frame = churn.rename(columns={"churned": "target"})
    for names, expected in ((["x", "z"], "target"), (["x", "z", "target"], "y")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = fastnn.TableClassifier(**QUICK).fit(frame[names], frame["target"].to_numpy())
        assert model.schema_.target == expected


@pytest.mark.parametrize(
    ("method", "options"), [("fit", {}), ("improve", {"trials": 1, "seeds": 1, "n_jobs": 1})]
)
def test_a_column_that_gives_the_target_away_is_a_warning(churn, method, options):
    frame = churn.assign(left=churn["churned"] == "yes")
    model = fastnn.TableClassifier(**QUICK)
    call = getattr(model, method)
    with pytest.warns(UserWarning, match="Column 'left' alone gives 'churned' away") as told:
        call(frame, "churned", **options)
    assert [warning.filename for warning in told] == [__file__]
    assert str(told[0].message) in model.notices_


@pytest.mark.parametrize("kind", [fastnn.TableClassifier, fastnn.TableRegressor])
def test_a_model_no_better_than_one_answer_is_a_warning(kind):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(M, 3)), columns=list("abc"))
    y = (rng.random(M) < 0.2).astype(int)
    with pytest.warns(UserWarning, match="on the dev rows are not related to 'target'"):
        kind(quality=None, epochs=1, learning_rate=1e-6, random_state=0).fit(frame, y)
    kind(quality=None, epochs=1, learning_rate=1e-6, random_state=0).fit(
        frame.to_numpy(), y
    )  # warns of nothing
    small = frame[:60]  # of 12 dev rows none can tell
    model = kind(quality=None, epochs=1, learning_rate=1e-6, random_state=0).fit(small, y[:60])
    assert any("or 12 are too few" in notice for notice in model.notices_)


def test_a_sound_table_warns_of_nothing_and_prints_no_notices(churn):
    model = fastnn.TableClassifier(**QUICK).fit(churn, "churned")
    assert model.notices_ == []
    assert repr(model) == str(model) == "TableClassifier(epochs=5, quality=None)"


def test_a_fitted_estimator_says_that_there_are_notices_and_prints_them(churn):
    model = fastnn.TableClassifier(**QUICK)
    assert "notice" not in repr(model)
    model.fit(churn.assign(same=1.0), "churned")
    assert repr(model).endswith("# with 1 notice: print it, or its notices_")
    assert str(model).splitlines()[1:] == [f"- {model.notices_[0]}"]


def test_verdicts_and_advice_have_the_names_of_the_table(churn):
    rare = churn.assign(
        left=churn["churned"] == "yes", churned=np.where(churn["x"] + churn["z"] > 2, "yes", "no")
    )
    rare["copy"] = rare["churned"].map({"yes": 7.0, "no": 2.0})
    model = fastnn.TableClassifier(**QUICK)
    with pytest.warns(UserWarning, match="'copy' alone gives 'churned' away"):
        model.fit(rare, "churned")
    diagnosis = model.diagnose(rare)
    said = f"{diagnosis}{diagnosis._repr_html_()}{diagnosis.advice}"
    assert "column 'copy' of X alone gives 'churned': leave it out" in said
    assert [each.name for each in diagnosis.by_class] == ["class 'no'", "class 'yes'"]
    assert "class 'yes'" in said
    for number in ("class 0", "class 1", "column 0", "column 2"):
        assert number not in said
    with pytest.warns(UserWarning, match="'copy' alone"):
        result = model.improve(rare, "churned", trials=1, seeds=1, n_jobs=1)
    assert "class 'yes'" in str(result)
    assert "class 1" not in str(result)


def test_a_class_that_training_lacks_is_named(churn):
    frame = churn.assign(churned=np.where(np.arange(M) < M // 2, "a", "b"))
    dev = frame.assign(churned=np.where(np.arange(M) % 2, "a", "c"))
    frame.loc[:3, "churned"] = "c"
    model = fastnn.TableClassifier(**QUICK)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(frame, "churned")
    train = frame[frame["churned"] != "c"]
    assert "training has no example of class 'c'" in str(model.diagnose(train, "churned", dev=dev))


@pytest.mark.parametrize("seed", range(5))
def test_a_count_is_told_of_poisson_in_a_split_by_time(seed):
    rng = np.random.default_rng(seed)
    m = 600
    x = rng.normal(size=m)
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=m), "x": x})
    frame["sold"] = rng.poisson(np.exp(1.5 + x / 2)).clip(max=30)
    model = fastnn.TableRegressor(time="day", **QUICK).fit(frame, "sold")
    assert sum("whole numbers of at least 0" in n and "loss='poisson'" in n
               for n in model.notices_) == 1  # fmt: skip


def test_a_date_that_gives_the_target_away_is_told_once_by_its_column():
    rng = np.random.default_rng(0)
    left = rng.random(M) < 0.5
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, M), "D")
    frame = pd.DataFrame({"x": rng.normal(size=M), "closed": pd.Series(day).where(left)})
    with pytest.warns(UserWarning, match="Column 'closed' alone gives 'target' away") as told:
        fastnn.TableClassifier(**QUICK).fit(frame, left)
    assert len([w for w in told if "away" in str(w.message)]) == 1


def test_a_date_whose_later_part_gives_the_target_away_is_a_warning():
    """Its time alone parts the classes in ranges; its weekday tells each row."""
    late = np.arange(M) >= M // 2
    monday = pd.Timestamp("2024-01-01")
    days = monday + pd.to_timedelta(7 * np.arange(M) + late, "D")
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=M), "closed": days})
    with pytest.warns(UserWarning, match="Column 'closed' alone gives 'target' away") as told:
        model = fastnn.TableClassifier(**QUICK).fit(frame, late)
    assert len([w for w in told if "away" in str(w.message)]) == 1
    assert not any("can give" in notice for notice in model.notices_)


@pytest.mark.parametrize("patients", [2, 40])
def test_values_that_can_be_groups_are_not_just_to_be_dropped(patients):
    """Without the column its rows are told by the others: the error of new patients is 50 %."""
    rng = np.random.default_rng(0)
    base, ill = rng.normal(size=(patients, 4)), np.arange(patients) % 2
    of = np.arange(M) % patients
    frame = pd.DataFrame(base[of] + 0.1 * rng.normal(size=(M, 4)), columns=list("abcd"))
    frame["patient"] = [f"p{k}" for k in of]
    with pytest.warns(UserWarning, match="'patient' alone gives 'target' away: drop it") as told:
        fastnn.TableClassifier(**QUICK).fit(frame, ill[of])
    said = " ".join(str(w.message) for w in told)
    assert ("(groups='patient', --groups)" in said) == (patients == 40)
    assert ("the errors are not those of rows of a new 'patient'." in said) == (patients == 40)


def test_what_dev_rows_have_and_training_has_not_is_told(churn):
    frame = churn.assign(code=[str(1 + i % 8) for i in range(M)], z=churn["z"].clip(-2, 2))
    train, dev = frame[:200], frame[200:].copy()
    dev["code"] += ".0"
    dev.loc[dev.index[0], "z"] = 1e6
    model = fastnn.TableClassifier(**QUICK, categorical="code")
    model.fit(train, "churned", dev=(dev.drop(columns="churned"), dev["churned"]))
    told = [said for said in model.notices_ if said.startswith("Dev rows: ")]
    assert any("'code'" in said and "never seen" in said and "'1.0'" in said for said in told)
    assert any("'z'" in said for said in told)

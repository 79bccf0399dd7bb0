"""The training, dev and test rows of the estimators of tables."""

import numpy as np
import pandas as pd
import pytest

import fastnn

# Short fits may be no better than the mean.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

ONE = {"quality": None, "hidden": (4,), "epochs": 5}
KINDS = [ONE, {"quality": "fast"}]


def houses(m=200, seed=0):
    rng = np.random.default_rng(seed)
    area = rng.uniform(20, 200, m)
    city = rng.choice(["Rome", "Oslo", "Bern"], m)
    price = 2 * area + 50 * (city == "Oslo") + rng.normal(0, 30, m)
    grade = np.where(price > 250, "high", "low")
    return pd.DataFrame({"area": area, "city": city, "day": rng.permutation(m), "price": price,
                         "grade": grade})  # fmt: skip


def sizes(model):
    return {name: len(places) for name, places in model.parts_.items()}


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("more", [{}, {"time": "day"}])
def test_the_parts_have_their_shares_of_the_rows(options, more):
    model = fastnn.TableRegressor(**options, **more, dev_share=0.1, test_share=0.3, drop="grade")
    frame = houses()
    model.fit(frame, "price")
    assert sizes(model) == {"train": 120, "dev": 20, "test": 60}
    assert model.run_["sizes"] == sizes(model)
    places = np.concatenate(list(model.parts_.values()))
    assert sorted(places) == list(range(200))
    if more:  # the test rows are the last ones
        assert sorted(frame["day"].iloc[model.parts_["test"]]) == list(range(140, 200))


def test_a_mean_of_networks_keeps_its_own_dev_rows_beside_test_rows():
    model = fastnn.TableRegressor(quality="fast", test_share="auto", drop="grade")
    model.fit(houses(), "price")
    assert sizes(model) == {"train": 160, "test": 40}
    model.set_params(dev_share="auto").fit(houses(), "price")
    assert sizes(model) == {"train": 120, "dev": 40, "test": 40}


@pytest.mark.parametrize("options", KINDS)
def test_test_rows_have_no_part_in_the_fit(options):
    frame = houses()
    model = fastnn.TableRegressor(**options, test_share=0.25, drop="grade").fit(frame, "price")
    test = model.parts_["test"]
    other = frame.copy()
    other.loc[test, ["area", "price"]] *= -1.5
    again = fastnn.TableRegressor(**options, test_share=0.25, drop="grade").fit(other, "price")
    np.testing.assert_array_equal(again.parts_["test"], test)
    np.testing.assert_array_equal(again.network_.theta, model.network_.theta)
    train = model.parts_["train"]
    other.loc[train, "price"] = other["price"].to_numpy()[train[::-1]]
    third = fastnn.TableRegressor(**options, test_share=0.25, drop="grade").fit(other, "price")
    assert (third.network_.theta != model.network_.theta).any()


@pytest.mark.parametrize("options", [*KINDS, {"quality": "fast", "dev_share": 0.2}])
def test_a_diagnosis_and_a_page_have_the_error_of_the_test_rows(options, tmp_path):
    frame = houses()
    model = fastnn.TableClassifier(**options, test_share=0.25, drop="price").fit(frame, "grade")
    rows = frame.iloc[model.parts_["test"]]
    test = model.diagnose(frame).errors["test_error"]
    if "dev" in model.parts_:  # else the recipe was trained anew, for its dev error
        assert test == pytest.approx(1 - model.score(rows))
    assert 0 <= test < 0.5
    model.save(tmp_path / "m.safetensors")
    loaded = fastnn.load(tmp_path / "m.safetensors")
    assert loaded.get_params() == model.get_params()
    assert loaded.diagnose(frame).errors["test_error"] == test
    model.report(frame, path=tmp_path / "page.html")
    assert "test" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize("options", KINDS)
def test_test_rows_of_their_own_are_looked_at(options):
    frame = houses()
    plain = fastnn.TableRegressor(**options, drop="grade").fit(frame, "price")
    model = fastnn.TableRegressor(**options, drop="grade", test_share="auto")
    model.fit(frame, "price", test=frame[:80])
    assert model.parts_.keys() == plain.parts_.keys()
    np.testing.assert_array_equal(model.network_.theta, plain.network_.theta)
    assert any("of the 80 test rows are also training rows" in text for text in model.notices_)
    unseen = houses(50, seed=1).assign(city="Lima")
    model.fit(frame, "price", test=(unseen.drop(columns="price"), unseen["price"]))
    assert any(text.startswith("Test rows: ") and "Lima" in text for text in model.notices_)
    assert not any("also training rows" in text for text in model.notices_)


def test_rows_without_a_target_are_no_training_rows_to_repeat():
    frame = houses()
    frame.loc[:9, "price"] = np.nan
    model = fastnn.TableRegressor(**ONE, drop="grade", dev_share=0.2)
    model.fit(frame, "price", test=houses(60, seed=2))
    assert not any("also training rows" in text for text in model.notices_)
    model.fit(frame, "price", test=frame.iloc[model.parts_["train"]])
    assert any("152 of the 152 test rows are also" in text for text in model.notices_)


def test_a_search_leaves_the_test_rows_out():
    frame = houses()
    model = fastnn.TableRegressor(quality="fast", test_share=0.25, drop="grade")
    quick = {"seconds": None, "trials": 1, "seeds": 1, "n_jobs": 1}
    result = model.improve(frame, "price", **quick)
    assert sizes(model) == {"train": 110, "dev": 40, "test": 50}
    other = frame.copy()
    other.loc[model.parts_["test"], ["area", "price"]] *= -1.5
    again = fastnn.TableRegressor(quality="fast", test_share=0.25, drop="grade")
    assert again.improve(other, "price", **quick).dev_error == result.dev_error
    np.testing.assert_array_equal(again.network_.theta, model.network_.theta)


@pytest.mark.parametrize(
    "share", [0, 1, 1.5, -0.1, np.nan, True, "some", [0.2], np.array([0.2, 0.3])]
)
@pytest.mark.parametrize("name", ["dev_share", "test_share"])
def test_a_share_is_between_0_and_1(name, share):
    model = fastnn.TableRegressor(**ONE, **{name: share})
    with pytest.raises(ValueError, match=f'expected {name} None, "auto" or a part of the rows'):
        model.fit(houses(), "price")
    assert not hasattr(model, "network_")


def test_shares_that_cannot_be():
    frame = houses()
    for name in ("dev", "test"):
        model = fastnn.TableRegressor(**ONE, drop="grade", **{f"{name}_share": 0.2})
        with pytest.raises(ValueError, match=f"and {name} has others: give one of them"):
            model.fit(frame, "price", **{name: frame[:50]})
    model = fastnn.TableRegressor(**ONE, drop="grade", dev_share=0.7, test_share=0.4)
    with pytest.raises(ValueError, match=r"leave rows to train on, got 140 \+ 80 of 200 rows"):
        model.fit(frame, "price")


def test_classes_of_too_few_rows_for_three_parts_are_left_out():
    frame = houses()
    frame.loc[:1, "grade"] = "rare"
    model = fastnn.TableClassifier(**ONE, drop="price", test_share="auto").fit(frame, "grade")
    assert "rare" not in model.classes_
    assert sum(sizes(model).values()) == 198


def test_of_few_rows_none_are_kept():
    model = fastnn.TableRegressor(**ONE, test_share=0.2, drop="grade").fit(houses(8), "price")
    assert sizes(model) == {"train": 8}
    assert any("none are kept for a dev or a test set" in text for text in model.notices_)

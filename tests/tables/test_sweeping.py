"""`sweep` of the estimators of tables: one network for each setting, the best is kept."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import fastnn
from fastnn.cli import main

QUICK = {"epochs": 40, "hidden": (8,), "learning_rate": 0.02, "random_state": 0}


def table(m=400, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=m), "kind": rng.choice(["p", "q", "r"], m)})
    X["y"] = np.where(X["a"] + (X["kind"] == "p") + 0.3 * rng.normal(size=m) > 0.9, "yes", "no")
    return X


def prices(m=400):
    X = table(m)
    return X.assign(y=3 * X["a"] + 10 * (X["kind"] == "q") - 4)


def test_the_best_network_is_the_fit_and_has_its_parameters():
    X = prices()
    model = fastnn.TableRegressor(**QUICK)
    result = model.sweep(X, "y", {"l2": [0.0, 1e6], "learning_rate": [0.03]})
    assert [trial.setting["l2"] for trial in result.trials] == [0.0, 1e6]
    assert (model.l2, model.learning_rate, model.quality) == (0.0, 0.03, None)
    again = fastnn.TableRegressor(**QUICK | {"l2": 0.0, "learning_rate": 0.03})
    assert sorted(again.fit(X, "y").parts_) == sorted(model.parts_)
    dev = X.iloc[model.parts_["dev"]]
    left = np.mean((dev["y"] - model.predict(dev)) ** 2) / model.schema_.target_scale**2
    assert np.sqrt(left) == pytest.approx(result.best.dev_error, rel=1e-4)


@pytest.mark.parametrize("select", [None, "balanced_error", "auc"])
def test_it_chooses_as_the_command_line(select, tmp_path):
    X = table()
    X.to_csv(tmp_path / "d.csv", index=False)
    model = fastnn.TableClassifier(**QUICK, test_share="auto")
    result = model.sweep(X, "y", {"l2": [0.01, 1.0, 30.0]}, select=select)
    options = ["--target", "y", "--l2", "0.01,1,30", "--seed", "0", "--json"]
    options += ["--epochs", "40", "--learning-rate", "0.02", "--hidden", "8"]
    options += [] if select is None else ["--select", select]
    path = str(tmp_path / "m.safetensors")
    done = CliRunner().invoke(main, ["sweep", str(tmp_path / "d.csv"), *options, "--save", path])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["select"] == result.select == (select or "dev_error")
    l2 = [trial["setting"]["l2"] for trial in document["trials"]]
    assert l2 == [trial.setting["l2"] for trial in result.trials]
    np.testing.assert_array_equal(fastnn.load(path).network_.theta, model.network_.theta)


def test_weighted_classes_choose_by_the_balanced_error():
    model = fastnn.TableClassifier(**QUICK, class_weight="balanced")
    assert model.sweep(table(), "y", {"l2": [0.1, 10.0]}).select == "balanced_error"


def test_the_same_call_goes_on_from_its_checkpoint(tmp_path):
    X, space = table(), {"l2": [0.1, 1.0, 10.0]}
    first = fastnn.TableClassifier(**QUICK)
    result = first.sweep(X, "y", space, checkpoint=tmp_path / "trials")
    files = sorted(path.name for path in (tmp_path / "trials").rglob("*"))
    assert files
    second = fastnn.TableClassifier(**QUICK)
    again = second.sweep(X, "y", space, checkpoint=tmp_path / "trials")
    assert [t.runs for t in again.trials] == [t.runs for t in result.trials]
    np.testing.assert_array_equal(second.network_.theta, first.network_.theta)
    assert sorted(path.name for path in (tmp_path / "trials").rglob("*")) == files


@pytest.mark.parametrize(
    ("X", "space", "options", "words"),
    [
        (table(), {"clip": [1.0]}, {}, "one network: hidden, .* got 'clip'"),
        (table(), [{"l2": 1.0, "drop": ["a"]}], {}, "got 'drop'"),
        (table(9), {"l2": [1.0]}, {}, "dev rows to choose by, got too few rows .* pass dev"),
        (
            table(),
            {"l2": [1.0]},
            {"select": "error"},
            "unknown select 'error'; known: dev_error, dev_loss, balanced_error, auc",
        ),
    ],
)
def test_what_cannot_be_swept_is_refused_and_changes_nothing(X, space, options, words):
    model = fastnn.TableClassifier(quality="fast").fit(table(), "y")
    before = dict(vars(model))
    with pytest.raises(ValueError, match=words):
        model.sweep(X, "y", space, **options)
    assert vars(model) == before


def test_a_space_without_names_is_refused():
    for space in ("l2", 5, ["l2"]):
        with pytest.raises(TypeError, match="space"):
            fastnn.TableClassifier(**QUICK).sweep(table(), "y", space)


def test_a_list_of_settings_is_tried():
    settings = [{"l2": 1.0}, {"hidden": (4,), "activation": "tanh"}]
    model = fastnn.TableClassifier(**QUICK)
    result = model.sweep(table(), "y", settings)
    assert len(result.trials) == 2
    best = result.best.setting
    assert {name: model.get_params()[name] for name in best} == best
    assert model.network_.layer_sizes[1:-1] == best.get("hidden", QUICK["hidden"])


def test_classes_are_needed_to_choose_by_their_figures():
    with pytest.raises(ValueError, match="select='auc' is for the classes of a table"):
        fastnn.TableRegressor(**QUICK).sweep(prices(), "y", {"l2": [1.0]}, select="auc")


def test_where_no_network_can_be_trained_the_estimator_stays_as_it_was():
    model = fastnn.TableRegressor(**QUICK, optimizer="gd").fit(prices(), "y")
    before = dict(vars(model))
    other = prices().assign(more=1.5)
    result = model.sweep(other, "y", {"learning_rate": [1e29, 1e30]})
    assert result.best is None
    assert vars(model) == before

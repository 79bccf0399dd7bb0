"""``fastnn sweep``: what is tried, what is kept, and what is said of it."""

import re

import numpy as np
import pandas as pd
import pytest
from tables import document, done, failed, houses, run

import fastnn

QUICK = ("--epochs", "20", "--jobs", "1")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("houses") / "data.csv"
    houses().to_csv(path, index=False)
    return path


def grade(data, *options):
    return ("sweep", data, "--target", "grade", "--drop", "id,price", *QUICK, *options)


def test_the_best_of_all_combinations_is_saved(data, tmp_path):
    path, table = tmp_path / "best.safetensors", tmp_path / "trials.csv"
    results = document(
        *grade(
            data,
            "--l2",
            "0.1,1000",
            "--keep-prob",
            "0.8,1",
            "--learning-rate",
            "0.01",
            "--save",
            path,
            "--csv",
            table,
        )
    )
    settings = [trial["setting"] for trial in results["trials"]]
    assert len(settings) == 4
    assert {(s["keep_prob"], s["l2"], s["learning_rate"]) for s in settings} == {
        (p, l2, 0.01) for p in (0.8, 1.0) for l2 in (0.1, 1000.0)
    }
    assert results["best"]["l2"] == 0.1  # 1000 leaves nothing of the weights
    errors = [trial["dev_error"] for trial in results["trials"]]
    assert errors == sorted(errors)
    assert results["dev_error"] == errors[0] < errors[-1]
    # The file holds that network, and the errors are found again from it and the table.
    found = document("diagnose", path, data)
    for name in ("train", "dev", "test"):
        assert found["errors"][f"{name}_error"] == results[f"{name}_error"]
    facts = document("info", path)
    assert facts["l2"] == [0.1] * 3
    assert pd.read_csv(table)["dev_error"].tolist() == pytest.approx(errors)


def test_shown_for_people(data, tmp_path):
    table = tmp_path / "trials.csv"
    shown = done(*grade(data, "--l2", "0.1,1", "--seeds", "2", "--csv", table))
    assert "144 train, 48 dev, 48 test" in shown.replace("\n", " ")
    assert re.search(r"l2=\S+ has the lowest dev error", shown)
    assert re.search(r"test error +│ [\d.]+ %", shown)
    assert shown.endswith(f"Table written to {table}\n")
    assert done(*grade(data, "--l2", "0.1,1", "--quiet")) == ""


def test_quantities_are_in_the_units_of_the_target(data, tmp_path):
    command = ("sweep", data, "--target", "price", "--drop", "id,grade", "--l2", "0.1,1", *QUICK)
    path = tmp_path / "trials.csv"
    results = document(*command, "--csv", path)
    assert results["task"] == "regression"
    assert results["trials"][0]["dev_rmse"] == pytest.approx(results["dev_rmse"])
    assert 10_000 < results["dev_rmse"] < 200_000
    in_deviations = results["dev_rmse"] / results["target_scale"]
    assert f"the lowest dev error, {in_deviations:.4g}" in results["verdict"]
    table = pd.read_csv(path)
    assert table["dev_rmse"].tolist() == pytest.approx([t["dev_rmse"] for t in results["trials"]])
    shown = " ".join(done(*command).split())
    assert "These errors are in standard deviations of price" in shown


def test_of_many_trials_the_best_are_shown(data):
    shown = done(*grade(data, "--l2", "log:0.01:10", "--trials", "12", "--epochs", "1"))
    assert "and 2 more: write all with --csv" in shown


def test_ranges_are_drawn_from(data):
    results = document(
        *grade(
            data,
            "--l2",
            "log:0.01:10",
            "--keep-prob",
            "log:0.5:0.95",
            "--learning-rate",
            "0.001,0.01",
            "--trials",
            "12",
        )
    )
    settings = [trial["setting"] for trial in results["trials"]]
    assert len({s["l2"] for s in settings}) == 12
    assert all(0.01 <= s["l2"] <= 10 and 0.5 <= s["keep_prob"] <= 0.95 for s in settings)
    assert {s["learning_rate"] for s in settings} == {0.001, 0.01}


def test_thirty_are_drawn_when_nothing_is_said(data):
    results = document(*grade(data, "--l2", "log:0.01:10", "--epochs", "1"))
    assert len(results["trials"]) == 30


def test_the_same_for_any_number_of_jobs(data):
    command = grade(data, "--l2", "log:0.01:10", "--trials", "4", "--seed", "7")
    one, two = document(*command), document(*command, "--jobs", "2")
    for results in (one, two):
        for trial in results["trials"]:
            del trial["seconds"]
    assert one == two


def test_halving_trains_few_to_the_end(data):
    results = document(
        *grade(
            data,
            "--l2",
            "log:0.01:10",
            "--trials",
            "9",
            "--halving",
            "3",
            "--epochs",
            "27",
            "--early-stopping",
            "off",
        )
    )
    epochs = sorted(trial["epochs"] for trial in results["trials"])
    assert epochs == [3] * 6 + [9] * 2 + [27]
    assert results["trials"][0]["epochs"] == 27


@pytest.mark.parametrize("select", ["dev_error", "auc"])
@pytest.mark.parametrize("values", ["log:0.01:10", "0.1,1,10,100"])
def test_a_sweep_goes_on_with_more_trials(values, select, data, tmp_path):
    def with_trials(count, *options):
        results = document(
            *grade(data, "--l2", values, "--trials", count, "--select", select, *options)
        )
        return {trial["trial"]: trial for trial in results["trials"]}, results["best"]

    checkpoint = ("--checkpoint", tmp_path / "sweep")
    (first, _), (again, _) = with_trials(2, *checkpoint), with_trials(2, *checkpoint)
    assert first == again  # their times, too: none was trained again
    more, best = with_trials(4, *checkpoint)
    assert {number: more[number] for number in first} == first
    whole, best_of_whole = with_trials(4)
    assert best == best_of_whole
    assert [trial["dev_error"] for trial in more.values()] == [
        trial["dev_error"] for trial in whole.values()
    ]
    assert "trials was 4 and is 2" in failed(
        2, *grade(data, "--l2", values, "--trials", 2, "--select", select, "--quiet", *checkpoint)
    )


def test_the_digits_without_a_file():
    results = document("sweep", "--l2", "0,1", "--hidden", "16", "--epochs", "5")
    assert len(results["trials"]) == 2
    assert "target" not in results
    assert results["test_error"] < 0.5


def test_options_that_are_not_varied_are_those_of_train(data):
    """The best of a sweep of one is a network that has the options."""
    path = data.parent / "one.safetensors"
    document(
        *grade(
            data,
            "--l2",
            "0.5",
            "--hidden",
            "7",
            "--activation",
            "tanh",
            "--dtype",
            "float64",
            "--batch-size",
            "full",
            "--optimizer",
            "lbfgs",
            "--save",
            path,
        )
    )
    spec = fastnn.load(path).network_.spec
    assert spec["layer_sizes"][1:] == [7, 3]
    assert (spec["activation"], spec["dtype"]) == (["tanh"], "float64")
    assert np.all(np.array(spec["keep_prob"]) == 1)


def test_trials_that_diverge_come_last(data):
    results = document(*grade(data, "--learning-rate", "0.01,1e30", "--optimizer", "gd"))
    good, bad = results["trials"]
    assert (good["failure"], bad["dev_error"]) == ("", None)
    assert "diverged" in bad["failure"]
    result = run(*grade(data, "--learning-rate", "1e30", "--optimizer", "gd", "--quiet"))
    assert result.exit_code == 1
    assert "diverged" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "nothing to vary: give values, e.g. --l2 0.01,0.1,1"),
        ("--l2 0.1,x", "got '0.1,x', expected numbers with commas, .* or a range"),
        ("--l2 log:1", "got 'log:1', expected numbers"),
        ("--l2 log:1:0.1", "got 'log:1:0.1', expected numbers"),
        ("--l2 lin:1:2", "got 'lin:1:2', expected numbers"),
        ("--l2 -1", "l2.*-1"),
        ("--keep-prob 0.5,1.5", "keep_prob.*1.5"),
        ("--keep-prob log:0.5:1", "high.*1"),
        ("--l2 0.1,1 --trials 3", "trials of at most 2"),
        ("--l2 0.1 --trials 0", "0 is not in the range"),
        ("--l2 0.1 --halving 1", "1 is not in the range"),
        ("--l2 0.1 --seeds 0", "0 is not in the range"),
        ("--l2 0.1 --jobs 0", "0 is not in the range"),
        ("--l2 0.1 --save nowhere/m.safetensors", "there is no directory"),
        ("--l2 0.1 --save x --csv ./x", "--save and --csv both name x"),
    ],
)
def test_bad_options(data, arguments, message):
    said = failed(
        2, "sweep", data, "--target", "grade", "--drop", "id,price", "--quiet", *arguments.split()
    )
    assert re.search(message, said)


def test_interrupted(data, monkeypatch, tmp_path):
    def sweep(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("fastnn.tables.fitting.sweep", sweep)
    path = tmp_path / "best.safetensors"
    result = run(*grade(data, "--l2", "0.1,1", "--quiet", "--save", path))
    assert (result.exit_code, result.stderr) == (130, "Interrupted. Nothing was saved.\n")
    assert not path.exists()


def test_standard_input():
    text = houses().to_csv(index=False)
    results = document(
        "sweep", "-", "--target", "grade", "--drop", "id,price", "--l2", "0.1", *QUICK, stdin=text
    )
    assert results["rows"] == {"train": 144, "dev": 48, "test": 48}


def test_the_best_can_be_chosen_by_figures_of_classes(tmp_path):
    rng = np.random.default_rng(0)
    rare = rng.random(400) < 0.08
    frame = pd.DataFrame({"x": rng.normal(size=400) + 2 * rare, "y": np.where(rare, "yes", "no")})
    frame.to_csv(tmp_path / "d.csv", index=False)
    command = ("sweep", tmp_path / "d.csv", "--target", "y", "--l2", "0.01,100000", *QUICK)
    for select in ("balanced_error", "auc"):
        path = tmp_path / f"{select}.safetensors"
        results = document(*command, "--learning-rate", "0.05", "--select", select, "--save", path)
        assert results["best"]["l2"] == 0.01
        assert fastnn.load(path).l2 == 0.01
        model = document(
            "train", tmp_path / "d.csv", "--target", "y", "--epochs", "20", "--l2", "100000"
        )
        assert results[f"dev_{select}"] != model[f"dev_{select}"]
    assert "is for classes of a file" in failed(
        2, "sweep", tmp_path / "d.csv", "--target", "x", "--l2", "1,2", "--select", "auc"
    )


@pytest.fixture(scope="module")
def rare(tmp_path_factory):
    """A table whose rare class hardly any network answers."""
    path = tmp_path_factory.mktemp("rare") / "d.csv"
    rng = np.random.default_rng(0)
    rare = rng.random(400) < 0.08
    frame = pd.DataFrame({"x": rng.normal(size=400) + 2 * rare, "y": np.where(rare, "yes", "no")})
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("select", "said", "column"),
    [
        ("auc", r"has the highest dev AUC, 0\.\d{4};.* for being the highest", "dev AUC"),
        ("balanced_error", r"has the lowest balanced dev error, [\d.]+ %", "balanced dev error"),
    ],
)
def test_the_verdict_tells_of_the_figure_that_was_chosen_by(select, said, column, rare, tmp_path):
    path = tmp_path / "trials.csv"
    command = ("sweep", rare, "--target", "y", "--l2", "0.01,1,100000", *QUICK, "--select", select)
    shown = done(*command, "--seeds", "2", "--csv", path)
    words = " ".join(shown.split())
    assert re.search(said, words)
    assert "over 2 seeds" in words
    assert column in words.partition("test set")[2]
    table, results = pd.read_csv(path), document(*command, "--seeds", "2")
    figures = table[f"dev_{select}"].to_numpy() * (-1 if select == "auc" else 1)
    assert figures.tolist() == sorted(figures)
    assert np.ptp(figures) > 0
    assert [t[f"dev_{select}"] for t in results["trials"]] == pytest.approx(abs(figures))
    assert document(*command)["trials"][0][f"dev_{select}"] == document(*command)[f"dev_{select}"]


def test_with_balanced_classes_the_balanced_error_decides(rare):
    command = ("sweep", rare, "--target", "y", "--l2", "0.01,100000", *QUICK)
    balanced = (*command, "--class-weight", "balanced")
    assert "lowest balanced dev error" in document(*balanced)["verdict"]
    assert "lowest weighted dev error" in document(*balanced, "--select", "dev_error")["verdict"]
    results = document(*balanced)
    assert results["weighted"]
    for trial in results["trials"]:  # of weighted rows the error is that of the classes alike
        assert trial["dev_error"] == pytest.approx(trial["dev_balanced_error"])
    best = results["trials"][0]
    assert best["dev_error"] == pytest.approx(results["dev_balanced_error"])
    halved = (*command, "--l1", "0,1,2", "--halving", "2")
    said = "The rungs of --halving went by the"
    assert f"{said} weighted dev error." in done(*halved, "--class-weight", "balanced")
    assert f"{said} dev error." in done(*halved, "--select", "balanced_error")
    assert said not in done(*halved)
    assert "lowest dev error" in document(*command)["verdict"]


def test_rungs_go_by_the_loss_where_the_area_decides(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.random(400) < 0.35
    frame = pd.DataFrame({"x": rng.normal(size=400) + y, "z": rng.normal(size=400)})
    frame.assign(y=np.where(y, "yes", "no")).to_csv(tmp_path / "d.csv", index=False)
    command = ("sweep", tmp_path / "d.csv", "--target", "y", "--l2", "0,1", "--learning-rate",
               "0.003,0.01,0.03,0.1,0.3,1", "--halving", "3", "--early-stopping", "off",
               "--epochs", "27", "--hidden", "32", "--csv", tmp_path / "trials.csv")  # fmt: skip

    def beyond_the_first_rung(select):
        shown = done(*command, "--select", select)
        table = pd.read_csv(tmp_path / "trials.csv")
        return shown, set(table["trial"][table["rung"] > 0])

    _, by_loss = beyond_the_first_rung("dev_loss")
    shown, by_area = beyond_the_first_rung("auc")
    assert by_area == by_loss != beyond_the_first_rung("dev_error")[1]
    assert "The rungs of --halving went by the dev loss." in shown


def test_a_sweep_tells_what_to_compare_its_network_with(data):
    shown = " ".join(done(*grade(data, "--l2", "0.1,1", "--seed", "3")).split())
    assert "with the same options of data and --seed 3 it has the same test rows" in shown
    assert "fastnn train" not in done("sweep", "--l2", "0.1", "--epochs", "1", "--hidden", "4")
    assert "Each is one network" in done("sweep", "--help")

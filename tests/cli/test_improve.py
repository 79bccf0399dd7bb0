"""``fastnn improve``: the loop on people's files and on the digits."""

import json
import os
import signal

import pytest
from sklearn.datasets import load_iris
from tables import run

import fastnn
from fastnn.improvement import loop


@pytest.fixture
def iris(tmp_path):
    data = load_iris(as_frame=True)
    path = tmp_path / "iris.csv"
    frame = data.frame.drop(columns="target")
    frame.assign(species=data.target_names[data.target]).to_csv(path, index=False)
    return path


def test_a_table_is_improved_and_saved(iris, tmp_path):
    saved = tmp_path / "best.safetensors"
    arguments = ("improve", iris, "--target", "species", "--trials", "4", "--seeds", "1",
                 "--seconds", "100", "--hidden", "2", "--epochs", "5")  # fmt: skip
    result = run(*arguments, "--save", saved)
    assert result.exit_code == 0, result.output
    assert "by" in result.stdout
    assert "dev loss, which decides, " in result.stdout
    assert "Next: " in result.stdout
    assert fastnn.load(saved).schema_.target == "species"
    content = json.loads(run(*arguments, "--json").stdout)
    assert len(content["moves"]) <= 4 + 1
    assert "the mean of 12 networks" in content["moves"][-1]["move"]
    assert content["dev_error"] <= 0.7
    assert content["moves"][-1]["kept"] is (content["setting"] == {"quality": "best"})
    assert content["verdict"].startswith("dev loss, which decides, ")


def test_improve_does_not_end_behind_train(iris, tmp_path):
    """Whatever the moves: what is kept unless a network is better is the model of train."""
    options = (iris, "--target", "species")
    trained = json.loads(run("train", *options, "--json").stdout)
    saved = tmp_path / "best.safetensors"
    result = run("improve", *options, "--trials", "1", "--seeds", "1", "--save", saved, "--json")
    content = json.loads(result.stdout)
    assert content["setting"] == {"quality": "best"}
    assert content["test_error"] == trained["test_error"]
    assert content["dev_auc"] == trained["dev_auc"]
    assert any('The recipe (quality="best") is kept.' in note for note in content["notes"])
    assert fastnn.load(saved).quality == "best"
    found = json.loads(run("diagnose", saved, iris, "--json").stdout)
    assert found["errors"]["dev_error"] == content["dev_error"]


def test_the_digits_are_improved():
    content = json.loads(run("improve", "--trials", "2", "--seeds", "1", "--epochs", "2",
                             "--hidden", "4", "--json").stdout)  # fmt: skip
    assert [move["round"] for move in content["moves"]] == [1, 1]
    assert content["test_error"] < 0.95


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("--seconds", "0"), "0"), (("--trials", "0"), "0"), (("--optimizer", "sgd"), "sgd")],
)
def test_options_that_do_not_fit(iris, arguments, message):
    result = run("improve", iris, "--target", "species", *arguments)
    assert result.exit_code in (1, 2)
    assert message in result.output


def test_a_checkpoint_goes_on(iris, tmp_path, monkeypatch):
    arguments = ("improve", iris, "--target", "species", "--trials", "3", "--seeds", "1",
                 "--seconds", "100", "--hidden", "2", "--epochs", "5", "--json")  # fmt: skip
    whole = json.loads(run(*arguments).stdout)
    kept = tmp_path / "fits"
    choose = loop.Loop._choose

    def interrupted(self, *given):
        os.kill(os.getpid(), signal.SIGINT)
        return choose(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Loop, "_choose", interrupted)
        first = run(*arguments, "--checkpoint", kept)
    assert first.exit_code == 0
    assert json.loads(first.stdout)["stopped"] == "interrupted"
    assert first.stderr == f"The fits so far are in {kept}: the same command goes on from there.\n"
    (fit,) = kept.glob("fit-*.safetensors")
    written = fit.stat().st_mtime_ns
    again = run(*arguments, "--checkpoint", kept)
    assert json.loads(again.stdout) == whole
    assert again.stderr == ""
    assert len(list(kept.glob("fit-*.safetensors"))) > 1
    assert fit.stat().st_mtime_ns == written  # the first network is not trained again


def test_a_checkpoint_has_to_be_a_directory(iris, tmp_path):
    missing = tmp_path / "not" / "there"
    result = run("improve", iris, "--target", "species", "--checkpoint", missing)
    assert result.exit_code == 1
    assert f"there is no directory {missing.parent}; create it first" in result.stderr
    assert run("improve", iris, "--target", "species", "--checkpoint", iris).exit_code == 2

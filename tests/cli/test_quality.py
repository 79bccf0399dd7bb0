"""``--quality``: the recipe, and one network."""

import re
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from tables import document, done, failed, houses, predicted, run

import fastnn
from fastnn import cli
from fastnn.many import blend
from fastnn.tables.options import REPLACED


def test_a_quality_is_trained_saved_and_used(folder, tmp_path):
    path = tmp_path / "fast.safetensors"
    options = ("--target", "price", "--drop", "id,grade", "--quality", "fast", "--save", path)
    results = document("train", folder / "data.csv", *options)
    assert results["test_r2"] > 0.8
    assert results["rows"] == {"train": 144, "dev": 48, "test": 48}
    assert fastnn.load(path).quality == "fast"
    table = predicted(done("predict", path, folder / "data.csv"))
    assert len(table) == len(pd.read_csv(folder / "data.csv"))
    assert "--quality is for a file" in failed(2, "train", "--quality", "fast")


def test_a_quality_shows_the_layers_that_are_trained(folder):
    options = ("--target", "price", "--drop", "id,grade", "--quality", "fast")
    said = done("train", folder / "data.csv", *options)
    assert re.search(r"the mean of 2 networks with\s+layers \d+-64-32-1\n", said)
    table = said[: said.index("╯")]
    for of_one in ("best epoch", "samples per second", "zero weights"):
        assert of_one not in table


@pytest.mark.parametrize(
    ("options", "quality", "told"),
    [
        ((), "best", "the mean of 12 networks with layers"),
        (("--quality", "none", "--epochs", "2"), None, "test; one network with layers 7-64-32-1"),
        (("--hidden", "8", "--epochs", "2"), None,
         "test; one network by --hidden, --epochs with layers 7-8-1"),
        (("--dtype", "float64"), "best", "the mean of 12 networks"),
    ],
)  # fmt: skip
def test_the_recipe_is_the_default_unless_options_of_one_network_are_given(
    folder, tmp_path, options, quality, told
):
    path = tmp_path / "m.safetensors"
    command = ("train", folder / "data.csv", "--target", "price", "--drop", "id,grade", *options)
    said = done(*command, "--save", path)
    assert told in " ".join(said[: said.index("Regression:")].split())
    assert fastnn.load(path).quality == quality
    results = document(*command)
    assert results["quality"] == quality
    assert (results["epochs"] is None) == (quality is not None)


def test_options_that_a_quality_replaces_are_refused(folder):
    options = ("--target", "price", "--quality", "fast", "--hidden", "64,32", "--epochs", "200")
    said = " ".join(failed(2, "train", folder / "data.csv", *options).split())
    assert (
        "--quality fast takes the place of --hidden, --epochs: leave them out, or give "
        "--quality none to use them."
    ) in said


def test_advice_with_a_quality_is_about_what_its_user_can_change(tmp_path):
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.normal(size=(900, 60))).add_prefix("x")
    noise["y"] = noise["x0"] * noise["x1"] + noise["x2"] * noise["x3"]
    noise.to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    command = ("train", tmp_path / "d.csv", "--target", "y", "--quality", "fast", "--save", path)
    advice = document(*command)["diagnosis"]["advice"]
    assert any('quality="best", the mean of 12 networks' in text for text in advice)
    assert not any("try [" in text or "learning_curve" in text for text in advice)
    assert document("diagnose", path, tmp_path / "d.csv")["advice"] == advice


@pytest.mark.parametrize("quality", ["none", "fast"])
def test_a_checkpoint_of_a_quality_is_a_directory(folder, tmp_path, quality):
    kept = tmp_path / "kept"
    command = ("train", folder / "data.csv", "--target", "price", "--drop", "id,grade")
    command = (*command, "--quality", quality, "--checkpoint", kept)
    first = document(*command)
    assert kept.is_dir() == (quality == "fast")
    assert document(*command)["test_rmse"] == first["test_rmse"]
    other = {"none": "fast", "fast": "none"}[quality]
    result = run(*command, "--quality", other)
    assert result.exit_code == 1
    assert f"{kept}" in result.stderr
    assert "a directory" in result.stderr


def test_a_quality_that_was_cut_keeps_its_model_and_goes_on(folder, tmp_path):
    kept, path, whole = (tmp_path / name for name in ("kept", "cut.safetensors", "w.safetensors"))
    command = ("train", folder / "data.csv", "--target", "price", "--drop", "id,grade")
    command = (*map(str, command), "--quality", "best", "--quiet", "--save")
    cut = [sys.executable, "-m", "fastnn", *command, str(path), "--checkpoint", str(kept)]
    with subprocess.Popen(cut, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not (kept / "network-02.checkpoint").exists():
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert f"The same command goes on from {kept}. The model so far, the mean of " in said
    assert np.isfinite(document("score", path, folder / "data.csv")["test_rmse"])
    assert subprocess.run(cut, check=False).returncode == 0
    done(*command, whole)
    thetas = [fastnn.load(file).network_.theta.tobytes() for file in (path, whole)]
    assert thetas[0] == thetas[1]


@pytest.mark.parametrize("quality", ["none", "fast"])
def test_a_checkpoint_of_another_run_tells_how_to_begin_anew(folder, tmp_path, quality):
    command = ("train", folder / "data.csv", "--target", "price", "--quality", quality)
    command = (*command, "--checkpoint", tmp_path / "kept")
    done(*command, "--drop", "id,grade")
    result = run(*command, "--drop", "id")
    assert result.exit_code == 2
    shown = " ".join(result.stderr.replace("\u2502", "").split())
    assert "is of another run: " in shown
    assert "begin anew, give another checkpoint or delete the old one" in shown
    assert "resume" not in shown
    assert "Call fit" not in shown


def test_a_model_of_all_rows_is_diagnosed_by_a_fit_on_a_part(tmp_path):
    houses().to_csv(tmp_path / "d.csv", index=False)
    frame, path = houses(), tmp_path / "m.safetensors"
    fastnn.TableRegressor(quality="fast", drop=["id", "grade"]).fit(frame, "price").save(path)
    found = document("diagnose", path, tmp_path / "d.csv")
    assert found["rows"] == {"train": 192, "dev": 48}
    assert any("trained anew on 192 of them" in note for note in found["notes"])
    page = tmp_path / "page.html"
    done("report", path, tmp_path / "d.csv", "-o", page, "--no-gradcheck")
    assert "trained anew on 192 of them" in page.read_text()


def test_info_tells_of_the_networks_of_a_quality(folder, tmp_path):
    path = tmp_path / "fast.safetensors"
    options = ("--target", "grade", "--drop", "id,price", "--quality", "fast", "--quiet")
    done("train", folder / "data.csv", *options, "--save", path)
    facts, network = document("info", path), fastnn.load(path).network_
    n_inputs = network.layer_sizes[0]
    count = network.layer_sizes[1] // 64  # one, where the dev set gives the other no share
    assert (facts["networks"], facts["layers"]) == (count, [n_inputs, 64, 32, 3])
    assert facts["parameters"] == (n_inputs + 1) * 64 + 65 * 32 + 33 * 3
    assert not facts.keys() & {"l1", "l2", "keep_prob", "zero_weights"}
    shown = done("info", path)
    assert f"{count} networks of {n_inputs}-64-32-3 in one\n" in shown
    assert "keep prob" not in shown


def test_help_tells_which_defaults_are_those_of_one_network():
    words = " ".join(done("train", "--help").split())
    params = {param.name: param for param in cli.main.commands["train"].params}
    for name in REPLACED:
        assert params[name].show_default.endswith("with --quality none")
    assert words.count("with --quality none)") == len(REPLACED)
    assert "the errors and, of one network, the speed are shown" in words
    assert "default: (200)" not in words
    # A sweep trains one network, whose defaults these are.
    assert "with --quality none" not in done("sweep", "--help").partition("Options:")[2]


def test_interrupted_networks_of_a_quality_are_saved_and_counted(folder, monkeypatch, tmp_path):
    fit = blend.fit_many

    def interrupted(networks, sets, *arguments, **options):
        each = options.pop("each")[:3]
        fit(networks[:3], sets[:3], *arguments, **options, each=each)
        raise KeyboardInterrupt

    monkeypatch.setattr(blend, "fit_many", interrupted)
    path = tmp_path / "m.safetensors"
    options = ("--target", "grade", "--drop", "id,price", "--quiet", "--save", path)
    result = run("train", folder / "data.csv", *options)
    assert result.exit_code == 130
    words = " ".join(result.stderr.split())
    assert words == (
        f"Interrupted. The model so far, the mean of 3 of 12 networks, was saved to {path}."
    )
    assert fastnn.load(path).network_.layer_sizes[1] == 3 * 64

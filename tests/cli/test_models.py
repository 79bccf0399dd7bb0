"""``fastnn info``, ``diagnose`` and ``report``, and how all commands end that do not succeed."""

import json
import os
import platform
import re
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from pages import Page
from tables import document, done, failed, houses, run, train_on_houses

import fastnn
from fastnn import cli

COMMANDS = sorted(cli.main.commands)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Houses in a file, models of their grade and price, and one of digits."""
    folder = tmp_path_factory.mktemp("houses")
    train_on_houses(folder, "--l1", "0.5", "--seed", "3")
    done("train", "--quiet", "--epochs", "1", "--save", folder / "digits.safetensors")
    return folder


# --- info ---


def test_info(folder):
    path = folder / "grade.safetensors"
    facts, model = document("info", path), fastnn.load(path)
    assert (facts["kind"], facts["library_version"]) == ("table", fastnn.__version__)
    assert facts["layers"] == list(model.network_.layer_sizes)
    assert facts["parameters"] == model.network_.theta.size
    assert facts["zero_weights"] == model.network_.sparsity()["all"] > 0
    assert (facts["task"], facts["target"]) == ("classification", "grade")
    assert facts["classes"] == ["cheap", "dear", "fair"]
    assert facts["columns"] == {
        "area": "numeric",
        "age": "numeric",
        "garden": "numeric",
        "city": "categorical",
    }
    assert set(facts["dropped"]) == {"id", "price"}
    header = path.read_bytes()
    assert facts["sha256"].encode() in header


def test_info_for_people(folder, monkeypatch):
    monkeypatch.chdir(folder)  # its own path may be longer than a line
    shown = done("info", "grade.safetensors")
    assert re.search(r"^classes +cheap, dear, fair$", shown, re.MULTILINE)
    assert re.search(r"^sha256 +[0-9a-f]{64}$", shown, re.MULTILINE)
    assert "\n  city: categorical\n" in shown
    assert max(map(len, shown.splitlines())) <= 80
    price = done("info", "price.safetensors")
    assert "task            regression\n" in price
    assert "classes" not in price


def test_info_of_a_plain_network(folder):
    facts = document("info", folder / "digits.safetensors")
    assert facts["kind"] == "network"
    assert facts["layers"] == [64, 256, 128, 10]
    assert "columns" not in facts


def test_info_of_an_estimator(tmp_path):
    X = np.random.default_rng(0).normal(size=(50, 3))
    clf = fastnn.MLPClassifier((5,), solver="lbfgs", random_state=0).fit(X, X[:, 0] > 0)
    clf.save(tmp_path / "clf.safetensors")
    facts = document("info", tmp_path / "clf.safetensors")
    assert (facts["kind"], facts["layers"]) == ("estimator", [3, 5, 1])


def test_info_of_the_machine():
    facts = document("info", "--machine")
    assert facts["kernels"] in facts["available"]
    assert facts["cpu"]
    assert 1 <= facts["threads"] <= facts["processors"]
    for dtype, size in (("float32", 4), ("float64", 8)):
        tile = facts["tiles"][dtype]
        assert tile["columns"] % tile["lanes"] == 0
        assert tile["lanes"] * size in (16, 32, 64)  # bytes of a register
    blocks = facts["blocks"]
    assert blocks["strip"] < blocks["packed_from"]
    if "L2" in facts["caches"] and platform.system() == "Linux" and platform.machine() == "x86_64":
        assert facts["caches"]["L2"] == f"{blocks['packed_from'] >> 10}K"
    shown = done("info", "--machine")
    assert f"weights of more than {blocks['packed_from'] >> 10} KiB are packed" in shown
    assert f"kernels         {facts['kernels']}: the best that this CPU can run\n" in shown
    assert f"cpu             {facts['cpu']}\n" in shown


def test_info_names_a_variant_that_was_asked_for():
    environment = os.environ | {"FASTNN_VARIANT": "baseline"}
    command = [sys.executable, "-m", "fastnn", "info", "--machine", "--json"]
    facts = json.loads(subprocess.check_output(command, env=environment))
    assert (facts["kernels"], facts["reason"]) == ("baseline", "FASTNN_VARIANT names it")


def test_a_system_that_does_not_tell_its_caches(monkeypatch, tmp_path):
    monkeypatch.setattr("fastnn.machine._CACHES", tmp_path)
    monkeypatch.setattr("fastnn.machine._CPUS", tmp_path / "cpuinfo")
    assert document("info", "--machine")["caches"] == {}
    assert "the system does not tell" in done("info", "--machine")
    assert document("info", "--machine")["cpu"] == (platform.processor() or platform.machine())


@pytest.mark.parametrize("arguments", [[], ["a.safetensors", "--machine"]])
def test_info_is_of_a_file_or_of_the_machine(arguments):
    assert "expected a MODEL file or --machine" in failed(2, "info", *arguments)


# --- diagnose ---


@pytest.mark.parametrize("target", ["grade", "price"])
def test_diagnosis_is_that_of_the_training_run(folder, target):
    """The rows are found again: the errors are those that training has shown."""
    other = {"grade": "price", "price": "grade"}[target]
    path = folder / "again.safetensors"
    trained = document(
        "train",
        folder / "data.csv",
        "--target",
        target,
        "--drop",
        f"id,{other}",
        "--save",
        path,
        "--seed",
        "3",
        "--l1",
        "0.5",
    )
    found = document("diagnose", path, folder / "data.csv")
    assert found["rows"] == {"train": 144, "dev": 48, "test": 48}
    # What training also knows, its history, may give more advice, and trials by its options that
    # narrow the limits; the figures are the same.
    for name, gap in trained["diagnosis"]["gaps"].items():
        mine = found["gaps"][name]
        assert {**mine, "limits": None} == {**gap, "limits": None}
        assert mine["limits"][0] <= gap["limits"][0] <= gap["limits"][1] <= mine["limits"][1]
    assert found["verdict"] == trained["diagnosis"]["verdict"]
    if target == "grade":
        for name in ("train", "dev", "test"):
            assert found["errors"][f"{name}_error"] == trained[f"{name}_error"]
            low, high = found["intervals"][f"{name}_error"]
            assert low <= found["errors"][f"{name}_error"] <= high


def test_diagnosis_for_people(folder):
    shown = done("diagnose", folder / "grade.safetensors", folder / "data.csv")
    assert "(95 % intervals)" in shown
    assert re.search(r"^  training .* of 144$", shown, re.MULTILINE)
    assert done("diagnose", folder / "grade.safetensors", folder / "data.csv", "--quiet") == ""
    price = done("diagnose", folder / "price.safetensors", folder / "data.csv")
    assert "share of the training targets' variance left unexplained" in price


def test_the_same_rows_in_another_format_are_found_again(folder, tmp_path):
    frame = houses()
    frame[sorted(frame)].to_parquet(tmp_path / "d.parquet")
    expected = done("diagnose", folder / "grade.safetensors", folder / "data.csv")
    assert done("diagnose", folder / "grade.safetensors", tmp_path / "d.parquet") == expected


@pytest.mark.parametrize(
    "forged",
    [
        *({"sizes": 5}, {"sizes": None}, {"seed": None}, {"seed": "x"}, {"shares": 5}),
        *({"shares": {"dev": "x"}}, {"shares": {"dev": 7.5}}),
    ],
)
def test_a_forged_deal_is_not_believed(folder, tmp_path, forged):
    model = fastnn.load(folder / "grade.safetensors")
    model.run_.update(forged)
    model.save(tmp_path / "m.safetensors")
    said = failed(2, "diagnose", tmp_path / "m.safetensors", folder / "data.csv")
    assert "does not hold the rows" in said


def test_other_rows_need_a_dev_file(folder, tmp_path):
    shuffled = houses().sample(frac=1, random_state=0)
    shuffled.to_csv(tmp_path / "d.csv", index=False)
    houses(60, seed=1).to_csv(tmp_path / "dev.csv", index=False)
    said = failed(2, "diagnose", folder / "grade.safetensors", tmp_path / "d.csv")
    assert "does not hold the rows" in said
    assert "pass that table, or dev (--dev)" in said
    found = document(
        "diagnose", folder / "grade.safetensors", tmp_path / "d.csv", "--dev", tmp_path / "dev.csv"
    )
    assert found["rows"] == {"train": 240, "dev": 60}


def test_a_model_with_dev_rows_of_their_own(folder, tmp_path):
    houses(60, seed=1).to_csv(tmp_path / "dev.csv", index=False)
    path = tmp_path / "m.safetensors"
    trained = document(
        "train",
        folder / "data.csv",
        "--target",
        "grade",
        "--drop",
        "id,price",
        "--dev",
        tmp_path / "dev.csv",
        "--save",
        path,
        "--epochs",
        "20",
    )
    said = failed(2, "diagnose", path, folder / "data.csv")
    assert "the fit had dev rows or weights of its own" in said
    found = document("diagnose", path, folder / "data.csv", "--dev", tmp_path / "dev.csv")
    assert found["rows"] == trained["rows"] == {"train": 192, "dev": 60, "test": 48}
    assert found["errors"]["test_error"] == trained["test_error"]


def test_the_optimal_error_counts(folder):
    command = ("diagnose", folder / "grade.safetensors", folder / "data.csv")
    found = document(*command, "--optimal-error", "0.5")
    assert found["errors"]["optimal_error"] == 0.5
    assert found["gaps"]["bias"]["high"] is False
    assert "--optimal-error" in failed(2, *command, "--optimal-error", "2")


# --- report ---


def test_the_report_of_a_saved_model(folder, tmp_path):
    path = tmp_path / "out.html"
    command = ("report", folder / "grade.safetensors", folder / "data.csv", "--no-gradcheck")
    assert done(*command, "-o", path, "--examples", "3") == f"Report written to {path}\n"
    page = Page(path.read_text(encoding="utf-8"))
    found = document("diagnose", *command[1:3])
    assert found["verdict"] in page.text
    assert str(folder / "data.csv") in page.text
    assert page.table("Confusion matrix")[0][1:4] == ["cheap", "dear", "fair"]
    head, *worst = page.table("Examples of highest loss")
    assert len(worst) == 3
    # Rows are those of the file as a spreadsheet shows it.
    grades = houses()["grade"].loc[[int(cells[head.index("row")]) - 2 for cells in worst]]
    assert [cells[head.index("true")].split()[0] for cells in worst] == grades.to_list()
    assert dict(page.table("Settings")[1:])["dev examples"] == "48"


def test_the_report_is_beside_the_model_or_on_standard_output(folder, tmp_path):
    model = tmp_path / "price.safetensors"
    model.write_bytes((folder / "price.safetensors").read_bytes())
    options = (folder / "data.csv", "--examples", "0", "--no-gradcheck", "--title", "Houses")
    assert done("report", model, *options, "--quiet") == ""
    page = Page((tmp_path / "price.html").read_text(encoding="utf-8"))
    assert page.table("Residuals")[1][0] == "price"
    assert "Houses" in page.text
    shown = done("report", model, *options, "-o", "-")
    assert shown.startswith("<!DOCTYPE html>")


def test_the_report_of_other_dev_rows(folder, tmp_path):
    houses(60, seed=1).to_csv(tmp_path / "dev.csv", index=False)
    path = tmp_path / "out.html"
    options = ("--dev", tmp_path / "dev.csv", "-o", path, "--no-gradcheck")
    done("report", folder / "grade.safetensors", tmp_path / "dev.csv", *options)
    assert (
        dict(Page(path.read_text(encoding="utf-8")).table("Settings")[1:])["dev examples"] == "60"
    )


def test_a_report_is_written_over_no_model_and_no_data(folder, tmp_path):
    model, data = folder / "grade.safetensors", folder / "data.csv"
    for taken in (model, data):
        assert "both name" in failed(2, "report", model, data, "-o", taken)
    assert "there is no directory" in failed(2, "report", model, data, "-o", tmp_path / "no/r.html")


def test_failing_to_write_the_report_of_a_model(monkeypatch, folder, tmp_path):
    def save(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fastnn.reporting.Report.save", save)
    command = ("report", folder / "grade.safetensors", folder / "data.csv", "--no-gradcheck")
    said = failed(1, *command, "-o", tmp_path / "r.html")
    assert said.startswith(f"could not write {tmp_path / 'r.html'}: [Errno 28] No space left")


# --- Ends ---


@pytest.mark.parametrize("command", ["predict", "diagnose", "report"])
def test_a_model_without_columns_is_refused(folder, command):
    said = failed(2, command, folder / "digits.safetensors", folder / "data.csv")
    assert "holds a Network, which does not know the columns of a table" in said


@pytest.mark.parametrize("command", ["predict", "diagnose", "report"])
def test_swapped_arguments_are_named(folder, command):
    model, data = folder / "grade.safetensors", folder / "data.csv"
    assert f"fastnn {command} {model} {data}." in failed(2, command, data, model)


def test_a_file_in_the_place_of_another(folder):
    model, data = folder / "grade.safetensors", folder / "data.csv"
    assert "is a model file by its name" in failed(2, "train", model, "--target", "grade")
    assert f"fastnn train {data} --target grade." in failed(2, "train", "grade", "--target", data)
    assert f"fastnn train {data}." in failed(2, "info", data)


@pytest.mark.parametrize("command", ["predict", "diagnose", "report", "info"])
def test_damaged_models(folder, tmp_path, command):
    data = () if command == "info" else (folder / "data.csv",)
    whole = (folder / "grade.safetensors").read_bytes()
    path = tmp_path / "m.safetensors"
    flipped = bytearray(whole)
    flipped[-1] ^= 1
    for content in (b"", whole[:-1], whole[:100], bytes(flipped), b"a,b\n1,2\n"):
        path.write_bytes(content)
        assert str(path) in failed(1, command, path, *data)
    assert "No such file" in failed(1, command, tmp_path / "nope", *data)
    failed(1, command, tmp_path, *data)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [(KeyboardInterrupt(), 130, "Interrupted."), (MemoryError(), 1, "Error: not enough memory")],
)
@pytest.mark.parametrize("command", ["predict", "diagnose", "report", "info"])
def test_interrupted_or_out_of_memory(folder, monkeypatch, command, error, code, message):
    def load(path):
        raise error

    monkeypatch.setattr("fastnn.loading.load", load)
    data = () if command == "info" else (folder / "data.csv",)
    result = run(command, folder / "grade.safetensors", *data)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(message)


def test_interrupted_training_on_a_table(folder, monkeypatch, tmp_path):
    def fit(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(fastnn.Network, "fit", fit)
    result = run(
        "train",
        folder / "data.csv",
        "--target",
        "grade",
        "--quiet",
        "--quality",
        "none",
        "--save",
        tmp_path / "m.safetensors",
    )
    assert result.exit_code == 130
    assert result.stderr == "Interrupted after 0 of 200 epochs. Nothing was saved.\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_every_option_and_the_exit_codes(command):
    text = CliRunner().invoke(cli.main, [command, "--help"], prog_name="fastnn").stdout
    words = " ".join(text.split())
    assert (
        "Exit codes: 0 done; 1 training or saving failed, or a file cannot be read or is "
        "damaged; 2 wrong option, or data that does not fit; 130 interrupted."
    ) in words
    assert max(map(len, text.splitlines())) <= 80
    for parameter in cli.main.commands[command].params:
        assert getattr(parameter, "help", "") or parameter.name in ("model", "data")


def test_help_of_no_command_imports_anything_heavy():
    code = f"""
import sys
from fastnn.cli import main
for command in {COMMANDS}:
    try:
        main([command, "--help"])
    except SystemExit:
        pass
heavy = {{"sklearn", "scipy", "numba", "rich", "pandas", "fastnn.network"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_json_is_all_there_is_on_standard_output(folder):
    for command in ("info", "diagnose"):
        data = () if command == "info" else (folder / "data.csv",)
        json.loads(done(command, folder / "price.safetensors", *data, "--json"))

"""``fastnn train``: results on the digits, options, exit codes, and Ctrl-C on a real terminal."""

import codecs
import json
import os
import re
import select
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from pages import Page

import fastnn
from fastnn import cli
from fastnn.cli.data_source import digits
from fastnn.errors import DivergenceError
from fastnn.network import Network

SCRIPT = Path(sysconfig.get_path("scripts")) / ("fastnn.exe" if os.name == "nt" else "fastnn")


def run(*arguments):
    return CliRunner().invoke(cli.main, arguments, prog_name="fastnn")


def train(*arguments):
    """The results of a run that must succeed."""
    result = run("train", "--json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


# --- The main job ---


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))]
)
def test_defaults_reach_two_and_a_half_percent(seed):
    results = train("--seed", str(seed))
    assert results["test_error"] <= 0.025
    assert results["dev_error"] <= 0.05
    assert results["seconds"] < 20


@pytest.mark.slow
def test_the_command_itself():
    done = subprocess.run([SCRIPT, "train", "--epochs", "3"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    rows = re.findall(r"^│ (.+?) +│ +(.+?) │$", done.stdout, flags=re.MULTILINE)
    assert [name for name, _ in rows] == [
        "J (cost)", "train error", "dev error", "test error", "time", "samples per second",
    ]  # fmt: skip
    for (_, value), unit in zip(rows, ["", " %", " %", " %", " s", ""], strict=True):
        assert re.fullmatch(r"[\d.,]+" + unit, value)
    assert "1079 train, 359 dev, 359 test; layers 64-" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.slow
def test_seed_decides_everything_but_the_speed():
    def repeatable(seed):
        results = train("--epochs", "3", "--seed", seed)
        return {name: results[name] for name in ("cost", "train_error", "dev_error", "test_error")}

    assert repeatable("5") == repeatable("5") != repeatable("6")


def test_the_split_is_60_20_20_and_stratified():
    parts = digits(seed=1)
    assert [len(part) for part in parts] == [1079, 359, 359]
    assert sorted(np.concatenate([part.index for part in parts])) == list(range(1797))
    for part in parts:
        assert (part.X.min(), part.X.max()) == (0, 1)
        counts = np.bincount(part.y, minlength=10) / len(part)
        assert counts.min() > 0.09
        assert counts.max() < 0.11


@pytest.mark.slow
def test_saved_network_is_the_trained_one(tmp_path):
    path = tmp_path / "model.safetensors"
    results = train("--epochs", "5", "--save", str(path), "--dtype", "float64", "--seed", "3")
    net = fastnn.load(path)
    training, _, test = digits(seed=3)
    assert (net.predict(test.X) != test.y).mean() == results["test_error"]
    assert net.cost(training.X, training.y) == pytest.approx(results["cost"], rel=1e-12)
    assert results["saved"] == str(path)
    assert f"Saved to {path}" in run("train", "--epochs", "1", "--save", str(path)).stdout


def test_json():
    results = train("--epochs", "4", "--seed", "2")
    assert results.keys() == {
        "cost", "train_error", "dev_error", "test_error", "epochs", "seconds",
        "samples_per_second", "stopped", "best_epoch", "seed", "saved", "zero_weights",
        "report", "diagnosis", "quality",
    }  # fmt: skip
    assert (results["epochs"], results["seed"], results["saved"]) == (4, 2, None)
    assert results["samples_per_second"] >= 4 * 1079 / results["seconds"]  # of training alone


@pytest.mark.slow
def test_early_stopping_shows_the_best_epoch():
    arguments = ("train", "--early-stopping", "2", "--seed", "3")
    result = run(*arguments)
    best, epochs = map(int, re.search(r"best epoch +│ +(\d+) of (\d+)", result.stdout).groups())
    assert best < epochs < 200
    assert json.loads(run(*arguments, "--json").stdout)["best_epoch"] == best


def test_the_run_ends_with_the_diagnosis():
    """High bias of a network that has hardly been trained, and the recipe against it."""
    arguments = ("--epochs", "2", "--hidden", "8", "--seed", "4")
    diagnosis = train(*arguments)["diagnosis"]
    assert diagnosis["verdict"].startswith("High bias")
    assert diagnosis["gaps"]["bias"]["high"] is True
    # The plain causes first (pixels from 0 to 1, the default keep_prob of 0.6), then the recipe.
    assert diagnosis["advice"][0].startswith("first of all: the inputs are not normalized")
    assert diagnosis["advice"][1].startswith("bias: regularize less")
    assert any(advice.startswith("bias: bigger network") for advice in diagnosis["advice"])
    shown = run("train", *arguments).stdout.split("╯\n")[1]
    assert shown.startswith("Diagnosis: High bias")
    words = " ".join(shown.split())
    for i, text in enumerate(diagnosis["advice"], 1):
        assert f"{i}. {text}" in words
    for text in diagnosis["notes"]:
        assert f"- {text}" in words
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.slow
def test_the_report(tmp_path):
    path = tmp_path / "out.html"
    result = run("train", "--epochs", "30", "--report", str(path), "--optimizer", "nesterov")
    assert result.exit_code == 0, result.output
    assert f"Report written to {path}" in result.stdout
    page = Page(path.read_text(encoding="utf-8"))
    assert page.sections["verdict"].startswith("Verdict")
    assert len(page.named("img")) == 12  # the worst digits
    assert len(page.table("Confusion matrix")) == 11
    settings = dict(page.table("Settings")[1:])
    assert (settings["optimizer"], settings["seed"], settings["epochs"]) == ("nesterov", "0", "30")
    error = train("--epochs", "30", "--optimizer", "nesterov")["dev_error"]
    assert f"dev error {100 * error:.3g} %" in " ".join(page.sections["verdict"].split())


@pytest.mark.slow
def test_quiet():
    result = run("train", "--quiet", "--epochs", "1")
    assert (result.exit_code, result.output) == (0, "")


# --- Options ---


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        "--hidden none",
        "--hidden 20 --activation tanh --keep-prob 0.9,0.5 --l2 0.1,0 --l1 0,0.01",
        "--hidden 20,10,5 --activation relu,gelu,silu --init glorot",
        "--batch-size full --optimizer lbfgs --keep-prob 1 --schedule constant",
        "--batch-size 0 --optimizer gd --learning-rate 0.5",
        "--early-stopping 1 --threads 1 --dtype float64",
    ],
)
def test_options_are_accepted(arguments):
    assert train("--epochs", "2", *arguments.split())["epochs"] <= 2


def test_options_reach_the_library(monkeypatch):
    seen = {}

    class Stop(Exception):
        pass

    def fit(self, X, y, **options):
        seen.update(options, spec=self.spec)
        raise Stop

    monkeypatch.setattr(Network, "fit", fit)
    arguments = (
        "--hidden 20,10 --activation tanh,elu --keep-prob 0.9,0.8,0.7 --l2 0.5 --l1 0.1,0.2,0.3 "
        "--init lecun --epochs 7 --batch-size full --optimizer momentum --learning-rate 0.25 "
        "--schedule constant --early-stopping 4 --dtype float64 --threads 3"
    )
    result = run("train", *arguments.split())
    assert isinstance(result.exception, Stop)
    spec = seen.pop("spec")
    assert spec["layer_sizes"] == [64, 20, 10, 10]
    assert spec["activation"] == ["tanh", "elu"]
    assert spec["keep_prob"] == [0.9, 0.8, 0.7]
    assert spec["l1"] == [0.1, 0.2, 0.3]
    assert set(np.ravel(spec["l2"])) == {0.5}
    assert (spec["init"], spec["dtype"]) == ("lecun", "float64")
    expected = {
        "epochs": 7, "batch_size": None, "optimizer": "momentum", "learning_rate": 0.25,
        "schedule": "constant", "early_stopping": 4, "threads": 3, "progress": False,
    }  # fmt: skip
    assert expected.items() <= seen.items()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--hidden 1,,2", "got '1,,2', expected integers with commas, e.g. 128,64, or none"),
        ("--hidden x", "got 'x', expected integers"),
        ("--hidden 0", "0"),
        ("--hidden -3", "-3"),
        ("--activation swish", "swish.*relu.*softplus"),
        ("--activation relu,", "got 'relu,', expected one name or a comma list"),
        ("--activation relu,relu,relu", "activation"),
        ("--keep-prob many", "got 'many', expected one number or a comma list"),
        ("--keep-prob 1.5", "keep_prob.*1.5"),
        ("--keep-prob 0", "keep_prob"),
        ("--keep-prob nan", "keep_prob"),
        ("--keep-prob 1,0.5", "keep_prob"),
        ("--l2 -1", "l2.*-1"),
        ("--l1 -1", "l1.*-1"),
        ("--init magic", "magic.*xavier"),
        ("--epochs 0", "0 is not in the range"),
        ("--epochs few", "'few' is not a valid integer"),
        ("--batch-size some", "got 'some', expected a number of rows, e.g. 64, or full"),
        ("--batch-size -4", "got '-4', expected a number of rows"),
        ("--optimizer adamax", "adamax.*nesterov"),
        ("--learning-rate -1", "learning_rate"),
        ("--learning-rate nan", "learning_rate"),
        ("--schedule circular", "circular.*cosine"),
        ("--early-stopping 0", "0 is not in the range"),
        ("--dtype float16", "'float16' is not one of 'float32', 'float64'"),
        ("--threads 0", "0 is not in the range"),
        ("--seed -1", "-1 is not in the range"),
        ("--save nowhere/model.safetensors", "there is no directory .*nowhere; create it first"),
        ("--save .", "is a directory"),
        ("--report nowhere/out.html", "there is no directory .*nowhere; create it first"),
        ("--report .", "is a directory"),
        ("--save out --report ./out", "--save and --report both name out; give each its own file"),
        ("--surprise", "No such option"),
        ("--dropout 0.2", r"No such option:? '?--dropout.* Did you mean '?--keep-prob"),
        ("--lr 0.2", r"No such option:? '?--lr.* Did you mean '?--learning-rate"),
        ("digits.csv", "--target is missing: name the column of digits.csv to predict"),
        ("digits.csv more.csv", "unexpected extra argument"),
        ("--target price", "--target is for a file: fastnn train data.csv --target NAME"),
    ],
)
def test_bad_options_are_usage_errors(arguments, message):
    result = run("train", "--epochs", "1", *arguments.split())
    assert result.exit_code == 2
    assert result.stdout == "" or "Handwritten digits" in result.stdout
    assert re.search(f"Error: .*{message}", result.stderr.replace("\n", " "))
    assert "Traceback" not in result.stderr


def test_help_shows_every_option_and_its_default():
    text = run("train", "--help").stdout
    for parameter in cli.main.commands["train"].params:
        if isinstance(parameter, click.Argument):
            continue
        assert f"--{parameter.name.replace('_', '-').removeprefix('as-')}" in text
        assert parameter.help
    words = " ".join(text.split())
    assert "[default: (256,128; for a file 64,32 with --quality none)]" in words
    assert "Exit codes: 0 done; 1 training or saving failed" in words
    assert max(map(len, text.splitlines())) <= 80


def test_help_lists_every_name_the_library_knows():
    words = set(re.findall(r"\w+", run("train", "--help").stdout))
    for option in ("activation", "optimizer", "schedule", "init"):
        error = run("train", f"--{option}", "no_such_name").stderr
        known = re.findall(r"\w+", error.split("known:")[1])
        assert len(known) >= 6
        assert set(known) <= words


def test_version_and_bare_command():
    assert run("--version").stdout == f"fastnn {fastnn.__version__}\n"
    assert "train" in run().output


def test_help_imports_nothing_heavy():
    code = """
import sys
from fastnn.cli import main
try:
    main(["train", "--help"])
finally:
    heavy = {"sklearn", "scipy", "numba", "rich", "fastnn.network"} & set(sys.modules)
    assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


# --- When it goes wrong ---


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (DivergenceError(2, 5, 0.1, "J is nan"), 1, "Error: training diverged at epoch 3, batch 6"),
        (MemoryError(), 1, "not enough memory for --hidden"),
        (ValueError("X is odd; make it even"), 2, "Error: X is odd; make it even"),
        (KeyboardInterrupt(), 130, "Interrupted after 0 of 50 epochs."),
    ],
)
def test_exit_codes(monkeypatch, tmp_path, error, code, message):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"old")

    def fit(self, X, y, **_):
        raise error

    monkeypatch.setattr(Network, "fit", fit)
    result = run("train", "--epochs", "50", "--save", str(path))
    assert result.exit_code == code
    assert message in result.stderr
    assert path.read_bytes() == b"old"


def test_divergence_is_told_without_a_traceback():
    result = run("train", "--optimizer", "gd", "--learning-rate", "1e30")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "learning rate 1e+30" in result.stderr


@pytest.mark.slow
def test_failing_to_save_is_told(monkeypatch, tmp_path):
    def save(self, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Network, "save", save)
    result = run("train", "--epochs", "1", "--save", str(tmp_path / "model.safetensors"))
    assert result.exit_code == 1
    assert "could not save the network: [Errno 28] No space left on device" in result.stderr


@pytest.mark.slow
def test_failing_to_write_the_report_is_told(monkeypatch, tmp_path):
    def report(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fastnn.reporting.report", report)
    model = tmp_path / "model.safetensors"
    result = run("train", "--epochs", "1", "--save", str(model), "--report", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "could not write the report: [Errno 28] No space left on device" in result.stderr
    assert fastnn.load(model).layer_sizes[0] == 64  # what was trained is not lost


@pytest.mark.slow
@pytest.mark.parametrize("save", [False, True])
def test_interrupted_while_the_report_is_written(monkeypatch, tmp_path, save):
    def report(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("fastnn.reporting.report", report)
    model = str(tmp_path / "model.safetensors")
    arguments = ["--save", model] if save else []
    result = run("train", "--epochs", "2", "--report", str(tmp_path / "out.html"), *arguments)
    assert result.exit_code == 130
    what = f"The model was saved to {model}." if save else "Nothing was saved."
    assert result.stderr == f"Interrupted after 2 of 2 epochs. {what}\n"
    assert Path(model).exists() is save


@pytest.mark.parametrize("early_stopping", ["off", "30"])
@pytest.mark.parametrize("table", [False, True])
def test_interrupted_training_is_saved(monkeypatch, tmp_path, table, early_stopping):
    """Without early stopping the last epoch is, with it the best."""
    seen = []

    def interrupt(net, history):
        seen.append((history.dev_error[-1], history.dev_cost[-1], net.theta.copy()))
        if len(history) == 12:
            raise KeyboardInterrupt

    whole = Network.fit

    def fit(self, X, y, *, callbacks=(), **options):
        own = [callbacks] if callable(callbacks) else [*callbacks]
        return whole(self, X, y, callbacks=[*own, interrupt], **options)

    monkeypatch.setattr(Network, "fit", fit)
    data = []
    if table:
        rows = "".join(f"{i % 7},{i * i % 11},{'ab'[i % 2]}\n" for i in range(100))
        (tmp_path / "t.csv").write_text("p,q,r\n" + rows)
        data = [str(tmp_path / "t.csv"), "--target", "r"]
    path = tmp_path / "model.safetensors"
    options = ("--epochs", "90", "--learning-rate", "0.05", "--early-stopping", early_stopping)
    result = run("train", *data, *options, "--save", str(path))
    assert result.exit_code == 130
    best = min(range(12), key=lambda k: seen[k][:2])
    at, which = (11, "so far") if early_stopping == "off" else (best, "the best so far,")
    if early_stopping != "off":
        which = f"of epoch {best + 1}, {which}"
    said = f"Interrupted after 12 of 90 epochs. The network {which} was saved to {path}.\n"
    assert result.stderr == said
    saved = fastnn.load(path)
    np.testing.assert_array_equal((saved.network_ if table else saved).theta, seen[at][2])


def test_failing_to_save_after_an_interrupt_is_told(monkeypatch, tmp_path):
    def save(self, path):
        raise OSError(28, "No space left on device")

    whole = Network.fit

    def fit(self, X, y, **options):
        whole(self, X, y, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(Network, "fit", fit)
    monkeypatch.setattr(Network, "save", save)
    result = run("train", "--epochs", "1", "--save", str(tmp_path / "model.safetensors"))
    assert result.exit_code == 1
    assert "could not save the network: [Errno 28] No space left on device" in result.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--epochs", "1", "--quiet"]])
def test_a_command_ends_without_a_collection_of_garbage(arguments):
    code = f"""
import atexit, gc
atexit.register(lambda: print(len(gc.get_objects())))  # the last to be called
from fastnn.cli import main
main({arguments})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert int(done.stdout.splitlines()[-1]) < 100


DROPPED = """
class Dropped:
    def __del__(self):
        interrupt()
"""
LOST = {
    "finalizer": f"{DROPPED}\nDropped()",
    "import": "import swallowing",
}


def run_interrupted(code, tmp_path):
    """Run code that may call interrupt(), and then `fastnn train` for a very long time."""
    code = f"""
import builtins, os, signal, sys
from fastnn.__main__ import main
def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):  # it is raised here
        pass
builtins.interrupt = interrupt
sys.path.insert(0, {str(tmp_path)!r})
{code}
sys.argv = ["fastnn", "train", "--epochs", "100000000"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 130, done.stderr
    assert done.stderr.startswith("Interrupted")


@pytest.mark.parametrize("place", LOST)
def test_an_interrupt_where_exceptions_are_lost_comes_again(place, tmp_path):
    (tmp_path / "swallowing.py").write_text(
        "import builtins\ntry: builtins.interrupt()\nexcept BaseException: pass\n"
    )
    code = f"""
from fastnn.cli import train_command
open_source = train_command.open_source
def opened(*args):
    exec({LOST[place]!r})
    return open_source(*args)
train_command.open_source = opened
"""
    run_interrupted(code, tmp_path)


@pytest.mark.parametrize("lost", [False, True])
def test_an_interrupt_while_the_commands_are_imported(lost, tmp_path):
    code = f"""{DROPPED}
class Finder:
    def find_spec(self, name, *others):
        if name == "fastnn.cli":
            Dropped() if {lost} else interrupt()
sys.meta_path.insert(0, Finder())
"""
    run_interrupted(code, tmp_path)


def read_until(terminal, pattern, shown="", timeout=300):
    end = time.monotonic() + timeout
    decoder = codecs.getincrementaldecoder("utf-8")()  # a read may end within a character
    while not re.search(pattern, shown):
        assert time.monotonic() < end, f"no {pattern!r} in {shown!r}"
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                shown += decoder.decode(os.read(terminal, 65536))
            except OSError:  # Linux's way to say that the other end is closed
                break
    return shown


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_ctrl_c_on_a_terminal(tmp_path):
    import pty

    terminal, inner = pty.openpty()
    command = [SCRIPT, "train", "--epochs", "1000000", "--save", tmp_path / "model.safetensors"]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, stdout=inner, stderr=inner, env=environment) as process:
        try:
            os.close(inner)
            shown = read_until(terminal, r"dev error [\d.]+ %.* left")
            assert "\x1b[?25l" in shown  # the cursor is hidden while the bar runs
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=60)
            took = time.monotonic() - start
            shown = read_until(terminal, r"was\s+saved to.*\n", shown)
        finally:
            process.kill()  # leaving the block waits for it
    os.close(terminal)
    assert code == 130
    assert took < 5  # some 0.1 s where nothing else runs
    assert re.search(r"Interrupted after \d+ of 1000000 epochs\.", shown)
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert "Traceback" not in shown
    assert fastnn.load(tmp_path / "model.safetensors").layer_sizes[0] == 64
    assert os.listdir(tmp_path) == ["model.safetensors"]

"""The command line on files as people have them: their formats, their flaws, and what is said."""

import gzip
import os
import re
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tables import document, done, failed, houses, run

import fastnn

SCRIPT = Path(sysconfig.get_path("scripts")) / ("fastnn.exe" if os.name == "nt" else "fastnn")
QUICK = ("--epochs", "2", "--threads", "1")
DROP = ("--drop", "id,price")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model of the grade of houses."""
    folder = tmp_path_factory.mktemp("model")
    houses().to_csv(folder / "data.csv", index=False)
    path = folder / "grade.safetensors"
    done(
        "train",
        folder / "data.csv",
        "--target",
        "grade",
        *DROP,
        "--quiet",
        "--save",
        path,
        "--epochs",
        "30",
    )
    return path


def write(frame, path):
    """In the format of its name."""
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        separator = {"tsv": "\t", "semicolon": ";", "bar": "|"}.get(path.stem.split("_")[-1], ",")
        separator = "\t" if ".tsv" in path.suffixes else separator
        encoding = "utf-8-sig" if path.stem == "bom" else "utf-8"
        frame.to_csv(path, index=False, sep=separator, encoding=encoding)


# --- Formats ---


@pytest.mark.parametrize(
    "name",
    [
        "d.csv",
        "d.tsv",
        "d.csv.gz",
        "d.tsv.gz",
        "d.parquet",
        "bom.csv",
        "d_semicolon.csv",
        "d_bar.txt",
    ],
)
def test_every_format_trains_and_predicts_alike(model, tmp_path, name):
    path, other = tmp_path / name, tmp_path / "plain.csv"
    write(houses(), path)
    houses().to_csv(other, index=False)
    command = ("--target", "grade", *DROP, *QUICK)
    assert document("train", path, *command)["cost"] == document("train", other, *command)["cost"]
    assert done("predict", model, path) == done("predict", model, other)


def test_lines_that_end_as_on_windows_and_quoted_ones(model, tmp_path):
    frame = houses().assign(note='a "note"\nof two lines, with a comma')
    (tmp_path / "d.csv").write_bytes(
        frame.to_csv(index=False, lineterminator="\r\n", quoting=1).encode()
    )
    result = run("predict", model, tmp_path / "d.csv", "--keep", "note")
    assert result.exit_code == 0
    import io

    table = pd.read_csv(io.StringIO(result.stdout))
    assert set(table["note"]) == {'a "note"\nof two lines, with a comma'}
    assert table["prediction"].tolist() == fastnn.load(model).predict(houses()).tolist()


def test_standard_input(model):
    text = houses().to_csv(index=False)
    assert done("predict", model, "-", stdin=text).count("\n") == 241
    assert document("train", "-", "--target", "grade", *DROP, *QUICK, stdin=text)["rows"] == {
        "train": 144,
        "dev": 48,
        "test": 48,
    }
    said = failed(2, "predict", model, "-", stdin="a,b\n1,2\n")
    assert said.startswith("standard input: ")


@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes")
def test_a_pipe_by_its_name(model, tmp_path):
    """As a shell's <(command) is."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_text(houses().to_csv(index=False)))
    writer.start()
    assert done("predict", model, path).count("\n") == 241
    writer.join()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGPIPE")
def test_a_reader_that_has_seen_enough_is_no_error(model, tmp_path):
    pd.concat([houses()] * 200).to_csv(tmp_path / "d.csv", index=False)
    command = [SCRIPT, "predict", model, tmp_path / "d.csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"prediction\n"
        process.stdout.close()
        assert process.stderr.read() == b""


# --- Flaws that are dealt with ---


def test_missing_values_and_unknown_categories(tmp_path):
    frame = houses()
    frame.loc[::7, "city"] = None
    frame.loc[::11, "area"] = np.nan
    frame.to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    done("train", tmp_path / "d.csv", "--target", "grade", *DROP, "--quiet", "--save", path, *QUICK)
    new = houses(40, seed=1)
    new.loc[:9, "city"], new.loc[10:19, "area"] = "Atlantis", np.nan
    new.to_csv(tmp_path / "new.csv", index=False)
    result = run("predict", path, tmp_path / "new.csv")
    assert (result.exit_code, result.stdout.count("\n")) == (0, 41)
    assert "Atlantis" in result.stderr


def test_codes_stay_codes(tmp_path):
    """02134 and 2134 are two places."""
    rng = np.random.default_rng(0)
    zips = rng.choice(["02134", "2134", "10001"], 200)
    frame = pd.DataFrame({"zip": zips, "dear": np.where(zips == "02134", "yes", "no")})
    frame.to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    results = document(
        "train",
        tmp_path / "d.csv",
        "--target",
        "dear",
        "--categorical",
        "zip",
        "--save",
        path,
        "--learning-rate",
        "0.05",
    )
    assert results["test_error"] == 0
    out = done("predict", path, "-", "--keep", "zip", stdin="zip\n02134\n2134\n")
    assert out == "zip,prediction\n02134,yes\n2134,no\n"


def test_classes_that_are_integers_stay_so(tmp_path):
    frame = houses().assign(rooms=lambda d: (d["area"] // 50 + 1).astype(int))
    frame.to_csv(tmp_path / "d.csv", index=False)
    path = tmp_path / "m.safetensors"
    results = document(
        "train", tmp_path / "d.csv", "--target", "rooms", "--drop", "id", "--save", path, *QUICK
    )
    assert results["task"] == "classification"
    out = done("predict", path, tmp_path / "d.csv").splitlines()[1:]
    assert set(out) <= {"1", "2", "3", "4", "5"}
    results = document(
        "train",
        tmp_path / "d.csv",
        "--target",
        "rooms",
        "--drop",
        "id",
        "--task",
        "regression",
        *QUICK,
    )
    assert "test_rmse" in results


def test_rows_are_numbered_as_in_a_spreadsheet(model, tmp_path):
    path = tmp_path / "d.csv"
    table = houses(6).assign(note="two\nlines")
    table.loc[4, "city"] = "Lima"
    table.to_csv(path, index=False)  # Lima is in the sixth row; the first is of the names
    said = run("predict", model, path, "--keep", "city")
    assert "'Lima' in row 6;" in said.stderr
    assert said.stdout.splitlines()[5].startswith("Lima,")


@pytest.mark.slow
def test_a_name_that_is_no_utf8(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9.csv"
    with open(path, "wb") as file:
        file.write(houses().to_csv(index=False).encode())
    page = tmp_path / "r.html"
    options = ["--target", "grade", *DROP, *QUICK, "--quiet", "--report", page]
    done("train", os.fsdecode(path), *options)
    assert "caf\ufffd.csv" in page.read_text(encoding="utf-8")


# --- Files that cannot be read: 1 ---


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.csv", None, "No such file or directory: .*d.csv"),
        ("d.csv", b"", "empty"),
        ("d.csv", b"\n\n", "the first line is empty"),
        ("d.csv", "area,city\n1,São\n".encode("latin1"), "not text in UTF-8 .*0xe3"),
        ("d.csv", b"a,b\n1,2\n1,2,3,4\n", "not a table of 2 columns: row 3 has 4 fields"),
        ("d.csv", b"a,b,a\n1,2,3\n", "several columns are named 'a'"),
        ("d.csv.gz", b"no gzip", "not a whole gzip file"),
        ("d.csv.gz", gzip.compress(b"a,b\n" * 999, mtime=0)[:-20], "not a whole gzip file"),
        ("d.parquet", b"PAR1 and no more", "not a whole Parquet file"),
        ("d.xlsx", b"PK", "expected a table as .csv, .tsv, .* got .*d.xlsx"),
    ],
)
def test_files_that_are_no_tables(model, tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    for command in (
        ("train", path, "--target", "b"),
        ("predict", model, path),
        ("diagnose", model, path),
    ):
        said = failed(1, *command)
        assert re.search(f"^could not read {path}: .*{message}", said)
        assert said.count(f"{path}:") == 1


def test_a_directory_is_no_table(model, tmp_path):
    assert "is a directory" in failed(1, "predict", model, tmp_path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything can be read")
def test_a_file_that_may_not_be_read(model, tmp_path):
    path = tmp_path / "d.csv"
    houses().to_csv(path, index=False)
    path.chmod(0)
    assert "Permission denied" in failed(1, "predict", model, path)


def test_what_cannot_be_written_is_told(model, tmp_path, monkeypatch):
    def write(*_):
        raise OSError(28, "No space left on device")

    houses().to_csv(tmp_path / "d.csv", index=False)
    monkeypatch.setattr("fastnn.files.atomic.write_atomically", write)
    path = tmp_path / "out.csv"
    assert f"could not write {path}: [Errno 28] No space left" in failed(
        1, "predict", model, tmp_path / "d.csv", "-o", path
    )


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["train", "predict", "info", "--version"])
def test_a_full_disk_is_told(model, tmp_path, command, unbuffered):
    path = tmp_path / "d.csv"
    houses().to_csv(path, index=False)
    arguments = {
        "train": [path, "--target", "grade", *DROP, *QUICK],
        "predict": [model, path],
        "info": [model],
        "--version": [],
    }[command]
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [SCRIPT, command, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert result.returncode == 1
    assert result.stderr == "Error: [Errno 28] No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_closed_standard_output_is_no_error(model):
    command = ["sh", "-c", '"$0" info "$1" >&-', SCRIPT, model]
    result = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_letters_that_the_terminal_does_not_have(tmp_path):
    path, model = tmp_path / "d.csv", tmp_path / "m.safetensors"
    houses().rename(columns={"city": "\x1b[31mŁódź"}).to_csv(path, index=False)
    options = ["--target", "grade", *DROP, *QUICK, "--quiet", "--save", model]
    done("train", path, *options)
    result = subprocess.run(
        [SCRIPT, "info", model],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"  \\ufffd[31m\\u0141\xf3d\\u017a: categorical" in result.stdout


# --- Data that do not fit: 2 ---


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.rename(columns={"area": "Area"}), "'area'.*'Area'"),
        (lambda d: d.drop(columns=["city", "age"]), "city.*age|age.*city"),
        (lambda d: d.assign(area=d["area"].where(d.index != 4, np.inf)), "'area'.*inf.*row 6"),
    ],
    ids=["misspelt", "missing", "infinite"],
)
def test_tables_that_do_not_fit_the_model(model, tmp_path, change, message):
    path = tmp_path / "d.csv"
    change(houses()).to_csv(path, index=False)
    said = failed(2, "predict", model, path, "-o", tmp_path / "out.csv")
    assert re.search(f"^{path}: .*({message})", said)
    assert not (tmp_path / "out.csv").exists()


def test_a_typing_error_is_a_gap_and_is_told(model, tmp_path):
    frame = houses()
    frame["area"] = frame["area"].astype(str)
    frame.loc[3, "area"] = "oops"
    frame.to_csv(tmp_path / "d.csv", index=False)
    said = run("predict", model, tmp_path / "d.csv", "-o", tmp_path / "out.csv").stderr
    assert re.search(r"'area': 1 row with no numbers, as 'oops' in row 5, counts as missing", said)
    assert len(pd.read_csv(tmp_path / "out.csv")) == len(frame)


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (lambda d: d, "--target grad", "grad.*'grade'"),
        (lambda d: d, "--target grade --drop pice", "pice.*'price'"),
        (lambda d: d, "--target grade --drop grade", "grade"),
        (lambda d: d, "--target grade --categorical town", "town"),
        (lambda d: d, "--target grade --task regression", "'grade'.*number|number.*'grade'"),
        (lambda d: d, "--target grade --drop id,area,city,age,garden,price", "columns"),
        (lambda d: d[:0], "--target grade", "got 0 rows with a grade, expected at least 10"),
        (lambda d: d[:9], "--target grade", "got 9 rows with a grade, expected at least 10"),
        (lambda d: d.assign(grade=None), "--target grade", "got 0 rows with a grade"),
        (lambda d: d.assign(grade="dear"), "--target grade", "two classes or more.*dear"),
        (lambda d: d.assign(price=3.5), "--target price", "'price' to vary"),
        (
            lambda d: d.assign(grade=np.where(d.index > 1, "fine", "ruin")),
            "--target grade",
            "class ruin of grade has 2 rows, expected at least 3, one for each of train, dev, test",
        ),
    ],
)
def test_tables_that_nothing_can_be_learnt_from(tmp_path, change, arguments, message):
    path = tmp_path / "d.csv"
    change(houses()).to_csv(path, index=False)
    said = failed(2, "train", path, *arguments.split(), "--save", tmp_path / "m.safetensors")
    assert re.search(f"{path}: .*({message})", said)
    assert not (tmp_path / "m.safetensors").exists()


def test_what_is_read_is_not_written_over(model, tmp_path):
    train, dev = tmp_path / "d.csv", tmp_path / "dev.csv"
    houses().to_csv(train, index=False)
    houses(60, 1).to_csv(dev, index=False)
    before = dev.read_bytes()
    options = [train, "--target", "grade", *DROP, "--epochs", "2", "--test", dev, "--dev", dev]
    for command in (
        ["train", *options, "--save"],
        ["train", *options, "--report"],
        ["sweep", *options, "--l2", "1,2", "--csv"],
    ):
        assert f"--dev and {command[-1]} both name {dev}" in failed(2, *command, dev)
    assert dev.read_bytes() == before


@pytest.mark.parametrize(
    "command",
    [
        ["train", "-", "--target", "grade", "--test", "-"],
        ["sweep", "-", "--target", "grade", "--dev", "-", "--l2", "1,2"],
        ["diagnose", "MODEL", "-", "--dev", "-"],
    ],
)
def test_the_standard_input_is_one_table(model, command):
    command = [model if word == "MODEL" else word for word in command]
    said = failed(2, *command, stdin=houses().to_csv(index=False))
    assert re.match("DATA and --(dev|test) both name -; give each its own file", said)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe with a name")
def test_a_pipe_is_not_replaced_by_a_file(model, tmp_path):
    houses().to_csv(tmp_path / "d.csv", index=False)
    pipe = tmp_path / "out.csv"
    os.mkfifo(pipe)
    said = failed(2, "predict", model, tmp_path / "d.csv", "-o", pipe)
    assert f"{pipe} is not a regular file" in said
    assert pipe.is_fifo()


def test_dev_and_test_files_that_do_not_fit_are_named(tmp_path):
    houses().to_csv(tmp_path / "d.csv", index=False)
    houses(20, 1).assign(grade="ruin").to_csv(tmp_path / "dev.csv", index=False)
    houses(20, 1).drop(columns="city").to_csv(tmp_path / "test.csv", index=False)
    command = ("train", tmp_path / "d.csv", "--target", "grade", *DROP)
    said = failed(2, *command, "--dev", tmp_path / "dev.csv")
    assert said.startswith(f"{tmp_path / 'dev.csv'}: ")
    assert "ruin" in said
    said = failed(2, *command, "--test", tmp_path / "test.csv")
    assert said.startswith(f"{tmp_path / 'test.csv'}: ")
    assert "city" in said
    assert "nope.csv" in failed(1, *command, "--test", tmp_path / "nope.csv")


def test_without_pandas_the_extra_is_named(model, monkeypatch, tmp_path):
    import builtins

    real = builtins.__import__

    def without(name, *rest):
        if name.partition(".")[0] == "pandas":
            raise ImportError("No module named 'pandas'")
        return real(name, *rest)

    houses().to_csv(tmp_path / "d.csv", index=False)
    monkeypatch.setattr(builtins, "__import__", without)
    assert "fastnn-cpu[table]" in failed(1, "predict", model, tmp_path / "d.csv")

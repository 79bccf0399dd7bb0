"""What `fastnn train` prints: each fact once, and names that can be read whatever they are."""

import json

import numpy as np
import pandas as pd
import pytest
from tables import run

QUICK = ("--quality", "none", "--epochs", "5", "--threads", "1")
M = 600


def written(tmp_path, **columns):
    path = tmp_path / "d.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("options", [QUICK, ("--quality", "fast")])
def test_a_column_that_gives_the_target_away_is_told_once(tmp_path, options):
    rng = np.random.default_rng(0)
    x = rng.normal(size=M)
    y = x + rng.normal(size=M) > 0
    refund = np.where(y, rng.gamma(2, 50, M).round(2) + 1, 0)
    data = written(tmp_path, x=x, refund=refund, y=np.where(y, "yes", "no"))
    command = ("train", data, "--target", "y", *options)
    result = run(*command, "--report", tmp_path / "r.html")
    words = " ".join(result.stderr.split())
    assert words.count("Column 'refund' alone can give 'y' away") == 1
    assert "refund" not in result.stdout
    # A page has no notices, and a program reads the diagnosis alone: these keep the note. Inputs
    # that are bins of a column are that column.
    told = "column 'refund' of X alone gives 'y': leave it out, unless known before 'y' is"
    content = json.loads(run(*command, "--json").stdout)
    assert told in content["diagnosis"]["notes"]
    assert "&#x27;refund&#x27; of X alone gives" in (tmp_path / "r.html").read_text()


def test_a_column_of_which_only_the_diagnosis_tells_is_told(tmp_path):
    """The notices ask for five rows of each class."""
    y = np.arange(M) >= M - 6
    x = np.random.default_rng(0).normal(size=M)
    data = written(tmp_path, x=x, z=np.where(y, 9.0, 1.0) + 0.1 * x, y=np.where(y, "rare", "b"))
    result = run("train", data, "--target", "y", *QUICK)
    assert "away" not in result.stderr
    assert "column 'z' of X alone gives 'y'" in " ".join(result.stdout.split())


def test_texts_in_numbers_are_told_once_for_each_column(tmp_path):
    rng = np.random.default_rng(0)
    weight = [f"{v:.1f}" for v in rng.normal(70, 10, M)]
    unit = [f"{v} kg" if k % 9 == 0 else v for k, v in enumerate(weight)]
    day = pd.date_range("2020-01-01", periods=M).astype(str).to_numpy(dtype=object)
    day = np.where(np.arange(M) % 50 == 7, "soon", rng.permutation(day))
    data = written(tmp_path, a=unit, b=unit, day=day, y=rng.normal(size=M))
    told = run("train", data, "--target", "y", *QUICK).stderr
    words = " ".join(told.split())
    for name in ("a", "b", "day"):
        assert words.count(f"Column '{name}'") == 1
    assert words.count("count as if they had it") == 2
    # Dev and test rows are told of together, where training has nothing like it.
    frame = pd.DataFrame({"a": weight, "y": rng.normal(size=M)})
    parts = run("train", written(tmp_path, **frame), "--target", "y", *QUICK,
                "--parts", tmp_path / "parts.csv")  # fmt: skip
    assert parts.exit_code == 0
    dealt = pd.read_csv(tmp_path / "parts.csv").set_index("row")["part"]
    later = dealt.index[dealt != "train"]
    frame.loc[later[:2] - 2, "a"] = "lost"
    assert {dealt[row] for row in later[:2]} <= {"dev", "test"}
    told = run("train", written(tmp_path, **frame), "--target", "y", *QUICK).stderr
    assert " ".join(told.split()).count("Column 'a': 2 rows with no numbers, as 'lost' in row "
                                        f"{later[0]}, count as missing.") == 1  # fmt: skip


@pytest.mark.parametrize(
    "names", [(1, 0), ("5 %, b", "7 % 1"), ("a: 1, b", "[bold]c\x07"), (0.5, 1.5)]
)
def test_errors_by_class_can_be_read_whatever_the_names(tmp_path, names):
    rng = np.random.default_rng(0)
    x = rng.normal(size=M)
    rare = x + rng.normal(size=M) > 2.5
    data = written(tmp_path, x=x, y=np.where(rare, *names))
    command = ("train", data, "--target", "y", "--task", "classification", *QUICK)
    lines = [line.strip("│").split("│") for line in run(*command).stdout.splitlines()]
    errors = json.loads(run(*command, "--json").stdout)["dev_class_errors"]
    assert set(errors) == {str(name) for name in names}
    (head,) = (
        k for k, line in enumerate(lines) if [w.strip() for w in line] == ["class", "dev error"]
    )
    found = {line[0].strip(): line[1].strip() for line in lines[head + 2 : head + 4]}
    assert found == {k.replace("\x07", "\ufffd"): f"{100 * v:.1f} %" for k, v in errors.items()}

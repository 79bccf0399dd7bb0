"""Tables as people have them: fastnn beside boosted trees, a network and a linear model."""

import hashlib
import json
import time
import warnings
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import fastnn
from bench.frames import FRAMES
from bench.peers.of_tables import PEERS
from bench.results import SHARE, TIMES

SEEDS = 5
TEST = 0.25  # of the rows
# All losses and times are compared with this contender.
BASE = "CatBoost"
# A line for each run that has ended. Those of the same versions are not run again: the whole takes
# an hour.
RUNS = Path(__file__).parents[2] / "build" / "bench-tables.jsonl"
# Beside the losses; a regression has none of the last two.
_BESIDE = {
    "error": "mean error (of a regression mean absolute error over std)",
    "auc": "mean AUC",
    "ece": "mean expected calibration error",
}


def _fastnn(**options):
    def fit_and_predict(X, y, X_test, seed):
        numbers = [name for name in X if X[name].dtype.kind in "iufb"]
        regression = y.dtype.kind == "f"
        kind = fastnn.TableRegressor if regression else fastnn.TableClassifier
        model = kind(numeric=numbers, n_threads=1, random_state=seed, **options).fit(X, y)
        return model.predict(X_test) if regression else model.predict_proba(X_test)

    return fit_and_predict


CONTENDERS = {
    "fastnn, best": ("fastnn", _fastnn()),  # the default
    "fastnn, fast": ("fastnn", _fastnn(quality="fast")),
    **PEERS,
}
# The most of each.
TARGETS = {
    "fastnn, fast": {"loss": {BASE: 1.02}, "cpu": 0.1},
    "fastnn, best": {"loss": {BASE: 0.97, "HistGradientBoosting": 0.9}, "cpu": 0.5},
}
# A bin of probabilities in `_calibration_error`.
_BINS = 10


def accuracy(results, effort):
    """Losses, errors and CPU time of all contenders, on the same splits."""
    runs = {}
    for frame in FRAMES:
        if frame.missing is not None:
            results.skip(f"{frame.name}: {frame.missing} is not installed")
            continue
        for seed in range(SEEDS if effort.thorough else 1):
            for contender in CONTENDERS:
                run = _run(frame, seed, contender)
                if run is None:
                    results.skip(f"{contender} is not installed")
                else:
                    runs[frame, seed, contender] = run
    if not any(contender == BASE for _, _, contender in runs):
        return
    for frame in FRAMES:
        _report_table(results, frame, runs)
    for half in dict.fromkeys(frame.half for frame in FRAMES):
        for contender in CONTENDERS:
            _report_half(results, half, contender, runs)


def _run(frame, seed, contender):
    """The measures of one fit, from the file if it has them; None without its package."""
    of = _version(contender)
    if of is None:
        return None
    key = [frame.name, seed, contender, of]
    known = _known().get(tuple(key))
    if known is not None:
        return known
    X, y = _loaded(frame)
    train, test = _split(len(y), seed)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        A = CONTENDERS[contender][1](X.iloc[train], y[train], X.iloc[test], seed)
    cpu = time.process_time() - began
    run = {**_measured(A, y[test], y[train]), "cpu": cpu}
    RUNS.parent.mkdir(exist_ok=True)
    with RUNS.open("a") as file:
        file.write(json.dumps([key, run]) + "\n")
    _known()[tuple(key)] = run
    return run


@cache
def _known():
    lines = RUNS.read_text().splitlines() if RUNS.exists() else []
    return {tuple(key): run for key, run in map(json.loads, lines)}


@cache
def _loaded(frame):
    X, y = frame.load()
    return X, y.to_numpy(np.float64 if frame.regression else object)


def _split(rows, seed):
    order = np.random.default_rng(seed).permutation(rows)
    test = round(TEST * rows)
    return order[test:], order[:test]


@cache
def _version(contender):
    """Of the package of the contender; of fastnn a digest of what is imported."""
    package = CONTENDERS[contender][0]
    if package == "fastnn":
        folder = Path(fastnn.__file__).parent
        files = sorted([*folder.rglob("*.py"), *folder.glob("_kernels*.so")])
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in files))
        return digest.hexdigest()[:16]
    try:
        return version(package)
    except PackageNotFoundError:
        return None


# --- measures ------------------------------------------------------------------------------------


def _measured(A, y, y_train):
    """Of a regression loss and error are root mean squared and mean absolute error, over the
    standard deviation of the training targets."""
    if y.dtype.kind == "f":
        residuals = (A - y) / y_train.std()
        return {
            "loss": float(np.sqrt(np.mean(residuals**2))),
            "error": float(abs(residuals).mean()),
        }
    from sklearn.metrics import roc_auc_score

    classes = np.unique(y_train)
    labels = np.searchsorted(classes, y)
    A = np.clip(A, 1e-7, 1)
    A = A / A.sum(axis=1, keepdims=True)
    auc = (
        roc_auc_score(labels, A[:, 1])
        if len(classes) == 2
        else roc_auc_score(labels, A, multi_class="ovr", labels=np.arange(len(classes)))
    )
    return {
        "loss": float(-np.log(A[np.arange(len(A)), labels]).mean()),
        "error": float((A.argmax(axis=1) != labels).mean()),
        "auc": float(auc),
        "ece": _calibration_error(A, labels),
    }


def _calibration_error(A, labels):
    """Expected calibration error (Guo et al., 2017): mean distance of the largest probability from
    the share of right predictions, in bins of equal width."""
    confidence, right = A.max(axis=1), A.argmax(axis=1) == labels
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    distances = np.bincount(bins, weights=confidence - right, minlength=_BINS)
    return float(abs(distances).sum() / len(A))


# --- report --------------------------------------------------------------------------------------


def _report_table(results, frame, runs):
    """Each contender's loss, relative to the base on the same split."""
    seeds = [seed for seed in range(SEEDS) if (frame, seed, BASE) in runs]
    if not seeds:
        return
    case, kind = f"{frame.half}: {frame.name}", "RMSE over std" if frame.regression else "log loss"
    base = np.array([runs[frame, seed, BASE]["loss"] for seed in seeds])
    results.find(case, f"{kind}, {BASE}", base, "")
    for contender in CONTENDERS:
        if contender != BASE and (frame, seeds[0], contender) in runs:
            losses = [runs[frame, seed, contender]["loss"] for seed in seeds]
            results.find(case, f"{kind}, {contender}", losses / base, TIMES)


def _report_half(results, half, contender, runs):
    """Geometric means over the tables, and means of the other measures, one for each seed."""
    base = _by_seed(runs, half, BASE)
    ours = {seed: of for seed, of in _by_seed(runs, half, contender).items() if seed in base}
    if not ours:
        return
    case = f"{half}: {contender}"
    targets = TARGETS.get(contender, {})
    for other in dict.fromkeys([BASE, *targets.get("loss", {})]):
        theirs = _by_seed(runs, half, other)
        if other != contender and ours.keys() <= theirs.keys():
            ratios = [
                np.exp(np.mean(np.log(of["loss"] / theirs[seed]["loss"])))
                for seed, of in ours.items()
            ]
            limit = targets.get("loss", {}).get(other)
            results.find(case, f"loss relative to {other}", ratios, TIMES, at_most=limit)
    shares = [of["cpu"].sum() / base[seed]["cpu"].sum() for seed, of in ours.items()]
    what = f"CPU time of all tables relative to {BASE}"
    results.find(case, what, shares, TIMES, at_most=targets.get("cpu"))
    for measure, what in _BESIDE.items():
        results.find(case, what, [np.nanmean(of[measure]) for of in ours.values()], SHARE)


def _by_seed(runs, half, contender):
    """Arrays of each measure over the tables of a half, for each seed that has all of these."""
    tables = {frame for frame, _, _ in runs if frame.half == half}
    found = {}
    for seed in range(SEEDS):
        of = [runs.get((frame, seed, contender)) for frame in FRAMES if frame in tables]
        if all(of):
            found[seed] = {
                measure: np.array([run.get(measure, np.nan) for run in of])
                for measure in ("loss", "cpu", *_BESIDE)
            }
    return found

"""Shares of the micro-kernel's peak: over widths, variants of the kernels and dtypes."""

import contextlib
from statistics import median

from bench import ours
from bench.cases import CASES, Case
from bench.measure import compare, ratios
from bench.results import SHARE, TIMES
from fastnn import _kernels

# Steps of 17 meet every remainder of a tile; rows a power of two apart share sets of a cache.
WIDTHS = sorted({*range(500, 1101, 17), 512, 1024})
BATCH = 256
OPTIMIZERS = ["gd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
PENALTIES = {"no penalty": {}, "L2": {"l2": 10.0}, "L1": {"l1": 10.0}}


def widths(results, effort):
    """w-w-w-10 for every w: none is much slower than its neighbours."""
    tasks = {width: Case([width] * 3 + [10], BATCH, 4).task(keep_prob=1.0) for width in WIDTHS}
    contenders = [ours.trainer(task, str(width)) for width, task in tasks.items()]
    peaks = []
    timings = compare(
        contenders, effort.rounds, effort.seconds / 8, each_round=lambda: peaks.append(ours.peak())
    )
    shares = {}
    for width, task in tasks.items():
        seconds = timings[str(width)].seconds
        shares[width] = [task.flops / s / 1e9 / p for s, p in zip(seconds, peaks, strict=True)]
        results.find(str(width), "share of peak", shares[width], SHARE)
    of_neighbours = {width: _over_neighbours(shares, at) for at, width in enumerate(WIDTHS)}
    worst = min(of_neighbours, key=lambda width: median(of_neighbours[width]))
    what = "share over the median of its neighbours"
    results.find(f"worst: {worst}", what, of_neighbours[worst], TIMES, at_least=0.92)


def _over_neighbours(shares, at):
    """In each round: the share of a width over the median of up to two on either side."""
    near = WIDTHS[max(at - 2, 0) : at] + WIDTHS[at + 1 : at + 3]
    rounds = zip(*(shares[width] for width in near), strict=True)
    return [mine / median(others) for mine, others in zip(shares[WIDTHS[at]], rounds, strict=True)]


def variants(results, effort):
    """A step on every variant that this machine can run, in both dtypes."""
    for variant in _kernels.variants():
        for dtype in ("float32", "float64"):
            with _on(variant):
                _shares(results, effort, variant, dtype)


def _shares(results, effort, variant, dtype):
    tasks = {name: case.task() for name, case in CASES.items()}
    contenders = [ours.trainer(task, name, dtype=dtype) for name, task in tasks.items()]
    peaks = []
    timings = compare(
        contenders,
        effort.rounds,
        effort.seconds / 4,
        each_round=lambda: peaks.append(ours.peak(dtype)),
    )
    case = f"{variant}, {dtype}"
    results.time(case, timings)
    results.find(case, "micro-kernel's peak", peaks, "GFLOP/s")
    for name, task in tasks.items():
        rates = [task.flops / seconds / 1e9 for seconds in timings[name].seconds]
        shares = [rate / peak for rate, peak in zip(rates, peaks, strict=True)]
        results.find(case, f"share of peak, {name}", shares, SHARE)


@contextlib.contextmanager
def _on(variant):
    before = _kernels.choose(variant)
    try:
        yield
    finally:
        _kernels.choose(before)


def values(results, effort):
    """A step takes as long whatever the numbers: zeros, saturated units, weights that decayed."""
    usual = CASES["tiny"].task(keep_prob=1.0, activation="tanh")
    zeros = CASES["tiny"].task(keep_prob=1.0, activation="tanh")
    zeros.X[...] = 0
    large = CASES["tiny"].task(keep_prob=1.0, activation="tanh")
    large.X[...] *= 1000
    for dtype in ("float32", "float64"):
        for optimizer in OPTIMIZERS:
            found = {}
            for penalty, options in PENALTIES.items():
                options = {"optimizer": optimizer, "dtype": dtype, **options}
                timings = compare(
                    [
                        ours.trainer(usual, "usual", **options),
                        ours.trainer(zeros, "zeros", **options),
                        ours.trainer(large, "saturated", **options),
                        ours.trainer(usual, "decayed", decay_epochs=300, **{**options, "l2": 1e3}),
                    ],
                    effort.rounds,
                    effort.seconds / 10,
                )
                plain = timings.pop("usual")
                for name, timing in timings.items():
                    found[f"{penalty}, {name}"] = ratios(timing, plain)
            worst = max(found, key=lambda what: median(found[what]))
            case = f"{optimizer}, {dtype}"
            results.find(case, f"worst: {worst}", found[worst], TIMES, at_most=1.1)

"""Two threads against one, and fastnn's own choice against the better of them."""

from statistics import median

from bench import ours
from bench.cases import CASES, Case
from bench.measure import compare, ratios
from bench.results import TIMES
from fastnn.engine.threads import available_processors

CHOICES = {"1 thread": 1, "2 threads": 2, "threads=None": None}
WIDTHS = range(30, 67)


def speedup(results, effort):
    """Every case, on both cores."""
    if not _two_processors(results):
        return
    for name, case in CASES.items():
        meetings = []
        timings = compare(
            _contenders(case),
            effort.rounds,
            effort.seconds,
            each_round=lambda meetings=meetings: meetings.append(ours.barrier()),
        )
        results.time(name, timings)
        # What a step on two threads costs beyond its arithmetic: it follows where the host of a
        # virtual machine puts the two processors.
        results.find(name, "two threads meet in", meetings, "us")
        results.find(
            name,
            "2 threads over 1",
            ratios(timings["1 thread"], timings["2 threads"]),
            TIMES,
            at_least=1.8 if name in ("mid", "large") else None,
        )
        results.find(name, "threads=None / better of 1, 2", _regret(timings), TIMES, at_most=1.05)


def widths(results, effort):
    """w-w-w-10 for every w, all widths in the same rounds: no cliff where the choice changes."""
    if not _two_processors(results):
        return
    contenders = [
        contender
        for width in WIDTHS
        for contender in _contenders(Case([width] * 3 + [10], 64, 50), f"{width}: ")
    ]
    timings = compare(contenders, effort.rounds, effort.seconds / 8)
    by_width = {
        width: {choice: timings[f"{width}: {choice}"] for choice in CHOICES} for width in WIDTHS
    }
    for width, of_width in by_width.items():
        results.time(str(width), of_width)

    regrets = {width: _regret(of_width) for width, of_width in by_width.items()}
    worst = max(regrets, key=lambda width: median(regrets[width]))
    results.find(
        f"worst: {worst}", "threads=None / better of 1, 2", regrets[worst], TIMES, at_most=1.05
    )
    jumps = {
        width: ratios(by_width[width]["threads=None"], by_width[width - 1]["threads=None"])
        for width in WIDTHS[1:]
    }
    worst = max(jumps, key=lambda width: median(jumps[width]))
    results.find(f"worst: {worst}", "time over that of one less", jumps[worst], TIMES)


def _contenders(case, prefix=""):
    task = case.task()
    return [ours.trainer(task, prefix + name, threads=n) for name, n in CHOICES.items()]


def _regret(timings):
    # The better by its median: the lesser of each round's two would be a lesser of two noises.
    better = min(timings["1 thread"], timings["2 threads"], key=lambda timing: timing.median)
    return ratios(timings["threads=None"], better)


def _two_processors(results):
    processors = available_processors()
    if processors < 2:
        results.skip(f"two threads: this process may use {processors} processor")
    return processors >= 2

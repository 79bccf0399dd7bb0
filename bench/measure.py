"""Time contenders side by side, in rounds A B C A B C ..., so that drift hits them all."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Effort:
    """How much to measure: rounds, and the seconds of each contender in a round."""

    rounds: int
    seconds: float
    thorough: bool  # whether what takes long to compile takes part


@dataclass(frozen=True)
class Contender:
    """`run(n)` does a piece of work n times; a piece has `units` steps, calls or rows."""

    name: str
    run: Callable[[int], object]
    units: int = 1


@dataclass
class Timing:
    """The times of one contender, round by round."""

    seconds: list[float] = field(default_factory=list)  # for one unit
    cpu_share: list[float] = field(default_factory=list)  # processor time over elapsed time

    @property
    def median(self):
        return float(np.median(self.seconds))


def compare(contenders, rounds, seconds, each_round=None):
    """Time the contenders against each other.

    Parameters
    ----------
    contenders : list of Contender
    rounds : int
    seconds : float
        How long one contender works in one round, at least a single piece.
    each_round : function, optional
        Called before every round, to measure something else between.

    Returns
    -------
    dict of name -> Timing, in the order of `contenders`
    """
    repetitions = [_repetitions(contender, seconds) for contender in contenders]
    timings = {contender.name: Timing() for contender in contenders}
    gc.collect()
    gc.disable()  # as timeit does: a collection would hit one contender or another
    try:
        for _ in range(rounds):
            if each_round:
                each_round()
            for contender, n in zip(contenders, repetitions, strict=True):
                elapsed, cpu = _time(contender.run, n)
                timings[contender.name].seconds.append(elapsed / (n * contender.units))
                timings[contender.name].cpu_share.append(cpu / elapsed)
    finally:
        gc.enable()
    return timings


def ratios(timing, reference):
    """timing / reference, round by round: the rounds' own drift cancels."""
    return [a / b for a, b in zip(timing.seconds, reference.seconds, strict=True)]


def calls(function, *args):
    """A `run` that calls function(*args) over and over."""

    def run(n):
        for _ in range(n):
            function(*args)

    return run


def _repetitions(contender, seconds):
    contender.run(1)  # compiles, allocates, fills caches
    n, elapsed = 1, _time(contender.run, 1)[0]
    while elapsed < seconds / 5:
        n *= 2
        elapsed = _time(contender.run, n)[0]
    return max(1, round(n * seconds / elapsed))


def _time(run, n):
    cpu, began = time.process_time(), time.perf_counter()
    run(n)
    return time.perf_counter() - began, time.process_time() - cpu

"""`improve`: train, diagnose, try what the recipe names, keep it only if it is better."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from fastnn.arguments import generator, integer, number
from fastnn.data.parts import as_pair
from fastnn.diagnosis.bias_variance.from_data import diagnose_network
from fastnn.diagnosis.causes.losses import losses_of
from fastnn.engine.sets import check_set
from fastnn.improvement.moves import Idea, ideas
from fastnn.improvement.result import Improvement, Move
from fastnn.improvement.setting import Setting, check_options
from fastnn.network import Network
from fastnn.sweeps.jobs import Job, make_network
from fastnn.sweeps.workers import check_workers, outcomes

# The chance that one of a round's moves is kept although it is no better.
CHANCE = 0.05
# Moves of a round.
AT_ONCE = 8


class Tried(NamedTuple):
    """A setting with its networks, one for each seed, and their losses on the dev set."""

    setting: Setting
    networks: list[Network]
    losses: np.ndarray  # (seeds, dev examples)
    dev_error: float
    failure: str = ""


def improve(
    net: Network | Sequence[int],
    train: Any,
    dev: Any,
    *,
    seconds: float | None = 60.0,
    trials: int | None = None,
    seeds: int = 3,
    n_jobs: int = -1,
    optimal_error: float | None = None,
    rng: int | np.random.Generator | None = 0,
    **options: Any,
) -> Improvement:
    """Improve a network as the basic recipe says: diagnose, try, keep what is better.

    A move is kept only if the dev loss is lower beyond chance: by a paired test over the dev
    examples, with the level divided among the moves of the round, and for each of the seeds. The
    test set is never looked at.

    Parameters
    ----------
    net : Network or sequence of int
        Where to begin: the settings of a network and of its last fit, or layer sizes.
    train, dev : (X, y), or an object with `.X` and `.y`
    seconds : float, optional
        When to stop: running fits are then given up. None: no limit.
    trials : int, optional
        Stop after so many moves. With ``seconds=None`` the result is the same for any `n_jobs`.
    seeds : int, default 3
        Networks of each setting, the same seeds for all of them.
    n_jobs : int, default -1
        Networks that are trained at a time; -1: one for each processor.
    optimal_error : float, optional
        As for `Network.diagnose`; also where to stop.
    rng : int, numpy.random.Generator or None
    **options
        Of `Network` and of `Network.fit`, for every network; a move may change them.

    Returns
    -------
    Improvement

    Raises
    ------
    ValueError, TypeError
        Before anything is trained.

    Examples
    --------
    >>> import fastnn
    >>> from sklearn.datasets import load_digits
    >>> train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
    >>> result = fastnn.improve([64, 4, 10], train, dev, seconds=None, trials=4, seeds=2,
    ...                         epochs=20, normalize=True)
    >>> result.dev_error < result.first_dev_error
    True
    """
    check_options(options)
    if seconds is not None:
        seconds = number(seconds, "seconds", "(0, inf)")
    if trials is not None:
        trials = integer(trials, "trials", 1)
    if seconds is None and trials is None:
        raise ValueError("expected seconds or trials as an end, got None for both")
    check_workers(n_jobs, None)
    seeds_of = generator(rng).integers(2**63, size=integer(seeds, "seeds", 1)).tolist()
    setting = Setting.of(net, options)
    probe, _ = make_network(setting.layer_sizes, setting.options, 0)
    data = []
    for name, part in (("train", train), ("dev", dev)):
        check_set(probe, part, name)
        data += as_pair(part, name)
    loop = Loop(
        tuple(data), seeds_of, n_jobs, None if seconds is None else time.monotonic() + seconds
    )
    return loop.run(setting, trials, optimal_error)


class Loop:
    """Rounds of moves on one pair of sets."""

    def __init__(self, data, seeds, n_jobs, deadline):
        self.data, self.seeds, self.n_jobs, self.deadline = data, seeds, n_jobs, deadline
        self.m = data[0].shape[0] if hasattr(data[0], "shape") else len(data[0])

    def run(self, setting, trials, optimal_error):
        """Train the first setting, then rounds until one of the ends."""
        best = first = self._train([setting], limited=False)[0]
        if best.failure:
            raise ValueError(f"the setting to begin with cannot be trained: {best.failure}")
        moves, seen, rounds, stopped = [], {setting.key}, 0, ""
        diagnosis = self._diagnose(best, optimal_error)
        try:
            while not stopped:
                rounds += 1
                if optimal_error is not None and best.dev_error <= optimal_error:
                    stopped = "optimal error reached"
                    break
                left = AT_ONCE if trials is None else min(AT_ONCE, trials - len(moves))
                chosen = self._choose(diagnosis, best.setting, seen, left)
                if not chosen:
                    stopped = "trials" if left < 1 else "no move helps"
                    break
                tried = self._train([each for _, each in chosen])
                found, best, kept = self._judge(rounds, diagnosis, chosen, tried, best)
                moves += found
                if self._late():
                    stopped = "time"
                if kept:
                    diagnosis = self._diagnose(best, optimal_error)
        except KeyboardInterrupt:
            stopped = "interrupted"
        return self._result(first, best, moves, stopped, diagnosis)

    def _diagnose(self, tried, optimal_error):
        options = {} if optimal_error is None else {"optimal_error": optimal_error}
        return diagnose_network(tried.networks[0], self.data[:2], self.data[2:], **options)

    def _choose(self, diagnosis, setting, seen, count):
        """The next moves that have not been tried, with their settings."""
        chosen: list[tuple[Idea, Setting]] = []
        for idea in ideas(diagnosis, setting, self.m):
            if len(chosen) >= count:
                break
            changed = setting.with_(idea.change)
            if changed.key not in seen:
                seen.add(changed.key)
                chosen.append((idea, changed))
        return chosen

    def _train(self, settings, limited=True):
        """The settings, each with a network for every seed, several at a time."""
        jobs = [
            Job(i, k, setting.layer_sizes, setting.options, seed)
            for i, setting in enumerate(settings)
            for k, seed in enumerate(self.seeds)
        ]
        done: dict[tuple[int, int], Any] = {}
        with (
            outcomes(
                jobs, self.data, self.n_jobs, None, self._look if limited else _nothing
            ) as results,
            contextlib.suppress(_TimeIsUp),
        ):
            for outcome in results:
                done[outcome.job.trial, outcome.job.seed_index] = outcome
                if limited and self._late():
                    break
        return [
            self._tried(setting, [done.get((i, k)) for k in range(len(self.seeds))])
            for i, setting in enumerate(settings)
        ]

    def _look(self, _):
        if self._late():
            raise _TimeIsUp

    def _late(self):
        return self.deadline is not None and time.monotonic() > self.deadline

    def _tried(self, setting, runs):
        dev = self.data[2:]
        if any(run is None for run in runs):
            return Tried(setting, [], np.empty((0, 0)), math.nan, "time was up")
        failed = next((run.run.failure for run in runs if run.run.failure), "")
        if failed:
            return Tried(setting, [], np.empty((0, 0)), math.nan, failed)
        networks = [run.network for run in runs]
        return Tried(
            setting,
            networks,
            np.array([losses_of(net, *dev) for net in networks]),
            float(np.mean([run.run.dev_error for run in runs])),
        )

    def _judge(self, rounds, diagnosis, chosen, tried, best):
        """The moves of a round, and the best setting after it."""
        level = NormalDist().inv_cdf(1 - CHANCE / max(len(chosen), 1))
        found, winner, lead = [], None, 0.0
        for (idea, _), each in zip(chosen, tried, strict=True):
            if each.failure:
                found.append(
                    Move(
                        rounds,
                        diagnosis.verdict,
                        idea.text,
                        idea.change,
                        math.nan,
                        math.nan,
                        math.nan,
                        failure=each.failure,
                    )
                )
                continue
            by_seed = best.losses - each.losses
            by_example = by_seed.mean(axis=0)
            gain = float(by_example.mean())
            error = float(by_example.std(ddof=1)) / math.sqrt(by_example.size)
            sure = gain / error if error > 0 else 0.0
            better = sure > level and bool((by_seed.mean(axis=1) > 0).all())
            found.append(
                Move(rounds, diagnosis.verdict, idea.text, idea.change, each.dev_error, gain, sure)
            )
            if better and gain > lead:
                winner, lead = len(found) - 1, gain
        if winner is None:
            return found, best, False
        found[winner] = replace(found[winner], kept=True)
        return found, tried[winner], True

    def _result(self, first, best, moves, stopped, diagnosis):
        network = best.networks[int(best.losses.mean(axis=1).argmin())]
        errors = [move.gain / move.sure for move in moves if move.sure]
        told = (
            f": gains below {2 * float(np.median(errors)):.2g} in loss are chance there"
            if errors
            else ""
        )
        notes = [
            f"The dev set has {best.losses.shape[1]:,} examples, and {len(moves)} moves were "
            f"compared on it{told}. The best was chosen on it, so its dev error flatters: measure "
            "the network on a test set."
        ]
        return Improvement(
            network=network,
            history=network.history,
            moves=moves,
            dev_error=best.dev_error,
            first_dev_error=first.dev_error,
            stopped=stopped,
            setting={"layer_sizes": best.setting.layer_sizes, **best.setting.options},
            next_step=_next_step(diagnosis, stopped),
            notes=notes,
            shares=not network.regression,
        )


class _TimeIsUp(Exception):
    """Ends a round whose time is up."""


def _nothing(_):
    """The first setting is trained whatever the time."""


def _next_step(diagnosis, stopped):
    by_hand = [cause.advice for cause in diagnosis.causes if not cause.change]
    if by_hand:
        return by_hand[0]
    if stopped in ("time", "trials", "interrupted"):
        return "go on: call improve with this network, and more seconds or trials"
    if diagnosis.high_bias:
        return "better features, or better labels: no size or training that was tried fits them"
    if diagnosis.high_variance:
        return "more training examples, or fewer and better features: variance is high"
    if diagnosis.high_bias is None:
        return (
            "look at the examples that are still wrong: better labels and features are what "
            "can lower an error that may be noise"
        )
    return "measure the network on a test set: neither bias nor variance is high"

"""One round: some moves from the best setting so far, tried and compared."""

from __future__ import annotations

import math
from typing import NamedTuple

from fastnn.improvement.fits import Tried
from fastnn.improvement.judging import compare, level
from fastnn.improvement.moves import Idea, together
from fastnn.improvement.result import Move

# All moves of a round are trained with one seed. The best of them, so many at most, go on to the
# other seeds, if the first seed gains so many standard errors.
FINALISTS, PROMISING = 3, 0.5
# Moves that each gain so many standard errors are tried together: that may be beyond chance.
LIKELY = 1.0
# If a gain is so many times the standard errors that are needed, one seed of the old setting is
# enough to tell: its other networks are then not trained.
PLAIN = 2.0


class Attempt(NamedTuple):
    """A move with its outcome so far; `gain` and `sure` are NaN where it failed."""

    idea: Idea
    tried: Tried
    gain: float
    sure: float
    likely: bool
    better: bool

    @property
    def loss(self):
        """The dev loss: the lowest of several better ones wins."""
        return self.tried.losses.mean()

    def move(self, number, verdict, kept):
        """The `Move` for the result."""
        return Move(
            number,
            verdict,
            self.idea.text,
            self.idea.change,
            self.tried.dev_error,
            self.gain,
            self.sure,
            len(self.tried.networks),
            kept,
            self.tried.failure,
        )


class Round:
    """The moves of a round, by their settings.

    Parameters
    ----------
    fits : Fits
    best : Tried
        The best setting so far.
    chosen : list of (Idea, Setting)
    """

    def __init__(self, fits, best, chosen):
        self._fits, self.best, self._chosen = fits, best, list(chosen)
        self._needed = level(len(chosen) + 1)  # one more: several together
        self.begun = best  # the same with the networks of all seeds, once they are trained
        self.winner: Attempt | None = None

    def carry_out(self, room):
        """Try the moves; if several help, try these together, as far as `room` allows.

        Returns
        -------
        list of Attempt
            In the order of the moves. `best` and `winner` are set.
        """
        fits, others = self._fits, range(1, len(self._fits.seeds))
        fits.train_on([setting for _, setting in self._chosen], [0])
        found = self._attempts()
        finalists = sorted(
            (each for each in found if each.sure > PROMISING), key=lambda each: each.loss
        )[:FINALISTS]
        settings = [each.tried.setting for each in finalists]
        if any(each.sure < PLAIN * self._needed for each in finalists):
            settings.append(self.best.setting)
        fits.train_on(settings, others)
        self.best = self.begun = fits.tried(self.best.setting)
        found = self._attempts()
        likely = sorted((each for each in found if each.likely), key=lambda each: each.loss)
        if len(likely) > 1 and room:
            idea = together([each.idea for each in likely])
            setting = self.best.setting.with_(idea.change)
            if setting.key not in {each.tried.setting.key for each in likely}:
                self._chosen.append((idea, setting))
                fits.train_on([setting], range(len(fits.seeds)))
                found = self._attempts()
        better = [each for each in found if each.better]
        self.winner = min(better, key=lambda each: each.loss, default=None)
        for each in found:
            if each is not self.winner:
                fits.forget(each.tried.setting)
        if self.winner is not None:
            fits.forget(self.best.setting)
            self.best = self.winner.tried
        return found

    def _attempts(self):
        return [self._attempt(idea, self._fits.tried(setting)) for idea, setting in self._chosen]

    def _attempt(self, idea, tried):
        """The `Attempt` of a move, by the networks trained so far."""
        if tried.failure:
            return Attempt(idea, tried, math.nan, math.nan, False, False)
        gain, sure, for_each_seed = compare(self.best, tried)
        # If time is up, the trained seeds have to be enough.
        seeds = len(self._fits.seeds)
        whole = len(tried.networks) == seeds and (
            len(self.best.networks) == seeds or sure > PLAIN * self._needed
        )
        lower = for_each_seed and (whole or self._fits.ended == "time")
        return Attempt(
            idea, tried, gain, sure, lower and sure > LIKELY, lower and sure > self._needed
        )

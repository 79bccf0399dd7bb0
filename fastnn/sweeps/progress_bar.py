"""The progress bar of a sweep: one over all trials, with the best so far."""

import contextlib

from fastnn.sweeps.space import written
from fastnn.training.progress import ProgressBar


class SweepBar(ProgressBar):
    """Epochs of all fits, shown as trials."""

    unit = "trial"

    def __init__(self, work, trials, console=None, *, percent=False):
        super().__init__(trials, console, percent=percent)
        self._scale, self._epochs = trials / max(work, 1), 0

    def skipped(self, epochs):
        """So many epochs need not be trained: they were before, or the fit has ended early."""
        self._epochs += epochs
        self._begun += epochs * self._scale

    def worked(self, epochs):
        """A fit has ended, of which so many epochs were expected."""
        self._epochs += epochs
        self.look(0)

    def look(self, running):
        """Running fits have done so many epochs."""
        # Whose end has just been told may be counted as running no more: never go back.
        self.advance(max(self._done, (self._epochs + running) * self._scale))

    def ended(self, trials, leader=None):
        """So many more trials are at their end; the best so far."""
        self._finished += trials
        if leader is not None and not leader.failure:
            error = leader.dev_error
            error = f"{100 * error:.2f} %" if self.percent else f"{error:#.4g}"
            self._results = f"best dev error {error}  {written(leader.setting)}"


class _NoBar:
    def skipped(self, epochs):
        """Nothing is shown."""

    def worked(self, epochs):
        """Nothing is shown."""

    def look(self, running):
        """Nothing is shown."""

    def ended(self, trials, leader=None):
        """Nothing is shown."""


def open_bar(work, trials, *, percent):
    return SweepBar(work, trials, percent=percent)


def no_bar():
    return contextlib.nullcontext(_NoBar())

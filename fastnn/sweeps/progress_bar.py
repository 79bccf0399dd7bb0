"""The progress bar of a sweep: it counts trials, and shows the best one so far."""

from fastnn.sweeps.space import written
from fastnn.training.progress import Bar, written_error


class NoSweepBar:
    """Takes the place of a `SweepBar` where nothing is shown."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        """Nothing is open."""

    def skipped(self, epochs):
        """Count epochs without training: they were done before, or the fit has ended early."""

    def worked(self, epochs):
        """Count the planned epochs of a fit that has ended."""

    def look(self, running):
        """Take note of the epochs that running fits have done."""

    def ended(self, trials, leader=None):
        """Count trials that are at their end, and show the best so far."""


class SweepBar(NoSweepBar):
    """Shows the epochs of all fits as trials.

    Parameters
    ----------
    work : int
        Epochs of all fits.
    trials : int
    console : rich.console.Console, optional
        See `fastnn.training.progress.Bar`.
    percent : bool
        Show errors as percentages.
    """

    def __init__(self, work, trials, console=None, *, percent=False):
        self._bar = Bar(trials, "trial", console)
        self._percent = percent
        self._scale, self._epochs = trials / max(work, 1), 0

    def __enter__(self):
        self._bar.__enter__()
        return self

    def __exit__(self, *exception):
        self._bar.__exit__(*exception)

    def skipped(self, epochs):
        self._epochs += epochs
        self._bar.skip(epochs * self._scale)

    def worked(self, epochs):
        self._epochs += epochs
        self.look(0)

    def look(self, running):
        self._bar.advance((self._epochs + running) * self._scale)

    def ended(self, trials, leader=None):
        self._bar.finished += trials
        if leader is not None and not leader.failure:
            error = written_error(leader.dev_error, self._percent)
            self._bar.results = f"best dev error {error}  {written(leader.setting)}"

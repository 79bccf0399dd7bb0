"""The progress bar of `fit_many`: it counts networks, and shows the progress of all."""

import _thread

from fastnn.training.progress import Bar, Progress


class NoManyBar:
    """Takes the place of a `ManyBar` where nothing is shown."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        """Nothing is open."""

    def look(self, k, epochs):
        """Take note of the epochs that network k has done, on any thread."""

    def ended(self, k):
        """Count network k, whose fit has ended."""


class ManyBar(NoManyBar):
    """Shows the epochs of all fits as networks.

    Parameters
    ----------
    epochs : list of int
        Of each network; early stopping may end its fit before.
    console : rich.console.Console, optional
        See `fastnn.training.progress.Bar`.
    """

    def __init__(self, epochs, console=None):
        self._bar = Bar(len(epochs), "network", console)
        self._epochs, self._shares = epochs, [0.0] * len(epochs)
        self._drawing = _thread.allocate_lock()

    def __enter__(self):
        self._bar.__enter__()
        return self

    def __exit__(self, *exception):
        self._bar.__exit__(*exception)

    def look(self, k, epochs):
        self._shares[k] = min(epochs / self._epochs[k], 1.0)
        self._draw()

    def ended(self, k):
        self._shares[k] = 1.0
        with self._drawing:
            self._bar.finished = sum(share == 1.0 for share in self._shares)
        self._draw()

    def _draw(self):
        # A thread does not wait for another one that is drawing.
        if self._drawing.acquire(blocking=False):
            try:
                self._bar.advance(sum(self._shares))
            finally:
                self._drawing.release()


class Watch(Progress):
    """Shows one fit on the bar of all, and ends the fit once `stop` is not empty."""

    def __init__(self, k, bar, stop):
        self._k, self._bar, self._stop = k, bar, stop

    def begin_at(self, epochs_done):
        self._bar.look(self._k, epochs_done)

    def advance(self, epochs_done):
        if self._stop:
            raise KeyboardInterrupt
        self._bar.look(self._k, epochs_done)

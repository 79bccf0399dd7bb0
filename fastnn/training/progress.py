"""The progress of a fit, and the bar of ``fit(progress=True)``, drawn by rich."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import Console

    from fastnn.training.history import History

# Seconds between two drawings. A drawing takes rich about a millisecond, so this costs the
# training at most a hundredth; a notebook sends each one through the browser.
_TERMINAL_INTERVAL = 0.1
_NOTEBOOK_INTERVAL = 0.5


class Progress:
    """Watches a fit, as a context manager around it; this one shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing is open."""

    def begin_at(self, epochs_done: int) -> None:
        """Take note that so many epochs were done before, in a fit that is resumed."""

    def advance(self, epochs_done: float) -> None:
        """Take note, about every 50 ms, of the epochs done, with their fraction."""

    def epoch(self, history: History) -> None:
        """Take note that epochs, one or several, have just been recorded."""


class ProgressBar(Progress):
    """Shows how far a fit is: epochs, J, dev error and time left.

    Parameters
    ----------
    epochs : int
        The epochs of the fit; early stopping may end it before.
    console : rich.console.Console, optional
        See `Bar`.
    percent : bool, default False
        Show errors as percentages: they are shares of wrong labels, not a root mean square.

    Examples
    --------
    >>> from fastnn.training.progress import ProgressBar
    >>> with ProgressBar(epochs=10) as bar:
    ...     bar.advance(0.5)
    """

    def __init__(
        self, epochs: int, console: Console | None = None, *, percent: bool = False
    ) -> None:
        self._bar = Bar(epochs, "epoch", console)
        self._percent = percent

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.__exit__(*exception)

    def begin_at(self, epochs_done: int) -> None:
        self._bar.skip(epochs_done)
        self._bar.finished = epochs_done

    def advance(self, epochs_done: float) -> None:
        self._bar.advance(epochs_done)

    def epoch(self, history: History) -> None:
        """Show J and dev error (or, without a dev set, training error) of the last evaluation."""
        new = range(len(history.cost) - 1, self._bar.finished - 1, -1)
        for k in new:
            if not math.isnan(history.cost[k]):  # NaN: this epoch was not evaluated
                name, errors = "train error", history.train_error
                if history.dev_error:
                    name, errors = "dev error", history.dev_error
                error = written_error(errors[k], self._percent)
                self._bar.results = f"J {history.cost[k]:#.4g}  {name} {error}"
                break
        self._bar.finished = len(history.cost)
        self._bar.advance(self._bar.finished)


def written_error(error: float, percent: bool) -> str:
    """An error as a bar shows it."""
    return f"{100 * error:.2f} %" if percent else f"{error:#.4g}"


class Bar:
    """A bar that shows how much is done, results, and the time left; a context manager.

    On a terminal it is redrawn in place. In a notebook a line of text is rewritten in place (rich's
    own notebook display needs ipywidgets). Elsewhere, such as in a pipe or a log file, one line is
    written at the end.

    No thread is behind it: it draws when `advance` is called.

    Parameters
    ----------
    total : int
        The number of units to do.
    unit : str
        The name of one unit.
    console : rich.console.Console, optional
        Where to draw; by default the standard error, so that piped results stay clean.

    Attributes
    ----------
    finished : int
        The count that is shown before the total.
    results : str
    """

    def __init__(self, total: int, unit: str, console: Console | None = None) -> None:
        from rich.console import Console

        self.finished, self.results = 0, ""
        self._total, self._unit = total, unit
        self._done = self._skipped = 0.0
        self._started = self._drawn = time.perf_counter()
        console = Console(stderr=True) if console is None else console
        self._display: _Terminal | _Notebook | _Quiet
        if console.is_jupyter:
            self._display = _Notebook()
        elif console.is_terminal and not console.is_dumb_terminal:
            self._display = _Terminal(console, total, unit)
        else:
            self._display = _Quiet(console)

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        self._display.start()
        self._draw(self._time_left())
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self._draw(f"in {_duration(time.perf_counter() - self._started)}")
        finally:
            self._display.stop()  # shows the cursor again, whatever happened

    def skip(self, amount: float) -> None:
        """Count an amount as done that has taken no time here."""
        self._done += amount
        self._skipped += amount

    def advance(self, done: float) -> None:
        """Show that so much is done, with the skipped amount; the bar never goes back."""
        self._done = max(self._done, done)
        if time.perf_counter() - self._drawn >= self._display.interval:
            self._draw(self._time_left())

    def _draw(self, clock: str) -> None:
        self._drawn = time.perf_counter()
        count = f"{self._unit} {self.finished:>{len(str(self._total))}}/{self._total}"
        self._display.draw(self._done, count, self.results, clock)

    def _time_left(self) -> str:
        elapsed = time.perf_counter() - self._started
        worked = self._done - self._skipped
        if worked <= 0 or elapsed < 0.5:  # too early to tell
            return ""
        return f"{_duration(elapsed / worked * (self._total - self._done))} left"


class _Terminal:
    interval = _TERMINAL_INTERVAL

    def __init__(self, console: Console, total: int, unit: str) -> None:
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        def text(field: str, width: int = 0) -> TextColumn:
            column = Column(no_wrap=True, min_width=width)
            return TextColumn(f"{{task.fields[{field}]}}", markup=False, table_column=column)

        self._rich = Progress(
            text("count", len(f"{unit} {total}/{total}")),
            BarColumn(bar_width=20),
            text("results"),
            text("clock"),
            console=console,
            auto_refresh=False,
        )
        self._task = self._rich.add_task("", total=total, count="", results="", clock="")

    def start(self) -> None:
        self._rich.start()

    def draw(self, done: float, count: str, results: str, clock: str) -> None:
        self._rich.update(
            self._task, completed=done, count=count, results=results, clock=clock, refresh=True
        )

    def stop(self) -> None:
        self._rich.stop()


class _Notebook:
    interval = _NOTEBOOK_INTERVAL

    def __init__(self) -> None:
        self._width = 0

    def start(self) -> None:
        pass

    def draw(self, done: float, count: str, results: str, clock: str) -> None:
        line = "  ".join(filter(None, (count, results, clock)))
        print("\r" + line.ljust(self._width), end="", flush=True)
        self._width = len(line)

    def stop(self) -> None:
        print(flush=True)


class _Quiet:
    interval = float("inf")

    def __init__(self, console: Console) -> None:
        self._console = console
        self._line = ""

    def start(self) -> None:
        pass

    def draw(self, done: float, count: str, results: str, clock: str) -> None:
        self._line = "  ".join(filter(None, (count, results, clock)))

    def stop(self) -> None:
        self._console.print(self._line, markup=False, highlight=False, soft_wrap=True)


def _duration(seconds: float) -> str:
    """Seconds as people read them: 0.4 s, 12 s, 3:07, 2:05:00."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

"""The progress bar of ``fit(progress=True)``: epochs, J, dev error and time left, on rich."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from fastnn.training.history import History

# Seconds between two drawings. A drawing takes rich about a millisecond, so this costs the
# training at most a hundredth; a notebook sends each one through the browser.
_TERMINAL_INTERVAL = 0.1
_NOTEBOOK_INTERVAL = 0.5


class ProgressBar:
    """Show how far a training run is; use as a context manager.

    On a terminal: a bar redrawn in place. In a notebook: a line of text rewritten in place (rich's
    own notebook display needs ipywidgets). Elsewhere, such as a pipe or a log file: nothing until
    the end, then one line.

    There is no thread behind it: it draws when `advance` or `epoch` is called.

    Parameters
    ----------
    epochs : int
        The epochs the run may take; early stopping may end it before.
    console : rich.console.Console, optional
        Where to draw; by default the standard error, so that piped results stay clean.
    percent : bool, default False
        Show errors as percentages: they are shares of wrong labels, not a root mean square.

    Examples
    --------
    >>> from fastnn.training.progress import ProgressBar
    >>> with ProgressBar(epochs=10) as bar:
    ...     bar.advance(0.5)
    """

    unit = "epoch"

    def __init__(
        self, epochs: int, console: Console | None = None, *, percent: bool = False
    ) -> None:
        from rich.console import Console

        self.epochs = epochs
        self.percent = percent
        self.console = Console(stderr=True) if console is None else console
        self._done = self._begun = 0.0
        self._finished = 0  # epochs, evaluation included
        self._results = ""
        self._started = self._drawn = time.perf_counter()
        self._display: _Terminal | _Notebook | _Quiet
        if self.console.is_jupyter:
            self._display = _Notebook()
        elif self.console.is_terminal and not self.console.is_dumb_terminal:
            self._display = _Terminal(self.console, epochs, self.unit)
        else:
            self._display = _Quiet(self.console)

    def __enter__(self) -> ProgressBar:
        self._started = time.perf_counter()
        self._display.start()
        self._draw(self._time_left())
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self._draw(f"in {_duration(time.perf_counter() - self._started)}")
        finally:
            self._display.stop()  # shows the cursor again, whatever happened

    def begin_at(self, epochs_done: int) -> None:
        """Tell that so many epochs were done before, in a run that was resumed."""
        self._done = self._begun = self._finished = epochs_done

    def advance(self, epochs_done: float) -> None:
        """Tell how many epochs are done since the start, with their fraction."""
        self._done = epochs_done
        if time.perf_counter() - self._drawn >= self._display.interval:
            self._draw(self._time_left())

    def epoch(self, history: History) -> None:
        """Take J and the dev error (without a dev set, the training error) of the last epoch."""
        if not math.isnan(history.cost[-1]):  # NaN: this epoch was not evaluated
            name, errors = "train error", history.train_error
            if history.dev_error:
                name, errors = "dev error", history.dev_error
            error = f"{100 * errors[-1]:.2f} %" if self.percent else f"{errors[-1]:#.4g}"
            self._results = f"J {history.cost[-1]:#.4g}  {name} {error}"
        self._finished = len(history.cost)
        self.advance(self._finished)

    def _draw(self, clock: str) -> None:
        self._drawn = time.perf_counter()
        epochs = f"{self.unit} {self._finished:>{len(str(self.epochs))}}/{self.epochs}"
        self._display.draw(self._done, epochs, self._results, clock)

    def _time_left(self) -> str:
        elapsed = time.perf_counter() - self._started
        if self._done <= self._begun or elapsed < 0.5:  # too early to tell
            return ""
        rate = elapsed / (self._done - self._begun)
        return f"{_duration(rate * (self.epochs - self._done))} left"


class _Terminal:
    interval = _TERMINAL_INTERVAL

    def __init__(self, console: Console, epochs: int, unit: str) -> None:
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        def text(field: str, width: int = 0) -> TextColumn:
            column = Column(no_wrap=True, min_width=width)
            return TextColumn(f"{{task.fields[{field}]}}", markup=False, table_column=column)

        self._progress = Progress(
            text("epochs", len(f"{unit} {epochs}/{epochs}")),
            BarColumn(bar_width=20),
            text("results"),
            text("clock"),
            console=console,
            auto_refresh=False,
        )
        self._task = self._progress.add_task("", total=epochs, epochs="", results="", clock="")

    def start(self) -> None:
        self._progress.start()

    def draw(self, done: float, epochs: str, results: str, clock: str) -> None:
        self._progress.update(
            self._task, completed=done, epochs=epochs, results=results, clock=clock, refresh=True
        )

    def stop(self) -> None:
        self._progress.stop()


class _Notebook:
    interval = _NOTEBOOK_INTERVAL

    def __init__(self) -> None:
        self._width = 0

    def start(self) -> None:
        pass

    def draw(self, done: float, epochs: str, results: str, clock: str) -> None:
        line = "  ".join(filter(None, (epochs, results, clock)))
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

    def draw(self, done: float, epochs: str, results: str, clock: str) -> None:
        self._line = "  ".join(filter(None, (epochs, results, clock)))

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

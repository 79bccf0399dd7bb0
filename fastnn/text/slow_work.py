"""Words on the terminal about work that takes long, without a progress bar."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

# Quicker work is not worth a line, such as a compilation that is read from disk.
PATIENCE = 1.5

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Write no line about slow work within."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


@contextmanager
def slow_work(text: str) -> Iterator[None]:
    """Write a line on a terminal or in a notebook, if the work within takes more than 1.5 s.

    It goes to the standard error, and never to a file or a pipe.

    Parameters
    ----------
    text : str
        The name of the work, and how long it takes.
    """
    stream = sys.stderr
    if _quiet.get() or not _is_watched(stream):
        yield
        return
    timer = threading.Timer(PATIENCE, lambda: print(text, file=stream, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _is_watched(stream: TextIO | None) -> bool:
    """Whether a person sees the stream: a terminal, or the output of a notebook."""
    # The kernel of a notebook puts a class of its own in the place of the standard error.
    kernel = sys.modules.get("ipykernel.iostream")
    if kernel is not None and isinstance(stream, kernel.OutStream):
        return True
    return stream is not None and stream.isatty()

"""The command ``fastnn``, also as ``python -m fastnn``: it answers Ctrl-C from its imports on."""

from __future__ import annotations

import signal
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Seconds until it is seen whether Ctrl-C was lost.
_SOON = 0.02


def main() -> None:
    """Import the commands, and do the one that was called."""
    with no_interrupt_is_lost():
        try:
            from fastnn.cli import main as command
        except KeyboardInterrupt:
            sys.stderr.write("Interrupted.\n")
            sys.exit(130)
        command(prog_name="fastnn")


class _Interrupt(KeyboardInterrupt):
    """A KeyboardInterrupt that takes weak references, as Python's own does not."""


@contextmanager
def no_interrupt_is_lost() -> Iterator[None]:
    """Let Ctrl-C come again after an import, a finalizer or a callback in which it was lost.

    Python ignores what is raised in the last two, and importlib has such a callback for every
    import. Some packages catch or clear all errors while they are imported.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    hook = sys.unraisablehook
    raised: weakref.ref[_Interrupt] | None = None

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal raised
        error = _Interrupt()
        raised = weakref.ref(error)
        if _imports(frame):
            _look_soon()
        try:
            raise error
        finally:
            del error  # this frame, which the traceback holds, would keep it

    def look(number: int, frame: FrameType | None) -> None:
        if raised is None or raised() is None:
            interrupt(number, frame)
        else:  # it is on its way
            _look_soon()

    def unraisable(ignored: sys.UnraisableHookArgs) -> None:
        if issubclass(ignored.exc_type, _Interrupt):
            _look_soon()
        else:
            hook(ignored)

    before = signal.signal(signal.SIGALRM, look)
    signal.signal(signal.SIGINT, interrupt)
    sys.unraisablehook = unraisable
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = hook


def _look_soon() -> None:
    signal.setitimer(signal.ITIMER_REAL, _SOON)


def _imports(frame: FrameType | None) -> bool:
    """Whether an import is under way."""
    while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None


if __name__ == "__main__":
    main()

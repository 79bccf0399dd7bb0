"""Errors of commands: an exit code and one line, never a traceback."""

from __future__ import annotations

import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

from fastnn.errors import DivergenceError, ModelFormatError

# Seconds until it is seen whether Ctrl-C was lost.
_SOON = 0.02


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


@contextmanager
def reported(
    memory: str = "not enough memory; use fewer rows.",
    interrupted: Callable[[], str] = lambda: "Interrupted.",
) -> Iterator[None]:
    """Turn errors of the library into errors of the command line.

    A ValueError or TypeError is about an option, or about data that does not fit: exit code 2, and
    the library's message says what to do. Errors of files, models and training have exit code 1.
    """
    try:
        yield
    except (DivergenceError, ModelFormatError, ImportError) as error:
        raise click.ClickException(str(error)) from error
    except (ValueError, TypeError) as error:
        raise click.UsageError(str(error)) from error
    except MemoryError as error:
        raise click.ClickException(memory) from error
    except BrokenPipeError:  # `| head` has seen enough; click ends quietly
        raise
    except OSError as error:  # of the standard output: reported_file handles files
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo(interrupted(), err=True)
        sys.exit(130)


@contextmanager
def reported_file(doing: str, path: str = "") -> Iterator[None]:
    """Turn errors of reading or writing a file into "could not `doing`", with exit code 1.

    Messages of fastnn begin with the path; with `path` it is not named twice.
    """
    try:
        yield
    except ModelFormatError as error:  # names the file itself
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:  # `| head` has seen enough; click ends quietly
        raise
    except (OSError, ValueError) as error:
        said = str(error).removeprefix(f"{path}: ")
        raise click.ClickException(f"could not {doing}: {said}") from error


@contextmanager
def reported_data(where: str) -> Iterator[None]:
    """Add the name of the file, `where`, to errors about data, which have exit code 2."""
    try:
        yield
    except ModelFormatError:
        raise
    except (ValueError, TypeError) as error:
        raise click.UsageError(f"{where}: {error}") from error

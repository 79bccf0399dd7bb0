"""How a command ends when it does not succeed: an exit code and a line, never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from fastnn.errors import DivergenceError, ModelFormatError


@contextmanager
def told(
    memory: str = "not enough memory; use fewer rows.",
    interrupted: Callable[[], str] = lambda: "Interrupted.",
) -> Iterator[None]:
    """Turn what the library raises into what the command line says.

    A ValueError or TypeError is about an option or about data that does not fit (exit code 2): the
    library's message says what to do. What happened to a file, a model or a training run is 1.
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
    except OSError as error:  # of the standard output: files are told of below
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo(interrupted(), err=True)
        sys.exit(130)


@contextmanager
def told_of_file(doing: str, path: str = "") -> Iterator[None]:
    """The same of reading or writing a file: `doing` it failed, exit code 1.

    With `path`, which messages of fastnn begin with, it is named once.
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
def told_of_data(where: str) -> Iterator[None]:
    """The same of data that does not fit, exit code 2: the library does not know the file."""
    try:
        yield
    except ModelFormatError:
        raise
    except (ValueError, TypeError) as error:
        raise click.UsageError(f"{where}: {error}") from error

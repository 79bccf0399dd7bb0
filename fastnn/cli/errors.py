"""Errors of commands: an exit code and one line, never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from fastnn.errors import DivergenceError, ModelFormatError


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

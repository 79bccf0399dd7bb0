"""Directories in which one process at a time may work."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from fastnn.files.atomic import remove_left_behind


@contextlib.contextmanager
def one_process(directory: str | None) -> Iterator[None]:
    """Refuse a directory in which another call is at work; None is no directory.

    The lock ends with the process that holds it, however it ends. Temporary files of killed
    processes are removed.
    """
    if directory is None:
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f"another process, or another call in this one, is at work in {directory}: wait "
                "until it ends, or give another directory as checkpoint"
            ) from None
        remove_left_behind(directory)
        yield
    finally:
        os.close(descriptor)

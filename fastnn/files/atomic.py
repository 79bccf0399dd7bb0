"""Files written entirely or not at all."""

import contextlib
import fcntl
import os
import secrets
import shutil


def check_target(path: str | os.PathLike[str]) -> str:
    """The file that writing to `path` would replace; an error if it cannot be written."""
    target = os.path.realpath(os.fsdecode(path))  # a link stays a link
    directory = os.path.dirname(target)
    if os.path.isdir(target):
        raise IsADirectoryError(f"cannot save to {target}: it is a directory; give a file name")
    if os.path.exists(target) and not os.path.isfile(target):  # a file would take its place
        raise OSError(f"cannot save to {target}: it is not a regular file; give a file name")
    if not os.path.isdir(directory):
        raise FileNotFoundError(
            f"cannot save to {target}: there is no directory {directory}; create it first"
        )
    return target


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace `path` by `data` so that a crash at any moment leaves the old file or the new one.

    A process that is killed while it writes leaves a temporary file behind; the next write to the
    same directory removes it.
    """
    target = check_target(path)
    directory = os.path.dirname(target)
    remove_left_behind(directory)
    file = _new_file(directory)
    try:
        with file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if os.path.exists(target):
                shutil.copymode(target, file.name)  # a private file stays private
            os.replace(file.name, target)
    except BaseException:
        # It is unlocked now: another thread that writes here may take it for left behind.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file.name)
        raise
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # the rename itself is on the disk only after this
    finally:
        os.close(descriptor)


def _new_file(directory):
    """A temporary file, locked as long as its process lives."""
    while True:
        path = os.path.join(directory, f".fastnn-{secrets.token_hex(8)}.tmp")
        file = open(path, "xb")  # noqa: SIM115 - the caller closes it
        # On a file system without locks, the file of a killed process stays.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.path.exists(path):
            return file
        file.close()  # another process took it for left behind before it was locked


def remove_left_behind(directory: str) -> None:
    """Remove temporary files of processes that have ended."""
    with os.scandir(directory) as entries:
        names = [
            entry.path
            for entry in entries
            if entry.name.startswith(".fastnn-") and entry.name.endswith(".tmp")
        ]
    for path in names:
        # It may be locked, be gone by now, or belong to another user. None of it prevents the
        # caller's write.
        with contextlib.suppress(OSError), open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)

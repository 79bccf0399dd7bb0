"""Files written entirely or not at all."""

import contextlib
import hashlib
import os
import secrets
import shutil
import time

# A temporary file that nobody has written to for so many seconds belongs to a killed process.
_LEFT_BEHIND = 600


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

    A process that is killed while it writes leaves a temporary file behind; a later write to the
    same path removes it.
    """
    target = check_target(path)
    directory = os.path.dirname(target)
    # A hash, because the target's own name may already have the greatest length of a name.
    stem = f".fastnn-{hashlib.sha256(os.fsencode(os.path.basename(target))).hexdigest()[:16]}-"
    _remove_left_behind(directory, stem)
    temporary = os.path.join(directory, f"{stem}{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(target):
            shutil.copymode(target, temporary)  # a private file stays private
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    if os.name == "posix":  # the rename itself is on the disk only after this
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_left_behind(directory: str, stem: str) -> None:
    """Remove temporary files that nobody has written to for a while."""
    with os.scandir(directory) as entries:
        names = [
            entry.path
            for entry in entries
            if entry.name.startswith(stem) and entry.name.endswith(".tmp")
        ]
    for path in names:
        # It may be gone by now, or belong to another user. Neither prevents the caller's write.
        with contextlib.suppress(OSError):
            if time.time() - os.stat(path).st_mtime > _LEFT_BEHIND:
                os.unlink(path)

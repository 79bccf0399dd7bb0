"""What model files and checkpoints share: JSON beside tensors in a safetensors file.

A file is written entirely or not at all, and nothing that it claims is believed before a bound on
it is known.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import stat
import time
from typing import Any

from fastnn.errors import ModelFormatError

# safetensors itself accepts headers of 100 MB. A spec takes about 1 kB; the room is for what
# may be stored beside it later (feature names, categories).
LARGEST_HEADER = 16 * 2**20
# Seconds after which a temporary file is taken for one whose writer was killed.
_LEFT_BEHIND = 600


def canonical(content: dict[str, Any]) -> str:
    """The one JSON text of `content`; ValueError where it has a NaN or an infinity.

    >>> canonical({"b": 1.5, "a": "é"})
    '{"a":"é","b":1.5}'
    """
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def parse(text: str, entry: str) -> Any:
    """What the JSON of a metadata entry says."""
    try:
        content = json.loads(text)
        canonical(content)  # refuses NaN and 1e999, which json.loads takes
    except (ValueError, RecursionError) as error:  # RecursionError: thousands of nested lists
        raise ModelFormatError(
            f"the {entry!r} metadata is not JSON ({str(error)[:200]}): save it again"
        ) from error
    return content


def check_header_length(path: str) -> None:
    """Refuse, before any parser sees it, a file whose first 8 bytes claim an absurd header."""
    status = os.stat(path)
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # open(pipe) would wait
        raise ModelFormatError("not a regular file; give the path of a saved model")
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(LARGEST_HEADER, status.st_size - 8):
        raise ModelFormatError(
            f"the file has {status.st_size} bytes and claims a header of {length}; expected a "
            "safetensors file: it is truncated, or not a model file"
        )


def check_target(path: str | os.PathLike) -> str:
    """The file that writing to `path` would replace; an error where none can be written."""
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


def write_atomically(path: str | os.PathLike, data: bytes) -> None:
    """Replace `path` by `data` so that a crash at any moment leaves the old file or the new one.

    A process that is killed while it writes leaves a temporary file behind; a later write to the
    same path removes it.
    """
    target = check_target(path)
    directory = os.path.dirname(target)
    # Of a hash, since the target's own name may be as long as a name can be.
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
        names = [entry.path for entry in entries
                 if entry.name.startswith(stem) and entry.name.endswith(".tmp")]
    for path in names:
        # It may be gone by now, or another user's: neither keeps the caller's file from being
        # written.
        with contextlib.suppress(OSError):
            if time.time() - os.stat(path).st_mtime > _LEFT_BEHIND:
                os.unlink(path)

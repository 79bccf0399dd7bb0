"""The common part of model files and checkpoints: JSON beside tensors in a safetensors file.

No claim of a file is believed before a bound on it is known.
"""

import json
import os
import stat
from typing import Any

from fastnn.errors import ModelFormatError
from fastnn.version import __version__

# safetensors itself accepts headers of 100 MB. A spec takes about 1 kB; the rest is room for
# feature names and categories.
LARGEST_HEADER = 16 * 2**20


def canonical(content: dict[str, Any]) -> str:
    """The one JSON text of `content`; ValueError if it has a NaN or an infinity.

    >>> canonical({"b": 1.5, "a": "é"})
    '{"a":"é","b":1.5}'
    """
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def parse(text: str, entry: str) -> Any:
    """The content of a metadata entry in JSON."""
    try:
        content = json.loads(text)
        canonical(content)  # refuses NaN and 1e999, which json.loads takes
    except (ValueError, RecursionError) as error:  # RecursionError: thousands of nested lists
        raise ModelFormatError(
            f"the {entry!r} metadata is not JSON ({str(error)[:200]}): save it again"
        ) from error
    return content


def parse_entry(text: str | None, entry: str, form: int, *, writer: str, remedy: str) -> Any:
    """The content of an entry in JSON with a ``format``, which has to be `form`.

    `writer` and `remedy` are for messages: the call that writes such a file, and what to do about
    one that is not sound.
    """
    if text is None:
        raise ModelFormatError(
            f"no {entry!r} entry in the metadata; expected a file written by {writer}"
        )
    content = parse(text, entry)
    if not isinstance(content, dict) or type(content.get("format")) is not int:
        raise ModelFormatError(f"the {entry!r} metadata has no format number: {remedy}")
    if content["format"] != form:
        raise ModelFormatError(
            f"format {str(content['format'])[:20]}, this fastnn {__version__} reads format {form}; "
            "upgrade: pip install -U fastnn-cpu"
        )
    return content


def check_header_length(path: str) -> None:
    """Refuse a file whose first 8 bytes claim an absurd header, before a parser reads it."""
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

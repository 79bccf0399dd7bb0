"""Checkpoint files: the state of a fit between two updates, in one safetensors file.

Its tensors are `theta`, the optimizer's moments `first` and `second`, the `order` of the rows,
`best_theta` and `best_values` of early stopping, and the columns of the history, `history.cost`
and so on. Under ``__metadata__``, one entry ``fastnn_checkpoint`` is JSON with

- ``format``, ``library_version``, ``kernels``: the versions of this layout and of fastnn, and the
  core's variant for the CPU;
- ``run``: a description of the arguments of the fit (see training/description.py);
- ``state``: the position in the fit, the generator's state, the dropout seed, ...;
- ``tensors``: name to [dtype, shape, SHA-256];
- ``sha256``: of all the above, as canonical JSON.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from fastnn import _kernels
from fastnn.errors import ModelFormatError
from fastnn.files.atomic import write_atomically
from fastnn.files.header import canonical, check_header_length, parse_entry
from fastnn.version import __version__

FORMAT = 1
ENTRY = "fastnn_checkpoint"
_KEYS = {"format", "library_version", "kernels", "run", "state", "tensors", "sha256"}
_DTYPES = {"F32": "float32", "F64": "float64", "I64": "int64"}


@dataclass
class SavedRun:
    """The content of a checkpoint: `run` and `state` as in JSON, and arrays by name."""

    run: dict[str, Any]
    state: dict[str, Any]
    tensors: dict[str, np.ndarray]
    library_version: str = __version__
    kernels: str = field(default_factory=lambda: _kernels.variant)


def write(path: str | os.PathLike[str], saved: SavedRun) -> None:
    """Write a checkpoint, entirely or not at all."""
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in saved.tensors.items()}
    content = {
        "format": FORMAT,
        "library_version": saved.library_version,
        "kernels": saved.kernels,
        "run": saved.run,
        "state": saved.state,
        "tensors": {
            name: [tensor.dtype.name, list(tensor.shape), _sha256(tensor)]
            for name, tensor in tensors.items()
        },
    }
    content["sha256"] = _sha256(canonical(content).encode("utf-8", "surrogatepass"))
    write_atomically(path, safetensors.numpy.save(tensors, metadata={ENTRY: canonical(content)}))


def read(
    path: str | os.PathLike[str],
    expected_of: Callable[[dict[str, Any], dict[str, Any]], dict[str, tuple[str, tuple[int, ...]]]],
) -> SavedRun:
    """Read a checkpoint.

    Parameters
    ----------
    path : str or path-like
    expected_of : function
        Called as ``expected_of(run, state)``. It checks both and gives the (dtype, shape) of each
        tensor by name; nothing else is allocated.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ModelFormatError
        The file is not a checkpoint, is damaged, or was written by a newer fastnn.
    """
    path = os.fsdecode(path)
    try:
        check_header_length(path)
        with safetensors.safe_open(path, framework="numpy") as file:
            content = _parse((file.metadata() or {}).get(ENTRY))
            expected = {
                name: [dtype, list(shape)]
                for name, (dtype, shape) in expected_of(content["run"], content["state"]).items()
            }
            tensors = _read_tensors(file, content, expected)
            return SavedRun(
                content["run"],
                content["state"],
                tensors,
                str(content["library_version"]),
                str(content["kernels"]),
            )
    except safetensors.SafetensorError as error:
        raise ModelFormatError(
            f"{path}: not a whole safetensors file ({str(error)[:200]}): it is damaged"
        ) from error
    except ModelFormatError as error:
        raise ModelFormatError(f"{path}: {error}") from error.__cause__


def _parse(text: str | None) -> dict[str, Any]:
    content = parse_entry(text, ENTRY, FORMAT, writer="fit(checkpoint=...)", remedy="it is damaged")
    if content.keys() != _KEYS or not all(
        isinstance(content[name], dict) for name in ("run", "state", "tensors")
    ):
        raise ModelFormatError(
            f"the {ENTRY!r} metadata has {str(sorted(content))[:120]}, expected {sorted(_KEYS)}"
        )
    rest = {name: value for name, value in content.items() if name != "sha256"}
    if content["sha256"] != _sha256(canonical(rest).encode("utf-8", "surrogatepass")):
        raise ModelFormatError(
            "the metadata is not what was written: SHA-256 differs; the file "
            "was changed or damaged, use another one"
        )
    return content


def _read_tensors(file, content, expected):
    names = set(file.keys())
    if not names == set(content["tensors"]) == set(expected):
        raise ModelFormatError(
            f"got the tensors {str(sorted(names))[:200]}, expected "
            f"{sorted(expected)}: the file was changed"
        )
    tensors = {}
    for name, wanted in expected.items():
        tensor = file.get_slice(name)
        got = [_DTYPES.get(tensor.get_dtype()), tensor.get_shape()]
        stored = content["tensors"][name]
        if got != wanted or not isinstance(stored, list) or stored[:-1] != wanted:
            raise ModelFormatError(
                f"tensor {name} is {str(got)[:80]}, expected {wanted}: the file was changed"
            )
        tensors[name] = file.get_tensor(name)
        if _sha256(tensors[name]) != stored[-1]:
            raise ModelFormatError(
                f"tensor {name} is not what was written: SHA-256 differs; the "
                "file was changed or damaged, use another one"
            )
    return tensors


def _sha256(data) -> str:
    if isinstance(data, np.ndarray):
        data = data.astype(data.dtype.newbyteorder("<"), copy=False)  # as in the file
    return hashlib.sha256(data).hexdigest()

"""The header of a model file and the tensor beside it, read and checked."""

import hashlib
from itertools import pairwise
from typing import Any

import numpy as np
import safetensors

import fastnn
from fastnn.errors import ModelFormatError
from fastnn.files.header import canonical, parse

FORMAT = 1
KINDS = ["network", "table", "estimator"]  # a list: `in` takes what cannot be hashed

_KEYS = {"format", "kind", "library_version", "spec", "model", "sha256"}
_DTYPES = {"F32": "float32", "F64": "float64"}


def read_content(path: str) -> tuple[dict[str, Any], np.ndarray]:
    """Parse and check the header, then read theta.

    safetensors maps the file and checks that the header accounts for each of its bytes, so a shape
    it accepts is one the file really has; theta is copied only once the spec asks for that shape.
    """
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if "fastnn_checkpoint" in metadata:
                raise ModelFormatError(
                    "this is a checkpoint, not a model; expected a file written by Network.save: "
                    "go on with fit(resume=...), then save"
                )
            content = _parse(metadata.get("fastnn"))
            names = list(file.keys())
            if names != ["theta"]:
                raise ModelFormatError(
                    f"got {len(names)} tensors, {str(names[:3])[:80]}, expected 'theta' alone; "
                    "fastnn.load reads only what Network.save wrote"
                )
            tensor = file.get_slice("theta")
            _check_theta(tensor.get_shape(), tensor.get_dtype(), content["spec"])
            return content, file.get_tensor("theta")
    except safetensors.SafetensorError as error:
        raise ModelFormatError(
            f"not a whole safetensors file ({str(error)[:200]}): copy or save it again"
        ) from error


def _parse(text: str | None) -> dict[str, Any]:
    if text is None:
        raise ModelFormatError(
            "no 'fastnn' entry in the metadata; expected a file written by Network.save"
        )
    content = parse(text, "fastnn")
    if not isinstance(content, dict) or type(content.get("format")) is not int:
        raise ModelFormatError("the 'fastnn' metadata has no format number: save it again")
    if content["format"] != FORMAT:
        raise ModelFormatError(
            f"format {str(content['format'])[:20]}, this fastnn {fastnn.__version__} reads format "
            f"{FORMAT}; upgrade: pip install -U fastnn-cpu"
        )
    if content.keys() != _KEYS or not isinstance(content["spec"], dict):
        raise ModelFormatError(
            f"the 'fastnn' metadata has {str(sorted(content))[:120]}, expected {sorted(_KEYS)}: "
            "save it again"
        )
    kind, model = content["kind"], content["model"]
    if kind not in KINDS or not isinstance(model, type(None) if kind == "network" else dict):
        raise ModelFormatError(
            f"kind {str(kind)[:40]!r} with a model of type {type(model).__name__}, expected "
            f"{', '.join(KINDS)}, with an object but for the first: save it again"
        )
    return content


def _check_theta(shape: list[int], dtype: str, spec: dict[str, Any]) -> None:
    """Check that the tensor is the one vector that the spec's layers need."""
    sizes = spec.get("layer_sizes")
    if (
        not isinstance(sizes, list)
        or len(sizes) < 2
        or not all(type(size) is int and 1 <= size < 2**31 for size in sizes)
    ):
        raise ModelFormatError(
            f"layer_sizes {str(sizes)[:80]}, expected a list of two or more integers from 1 to 2^31"
        )
    count = sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
    if shape != [count] or _DTYPES.get(dtype) != spec.get("dtype"):
        raise ModelFormatError(
            f"theta is {dtype} of shape {str(shape)[:80]}, expected {str(spec.get('dtype'))[:20]} "
            f"of shape [{count}] for layer_sizes {str(sizes)[:80]}"
        )


def check_json(model: dict[str, Any] | None) -> None:
    """Refuse what would be lost, or changed: JSON makes lists of tuples and texts of keys."""
    try:
        same = parse(canonical({"model": model}), "fastnn")["model"] == model
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the model cannot be written as JSON: {error}; leave that out") from error
    if not same:
        raise ValueError("the model is not the same after JSON; give lists for tuples, and keys "
                         "that are text")


def digest_of(content: dict[str, Any], theta: np.ndarray) -> str:
    digest = hashlib.sha256(canonical(content).encode("utf-8", "surrogatepass"))
    digest.update(theta.astype(theta.dtype.newbyteorder("<"), copy=False))  # as in the file
    return digest.hexdigest()

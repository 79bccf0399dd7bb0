"""Model files: a network, and the model around it, in one safetensors file, without pickle.

The file holds the one tensor ``theta`` and, under ``__metadata__``, one entry ``fastnn``: JSON with

- ``format``: the version of this layout, an integer;
- ``kind``: network, ensemble, table (`TableClassifier`, `TableRegressor`) or estimator
  (`MLPClassifier`, `MLPRegressor`);
- ``library_version``: the fastnn that wrote the file, for people;
- ``spec``: the arguments of ``Network`` that rebuild it (layer sizes, activations, penalties,
  the normalizer's mean and std, ...); of an ensemble, ``members``, a list of them, and ``weights``,
  and ``theta`` has the parameters of one network after the other;
- ``model``: the part of an estimator that is not its network, by ``to_dict``; null for a network
  and for an ensemble;
- ``sha256``: of all the above, as canonical JSON, followed by the bytes of ``theta``.

All of it is one entry because safetensors keeps metadata in a hash map of random order: with a
single entry the same network always gives the same bytes.
"""

import hashlib
import os
from itertools import pairwise
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from fastnn.errors import ModelFormatError
from fastnn.files.atomic import write_atomically
from fastnn.files.header import LARGEST_HEADER, canonical, check_header_length, parse, parse_entry
from fastnn.version import __version__

FORMAT = 1
# Lists: `in` takes what cannot be hashed.
KINDS = ["network", "ensemble", "table", "estimator"]
_ALONE = ["network", "ensemble"]  # the kinds without a `model`

_KEYS = {"format", "kind", "library_version", "spec", "model", "sha256"}
_DTYPES = {"F32": "float32", "F64": "float64"}


def save(
    net,
    path: str | os.PathLike[str],
    kind: str = "network",
    model: dict[str, Any] | None = None,
) -> None:
    """Write a network, or a model that has one, to a safetensors file, entirely or not at all.

    The bytes go to a temporary file in the same directory, which is flushed to the disk and then
    renamed. So `path` holds the old file or the new one, whatever fails.

    Parameters
    ----------
    net : Network or Ensemble
    path : str or path-like
        Overwritten when it exists; a symbolic link is followed.
    kind : {"network", "ensemble", "table", "estimator"}
    model : dict, optional
        The part that is not the network, in types that JSON knows.

    Raises
    ------
    ValueError
        A parameter is NaN or infinite, JSON cannot hold `model`, or the header would be too long:
        such a file could not be loaded again.
    OSError
        The file cannot be written; the old file is unchanged.

    Examples
    --------
    >>> import fastnn, tempfile, os
    >>> net = fastnn.Network([4, 8, 3], rng=0)
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = os.path.join(directory, "model.safetensors")
    ...     net.save(path)
    ...     again = fastnn.load(path)
    >>> bool((again.theta == net.theta).all())
    True
    """
    theta = np.ascontiguousarray(net.theta)
    bad = theta.size - np.count_nonzero(np.isfinite(theta))
    if bad:
        raise ValueError(
            f"theta has {bad} NaN or infinite values out of {theta.size}; expected finite ones, as "
            "load will: train again, with a smaller learning_rate, or assign net.theta"
        )
    content = {
        "format": FORMAT,
        "kind": kind,
        "library_version": __version__,
        "spec": net.spec,
        "model": model,
    }
    check_json(model)
    content["sha256"] = digest_of(content, theta)
    data = safetensors.numpy.save({"theta": theta}, metadata={"fastnn": canonical(content)})
    header = int.from_bytes(data[:8], "little")
    if header > LARGEST_HEADER:
        raise ValueError(
            f"the header would take {header:,} bytes and load reads at most {LARGEST_HEADER:,}: "
            "the normalizer of so many features cannot be saved with the network; set "
            "net.normalizer = None and save normalizer.to_dict() in a file of its own"
            if model is None
            else f"the header would take {header:,} bytes and load reads at most "
            f"{LARGEST_HEADER:,}: leave out columns, or what else the model keeps of them"
        )
    write_atomically(path, data)


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], np.ndarray]:
    """The header of a file and theta, both checked.

    Returns
    -------
    content : dict
        kind, library_version, spec, model, sha256, format.
    theta : (N,) array
    """
    path = os.fsdecode(path)
    try:
        check_header_length(path)
        content, theta = read_content(path)
        digest = content["sha256"]
        rest = {name: value for name, value in content.items() if name != "sha256"}
        if digest != digest_of(rest, theta):
            raise ModelFormatError(
                f"SHA-256 of the content is not the stored {str(digest)[:80]}; the file was "
                "changed after it was written: copy or save it again"
            )
        if not np.isfinite(theta).all():
            raise ModelFormatError(
                "theta has NaN or infinite values, expected finite ones: save it again"
            )
        return content, theta
    except ModelFormatError as error:
        raise ModelFormatError(f"{path}: {error}") from error.__cause__


def read_content(path: str) -> tuple[dict[str, Any], np.ndarray]:
    """Parse and check the header, then read theta.

    safetensors maps the file and checks that the header accounts for each of its bytes. So the file
    really has a shape that is accepted. theta is copied only after the spec asks for that shape.
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
            _check_theta(tensor.get_shape(), tensor.get_dtype(), _specs_of(content))
            return content, file.get_tensor("theta")
    except safetensors.SafetensorError as error:
        raise ModelFormatError(
            f"not a whole safetensors file ({str(error)[:200]}): copy or save it again"
        ) from error


def _parse(text: str | None) -> dict[str, Any]:
    content = parse_entry(text, "fastnn", FORMAT, writer="Network.save", remedy="save it again")
    if content.keys() != _KEYS or not isinstance(content["spec"], dict):
        raise ModelFormatError(
            f"the 'fastnn' metadata has {str(sorted(content))[:120]}, expected {sorted(_KEYS)}: "
            "save it again"
        )
    kind, model = content["kind"], content["model"]
    if kind not in KINDS or not isinstance(model, type(None) if kind in _ALONE else dict):
        raise ModelFormatError(
            f"kind {str(kind)[:40]!r} with a model of type {type(model).__name__}, expected "
            f"{', '.join(KINDS)}, with an object but for the first two: save it again"
        )
    return content


def _specs_of(content: dict[str, Any]) -> list[Any]:
    """The spec of each network in the file."""
    if content["kind"] != "ensemble":
        return [content["spec"]]
    members = content["spec"].get("members")
    if (
        content["spec"].keys() != {"members", "weights"}
        or not isinstance(members, list)
        or not all(isinstance(spec, dict) for spec in members)
    ):
        raise ModelFormatError(
            f"the spec of an ensemble is {str(content['spec'])[:80]}, expected a list of members "
            "and weights: save it again"
        )
    return members


def _check_theta(shape: list[int], dtype: str, specs: list[dict[str, Any]]) -> None:
    """Check that the tensor is the one vector that the layers of all specs need."""
    count = 0
    for spec in specs:
        sizes = spec.get("layer_sizes")
        if (
            not isinstance(sizes, list)
            or len(sizes) < 2
            or not all(type(size) is int and 1 <= size < 2**31 for size in sizes)
        ):
            raise ModelFormatError(
                f"layer_sizes {str(sizes)[:80]}, expected a list of two or more integers from 1 to "
                "2^31"
            )
        count += sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
    wanted = sorted({str(spec.get("dtype"))[:20] for spec in specs})
    if shape != [count] or wanted != [_DTYPES.get(dtype)]:
        layers = [spec["layer_sizes"] for spec in specs]
        raise ModelFormatError(
            f"theta is {dtype} of shape {str(shape)[:80]}, expected {', '.join(wanted)[:80]} "
            f"of shape [{count}] for layer_sizes "
            f"{str(layers[0] if len(layers) == 1 else layers)[:80]}"
        )


def check_json(model: dict[str, Any] | None) -> None:
    """Refuse a model that JSON would change: it turns tuples into lists and keys into text."""
    try:
        same = parse(canonical({"model": model}), "fastnn")["model"] == model
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the model cannot be written as JSON: {error}; leave that out") from error
    if not same:
        raise ValueError(
            "the model is not the same after JSON; give lists for tuples, and keys that are text"
        )


def digest_of(content: dict[str, Any], theta: np.ndarray) -> str:
    """SHA-256 of the content and theta of a file."""
    digest = hashlib.sha256(canonical(content).encode("utf-8", "surrogatepass"))
    digest.update(theta.astype(theta.dtype.newbyteorder("<"), copy=False))  # as in the file
    return digest.hexdigest()

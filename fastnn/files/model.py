"""Model files: a network and what belongs to it in one safetensors file, without pickle.

The file holds the one tensor ``theta`` and, under ``__metadata__``, one entry ``fastnn``: JSON with

- ``format``: the version of this layout, an integer;
- ``kind``: network, table (a `TableModel`) or estimator (`MLPClassifier`, `MLPRegressor`);
- ``library_version``: the fastnn that wrote the file, for people;
- ``spec``: the arguments of ``Network`` that rebuild it (layer sizes, activations, penalties,
  the normalizer's mean and std, ...);
- ``model``: what a table's schema or an estimator has beside its network, as its ``to_dict`` gives
  it; null for a network;
- ``sha256``: of all the above, as canonical JSON, followed by the bytes of ``theta``.

All of it is one entry because safetensors keeps metadata in a hash map of random order: with a
single entry the same network always gives the same bytes.
"""

import os
from typing import Any

import numpy as np
import safetensors.numpy

import fastnn
from fastnn.errors import ModelFormatError
from fastnn.files.header import LARGEST_HEADER, canonical, check_header_length, write_atomically
from fastnn.files.model_content import FORMAT, check_json, digest_of, read_content
from fastnn.network import Network


def save(
    net: Network,
    path: str | os.PathLike,
    kind: str = "network",
    model: dict[str, Any] | None = None,
) -> None:
    """Write a network, or a model that has one, to a safetensors file, entirely or not at all.

    The bytes go to a temporary file in the same directory, which is flushed to the disk and then
    renamed: whatever fails, and whenever, `path` holds the old file or the new one.

    Parameters
    ----------
    net : Network
    path : str or path-like
        Overwritten when it exists; a symbolic link is followed.
    kind : {"network", "table", "estimator"}
    model : dict, optional
        What there is beside the network, in types that JSON knows.

    Raises
    ------
    ValueError
        A parameter is NaN or infinite, or `model` is more than JSON knows or a header can take:
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
        "library_version": fastnn.__version__,
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


def load(path: str | os.PathLike) -> Any:
    """Read what the `save` of a network, a table's model or an estimator wrote.

    Nothing in the file is trusted: its size, header, spec and checksum must agree before anything
    of the size it claims is allocated, and nothing in it is ever executed.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Network, TableModel, MLPClassifier or MLPRegressor
        With the same parameters, bit for bit.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ModelFormatError
        The file is not a fastnn model, is damaged, or was written by a newer fastnn.
    """
    content, net = read(path)
    try:
        if content["kind"] == "table":
            from fastnn.tabular.model import TableModel

            return TableModel.from_dict(content["model"], net)
        if content["kind"] == "estimator":
            from fastnn.estimators.restored import from_dict

            return from_dict(content["model"], net)
        return net
    except ModelFormatError as error:
        raise ModelFormatError(f"{os.fsdecode(path)}: {error}") from error.__cause__


def read(path: str | os.PathLike) -> tuple[dict[str, Any], Network]:
    """The header of a file and its network; what `load` does for a network.

    Returns
    -------
    content : dict
        kind, library_version, spec, model, sha256, format.
    net : Network
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
        try:
            net = Network(**content["spec"])
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ModelFormatError(f"the stored spec makes no network: {error}") from error
        net.theta = theta
        return content, net
    except ModelFormatError as error:
        raise ModelFormatError(f"{path}: {error}") from error.__cause__

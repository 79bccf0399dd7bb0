"""A network as an ONNX model, which onnxruntime and many other programs run."""

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from fastnn.export.networks import network_of
from fastnn.export.onnx_graph import Graph
from fastnn.export.onnx_table import write_table_model
from fastnn.network import Network


def to_onnx(net: Network | Any, path: str | os.PathLike[str]) -> None:
    """Write a network as an ONNX model (needs onnx: the extra `onnx`).

    The model takes "X", any number of rows of raw features in the network's dtype, and gives what
    `Network.forward` does: "probabilities" for a softmax or sigmoid output, "values" for
    any other. The normalizer, if there is one, is part of the model; dropout is not. The metadata
    "classes" and "features" have the names that an estimator knows, as JSON lists: the columns of
    "probabilities" are in the order of the classes, and two classes have one, of the second.

    The model of a `TableClassifier` or `TableRegressor` takes columns whose cells have been read.
    Each is an input of its name: (rows, 1) numbers in float64, NaN for a gap; or texts, "" for a
    gap. It fills gaps, bounds and scales numbers, and makes inputs of categories. The reading of
    cells is not in it: blanks around texts, marks of gaps, numbers such as "1.234,50 EUR", and
    dates, which are inputs of time (days since 1970), month, weekday and hour.
    ``schema_.columns_of(frame)`` does that, by the names of the inputs. The outputs are "label" and
    "probabilities" of all classes, or "values" in the target's units.

    Parameters
    ----------
    net : Network, or an estimator of fastnn that has one as its `network_`
    path : str or path-like
        Written entirely or not at all.

    Raises
    ------
    TypeError
        `net` is not a network.
    ValueError
        The parameters take 2 GiB or more, too much for one ONNX file; or the estimator is a
        classifier of a single class, which has nothing to compute.
    sklearn.exceptions.NotFittedError
        The estimator is not fitted, or the network waits for `fit` to take its normalizer.

    Notes
    -----
    The numbers are as from `forward`, except for rounding. onnxruntime has no Erf in float64: a
    float64 network computes its gelu with the Erf of float32.

    Examples
    --------
    >>> import fastnn, onnx, os, tempfile
    >>> net = fastnn.Network([4, 8, 3], rng=0)
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = os.path.join(directory, "model.onnx")
    ...     fastnn.to_onnx(net, path)
    ...     [node.op_type for node in onnx.load(path).graph.node]
    ['Gemm', 'Relu', 'Gemm', 'Softmax']
    """
    if hasattr(net, "schema_"):
        write_table_model(net.schema_, net.network_, path)
        return
    names = {
        key: np.asarray(values).tolist()
        for key, attribute in (("classes", "classes_"), ("features", "feature_names_in_"))
        if (values := getattr(net, attribute, None)) is not None
    }
    write_onnx([network_of(net)], path, names=names)


def write_onnx(
    networks: Sequence[Network],
    path: str | os.PathLike[str],
    *,
    weights: Sequence[float] | None = None,
    names: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write the mean of networks, by weight, as an ONNX model; see `to_onnx`.

    Parameters
    ----------
    networks : sequence of Network
        Of the same features, outputs and dtype.
    path : str or path-like
    weights : sequence of float, optional
        That add up to 1; None for a single network.
    names : dict
        The metadata, in types that JSON knows.
    """
    graph = Graph(networks, weights)
    net, name = networks[0], graph.outputs_of()
    graph.write(
        path,
        {"X": (net.dtype, net.layer_sizes[0])},
        {name: (net.dtype, net.layer_sizes[-1])},
        names,
    )

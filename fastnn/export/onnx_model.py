"""A network as an ONNX model, which onnxruntime and many other programs run."""

import json
import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from fastnn.arguments import lookup
from fastnn.engine.examples import current_normalizer
from fastnn.export.networks import network_of
from fastnn.files.atomic import write_atomically
from fastnn.layers.activations import ACTIVATIONS, LEAK
from fastnn.network import Network
from fastnn.version import __version__

# Any runtime in use reads these versions; nothing here needs a newer one.
_OPSET, _IR_VERSION = 17, 8
# protobuf takes no message beyond 2 GiB. 1 MiB of them is room for all that is not weights.
_LARGEST = 2**31 - 2**20


def to_onnx(net: Network | Any, path: str | os.PathLike[str]) -> None:
    """Write a network as an ONNX model (needs onnx: the extra `onnx`).

    The model takes "X", any number of rows of raw features in the network's dtype, and gives what
    `Network.forward` does: "probabilities" for a softmax or sigmoid output, "values" for
    any other. The normalizer, if there is one, is part of the model; dropout is not. The metadata
    "classes" and "features" have the names that an estimator knows, as JSON lists: the columns of
    "probabilities" are in the order of the classes, and two classes have one, of the second.

    Parameters
    ----------
    net : Network, or an estimator that has one as its `network_`
    path : str or path-like
        Written entirely or not at all.

    Raises
    ------
    TypeError
        `net` is not a network.
    ValueError
        The parameters take 2 GiB or more, which ONNX has no room for in one file; or the
        estimator is a classifier of a single class, which has nothing to compute.
    sklearn.exceptions.NotFittedError
        The estimator is not fitted, or the network waits for `fit` to take its normalizer.

    Notes
    -----
    The numbers are those of `forward` but for roundings. onnxruntime has no Erf in float64: a
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
    size = sum(net.theta.nbytes for net in networks)
    if size >= _LARGEST:
        raise ValueError(
            f"expected parameters of less than 2 GiB, the limit of an ONNX file; got "
            f"{size:,} bytes: use net.save, or a smaller network or float32"
        )
    onnx = _import_onnx()
    model = _Graph(onnx, networks, weights).model()
    onnx.helper.set_model_props(
        model, {key: json.dumps(values, ensure_ascii=False) for key, values in names.items()}
    )
    onnx.checker.check_model(model, full_check=True)
    write_atomically(path, model.SerializeToString())


def _import_onnx():
    try:
        import onnx
    except ImportError as error:
        raise ImportError("to_onnx needs onnx: pip install 'fastnn-cpu[onnx]'") from error
    return onnx


class _Graph:
    """Collects the nodes and constants of a model."""

    def __init__(self, onnx, networks, weights):
        self._onnx, self._networks, self._weights = onnx, networks, weights
        self._net = networks[0]  # the one that is being added
        self._nodes, self._constants = [], {}
        self._type = onnx.helper.np_dtype_to_tensor_dtype(self._net.dtype)

    def model(self):
        net, helper = self._net, self._onnx.helper
        name = "values" if net.regression else "probabilities"
        if self._weights is None:
            self._add(net, name)
        else:
            parts = []
            for k, (weight, member) in enumerate(zip(self._weights, self._networks, strict=True)):
                A = self._add(member, f"net{k}/{name}", f"net{k}/")
                share = self.constant(float(weight), f"net{k}/weight")
                parts.append(self.node("Mul", A, share, name=f"net{k}/part"))
            self.node("Sum", *parts, name=name)
        graph = helper.make_graph(
            self._nodes,
            "network",
            [helper.make_tensor_value_info("X", self._type, ["rows", net.layer_sizes[0]])],
            [helper.make_tensor_value_info(name, self._type, ["rows", net.layer_sizes[-1]])],
            [
                self._onnx.numpy_helper.from_array(value, key)
                for key, value in self._constants.items()
            ],
        )
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="fastnn",
            producer_version=__version__,
        )

    def _add(self, net, name, prefix=""):
        """Add a network; its nodes have names that begin with `prefix`, its output is `name`."""
        self._net = net
        A = self._normalized("X", prefix)
        last = len(net.layer_sizes) - 1
        for l in range(1, last + 1):
            W, b = (
                self.constant(net.params[f"{kind}{l}"].copy(), f"{prefix}{kind}{l}")
                for kind in "Wb"
            )
            Z = self.node("Gemm", A, W, b, name=f"{prefix}Z{l}")
            if l < last:
                A = self._activation(net.activation[l - 1], Z, f"{prefix}A{l}")
        operator, settings = lookup(_OUTPUTS, net.output, "output")
        return self.node(operator, Z, name=name, **settings)

    def _activation(self, name, Z, A):
        operator = ACTIVATIONS[name].onnx
        return self.node(operator, Z, name=A) if operator else _COMPOSED[name](self, Z, A)

    def _normalized(self, X, prefix):
        """The name of the normalized X, computed in float64 as in the compiled core.

        x - mu may cancel nearly all digits of x.
        """
        normalizer = current_normalizer(self._net)
        if normalizer is None:
            return X
        wide = self._cast(X, np.float64)
        mu = self.constant(normalizer.mean_, f"{prefix}mu")
        scale = self.constant(normalizer.scale, f"{prefix}1/sigma")
        scaled = self.node("Mul", self.node("Sub", wide, mu), scale)
        return self._cast(scaled, self._net.dtype, f"{prefix}A0")

    def node(self, operator, *inputs, name=None, **settings):
        """Add a node; returns the name of its output."""
        name = name or f"{operator}_{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, [name], **settings))
        return name

    def constant(self, value, name=None):
        """Add a constant; returns its name. Python numbers take the network's dtype."""
        name = name or f"constant_{value}"
        self._constants[name] = np.asarray(value, getattr(value, "dtype", self._net.dtype))
        return name

    def _cast(self, x, dtype, name=None):
        to = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.node("Cast", x, name=name, to=to)

    def erf(self, x):
        if self._net.dtype == np.float32:
            return self.node("Erf", x)
        return self._cast(self.node("Erf", self._cast(x, np.float32)), np.float64)


# These activations are composed of operators that runtimes have in both dtypes: onnxruntime lacks
# LeakyRelu, Elu, Softplus and Gelu in float64.


def _leaky_relu(graph, Z, A):
    return graph.node("Max", Z, graph.node("Mul", Z, graph.constant(LEAK)), name=A)


def _elu(graph, Z, A):
    """max(z, 0) + (e^min(z, 0) - 1)"""
    negative = graph.node("Exp", graph.node("Min", Z, graph.constant(0.0)))
    return graph.node(
        "Add", graph.node("Relu", Z), graph.node("Sub", negative, graph.constant(1.0)), name=A
    )


def _gelu(graph, Z, A):
    """z (1 + erf(z / sqrt 2)) / 2"""
    erf = graph.erf(graph.node("Mul", Z, graph.constant(0.5**0.5)))
    phi = graph.node("Mul", graph.node("Add", erf, graph.constant(1.0)), graph.constant(0.5))
    return graph.node("Mul", Z, phi, name=A)


def _silu(graph, Z, A):
    return graph.node("Mul", Z, graph.node("Sigmoid", Z), name=A)


def _softplus(graph, Z, A):
    """max(z, 0) + log(1 + e^-|z|), which does not overflow"""
    small = graph.node("Exp", graph.node("Neg", graph.node("Abs", Z)))
    log = graph.node("Log", graph.node("Add", small, graph.constant(1.0)))
    return graph.node("Add", graph.node("Relu", Z), log, name=A)


_COMPOSED = {
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "gelu": _gelu,
    "silu": _silu,
    "softplus": _softplus,
}
_OUTPUTS = {
    "softmax": ("Softmax", {"axis": 1}),
    "sigmoid": ("Sigmoid", {}),
    "identity": ("Identity", {}),
    "identity_absolute": ("Identity", {}),
    "identity_huber": ("Identity", {}),
    "exp": ("Exp", {}),
}

"""The graph of an ONNX model: networks, and other nodes."""

import json

import numpy as np

from fastnn.arguments import lookup
from fastnn.engine.examples import current_normalizer
from fastnn.files.atomic import write_atomically
from fastnn.layers.activations import ACTIVATIONS, LEAK
from fastnn.version import __version__

# Any runtime in use reads these versions; nothing here needs a newer one.
_OPSET, _OPSET_ML, _IR_VERSION = 17, 3, 8
# protobuf takes no message beyond 2 GiB, of which 1 MiB is left for everything but weights.
_LARGEST = 2**31 - 2**20


def _import_onnx():
    try:
        import onnx
    except ImportError as error:
        raise ImportError("to_onnx needs onnx: pip install 'fastnn-cpu[onnx]'") from error
    return onnx


class Graph:
    """Collects the nodes and constants of a model.

    Parameters
    ----------
    networks : sequence of Network
        Of the same features, outputs and dtype.
    weights : sequence of float, optional
        Of their mean; None for a single network.
    """

    def __init__(self, networks, weights=None):
        size = sum(net.theta.nbytes for net in networks)
        if size >= _LARGEST:
            raise ValueError(
                f"expected parameters of less than 2 GiB, the limit of an ONNX file; got "
                f"{size:,} bytes: use net.save, or a smaller network or float32"
            )
        self._onnx, self._networks, self._weights = _import_onnx(), networks, weights
        self._net = networks[0]  # the one that is being added
        self._nodes, self._constants = [], {}

    def outputs_of(self, X="X", name=None):
        """Add the networks on the inputs X; returns the name of their outputs."""
        name = name or ("values" if self._net.regression else "probabilities")
        if self._weights is None:
            return self._add(self._net, X, name)
        parts = []
        for k, (weight, member) in enumerate(zip(self._weights, self._networks, strict=True)):
            A = self._add(member, X, f"net{k}/{name}", f"net{k}/")
            share = self.constant(float(weight), f"net{k}/weight")
            parts.append(self.node("Mul", A, share, name=f"net{k}/part"))
        return self.node("Sum", *parts, name=name)

    def write(self, path, inputs, outputs, names):
        """Write the model.

        Parameters
        ----------
        path : str or path-like
        inputs, outputs : dict of (dtype, int or None)
            The dtype of each, and the number of its columns; None for a vector.
        names : dict
            The metadata, in types that JSON knows.
        """
        helper = self._onnx.helper
        graph = helper.make_graph(
            self._nodes,
            "network",
            *([self._tensor(*item) for item in sides.items()] for sides in (inputs, outputs)),
            [
                self._onnx.numpy_helper.from_array(value, key)
                for key, value in self._constants.items()
            ],
        )
        domains = {"": _OPSET} | {node.domain: _OPSET_ML for node in self._nodes if node.domain}
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid(*each) for each in domains.items()],
            ir_version=_IR_VERSION,
            producer_name="fastnn",
            producer_version=__version__,
        )
        helper.set_model_props(
            model, {key: json.dumps(values, ensure_ascii=False) for key, values in names.items()}
        )
        self._onnx.checker.check_model(model, full_check=True)
        write_atomically(path, model.SerializeToString())

    def _tensor(self, name, kind):
        dtype, columns = kind
        shape = ["rows"] if columns is None else ["rows", columns]
        return self._onnx.helper.make_tensor_value_info(name, self._type_of(dtype), shape)

    def _type_of(self, dtype):
        if dtype is str:
            return self._onnx.TensorProto.STRING
        return self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    def _add(self, net, X, name, prefix=""):
        """Add a network; its nodes have names that begin with `prefix`, its output is `name`."""
        self._net = net
        A = self._normalized(X, prefix)
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
        wide = self.cast(X, np.float64)
        mu = self.constant(normalizer.mean_, f"{prefix}mu")
        scale = self.constant(normalizer.scale, f"{prefix}1/sigma")
        scaled = self.node("Mul", self.node("Sub", wide, mu), scale)
        return self.cast(scaled, self._net.dtype, f"{prefix}A0")

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

    def wide(self, value):
        """Add a constant in float64; returns its name."""
        return self.constant(np.asarray(value, np.float64), f"float64_{len(self._constants)}")

    def cast(self, x, dtype, name=None):
        return self.node("Cast", x, name=name, to=self._type_of(dtype))

    def erf(self, x):
        if self._net.dtype == np.float32:
            return self.node("Erf", x)
        return self.cast(self.node("Erf", self.cast(x, np.float32)), np.float64)


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
    """z / (1 + e^-z): onnxruntime before 1.32 fuses z times a sigmoid, and that in float32 only."""
    below = graph.node("Add", graph.node("Exp", graph.node("Neg", Z)), graph.constant(1.0))
    return graph.node("Div", Z, below, name=A)


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

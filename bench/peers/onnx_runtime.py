"""onnxruntime: the network as an ONNX graph of Gemm, Relu and Softmax, on one thread."""

import onnxruntime
from onnx import TensorProto, checker, helper, numpy_helper

# What onnxruntime of any age reads.
OPSET, IR_VERSION = 17, 8


def predictor(net, X):
    """Outputs of a fastnn network with relu and softmax."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(
        _export(net).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    feed = {"A0": X}

    def predict():
        return session.run(["probabilities"], feed)[0]

    return predict


def _export(net):
    """The fastnn network as an ONNX model, any number of rows in."""
    layers = range(1, len(net.layer_sizes))
    nodes = []
    for l in layers:
        nodes.append(helper.make_node("Gemm", [f"A{l - 1}", f"W{l}", f"b{l}"], [f"Z{l}"]))
        nodes.append(helper.make_node("Relu", [f"Z{l}"], [f"A{l}"]))
    nodes[-1] = helper.make_node("Softmax", [f"Z{layers[-1]}"], ["probabilities"], axis=1)
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("A0", TensorProto.FLOAT, ["rows", net.layer_sizes[0]])],
        [
            helper.make_tensor_value_info(
                "probabilities", TensorProto.FLOAT, ["rows", net.layer_sizes[-1]]
            )
        ],
        [numpy_helper.from_array(value.copy(), name) for name, value in net.params.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    checker.check_model(model)
    return model

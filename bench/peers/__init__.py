"""The libraries to compare with, each in the best of its reasonable configurations.

A peer that trains has `trainer(task)`, which gives a `Contender` whose repetition is an epoch:
new order of rows, gather, forward with dropout, loss, backward, Adam. One that predicts has
`predictor(net, X)`, a function without arguments that gives the outputs of a fastnn network.
"""

import importlib

PEERS = {
    "JAX": "jax_scan",
    "PyTorch": "pytorch",
    "PyTorch's autograd": "autograd",
    "scikit-learn": "sklearn_mlp",
    "onnxruntime": "onnx_runtime",
}


def load_peers(names, results):
    """name -> module, of the peers that are installed; the others are noted as skipped."""
    loaded = {}
    for name in names:
        try:
            loaded[name] = importlib.import_module(f"bench.peers.{PEERS[name]}")
        except ImportError as error:
            results.skip(f"{name}: {error}; pip install 'fastnn-cpu[bench]'")
    return loaded

"""Inference: outputs of one row, where overhead is all, and of 1,024."""

import numpy as np

from bench import ours
from bench.cases import CASES
from bench.measure import Contender, calls, compare, ratios
from bench.peers import load_peers
from bench.results import TIMES

# (case, rows) -> how many times as fast as each peer.
TARGETS = {
    ("small", 1): {"onnxruntime": 3, "PyTorch": 10},
    ("small", 1024): {"onnxruntime": 1.1},
    ("mid", 1024): {"onnxruntime": 1.03},
}


def inference(results, effort):
    """`Network.forward` against onnxruntime's `run` and PyTorch's `inference_mode`."""
    peers = load_peers(["onnxruntime", "PyTorch"], results)
    for (name, rows), targets in TARGETS.items():
        task = CASES[name].task()
        net, X = ours.network(task), np.ascontiguousarray(task.X[:rows])
        contenders = [Contender("fastnn", calls(net.forward, X))]
        for peer, module in peers.items():
            predict = module.predictor(net, X)
            # A comparison of speed is worth nothing between different results.
            np.testing.assert_allclose(predict(), net.forward(X), rtol=1e-3, atol=1e-5)
            contenders.append(Contender(peer, calls(predict)))
        timings = compare(contenders, effort.rounds, effort.seconds)

        case = f"{name}, {rows:,} row{'s' if rows > 1 else ''}"
        results.time(case, timings)
        mine = timings.pop("fastnn")
        for peer, timing in timings.items():
            results.find(
                case, f"vs {peer}", ratios(timing, mine), TIMES, at_least=targets.get(peer)
            )

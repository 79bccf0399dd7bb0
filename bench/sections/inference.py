"""Inference: outputs of one row, where overhead is all, and of 1,024."""

import numpy as np

from bench import ours
from bench.cases import CASES, forward_arithmetic
from bench.measure import Contender, calls, compare
from bench.peers import load_peers

# (case, rows) -> how many times as fast as each peer.
TARGETS = {
    **{
        (case, 2**k): {"onnxruntime": 2, "PyTorch": 10 if (case, k) == ("small", 0) else None}
        for case in ("small", "mid", "large")
        for k in range(7)
    },
    **{(case, 1024): {"onnxruntime": 1.15} for case in ("small", "mid", "large")},
}


def inference(results, effort):
    """`Network.forward` against onnxruntime's `run` and PyTorch's `inference_mode`."""
    peers = load_peers(["onnxruntime", "PyTorch"], results)
    for (name, rows), targets in TARGETS.items():
        task = CASES[name].task()
        net, X = ours.network(task), np.resize(task.X, (rows, task.X.shape[1]))
        contenders = [Contender("fastnn", calls(net.forward, X))]
        for peer, module in peers.items():
            predict = module.predictor(net, X)
            # A comparison of speed is worth nothing between different results.
            np.testing.assert_allclose(predict(), net.forward(X), rtol=1e-3, atol=1e-5)
            contenders.append(Contender(peer, calls(predict)))
        peaks = []
        timings = compare(
            contenders,
            effort.rounds,
            effort.seconds / (1 if rows > 64 else 4),
            each_round=lambda peaks=peaks: peaks.append(ours.peak()),
        )
        case = f"{name}, {rows:,} row{'s' if rows > 1 else ''}"
        results.time(case, timings)
        mine = timings.pop("fastnn")
        flops = forward_arithmetic(task.layer_sizes, rows)
        results.against(case, timings, mine, flops, peaks, targets)

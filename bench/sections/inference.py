"""Inference: outputs of one row, where overhead is all, and of 1,024."""

import numpy as np

from bench import ours
from bench.cases import CASES, forward_arithmetic
from bench.measure import Contender, calls, compare, ratios
from bench.peers import load_peers
from bench.results import TIMES

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
    """`Network.forward` and `FrozenNetwork.forward` against onnxruntime's `run` and PyTorch's
    `inference_mode`.

    The targets are those of the frozen network: onnxruntime's weights cannot change either.
    """
    peers = load_peers(["onnxruntime", "PyTorch"], results)
    for (name, rows), targets in TARGETS.items():
        task = CASES[name].task()
        net, X = ours.network(task), np.resize(task.X, (rows, task.X.shape[1]))
        frozen = net.freeze()
        np.testing.assert_array_equal(frozen.forward(X), net.forward(X))
        contenders = [
            Contender("fastnn", calls(net.forward, X)),
            Contender("fastnn, frozen", calls(frozen.forward, X)),
        ]
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
        mine, frozen = timings.pop("fastnn"), timings.pop("fastnn, frozen")
        flops = forward_arithmetic(task.layer_sizes, rows)
        results.find(case, "frozen vs network", ratios(mine, frozen), TIMES)
        results.against(case, timings, mine, flops, peaks, {})
        results.against(case, timings, frozen, flops, peaks, targets, "frozen vs")

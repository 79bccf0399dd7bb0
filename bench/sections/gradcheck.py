"""All components of a gradient, against the loop that everybody writes: two forward passes each."""

import json
import subprocess
import sys
import tempfile
from itertools import pairwise

import numpy as np

import fastnn
from bench.cases import random_data
from bench.measure import Contender, calls, compare, ratios
from bench.results import TIMES
from fastnn.engine.threads import available_processors

LAYER_SIZES, ROWS, EPSILON = [784, 128, 64, 10], 64, 1e-7
# The loop would take minutes: it is timed on some components, and its time is for one component.
SAMPLE = 100


def checks(results, effort):
    """`Network.gradcheck` of every component, two-sided, and the NumPy loop."""
    X, y = random_data(LAYER_SIZES, ROWS)
    X = X.astype(np.float64)
    net = fastnn.Network(LAYER_SIZES, dtype="float64", rng=0)
    size = net.theta.size
    sample = np.random.default_rng(0).choice(size, SAMPLE, replace=False)
    check = net.gradcheck(X, y)
    loop = numpy_loop(LAYER_SIZES, net.theta, X, y, sample)
    # A comparison of speed is worth nothing between different results.
    np.testing.assert_allclose(loop, check.numeric[sample], rtol=1e-4, atol=1e-8)

    processors = available_processors()
    contenders = [
        Contender("fastnn", calls(net.gradcheck, X, y), size),
        Contender(
            "fastnn, 1 thread", lambda n: [net.gradcheck(X, y, threads=1) for _ in range(n)], size
        ),
        Contender("NumPy loop", calls(numpy_loop, LAYER_SIZES, net.theta, X, y, sample), SAMPLE),
    ]
    timings = compare(contenders, effort.rounds, effort.seconds)
    case = "-".join(map(str, LAYER_SIZES))
    results.time(case, timings)
    results.find(
        case,
        f"all {size:,} components",
        [s * size for s in timings["fastnn"].seconds],
        "s",
        at_most=2.0 if processors >= 2 else None,
    )
    results.find(
        case, "vs NumPy loop", ratios(timings["NumPy loop"], timings["fastnn"]), TIMES, at_least=60
    )
    # The ratio of the notes, 1e-7 of which is great.
    results.find(case, "digits that agree", [-np.log10(check.difference)], "", at_least=7)
    with tempfile.TemporaryDirectory() as folder:
        for what in ("first check: compilation", "first check: from the cache on disk"):
            results.find(case, what, [_compile_seconds(folder)], "s")


def numpy_loop(layer_sizes, theta, X, y, components):
    """(J(theta + epsilon e_i) - J(theta - epsilon e_i)) / (2 epsilon), a ReLU net with softmax."""
    theta, rows = theta.copy(), np.arange(len(y))
    W, b, start = [], [], 0
    for n_in, n_out in pairwise(layer_sizes):
        W.append(theta[start : start + n_in * n_out].reshape(n_in, n_out))
        b.append(theta[start + n_in * n_out : start + (n_in + 1) * n_out])
        start += (n_in + 1) * n_out

    def cost():
        A = X
        for l in range(len(W) - 1):
            A = np.maximum(A @ W[l] + b[l], 0)
        Z = A @ W[-1] + b[-1]
        Z -= Z.max(axis=1, keepdims=True)
        return (np.log(np.exp(Z).sum(axis=1)) - Z[rows, y]).mean()

    gradient = np.empty(len(components))
    for at, i in enumerate(components):
        kept = theta[i]
        theta[i] = kept + EPSILON
        up = cost()
        theta[i] = kept - EPSILON
        gradient[at] = (up - cost()) / (2 * EPSILON)
        theta[i] = kept
    return gradient


def _compile_seconds(folder):
    """Seconds of `fastnn warmup` in a new interpreter with that folder for Numba's cache."""
    code = (
        "import json, os; os.environ['NUMBA_CACHE_DIR'] = {!r}\n"
        "from fastnn.gradient_checking.network.check import warm_up\n"
        "print(json.dumps(warm_up()))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code.format(folder)], stdout=subprocess.PIPE, check=True
    )
    return json.loads(out.stdout)

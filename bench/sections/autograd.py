"""Derivatives of losses and outputs, beside PyTorch's autograd: the worst difference."""

from itertools import product

import numpy as np

import fastnn
from bench.peers import load_peers
from bench.results import SHARE, TIMES
from fastnn.layers.activations import ACTIVATIONS
from fastnn.layers.outputs import OUTPUTS

PEER = "PyTorch's autograd"
SIZES = (1, 2, 3, 17, 33)  # units of every layer, and rows
MOST = {"float64": 1e-12, "float32": 1e-5}
# A derivative is ill-conditioned where PyTorch itself, in the same dtype, is off by more than this
# share of MOST: terms of it cancel, and the difference says nothing of the code.
ILL = 0.1
DROPOUT = (7, 0)  # seed and step of the masks
# Losses of one's own, with the kind of their y.
OWN = {
    "quantile": (lambda: fastnn.losses.quantile(0.3), "identity"),
    "tweedie": (lambda: fastnn.losses.tweedie(1.5), "exp"),
    "focal": (lambda: fastnn.losses.focal(2.0), "softmax"),
    "hinge": (lambda: fastnn.losses.hinge("sigmoid"), "sigmoid"),
    "cross_entropy": (lambda: fastnn.losses.cross_entropy(2.0), "soft labels"),
}


def against_pytorch(results, effort):
    """Every activation, output and loss, with dropout and without, in both dtypes.

    fastnn computes in the dtype, and PyTorch in float64 from the same numbers.
    """
    peer = load_peers([PEER], results).get(PEER)
    if peer is None:
        return
    for dtype, most in MOST.items():
        worst = Worst(peer, dtype)
        cases = product(SIZES, ACTIVATIONS, (*OUTPUTS, "soft labels"), (1.0, 0.7))
        for seed, (size, activation, loss, keep_prob) in enumerate(cases):
            output = "softmax" if loss == "soft labels" else loss
            worst.look(*drawn(seed, size, activation, output, keep_prob, loss, dtype), loss)
        for seed, (size, (loss, (make, kind))) in enumerate(product(SIZES, OWN.items())):
            worst.look(*drawn(seed, size, "tanh", make(), 0.7, kind, dtype), loss)
        for what, difference in worst.found.items():
            results.find(dtype, f"worst difference of {what}", [difference], "", at_most=most)
        results.find(dtype, "ill-conditioned derivatives, left out", [worst.share_left_out], SHARE)
        if worst.behind:
            what = "their largest error, over that of PyTorch in the same dtype"
            results.find(dtype, what, [worst.behind], TIMES)
    for z in (5, 8):
        _saturated(results, peer, z)


def _saturated(results, peer, z):
    """dA/dX of one sigmoid unit where A is nearly 1: A (1 - A) loses what A was rounded by."""
    net = fastnn.Network([1, 1], output="sigmoid", rng=0)
    net.theta = [1.0, 0.0]
    X, dA = np.full((1, 1), z + 0.1, np.float32), np.ones((1, 1), np.float32)
    e = np.exp(-X.astype(np.float64))
    exact = e / (1 + e) ** 2
    errors = {
        "fastnn": difference(net.vjp(X)[1](dA)[1], exact),
        PEER: difference(peer.Twin(net, None, "float32").differentiate(X, dA, None)[2], exact),
    }
    for name, error in errors.items():
        results.find("float32", f"error of a sigmoid at Z = {z}.1 by {name}", [error], "")


def drawn(seed, size, activation, output, keep_prob, kind, dtype):
    """A network of three layers, and as many examples as it has units; y of a kind."""
    rng = np.random.default_rng(seed)
    classes = max(size, 2) if kind in ("softmax", "soft labels") else size
    net = fastnn.Network(
        [size, size, size, classes],
        activation=activation,
        output=output,
        keep_prob=[keep_prob] * 3,
        dtype=dtype,
        rng=rng,
    )
    net.theta += 0.1 * rng.standard_normal(net.theta.size).astype(dtype)  # biases are 0
    X = rng.standard_normal((size, size)).astype(dtype)
    y = {
        "softmax": lambda: rng.integers(0, classes, size),
        "sigmoid": lambda: rng.integers(0, 2, (size, classes)).astype(dtype),
        "exp": lambda: rng.poisson(2.0, (size, classes)).astype(dtype),
        "soft labels": lambda: rng.dirichlet(np.ones(classes), size),
    }.get(kind, lambda: rng.standard_normal((size, classes)).astype(dtype))()
    return net, X, y


def difference(a, b):
    """||a - b|| / max(||a||, ||b||); 0 where both are 0."""
    scale = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / scale) if scale > 0 else 0.0


class Worst:
    """The worst relative difference of each function.

    Parameters
    ----------
    peer : module
    dtype : str
        Of the networks.
    """

    def __init__(self, peer, dtype):
        self._peer, self._dtype = peer, dtype
        self._seen = self._left_out = 0
        self.behind = 0.0  # the largest error of those left out, over PyTorch's
        self.found = {}

    @property
    def share_left_out(self):
        return self._left_out / self._seen

    def look(self, net, X, y, loss):
        """Compare all derivatives of a network and its examples."""
        dropout = DROPOUT if min(net.keep_prob) < 1 else None
        J, gradient = net.value_and_grad(X, y, dropout=dropout)
        exact, theirs = self._differentiate(net, dropout, X, y, loss)
        self._see("J", J, exact[0], theirs[0])
        self._see("value_and_grad", gradient, exact[1], theirs[1])
        exact, theirs = self._differentiate(net, None, X, y, loss)
        self._see("input_gradient", net.input_gradient(X, y), exact[2], theirs[2])

        rng = np.random.default_rng(0)
        dA = rng.standard_normal((len(X), net.layer_sizes[-1])).astype(net.dtype)
        (_, *exact), (_, *theirs) = self._differentiate(net, dropout, X, dA, None)
        _, pullback = net.vjp(X, dropout)
        for name, got, *wanted in zip(("dtheta", "dX"), pullback(dA), exact, theirs, strict=True):
            self._see(f"vjp, {name}", got, *wanted)
        trainer = net.trainer()
        trainer.restore({**trainer.state(), "seed": np.uint64(DROPOUT[0])})
        trainer.forward(X)
        self._see("trainer.backward, dX", trainer.backward(dA, inputs=True), exact[1], theirs[1])
        self._see("trainer.backward, gradient", trainer.gradient, exact[0], theirs[0])
        if exact[0].any():
            self._clip(net, X, dA, exact[0], norm=np.linalg.norm(exact[0]) / 3)
            self._clip(net, X, dA, exact[0], value=np.abs(exact[0]).max() / 2)

    def _differentiate(self, net, dropout, X, y, loss):
        """The derivatives by PyTorch in float64, and in the network's dtype."""
        return [
            self._peer.Twin(net, dropout, dtype).differentiate(X, y, loss)
            for dtype in ("float64", self._dtype)
        ]

    def _see(self, what, got, exact, theirs):
        self._seen += 1
        ours, by_torch = difference(got, exact), difference(theirs, exact)
        if by_torch > ILL * MOST[self._dtype]:
            self._left_out += 1
            self.behind = max(self.behind, ours / by_torch)
            return
        self.found[what] = max(self.found.get(what, 0.0), ours)

    def _clip(self, net, X, dA, gradient, **limit):
        """Compare the step of gradient descent by a gradient that is clipped."""
        options = {f"clip_{name}": float(size) for name, size in limit.items()}
        trainer = net.trainer(optimizer="gd", learning_rate=1.0, **options)
        trainer.restore({**trainer.state(), "seed": np.uint64(DROPOUT[0])})
        before = net.theta.copy()
        trainer.forward(X)
        trainer.backward(dA)
        trainer.update()
        wanted = before - self._peer.clipped(gradient, **limit)
        self._see(f"theta, {next(iter(options))}", net.theta, wanted, wanted)
        net.theta = before

"""Errors that no difference of costs can show are not called correct; right gradients are."""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest

import fastnn
from fastnn import gradcheck

ONES = np.ones(3)


@pytest.mark.parametrize(
    ("fun", "grad", "theta", "options", "words"),
    [
        (
            lambda x: 1e12 + (x**3).sum(),
            lambda x: 6 * x**2,
            [1.0, 2.0],
            {},
            "rounding of J hides it; J is about 1e+12",
        ),
        (
            lambda x: np.float32(1e6) + (x.astype("f4") ** 2).sum(),
            lambda x: 4 * x,
            np.ones(5),
            {},
            "rounding of J hides it; J is about 1e+06",
        ),
        (
            lambda x: (x**2).sum(),
            lambda x: 3 * x,
            ONES,
            {"epsilon": 1e-15},
            "choose an epsilon above",
        ),
        (lambda x: (x**2).sum(), lambda x: 2 * x, [1e-310, 1e-200], {}, "rounding of J hides it"),
        (
            lambda x: np.sin(x).sum(),
            np.cos,
            np.arange(3.0),
            {"epsilon": 5.0},
            "choose a smaller epsilon",
        ),
    ],
)
def test_what_rounding_hides_is_not_judged(fun, grad, theta, options, words):
    check = gradcheck(fun, grad, theta, **options)
    assert check.verdict == "suspect"
    assert check.parameters["theta"].verdict == "not judged"
    assert check.findings[0].pattern == "hidden"
    assert words in check.findings[0].text
    assert "because a kink" not in str(check)
    with pytest.raises(fastnn.GradientError, match="cannot be judged"):
        check.raise_if_wrong()


def test_an_array_that_the_others_hide():
    theta = {"a": ONES, "b": ONES}

    def cost(t):
        return (t["a"] ** 2).sum() * 1e-8 + (t["b"] ** 2).sum() * 1e6

    check = gradcheck(cost, lambda t: {"a": -6e-8 * t["a"], "b": 2e6 * t["b"]}, theta)
    assert check.verdict == "suspect"
    assert check.parameters["b"].verdict == "correct"
    assert check.findings[0].text.startswith("da cannot be judged: rounding of J hides it; J is")
    assert "not judged" in str(check.parameters["a"])
    # A gradient of zero can be judged: the other array shows the scale.
    check = gradcheck(
        lambda t: (t["b"] ** 2).sum() * 1e6, lambda t: {"a": 0 * ONES, "b": 2e6 * t["b"]}, theta
    )
    assert check.verdict == "correct"


def test_a_network_that_has_converged_or_died():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    y = (X @ rng.standard_normal(4) > 0).astype(int)
    for dtype in ("float64", "float32"):
        net = fastnn.Network([4, 8, 2], dtype=dtype, l2=0.5)
        net.fit(X, y, optimizer="lbfgs", epochs=300)
        assert net.gradcheck(X, y).verdict == "correct"
        net.theta[net.layout["b1"].slice] = -1e3  # every ReLU is dead
        assert net.gradcheck(X, y).verdict == "correct"


@pytest.mark.parametrize("method", ["two-sided", "one-sided"])
@pytest.mark.parametrize("power", [3, 5])
def test_a_smooth_point_of_slope_zero_is_no_kink(method, power):
    for options in ({}, {"epsilon": 1e-7}):
        check = gradcheck(
            lambda x: (x**power).sum(),
            lambda x: power * x ** (power - 1),
            np.zeros(3),
            method=method,
            **options,
        )
        assert check.verdict == "correct", check
        assert "kink" not in str(check)
        assert "worry" not in str(check)


def test_the_step_keeps_to_where_J_is_defined():
    x = np.array([1e-9, 1e-13, 1.0, 1e5])
    assert gradcheck(lambda x: np.log(x).sum(), lambda x: 1 / x, x).verdict == "correct"


def test_an_epsilon_that_vanishes():
    with pytest.raises(ValueError, match="vanishes beside theta"):
        gradcheck(lambda x: x @ x, lambda x: 2 * x, np.full(2, 1e9), epsilon=1e-9)


class Single:
    """A network in float32 throughout, as PyTorch has it by default."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        sizes, m = rng.integers(3, 10, 3), int(rng.integers(10, 100))
        self.m, self.relu = m, seed % 4 > 0
        self.l2 = np.float32(rng.choice([0.0, 0.02]))

        def draw(*shape, scale=1.0):
            return (scale * rng.standard_normal(shape)).astype("f4")

        self.X, self.Y = draw(m, sizes[0]), draw(m, sizes[2])
        self.theta = {
            "W1": draw(*sizes[:2], scale=np.sqrt(2 / sizes[0])),
            "b1": draw(sizes[1], scale=0.3),
            "W2": draw(*sizes[1:], scale=np.sqrt(2 / sizes[1])),
            "b2": draw(sizes[2], scale=0.3),
        }

    def forward(self, theta):
        t = {name: array.astype("f4") for name, array in theta.items()}
        Z = self.X @ t["W1"] + t["b1"]
        A = np.maximum(Z, 0) if self.relu else np.tanh(Z)
        return t, Z, A, A @ t["W2"] + t["b2"]

    def cost(self, theta):
        t, _, _, output = self.forward(theta)
        return np.float32(((output - self.Y) ** 2).mean()) + self.l2 / 2 * (
            (t["W1"] ** 2).sum() + (t["W2"] ** 2).sum()
        )

    def grad(self, theta, c=1.0, wrong=None, lacks=()):
        t, Z, A, output = self.forward(theta)
        dZ = (output - self.Y) * np.float32(2 / output.size)
        g = {"W2": A.T @ dZ, "b2": dZ.sum(0)}
        dZ = (dZ @ t["W2"].T) * ((Z > 0) if self.relu else 1 - A * A)
        g |= {"W1": self.X.T @ dZ, "b1": dZ.sum(0)}
        for name in ("W1", "W2"):
            if name not in lacks:
                g[name] += self.l2 * t[name]
        if wrong == "sign":
            g["b2"] = -g["b2"]
        elif wrong == "factor":
            g["W2"] = g["W2"] * np.float32(1.1)
        return {name: (g[name] * np.float32(c)).astype("f4") for name in theta}


@pytest.mark.slow
def test_planted_bugs_in_float32():
    """No false alarm, no miss, and the findings name exactly the wrong arrays."""
    for seed in range(60):
        net = Single(seed)
        check = gradcheck(net.cost, net.grad, net.theta)
        assert (check.dtype, check.verdict) == ("float32", "correct"), (seed, check)
        for bug, names in (("sign", {"b2"}), ("factor", {"W2"})):
            check = gradcheck(net.cost, partial(net.grad, wrong=bug), net.theta)
            assert {n for f in check.findings for n in f.names} == names, (seed, check)
        for c in (40.0, 2.0):
            check = gradcheck(net.cost, partial(net.grad, c=c), net.theta)
            (finding,) = check.findings
            assert finding.text.startswith(
                f"every gradient is {c:#.4g} times too large everywhere"
            ), (seed, check)
        if net.l2:
            check = gradcheck(net.cost, partial(net.grad, lacks=("W1", "W2")), net.theta)
            assert {n for f in check.findings for n in f.names} == {"W1", "W2"}, (seed, check)
            assert {f.pattern for f in check.findings} == {"penalty"}, (seed, check)


@pytest.mark.parametrize("times", [0, 2])
def test_a_penalty_in_float32_is_no_factor(times):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 20)).astype("f4")
    y = (rng.random(200) < 0.5).astype("f4")
    theta = {"W1": (rng.standard_normal((20, 1)) * 0.4).astype("f4"), "b1": np.zeros(1, "f4")}

    def forward(t):
        W, b = t["W1"].astype("f4"), t["b1"].astype("f4")
        return W, (X @ W + b)[:, 0]

    def cost(t):
        W, z = forward(t)
        return (
            np.mean(np.logaddexp(np.float32(0), z) - y * z, dtype="f4")
            + np.float32(0.5 / 400) * (W**2).sum()
        )

    def grad(t):
        W, z = forward(t)
        d = ((1 / (1 + np.exp(-z)) - y) / np.float32(200))[:, None]
        return {"W1": X.T @ d + np.float32(times * 0.5 / 200) * W, "b1": d.sum(0)}

    (finding,) = gradcheck(cost, grad, theta).findings
    said = "dW1 has a term 0.002" if times else "dW1 lacks a term 0.0025"
    assert finding.text.startswith(said)


def test_where_theta_was_when_fun_raised():
    def fun(theta):
        if not np.array_equal(theta, np.ones(2)):
            raise KeyError("mine")
        return theta.sum()

    with pytest.raises(KeyError) as raised:
        gradcheck(fun, np.ones(2), np.ones(2))
    assert "had moved all of theta" in raised.value.__notes__[0]


@pytest.mark.parametrize(
    ("theta", "options", "message"),
    [
        (None, {}, "expected theta to be an array, or a dict"),
        (ONES, {"rng": "a"}, "expected rng to be a seed"),
        (ONES, {"layout": {"W": "x"}}, "a tuple of integers"),
    ],
)
def test_arguments(theta, options, message):
    with pytest.raises(TypeError, match=message):
        gradcheck(lambda x: x @ x, lambda x: 2 * x, theta, **options)


def test_numbers_in_a_list_are_numbers():
    assert gradcheck(lambda x: x @ x, lambda x: 2 * x, [1, 2]).verdict == "correct"


def test_tensors_are_sent_to_the_adapters():
    torch = pytest.importorskip("torch")
    module, X = torch.nn.Linear(2, 1), torch.randn(5, 2)
    from_torch = gradcheck.from_torch

    def said(error, message, call):
        with pytest.raises(error, match=message) as raised:
            call()
        return getattr(raised.value, "__notes__", [""])[0]

    said(TypeError, "from_torch", lambda: gradcheck(lambda t: module(X).mean(), ONES, ONES))
    said(
        TypeError,
        "from_torch",
        lambda: gradcheck(lambda t: 1.0, ONES, dict(module.named_parameters())),
    )
    said(TypeError, "loss to be a function", lambda: from_torch(module, None))
    said(
        TypeError,
        r"\.item\(\)",
        lambda: gradcheck(*from_torch(module, lambda m: m(X.double()).mean().item())),
    )
    said(ValueError, "one number", lambda: gradcheck(*from_torch(module, lambda m: m(X.double()))))
    said(
        ValueError,
        "name of another module",
        lambda: gradcheck(*from_torch(module, lambda m: module(X).mean())),
    )
    assert "X.double()" in said(
        RuntimeError, "dtype", lambda: gradcheck(*from_torch(module, lambda m: m(X).mean()))
    )
    module.requires_grad_(False)
    said(ValueError, "requires_grad", lambda: from_torch(module, lambda m: m(X).mean()))


INTERRUPTED = """
import os, signal, sys, threading, time
import numpy as np, fastnn
net, rng = fastnn.Network([30, 40, 40, 5]), np.random.default_rng(0)
X, y = rng.standard_normal((300, 30)), rng.integers(0, 5, 300)
net.gradcheck(X[:5], y[:5], sample=20)
heard = 0
while heard < 200:
    try:
        print(heard, flush=True)  # here, so that no interrupt comes outside of the block
        while True:
            net.gradcheck(X, y, threads=2, sample=300)
    except KeyboardInterrupt:
        heard += 1
print(heard, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "kill") or os.name == "nt", reason="needs SIGINT")
def test_ctrl_c_is_heard_every_time():
    """200 interrupts at any moment: none is lost, none leaves a lock behind."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True
    ) as child:
        watchdog = threading.Timer(120.0, child.kill)
        watchdog.start()
        try:
            rng = np.random.default_rng(0)
            assert child.stdout.readline() == "0\n"
            for heard in range(1, 201):
                time.sleep(rng.uniform(0.0, 0.05))
                child.send_signal(signal.SIGINT)
                answer = child.stdout.readline()
                assert answer == f"{heard}\n", f"after {heard} interrupts"
        finally:
            watchdog.cancel()
            child.kill()

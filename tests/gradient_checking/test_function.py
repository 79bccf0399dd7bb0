"""Gradient checking of other code: a network written by hand, other libraries."""

import itertools
import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import rosen, rosen_der

import fastnn
from fastnn import gradcheck

ACTIVATIONS = {
    "relu": (lambda Z: np.maximum(Z, 0.0), lambda Z, A: (Z > 0.0).astype(float)),
    "tanh": (np.tanh, lambda Z, A: 1.0 - A**2),
    "sigmoid": (lambda Z: 1.0 / (1.0 + np.exp(-Z)), lambda Z, A: A * (1.0 - A)),
}


class HandWritten:
    """A network as people write it for the course, with a place for each usual mistake."""

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        depth = int(rng.integers(2, 5))
        # The hidden layers in the middle are square, so that W may be transposed unnoticed.
        n = int(rng.integers(3, 7))
        self.sizes = [int(rng.integers(2, 6)), *[n] * (depth - 1), int(rng.integers(2, 5))]
        self.depth, self.m = depth, int(rng.integers(5, 20))
        self.activation = str(rng.choice(list(ACTIVATIONS)))
        self.keep_prob = float(rng.choice([1.0, 0.8, 0.5]))
        self.l2 = float(rng.choice([0.0, 0.1, 1.0]))
        self.X = rng.standard_normal((self.m, self.sizes[0]))
        self.Y = np.eye(self.sizes[-1])[rng.integers(0, self.sizes[-1], self.m)]
        self.masks = [rng.random((self.m, k)) < self.keep_prob for k in self.sizes[1:-1]]
        self.theta = {}
        for l, (a, b) in enumerate(itertools.pairwise(self.sizes), 1):
            self.theta[f"W{l}"] = rng.standard_normal((a, b)) * np.sqrt(2.0 / a)
            self.theta[f"b{l}"] = 0.3 * rng.standard_normal(b)

    def forward(self, theta):
        g, _ = ACTIVATIONS[self.activation]
        A, Z = [self.X], [None]
        for l in range(1, self.depth + 1):
            Z.append(A[-1] @ theta[f"W{l}"] + theta[f"b{l}"])
            if l < self.depth:
                A.append(g(Z[-1]) * self.masks[l - 1] / self.keep_prob)
        return A, Z

    def cost(self, theta):
        logits = self.forward(theta)[1][-1]
        top = logits.max(axis=1)
        lse = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        penalty = sum((theta[f"W{l}"] ** 2).sum() for l in range(1, self.depth + 1))
        return np.mean(lse - (logits * self.Y).sum(axis=1)) + self.l2 / 2 / self.m * penalty

    def grad(self, theta, bug=None, layer=0):
        _, slope = ACTIVATIONS[self.activation]
        A, Z = self.forward(theta)
        P = np.exp(Z[-1] - Z[-1].max(axis=1, keepdims=True))
        dZ = (P / P.sum(axis=1, keepdims=True) - self.Y) / self.m
        grads = {}
        for l in range(self.depth, 0, -1):
            W = theta[f"W{l}"]
            decay = 0.0 if bug == "penalty" and l == layer else self.l2 / self.m
            grads[f"W{l}"] = A[l - 1].T @ dZ + decay * W
            grads[f"b{l}"] = dZ.sum(axis=0)
            if bug == "sign of db" and l == layer:
                grads[f"b{l}"] = -grads[f"b{l}"]
            if l > 1:
                # W of the layer below: a mistake between counting layers from 0 and from 1.
                below = theta[f"W{l - 1}"] if bug == "off by one" and l == layer else W
                dA = dZ @ below.T * self.masks[l - 2]
                if not (bug == "keep_prob" and l - 1 == layer):
                    dA = dA / self.keep_prob
                undropped = ACTIVATIONS[self.activation][0](Z[l - 1])
                dZ = dA * slope(Z[l - 1], undropped)
        if bug == "transposed":
            grads[f"W{layer}"] = grads[f"W{layer}"].T.copy()
        if bug == "factor":
            grads[f"W{layer}"] *= 1.0005
        if bug == "component":
            W = grads[f"W{layer}"]
            W.flat[W.size // 2] += 0.01 * np.abs(W).max() + 1e-3
        return {name: grads[name] for name in theta}


def below(layer):
    return {f"{kind}{l}" for l in range(1, layer + 1) for kind in "Wb"}


def plant(net, bug):
    """(layer, the arrays that the bug makes wrong); None where it would change nothing."""
    rng = net.rng
    if bug == "penalty":
        layer = int(rng.integers(1, net.depth + 1))
        return (layer, {f"W{layer}"}) if net.l2 else None
    if bug == "keep_prob":
        layer = int(rng.integers(1, net.depth))
        return (layer, below(layer)) if net.keep_prob < 1.0 else None
    if bug in ("off by one", "transposed"):
        if net.depth < 3:
            return None
        layer = int(rng.integers(2, net.depth))
        if bug == "transposed":
            return layer, {f"W{layer}"}
        # In layer 2, W1 is not square; use those that are.
        layer = max(layer, 3) if net.depth > 3 else None
        return None if layer is None else (layer, below(layer - 1))
    layer = int(rng.integers(1, net.depth + 1))
    return layer, {f"b{layer}" if bug == "sign of db" else f"W{layer}"}


BUGS = ["factor", "component", "penalty", "transposed", "sign of db", "off by one", "keep_prob"]
PATTERNS = {
    "factor": {"factor"},
    "component": {"component", "factor", "stretch"},
    "penalty": {"penalty", "factor"},
    "transposed": {"transposed", "components"},
    "sign of db": {"sign"},
    "off by one": {"layer"},
    "keep_prob": {"layer"},
}


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 240, 40))
def test_right_networks_raise_no_alarm(first):
    for seed in range(first, first + 40):
        net = HandWritten(seed)
        check = gradcheck(net.cost, net.grad, net.theta)
        assert check.verdict == "correct", f"{seed}: {check}"
        assert check.difference < 1e-7
        assert check.findings == ()
        assert check.excluded.sum() <= 0.02 * check.theta.size


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 11])
def test_after_training_where_kinks_are_many(seed):
    """After training: small costs of large logits and units near 0, so most noise and kinks."""
    net = HandWritten(seed)
    rng = np.random.default_rng(seed)
    net.activation, net.keep_prob = "relu", 1.0
    net.sizes, net.depth, net.m = [12, 20, 20, 5], 3, 100
    net.X, net.Y = rng.standard_normal((100, 12)), np.eye(5)[rng.integers(0, 5, 100)]
    net.masks = [np.ones((100, 20), bool)] * 2
    net.theta = {}
    for l, (a, b) in enumerate(itertools.pairwise(net.sizes), 1):
        net.theta[f"W{l}"] = rng.standard_normal((a, b)) * np.sqrt(2.0 / a)
        net.theta[f"b{l}"] = np.zeros(b)
    for _ in range(2000):
        slopes = net.grad(net.theta)
        net.theta = {name: array - 0.3 * slopes[name] for name, array in net.theta.items()}
    for options in ({}, {"epsilon": 1e-7}, {"method": "one-sided"}, {"epsilon": 1e-4}):
        check = gradcheck(net.cost, net.grad, net.theta, **options)
        assert check.verdict == "correct", check
        spoilt = partial(net.grad, bug="factor", layer=2)
        check = gradcheck(net.cost, spoilt, net.theta, **options)
        assert [f.names for f in check.findings] == [("W2",)], check


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS)
def test_planted_bugs_are_found_and_named(bug):
    planted = 0
    for seed in itertools.count(1000):
        net = HandWritten(seed)
        place = plant(net, bug)
        if place is None:
            continue
        layer, wrong = place
        theta, right = net.theta, net.grad(net.theta)
        given = net.grad(theta, bug, layer)
        # Dead units hide a bug: there the wrong gradient is zero, as is the right one.
        wrong = {name for name in wrong if not np.allclose(given[name], right[name], 1e-9, 0.0)}
        if not wrong:
            continue
        check = gradcheck(net.cost, partial(net.grad, bug=bug, layer=layer), theta)
        assert check.verdict in ("wrong", "suspect"), f"{seed}: {check}"
        assert {n for f in check.findings for n in f.names} == wrong, f"{seed}: {check}"
        assert {f.pattern for f in check.findings} <= PATTERNS[bug], f"{seed}: {check}"
        with pytest.raises(fastnn.GradientError, match="gradient check"):
            check.raise_if_wrong()
        planted += 1
        if planted == 35:
            break


def test_words():
    net = HandWritten(3)
    net.keep_prob, net.l2 = 0.8, 1.0
    net.masks = [net.rng.random(mask.shape) < 0.8 for mask in net.masks]

    def words(bug, layer):
        return gradcheck(net.cost, lambda t: net.grad(t, bug, layer), net.theta).findings[0].text

    assert words("factor", 2) == "dW2 is 1.0005 times too large everywhere; everything else agrees"
    assert words("sign of db", 1) == "db1 has the wrong sign everywhere; everything else agrees"
    assert words("penalty", 1).startswith(f"dW1 lacks a term {1.0 / net.m:.4g} W1")
    assert words("keep_prob", 1).startswith("dW1 and db1 are wrong, layer")
    assert "by the same factor 0.8000" in words("keep_prob", 1)
    check = gradcheck(net.cost, lambda t: net.grad(t, "component", 1), net.theta)
    assert check.findings[0].text.startswith("dW1 is wrong in one component, (")
    worst = check.worst(1)[0]
    assert (worst.parameter, worst.index) == ("W1", net.theta["W1"].size // 2)
    assert check.parameters["W1"].off == 1
    assert check.parameters["b1"].verdict == "correct"


def test_a_vector_with_a_layout_and_one_without():
    net = HandWritten(5)
    shapes = {name: array.shape for name, array in net.theta.items()}
    layout = fastnn.Network(net.sizes).layout

    def unpack(theta):
        return {p.name: theta[p.slice].reshape(p.shape) for p in layout.values()}

    def pack(arrays):
        return np.concatenate([arrays[name].ravel() for name in layout])

    theta = pack(net.theta)

    def cost(t):
        return net.cost(unpack(t))

    for given_layout in (layout, shapes):
        check = gradcheck(
            cost, lambda t: pack(net.grad(unpack(t), "sign of db", 2)), theta, layout=given_layout
        )
        assert check.findings[0].names == ("b2",)
    check = gradcheck(cost, pack(net.grad(net.theta)), theta)
    assert check.verdict == "correct"
    check = gradcheck(cost, lambda t: pack(net.grad(unpack(t), "sign of db", 2)), theta)
    assert check.findings[0].names == ("theta",)
    s = layout["b2"].slice
    assert f"wrong from {s.start} to {s.stop - 1}: the wrong sign" in check.findings[0].text


def test_nested_names_and_forms():
    def cost(p):
        layers, scale = p["layers"], p["scale"]
        assert isinstance(layers, list)
        assert isinstance(layers[0]["W"], np.ndarray)
        return scale**2 * sum((layer["W"] ** 3).sum() for layer in layers)

    def grad(p, factor=1.0):
        s = p["scale"]
        return {
            "layers": [
                {"W": 3 * s**2 * layer["W"] ** 2 * (factor if k else 1.0)}
                for k, layer in enumerate(p["layers"])
            ],
            "scale": 2 * s * sum((layer["W"] ** 3).sum() for layer in p["layers"]),
        }

    theta = {"layers": [{"W": np.ones((2, 3))}, {"W": np.full((2, 2), 2.0)}], "scale": 1.5}
    assert gradcheck(cost, grad, theta).verdict == "correct"
    check = gradcheck(cost, grad, theta, args=()).parameters
    assert list(check) == ["layers[0].W", "layers[1].W", "scale"]
    check = gradcheck(cost, lambda p: grad(p, 3.0), theta)
    assert check.findings[0].text == (
        "the gradient of layers[1].W is 3.000 times too large everywhere; everything else agrees"
    )
    pair = gradcheck(
        lambda t: t[0].sum() * t[1], lambda t: (np.full(2, t[1]), t[0].sum()), (np.ones(2), 2.0)
    )
    assert list(pair.parameters) == ["theta[0]", "theta[1]"]


def test_a_part_of_theta():
    net = HandWritten(7)

    def grad(theta):
        return net.grad(theta, "factor", 1)

    size = sum(array.size for array in net.theta.values())
    check = gradcheck(net.cost, grad, net.theta, sample=2 * len(net.theta))
    assert check.checked.sum() == 2 * len(net.theta)
    assert all(p.checked for p in check.parameters.values())
    assert check.findings[0].names == ("W1",)
    assert "everything else that was checked agrees" in check.findings[0].text
    check = gradcheck(net.cost, grad, net.theta, indices=[0, -1])
    assert check.checked.sum() == 2
    assert np.isnan(check.numeric[1])
    mask = np.zeros(size, bool)
    mask[-3:] = True
    assert gradcheck(net.cost, grad, net.theta, indices=mask).verdict == "correct"
    # The directions find an error outside of the chosen components.
    check = gradcheck(net.cost, grad, net.theta, indices=mask, directional=3)
    assert check.verdict != "correct"
    assert check.findings[0].pattern == "elsewhere"


def test_directions_first():
    net = HandWritten(12)
    net.activation = "tanh"
    size = sum(array.size for array in net.theta.values())
    check = gradcheck(net.cost, net.grad, net.theta, directional=3)
    assert check.verdict == "correct"
    assert check.evaluations < size
    assert check.rates == pytest.approx([2.0] * 3, abs=0.1)
    check = gradcheck(net.cost, lambda t: net.grad(t, "sign of db", 1), net.theta, directional=3)
    assert check.rates == pytest.approx([1.0] * 3, abs=0.1)
    assert check.findings[0].names == ("b1",)
    assert "(2 when right, 1 when wrong)" in str(check)


@pytest.mark.parametrize("method", ["two-sided", "one-sided", "complex-step"])
@pytest.mark.parametrize("epsilon", [None, 1e-4, np.full(8, 1e-6)])
def test_scipy(method, epsilon):
    x = np.random.default_rng(0).standard_normal(8)
    check = gradcheck(rosen, rosen_der, x, method=method, epsilon=epsilon)
    assert check.verdict == "correct", check
    check = gradcheck(rosen, lambda x: 1.01 * rosen_der(x), x, method=method, epsilon=epsilon)
    assert "1.010 times" in check.findings[0].text
    assert gradcheck(rosen, rosen_der, np.ones(8), method=method).verdict == "correct"


def sklearn_closure(model, X, Y):
    """(fun, grad, theta, layout) of what scikit-learn gives to its L-BFGS."""
    multilayer = pytest.importorskip("sklearn.neural_network._multilayer_perceptron")
    if not hasattr(model, "_loss_grad_lbfgs"):
        pytest.skip("scikit-learn's private API has changed")
    units = [X.shape[1], *model.hidden_layer_sizes, Y.shape[1]]

    def both(theta):
        A = [X] + [np.empty((len(X), n)) for n in units[1:]]
        try:
            return model._loss_grad_lbfgs(
                theta,
                X,
                Y,
                None,
                A,
                [np.empty_like(a) for a in A[1:]],
                [np.empty_like(w) for w in model.coefs_],
                [np.empty_like(b) for b in model.intercepts_],
            )
        except TypeError:
            pytest.skip("scikit-learn's private API has changed")

    layout = {f"W{l}": w.shape for l, w in enumerate(model.coefs_, 1)}
    layout |= {f"b{l}": b.shape for l, b in enumerate(model.intercepts_, 1)}
    theta = multilayer._pack(model.coefs_, model.intercepts_)
    return (lambda t: both(t)[0]), (lambda t: both(t)[1]), theta, layout


@pytest.fixture
def sklearn_models():
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    settings = {"hidden_layer_sizes": (6, 5), "solver": "lbfgs", "max_iter": 2, "random_state": 0}

    def fitted(kind, Y, **more):
        with pytest.warns(ConvergenceWarning):
            return kind(**settings, **more).fit(X, Y)

    return X, rng, fitted, MLPClassifier, MLPRegressor


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_scikit_learn_classifier_is_right(sklearn_models, activation):
    X, rng, fitted, MLPClassifier, _ = sklearn_models
    y = rng.integers(0, 3, len(X))
    model = fitted(MLPClassifier, y, activation=activation, alpha=0.1)
    fun, grad, theta, layout = sklearn_closure(model, X, np.eye(3)[y])
    assert gradcheck(fun, grad, theta, layout=layout).verdict == "correct"


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_scikit_learn_regressor_of_two_outputs_is_not(sklearn_models, alpha):
    """scikit-learn averages its loss over outputs and sums its gradient: n_outputs too large."""
    X, rng, fitted, _, MLPRegressor = sklearn_models
    Y = rng.standard_normal((len(X), 2))
    model = fitted(MLPRegressor, Y, activation="tanh", alpha=alpha)
    fun, grad, theta, layout = sklearn_closure(model, X, Y)
    if alpha == 0.0 and np.isclose(fun(theta), 0.5 * ((model.predict(X) - Y) ** 2).sum(1).mean()):
        pytest.skip("this scikit-learn has it right")
    check = gradcheck(fun, grad, theta, layout=layout)
    text = check.findings[0].text
    assert "every gradient is 2.000 times too large everywhere" in text
    assert ("apart from their L2 terms" in text) == (alpha > 0.0)
    single = fitted(MLPRegressor, Y[:, 0], activation="tanh", alpha=alpha)
    fun, grad, theta, layout = sklearn_closure(single, X, Y[:, :1])
    assert gradcheck(fun, grad, theta, layout=layout).verdict == "correct"


def test_torch():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Linear(3, 4),
        torch.nn.BatchNorm1d(4),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.5),
        torch.nn.Linear(4, 1),
    )
    X, y = torch.randn(20, 3, dtype=torch.float64), torch.randn(20, 1, dtype=torch.float64)
    before = {name: value.clone() for name, value in module.state_dict().items()}

    def loss(module):
        return torch.nn.functional.mse_loss(module(X), y)

    check = gradcheck(*gradcheck.from_torch(module, loss))
    assert check.verdict == "correct", check
    assert check.difference < 1e-7
    assert list(check.parameters)[:2] == ["0.weight", "0.bias"]
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert module.training

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x**2

        @staticmethod
        def backward(ctx, g):
            return 1.0005 * g

    fun, grad, theta = gradcheck.from_torch(module, lambda m: Wrong.apply(m(X)).mean())
    assert gradcheck(fun, grad, theta).verdict == "wrong"
    with pytest.raises(TypeError, match=r"torch\.nn\.Module"):
        gradcheck.from_torch(loss, loss)


def test_jax():
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    rng = np.random.default_rng(0)
    X = rng.standard_normal((10, 3)).astype(np.float32)
    theta = {"W": rng.standard_normal((3, 2)).astype(np.float32), "b": [np.float32(0.5)]}

    @jax.custom_vjp
    def square(x):
        return x**2

    square.defvjp(lambda x: (x**2, x), lambda x, g: (g * x,))  # the 2 is missing

    def loss(theta, square=jnp.square):
        return jnp.mean(square(jnp.tanh(X @ theta["W"]) + theta["b"][0]))

    check = gradcheck(*gradcheck.from_jax(loss, theta))
    assert check.verdict == "correct", check
    assert check.difference < 1e-7
    check = gradcheck(*gradcheck.from_jax(lambda t: loss(t, square), theta))
    assert check.findings[0].text.startswith("every gradient is 0.5000 times what it should be")
    # The same module unchanged, in float32.
    check = gradcheck(loss, jax.grad(loss), theta)
    assert check.verdict == "correct", check
    assert check.dtype == "float32"


@pytest.mark.slow
def test_a_compiled_function_runs_over_threads():
    numba = pytest.importorskip("numba")
    A = np.random.default_rng(0).standard_normal((30, 20))

    @numba.njit(nogil=True)
    def cost(theta, A):
        return np.sum(np.tanh(A @ theta.ravel()) ** 2)

    def grad(theta, A):
        T = np.tanh(A @ theta.ravel())
        return (A.T @ (2 * T * (1 - T**2))).reshape(theta.shape)

    theta = np.random.default_rng(1).standard_normal((4, 5))
    checks = [gradcheck(cost, grad, theta, (A,), threads=threads) for threads in (1, 2, 3)]
    plain = gradcheck(cost.py_func, grad, theta, (A,), threads=2)
    for check in (*checks, plain):
        assert check.verdict == "correct", check
        assert not check.note
    assert checks[0].compile_seconds > 0.0
    assert all(np.array_equal(checks[0].numeric, check.numeric) for check in checks)
    check = gradcheck(cost, lambda t, A: 2 * grad(t, A), theta, (A,))
    assert "2.000 times too large" in check.findings[0].text
    # A call that Numba cannot compile runs in Python, and the note says so.
    check = gradcheck(lambda t: t["a"] ** 2, lambda t: {"a": 2 * t["a"]}, {"a": 2.0})
    assert check.verdict == "correct"

    @numba.njit
    def wave(theta):
        return np.sum(theta**2 * np.cos(theta))

    def slope(t):
        return 2 * t * np.cos(t) - t**2 * np.sin(t)

    assert gradcheck(wave, slope, theta, method="complex-step").difference < 1e-14

    @numba.njit
    def largest(theta):
        return max(theta[0], theta[1])

    with pytest.raises(TypeError, match="cannot be compiled for complex numbers"):
        gradcheck(largest, np.array([0.0, 1.0]), np.array([1.0, 2.0]), method="complex-step")

    @numba.njit
    def of_pair(theta):
        return theta[0].sum() * theta[1].sum()

    check = gradcheck(
        of_pair,
        lambda t: (np.full(2, t[1].sum()), np.full(3, t[0].sum())),
        (np.ones(2), np.ones(3)),
    )
    assert check.verdict == "correct"
    assert "called from Python" in check.note

    @numba.njit
    def changes(theta):
        theta[0] += 1.0
        return theta.sum()

    with pytest.raises(ValueError, match="leave theta as it is"):
        gradcheck(changes, np.ones(3), np.ones(3))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.floats(-6, 6), st.floats(-3, 3))
def test_quadratic_forms(seed, n, log_scale, log_theta):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, n)) * 10.0**log_scale
    A = A + A.T
    theta = rng.standard_normal(n) * 10.0**log_theta

    def cost(x):
        return 0.5 * x @ A @ x

    check = gradcheck(cost, lambda x: A @ x, theta)
    assert check.verdict == "correct", check
    assert gradcheck(cost, lambda x: A @ x * (1.0 + 1e-3), theta).verdict != "correct"


def test_the_figures_of_the_notes():
    for method, value in (("two-sided", 3.0001), ("one-sided", 3.0301)):
        check = gradcheck(lambda t: t**3, lambda t: 3 * t**2, 1.0, epsilon=0.01, method=method)
        assert check.numeric[0] == pytest.approx(value, abs=1e-12)
        assert check.verdict == "correct"
        assert "truncation explain at this epsilon" in str(check)
    check = gradcheck(lambda t: t**3, lambda t: 3 * t**2, 1.0, epsilon=0.01)
    assert check.difference == pytest.approx(1e-4 / 6.0001, rel=1e-6)


def test_kinks_are_left_out_and_counted():
    x = np.array([0.0, 1e-12, 1e-3, -1e-5, 1.0])
    check = gradcheck(lambda x: np.abs(x).sum(), np.sign, x)
    assert check.verdict == "correct"
    assert check.excluded.tolist() == [True, True, False, False, False]
    assert "2 left out, because a kink" in str(check)
    assert check.parameters["theta"].excluded == 2
    for method in ("two-sided", "one-sided"):
        check = gradcheck(lambda x: np.abs(x).sum(), np.sign, x, epsilon=1e-4, method=method)
        assert check.excluded.tolist() == [True, True, False, True, False]
        assert check.verdict == "correct"
    check = gradcheck(lambda x: np.abs(x).sum(), np.sign, np.zeros(3))
    assert check.verdict == "suspect"
    assert "nothing could be compared" in str(check)


def test_the_report():
    net = HandWritten(9)
    right = gradcheck(net.cost, net.grad, net.theta)
    assert 3 <= len(str(right).splitlines()) <= 6
    right.raise_if_wrong()
    wrong = gradcheck(net.cost, lambda t: net.grad(t, "factor", 1), net.theta)
    for check in (right, wrong):
        assert max(map(len, str(check).splitlines())) <= 80
        again = pickle.loads(pickle.dumps(check))
        assert str(again) == str(check)
        assert again.verdict == check.verdict
    assert "W1" in str(wrong).split("array")[1].splitlines()[1]
    with pytest.raises(fastnn.GradientError) as raised:
        wrong.raise_if_wrong()
    assert str(raised.value) == str(wrong)
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(wrong)
    assert "suspect" in repr(wrong)


def test_html_escapes_names():
    check = gradcheck(lambda t: t["<i>"] ** 2, lambda t: {"<i>": t["<i>"]}, {"<i>": 2.0})
    html = check._repr_html_()
    assert "<i>" not in html
    assert "&lt;i&gt;" in html


def test_plot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    net = HandWritten(9)
    check = gradcheck(net.cost, lambda t: net.grad(t, "component", 1), net.theta)
    display = check.plot()
    assert display.ax_.figure is display.figure_
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels[0] == "W1"
    assert f"off: {check.off.sum()} of {check.compared.sum()}" in labels
    assert check.plot(ax=display.ax_).ax_ is display.ax_
    with pytest.raises(TypeError, match="expected ax to be"):
        check.plot(ax=3)
    matplotlib.pyplot.close(display.figure_)


def test_the_plot_shows_a_small_component_that_is_wrong():
    """On linear axes 1e-6 beside 1 would lie on the corner of both axes, right or wrong."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    weights = np.array([1.0, -0.5, 1e-6, 0.0])
    wrong = np.array([1.0, 1.0, 3.0, 1.0])
    check = gradcheck(
        lambda t: (weights * t**2).sum() / 2, lambda t: weights * wrong * t, np.ones(4)
    )
    display = check.plot()
    display.figure_.canvas.draw()
    to_pixels, ax = display.ax_.transData.transform, display.ax_
    x, y = to_pixels((1e-6, 3e-6)) - to_pixels((0.0, 0.0))
    width = ax.get_window_extent().width
    assert x > 0.02 * width
    assert y - x > 0.02 * width  # off the diagonal
    right_x, right_y = to_pixels((-0.5, -0.5)) - to_pixels((0.0, 0.0))
    assert right_x == pytest.approx(right_y)
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_xlim()[1] > 1.0
    named = {text.get_text(): text.xy for text in ax.texts}
    assert "theta[2]" in named
    assert "theta[0]" not in named
    assert named["theta[2]"] == pytest.approx((1e-6, 3e-6))
    matplotlib.pyplot.close(display.figure_)

"""The words about an error: each pattern, planted in a gradient of a network of four layers."""

import itertools

import numpy as np
import pytest

import fastnn
from fastnn.gradient_checking.result.components import ratio
from fastnn.gradient_checking.result.gradient_check import GradientCheck
from fastnn.layers.layout import Layout

SIZES = [5, 4, 4, 4, 3]


class Planted:
    """Arrays of theta and of a right gradient, by name, for tests to change; then `check`."""

    def __init__(self, seed=0, names="{}{}", l2=0.0, l1=0.0):
        rng = np.random.default_rng(seed)
        self.rng, self.theta, self.grad, self.penalties = rng, {}, {}, {}
        for l, (a, b) in enumerate(itertools.pairwise(SIZES), 1):
            for kind, shape in (("W", (a, b)), ("b", (b,))):
                name = names.format(kind, l)
                self.theta[name] = rng.standard_normal(shape)
                self.grad[name] = rng.standard_normal(shape)
                if kind == "W" and (l2 or l1):
                    self.penalties[name] = (l2, l1)
        self.numeric = {name: array.copy() for name, array in self.grad.items()}

    def check(self, u=1e-9, **options):
        def flat(arrays):
            return np.concatenate([array.ravel() for array in arrays.values()])

        layout = Layout({name: array.shape for name, array in self.theta.items()})
        options = {
            "epsilon": 1e-7,
            "method": "two-sided",
            "dtype": "float64",
            "evaluations": 0,
            "seconds": 0.0,
            "penalties": self.penalties,
            **options,
        }
        noise = u / 5 * self.rng.uniform(-1, 1, layout.size)
        return GradientCheck(
            flat(self.theta),
            flat(self.grad),
            flat(self.numeric) + noise,
            np.full(layout.size, u),
            layout.values(),
            **options,
        )

    def said(self, **options):
        (finding,) = self.check(**options).findings
        return finding


def test_nothing_to_say():
    check = Planted().check()
    assert check.verdict == "correct"
    assert check.findings == ()


@pytest.mark.parametrize(
    ("c", "words"),
    [
        (2.0, "is 2.000 times too large everywhere"),
        (1.0005, "is 1.0005 times too large everywhere"),
        (0.9995, "is 0.9995 times what it should be everywhere"),
        (0.5, "is 0.5000 times what it should be everywhere"),
        (1.02, "is 1.020 times too large everywhere"),
        (64.0, "is 64.00 times too large everywhere"),
        (-1.0, "has the wrong sign everywhere"),
        (-2.0, "has the wrong sign and is 2.000 times too large everywhere"),
        (0.0, "is zero everywhere: never written?"),
    ],
)
@pytest.mark.parametrize("name", ["W1", "W2", "b3"])
def test_a_factor(c, words, name):
    p = Planted()
    p.grad[name] *= c
    finding = p.said()
    assert finding.text == f"d{name} {words}; everything else agrees"
    assert finding.name == name


def test_a_factor_shows_through_float32():
    p = Planted()
    p.grad["W2"] *= 1.02
    assert "is 1.02" in p.said(u=1e-4).text
    assert p.check(u=1e-4).parameters["W2"].verdict == "wrong"


@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_a_factor_of_the_data_alone(l2):
    p = Planted(l2=l2)
    penalty = 0.01 * p.theta["W2"]
    p.numeric["W2"] += penalty
    p.grad["W2"] = 2.0 * p.grad["W2"] + penalty
    assert p.said().text == (
        "dW2 is 2.000 times too large everywhere, apart from its L2 term "
        "0.01 W2, which is right; everything else agrees"
    )


def test_a_factor_of_all_with_a_known_penalty():
    p = Planted(l2=0.01)
    p.grad["W2"] *= 1.0005
    assert p.said().text == "dW2 is 1.0005 times too large everywhere; everything else agrees"
    p = Planted(l2=0.01)
    p.grad["W2"] = p.grad["W2"].T.copy()
    assert p.said().text == "dW2 is transposed; everything else agrees"
    p.grad["W2"] = p.grad["W3"].copy()
    assert p.said().text == "dW2 holds the gradient of W3; everything else agrees"


def test_penalties_that_are_known():
    for change, words in (
        (-0.01, "lacks the L2 term 0.01 W2"),
        (0.01, "has the L2 term 0.01 W2 twice"),
        (-0.02, "has the L2 term 0.01 W2 with the wrong sign"),
        (0.19, "has the L2 term 0.01 W2 20.00 times"),
    ):
        p = Planted(l2=0.01)
        p.grad["W2"] += change * p.theta["W2"]
        finding = p.said()
        assert finding.text == f"dW2 {words}; everything else agrees"
        assert finding.pattern == "penalty"
    p = Planted(l2=0.01, l1=0.02)
    p.grad["W3"] -= 0.02 * np.sign(p.theta["W3"])
    assert p.said().text == "dW3 lacks the L1 term 0.02 sign(W3); everything else agrees"
    p = Planted(l2=0.01, l1=0.02)
    p.grad["W3"] -= 0.01 * p.theta["W3"] + 0.02 * np.sign(p.theta["W3"])
    assert p.said().text == (
        "dW3 lacks the penalty: 0.01 W3 + 0.02 sign(W3); everything else agrees"
    )


def test_penalties_that_are_inferred():
    p = Planted()
    p.grad["W2"] -= 0.01 * p.theta["W2"]
    assert p.said().text == (
        "dW2 lacks a term 0.01 W2: an L2 penalty? Or has one of 0.005 W2 the "
        "wrong sign?; everything else agrees"
    )
    p = Planted()
    p.grad["W2"] += 0.02 * np.sign(p.theta["W2"])
    assert p.said().text.startswith("dW2 has a term 0.02 sign(W2) too many: an L1 penalty")
    p = Planted(l2=0.01)
    for l in (1, 2, 3, 4):
        p.grad[f"W{l}"] -= 0.01 * p.theta[f"W{l}"]
    finding = p.said()
    assert finding.names == ("W1", "W2", "W3", "W4")
    assert finding.text == ("dW1, dW2, dW3 and dW4 lack the L2 term 0.01 W; everything else agrees")
    p = Planted()
    for l in (1, 2, 4):
        p.grad[f"W{l}"] -= 0.01 * p.theta[f"W{l}"]
    assert p.said(u=1e-5).text.startswith("dW1, dW2 and dW4 lack a term 0.0")
    p = Planted()
    p.grad["b1"] += 0.01 * p.theta["b1"]
    p.grad["b2"] += 0.01 * p.theta["b2"]
    assert p.said().text.startswith("db1 and db2 have a term 0.01 b too many")


@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_transposed(l2):
    p = Planted(l2=l2)
    p.grad["W2"] = p.grad["W2"].T.copy() + l2 * (p.theta["W2"] - p.theta["W2"].T)
    assert p.said().text == "dW2 is transposed; everything else agrees"
    p = Planted()
    p.grad["W1"] = p.grad["W1"].T.reshape(5, 4)
    assert p.said().text == (
        "dW1 is transposed: computed as (4, 5) and reshaped; everything else agrees"
    )


def test_another_array():
    p = Planted()
    p.grad["W2"] = p.grad["W3"].copy()
    assert p.said().text == "dW2 holds the gradient of W3; everything else agrees"
    p = Planted(l2=0.01)
    p.grad["W2"] = p.grad["W3"] + 0.01 * (p.theta["W2"] - p.theta["W3"])
    assert p.said().pattern == "other"


def test_all_biases():
    p = Planted()
    for l in (1, 2, 3, 4):
        p.grad[f"b{l}"] *= 32.0
    finding = p.said()
    assert finding.names == ("b1", "b2", "b3", "b4")
    assert finding.text.startswith(
        "every bias's gradient is 32.00 times too large everywhere; "
        "every weight's agrees: summed or averaged"
    )
    for l in (1, 2, 3, 4):
        p.grad[f"b{l}"] = p.rng.standard_normal(p.grad[f"b{l}"].shape)
    assert p.said().text.startswith("every bias's gradient is wrong; every weight's agrees")


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_a_layer_and_all_below(layer):
    p, q, r = Planted(), Planted(), Planted(l2=0.01)
    names = [f"{kind}{l}" for l in range(1, layer + 1) for kind in "Wb"]
    for name in names:
        p.grad[name] *= 0.8
        q.grad[name] = q.grad[name] * q.rng.uniform(0.5, 1.5, q.grad[name].shape)
        penalty = 0.01 * r.theta[name] if name.startswith("W") else 0.0
        r.grad[name] = 0.8 * (r.grad[name] - penalty) + penalty
    for planted in (p, q, r):
        finding = planted.said()
        assert finding.names == tuple(names)
        assert finding.pattern == "layer"
        assert f"the error enters in the backward step through layer {layer}" in finding.text
        above = "layer 4 agrees" if layer == 3 else f"layers {layer + 1} to 4 agree"
        assert above in finding.text
        assert ("by the same factor 0.8000" in finding.text) == (planted is not q)


def test_the_output_layer_and_all_below():
    p = Planted()
    for name, array in p.grad.items():
        p.grad[name] = array * p.rng.uniform(0.5, 1.5, array.shape)
    assert p.said().text.startswith("every gradient disagrees: the error enters at the output")


def test_other_masks_in_cost_and_gradient_are_not_told_from_a_wrong_loss():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 5)), rng.standard_normal((20, 1))
    of_cost, of_gradient = (rng.random((2, 20, 8)) < 0.7) / 0.7

    def forward(p, mask):
        H = np.tanh(X @ p["W1"] + p["b1"])
        return H, H * mask, (H * mask) @ p["W2"] + p["b2"]

    def cost(p):
        return ((forward(p, of_cost)[2] - y) ** 2).sum() / 40

    def gradient(p):
        H, A, out = forward(p, of_gradient)
        dZ2 = (out - y) / 20
        dZ1 = dZ2 @ p["W2"].T * of_gradient * (1 - H**2)
        return {"W1": X.T @ dZ1, "b1": dZ1.sum(0), "W2": A.T @ dZ2, "b2": dZ2.sum(0)}

    shapes = {"W1": (5, 8), "b1": (8,), "W2": (8, 1), "b2": (1,)}
    theta = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    check = fastnn.gradcheck(cost, gradient, theta)
    assert check.verdict == "wrong"
    assert "or cost and gradient differ in their rows or dropout masks" in str(check).replace(
        "\n", " "
    )


def test_names_that_tell_no_layer():
    p = Planted(names="{}_of_{}")
    for name in list(p.grad)[:4]:
        p.grad[name] = p.grad[name] * p.rng.uniform(0.5, 1.5, p.grad[name].shape)
    finding = p.said()
    assert finding.pattern == "before"
    assert finding.text.startswith("the gradients of b_of_2 and all before it are wrong")


def test_every_gradient():
    p = Planted()
    for name in p.grad:
        p.grad[name] *= 50.0
    assert p.said().text == (
        "every gradient is 50.00 times too large everywhere: summed over 50, "
        "where the cost is averaged?"
    )
    for name in p.grad:
        p.grad[name] *= 0.0
    finding = p.said()
    assert finding.names == tuple(p.grad)
    assert finding.text == "every gradient is zero everywhere: never written?"


def test_parts():
    p = Planted()
    p.grad["W1"][3, 2] = 7.0
    finding = p.said()
    assert finding.text.startswith("dW1 is wrong in one component, (3, 2): 7 instead of ")
    assert p.check().parameters["W1"].worst.position == (3, 2)
    p = Planted()
    p.grad["W1"][3] *= 2
    assert p.said().text.startswith("dW1 is wrong in row 3 only: 2.000 times too large")
    p = Planted()
    p.grad["W1"][:, 1] = 0.0
    assert p.said().text.startswith("dW1 is wrong in column 1 only: zero there")
    p = Planted()
    p.grad["W1"].flat[[1, 7, 12, 19]] *= -1
    assert p.said().text.startswith("dW1 has the wrong sign in 4 of 20 components")
    p = Planted()
    p.grad["W1"].flat[[1, 7, 12, 19]] += p.rng.standard_normal(4)
    assert p.said().text.startswith("dW1 disagrees in 4 of 20 components, most in (")


def test_biases_that_are_wrong_otherwise():
    p = Planted()
    for l in (1, 2, 3, 4):
        p.grad[f"b{l}"] = np.full_like(p.grad[f"b{l}"], p.grad[f"b{l}"].sum())
    assert p.said().text == (
        "every bias's gradient is the same number everywhere: summed over "
        "units too (a missing axis=0?); every weight's agrees"
    )
    p = Planted()
    p.grad["b2"][:] = p.grad["b2"].mean()
    assert p.said().text.startswith("db2 is the same number everywhere: summed over units too")
    p = Planted()
    for l in (1, 2, 3, 4):
        p.grad[f"b{l}"] -= 0.1 * p.theta[f"b{l}"]
    assert p.said().text.startswith("db1, db2, db3 and db4 lack a term 0.1 b: an L2 penalty?")
    p = Planted()
    for l in (1, 2, 3, 4):
        p.grad[f"b{l}"] = p.rng.standard_normal(p.grad[f"b{l}"].shape)
    assert p.said().text == "every bias's gradient is wrong; every weight's agrees"


def test_words_of_a_part_claim_no_more():
    p = Planted()
    p.grad["W1"] *= 0.932
    size = sum(array.size for array in p.theta.values())

    def said(*indices):
        checked = np.zeros(size, bool)
        checked[list(indices)] = True
        return p.said(checked=checked).text

    assert said(0, 30) == (
        "dW1 is 0.9320 times what it should be in the one component that was "
        "checked; everything else that was checked agrees"
    )
    assert said(0, 1, 2).endswith("in the 3 components that were checked")
    p = Planted()
    p.grad["W1"] += p.rng.standard_normal(p.grad["W1"].shape)
    assert "row" not in said(0, 1, 2)
    assert " from " not in said(0, 1, 17, 18)


def test_a_factor_that_is_as_small_as_a_size():
    p = Planted()
    for name in p.grad:
        p.grad[name] *= 2.0
    assert p.said().text == "every gradient is 2.000 times too large everywhere"
    assert p.said(sizes=(2,)).text.endswith(": summed over 2, where the cost is averaged?")


def test_a_right_gradient_of_float32_numbers():
    p = Planted()
    for name, array in p.grad.items():
        p.grad[name] = array.astype(np.float32).astype(np.float64)
    finding = p.said(u=1e-12)
    assert finding.pattern == "rounded"
    assert "dtype='float32'" in finding.text


def test_a_cost_without_theta():
    check = GradientCheck(
        np.ones(3),
        np.ones(3),
        np.zeros(3),
        np.full(3, 1e-9),
        Layout({"W": (2,), "b": (1,)}).values(),
        epsilon=1e-7,
        method="two-sided",
        dtype="float64",
        evaluations=0,
        seconds=0.0,
    )
    assert check.findings[0].text == (
        "the numerical derivative is zero everywhere: does J depend on theta, or only in steps?"
    )


def test_two_faults():
    p = Planted()
    p.grad["W1"] *= 2.0
    p.grad["b3"] *= -1.0
    texts = [f.text for f in p.check().findings]
    assert texts == [
        "dW1 is 2.000 times too large everywhere",
        "db3 has the wrong sign everywhere; everything else agrees",
    ]
    p.grad["W4"] *= 2.0
    assert p.check().findings[0].text == "dW1 and dW4 are 2.000 times too large everywhere"


def test_left_out_components_do_not_count():
    p = Planted()
    excluded = np.zeros(p.check().theta.size, bool)
    excluded[:2] = True
    p.grad["W1"][0, :2] = 100.0
    check = p.check(excluded=excluded)
    assert check.verdict == "correct"
    p.grad["W1"] *= 2.0
    check = p.check(excluded=excluded)
    assert check.findings[0].text.startswith("dW1 is 2.000 times too large everywhere")
    assert (check.parameters["W1"].checked, check.parameters["W1"].excluded) == (18, 2)


def test_an_array_that_was_not_checked():
    p = Planted()
    checked = np.ones(p.check().theta.size, bool)
    checked[:20] = False
    check = p.check(checked=checked)
    assert check.parameters["W1"].verdict == "not checked"
    assert check.parameters["W1"].worst is None
    assert "not checked" not in str(check)
    assert "51 of 71" in str(check) or "components" in str(check)


def test_verdicts():
    p = Planted()
    p.grad["W1"][0, 0] += 1e-6
    assert p.check().verdict == "suspect"
    p.grad["W1"][0, 0] += 0.1
    assert p.check().verdict == "wrong"
    p.grad["W1"][0, 0] = np.nan
    assert p.check().verdict == "wrong"
    assert "nan" in str(p.check())
    # Each error is within its bound, but 1000 of them together are too large.
    theta = np.zeros(1000)
    options = {
        "epsilon": None,
        "method": "two-sided",
        "dtype": "float32",
        "evaluations": 0,
        "seconds": 0.0,
    }
    block = Layout({"theta": (1000,)}).values()
    within = GradientCheck(theta, theta + 1.0, theta + 1.003, theta + 0.01, block, **options)
    beyond = GradientCheck(theta, theta + 1.0, theta + 1.008, theta + 0.01, block, **options)
    assert within.verdict == "correct"
    assert beyond.verdict == "wrong"
    assert "0.9921 times what it should be" in beyond.findings[0].text


def test_ratio():
    assert ratio(np.zeros(2), np.zeros(2)) == 0.0
    assert ratio(np.ones(2), np.zeros(2)) == 1.0
    assert ratio(np.array([1e300, 1.0]), np.array([1e300, 1.0])) == 0.0
    assert ratio(np.array([1e-300]), np.array([3e-300])) == pytest.approx(0.5)
    assert ratio(np.array([3.0, 4.0]), np.array([0.0, 0.0])) == 1.0

"""Functions and arguments that cannot be checked: the error says what is wrong."""

import subprocess
import sys

import numpy as np
import pytest

from fastnn import gradcheck

X = np.array([1.0, 2.0, 3.0])


def square(x):
    return x @ x


def slope(x):
    return 2 * x


CALLS = {"count": 0}


def drifting(x):
    CALLS["count"] += 1
    return x @ x + 1e-3 * (CALLS["count"] > 40)


def changing(x):
    x[1] += 1.0
    return x @ x


def changing_gradient(x):
    x *= 2
    return x


def random_mask(x):
    return x @ (x * (np.random.default_rng().random(3) < 0.5)) + np.random.default_rng().random()


def accumulating(x, sums=np.zeros(3)):  # noqa: B008
    sums += 2 * x
    return sums


@pytest.mark.parametrize(
    ("fun", "grad", "theta", "options", "error", "message"),
    [
        (3, slope, X, {}, TypeError, "expected fun to be a function of theta, got int"),
        (square, None, X, {}, TypeError, "expected grad to be a function of theta or an array"),
        (square, slope, [], {}, ValueError, "expected at least one parameter in theta"),
        (square, slope, {}, {}, ValueError, "expected at least one parameter in theta"),
        (
            square,
            slope,
            np.array([1, 2]),
            {},
            TypeError,
            r"floating-point numbers, got dtype int64.*astype",
        ),
        (square, slope, {"n": 3}, {}, TypeError, "expected n to be floating-point numbers"),
        (square, slope, X + 1j, {}, TypeError, "expected theta to be real numbers"),
        (square, slope, "abc", {}, TypeError, "expected theta to be real numbers"),
        (
            square,
            slope,
            [1.0, np.nan],
            {},
            ValueError,
            r"theta to be finite, got nan in theta\[1\]",
        ),
        (lambda x: np.nan, slope, X, {}, ValueError, "expected J to be finite at theta, got nan"),
        (lambda x: x, slope, X, {}, ValueError, r"got an array of shape \(3,\); sum or average"),
        (lambda x: None, slope, X, {}, TypeError, "got None; a return is missing"),
        (lambda x: (1.0, x), slope, X, {}, TypeError, r"if it returns \(J, gradient\)"),
        (lambda x: "one", slope, X, {}, TypeError, "expected fun to return a real number J"),
        (lambda x: 1j, slope, X, {}, TypeError, "expected fun to return a real number J"),
        (changing, slope, X, {}, ValueError, r"leave theta as it is.*theta\[1\]"),
        (square, changing_gradient, X, {}, ValueError, "expected grad to leave theta as it is"),
        (random_mask, slope, X, {}, ValueError, "Dropout or a random mini-batch"),
        (drifting, slope, X, {}, ValueError, "expected fun to give the same J"),
        (square, accumulating, X, {}, ValueError, "a sum that is not set to 0"),
        (square, lambda x: x[:2], X, {}, ValueError, r"of shape \(3,\), got shape \(2,\)"),
        (
            square,
            lambda x: [1.0, np.inf, np.nan],
            X,
            {},
            ValueError,
            r"got inf in theta\[1\] and 2",
        ),
        (square, lambda x: None, X, {}, TypeError, "got None"),
        (square, lambda x: (1.0, x), X, {}, TypeError, r"grad=lambda theta: f\(theta\)\[1\]"),
        (square, lambda x: x + 1j, X, {}, TypeError, "real numbers, got dtype complex128"),
        (square, slope, X, {"args": 3}, TypeError, "expected args to be a tuple"),
        (square, slope, X, {"method": "three"}, ValueError, "known: two-sided, one-sided"),
        (square, slope, X, {"epsilon": 0.0}, ValueError, "expected epsilon in"),
        (square, slope, X, {"epsilon": [1e-3]}, ValueError, "one number or 3"),
        (square, slope, X, {"epsilon": [1e-3, 0, 1]}, ValueError, "above 0 and finite"),
        (square, slope, X, {"indices": [3]}, ValueError, "below 3, got 3"),
        (square, slope, X, {"indices": []}, ValueError, "at least one component"),
        (square, slope, X, {"indices": [0.5]}, TypeError, "integers or a mask"),
        (square, slope, X, {"indices": [True]}, ValueError, "a mask of 3"),
        (square, slope, X, {"indices": [0], "sample": 1}, ValueError, "indices or sample"),
        (square, slope, X, {"sample": 0}, ValueError, "expected sample to be at least 1"),
        (square, slope, X, {"threads": 0}, ValueError, "expected threads to be at least 1"),
        (square, slope, X, {"dtype": "int8"}, ValueError, "float32 or float64"),
        (square, slope, X, {"layout": {"W": (2, 2)}}, ValueError, "of size 4, as the layout says"),
        (square, slope, X, {"layout": 3}, TypeError, "expected layout to be"),
        (lambda x: x["a"], slope, {"a": 1.0}, {"layout": {"a": ()}}, TypeError, "one vector"),
        (
            lambda t: t["W"].sum(),
            lambda t: {"W": np.ones((3, 2))},
            {"W": np.ones((2, 3))},
            {},
            ValueError,
            r"the gradient of W of shape \(2, 3\), got shape \(3, 2\)",
        ),
        (
            lambda t: t["W"].sum(),
            lambda t: {"V": t["W"]},
            {"W": X},
            {},
            ValueError,
            "no 'W' and an unknown 'V'",
        ),
        (
            lambda t: t["W"].sum(),
            lambda t: [t["W"]],
            {"W": X},
            {},
            TypeError,
            "as a dict like theta",
        ),
        (
            lambda t: t["W"].sum(),
            lambda t: {"W": None},
            {"W": X},
            {},
            TypeError,
            "does not depend on it",
        ),
        (
            lambda x: abs(x).sum(),
            np.sign,
            X,
            {"method": "complex-step"},
            TypeError,
            "fun drops the imaginary part",
        ),
        (
            lambda x: sum(map(float, x)),
            np.ones(3),
            X,
            {"method": "complex-step"},
            TypeError,
            "does not take complex numbers|drops the imaginary part",
        ),
        (
            lambda x: x @ x + abs(x).sum(),
            lambda x: 2 * x + 1,
            X,
            {"method": "complex-step"},
            ValueError,
            "differ along a random direction",
        ),
    ],
)
def test_what_is_wrong_is_said(fun, grad, theta, options, error, message):
    CALLS["count"] = 0
    with pytest.raises(error, match=f"(?s){message}"):
        gradcheck(fun, grad, theta, **options)


def test_an_error_of_fun_passes_with_a_note():
    def fun(theta):
        if theta["b"][1] != 0.5:
            raise KeyError("mine")
        return theta["b"].sum()

    # An error at theta itself passes through without a note.
    with pytest.raises(KeyError, match="mine"):
        gradcheck(fun, {"b": np.ones(2)}, {"b": np.array([1.0, 1.0])})

    def late(theta):
        if theta["b"][1] < 0.5 and theta["b"][0] == 1.0:
            raise KeyError("mine")
        return theta["b"].sum()

    with pytest.raises(KeyError, match="mine") as raised:
        gradcheck(late, {"b": np.ones(2)}, {"b": np.array([1.0, 0.5])}, epsilon=1e-3)
    assert "had moved theta at b[1] from 0.5 to 0.499" in raised.value.__notes__[0]


def test_the_edge_of_where_it_is_defined():
    x = np.array([1e-5, 1.0])
    check = gradcheck(lambda x: np.log(x).sum(), lambda x: 1 / x, x)
    assert check.verdict == "correct", check
    with pytest.raises(ValueError, match=r"not when theta\[0\] is moved from 0 by"):
        gradcheck(lambda x: np.where(x < 0, np.nan, x).sum(), np.ones(2), np.array([0.0, 1.0]))


def test_theta_stays_and_results_are_copies():
    x = X.copy()
    check = gradcheck(square, slope, x)
    check.theta[0] = 7.0
    assert np.array_equal(x, X)
    # A gradient that is theta itself.
    assert gradcheck(lambda x: 0.5 * (x @ x), lambda x: x, x).verdict == "correct"
    x.flags.writeable = False
    assert gradcheck(square, slope, x).verdict == "correct"
    buffer = np.empty(3)

    def into_buffer(x):
        return np.multiply(x, 2.0, out=buffer)

    assert gradcheck(square, into_buffer, X).verdict == "correct"


@pytest.mark.parametrize(
    "J",
    [
        lambda x: np.array([x @ x]),
        lambda x: np.array(x @ x),
        lambda x: float(x @ x),
        lambda x: np.float64(x @ x),
    ],
)
def test_forms_of_a_number(J):
    assert gradcheck(J, slope, X).verdict == "correct"


@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (1, 1, 4)])
def test_shapes_of_theta(shape):
    rng = np.random.default_rng(0)
    theta = rng.standard_normal(shape)

    def fun(t):
        assert np.shape(t) == shape
        return (t**2).sum()

    assert gradcheck(fun, slope, theta).verdict == "correct"
    assert gradcheck(fun, lambda t: 2 * t.ravel(), theta).verdict == "correct"
    assert gradcheck(fun, 2 * theta, np.array(theta, order="F")).verdict == "correct"


def test_a_constant_and_a_linear_cost():
    assert gradcheck(lambda x: 3.0, lambda x: 0 * x, X).difference == 0.0
    assert gradcheck(lambda x: x.sum(), lambda x: np.ones(3), X).verdict == "correct"
    assert gradcheck(lambda x: 0.0, lambda x: 0 * x, np.zeros(3)).verdict == "correct"
    assert gradcheck(lambda x: 0.0, lambda x: x, X).verdict == "wrong"


def test_the_same_rng_gives_the_same_check():
    first, second = (gradcheck(square, slope, X, sample=2, rng=7) for _ in range(2))
    assert np.array_equal(first.checked, second.checked)
    assert np.array_equal(first.numeric, second.numeric, equal_nan=True)
    assert np.array_equal(first.uncertainty, second.uncertainty)


def test_ctrl_c_is_heard():
    calls = []

    def interrupted(x):
        calls.append(1)
        if len(calls) > 30:
            raise KeyboardInterrupt
        return x @ x

    for threads in (None, 2):
        calls.clear()
        with pytest.raises(KeyboardInterrupt):
            gradcheck(interrupted, lambda x: 2 * x, np.arange(100.0), threads=threads)
        assert len(calls) < 300


def test_numba_stays_out_of_plain_functions():
    code = (
        "import sys, numpy as np, fastnn; "
        "fastnn.gradcheck(lambda x: x @ x, lambda x: 2 * x, np.ones(3)); "
        "sys.exit(any(m in sys.modules for m in ('numba', 'torch', 'jax', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

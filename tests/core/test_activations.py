"""Every activation over the whole range of numbers, in units in the last place.

A network 1-1-1 with weights 1 and an identity output computes g(z) for X = z.
"""

import numpy as np
import pytest
from scipy import special

import fastnn
from fastnn.layers.activations import ACTIVATIONS

# g(z) by SciPy in float64 or better.
EXACT = {
    "identity": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, z * 0.01),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "gelu": lambda z: z * special.ndtr(z),
    "silu": lambda z: z * special.expit(z),
    "tanh": np.tanh,
    "sigmoid": special.expit,
    "softplus": lambda z: np.logaddexp(z, 0),
}
# Largest error in ulp of the result. NumPy's and SciPy's own errors are part of it in float64.
ULP = {"float32": 5, "float64": 8}


def apply(name, z, dtype):
    net = fastnn.Network([1, 1, 1], activation=name, output="identity", init="zeros", dtype=dtype)
    net.params["W1"][...] = net.params["W2"][...] = 1
    return net.forward(np.asarray(z, dtype)[:, np.newaxis])[:, 0]


def everywhere(dtype):
    """Numbers of all magnitudes, and densely those where activations bend."""
    largest = 3e38 if dtype == "float32" else 1e308
    magnitudes = np.geomspace(1e-30, largest, 4_001)
    z = np.concatenate([np.linspace(-40, 40, 20_001), magnitudes, -magnitudes, [0.0]])
    return z.astype(dtype)


def test_the_table_is_complete():
    assert set(EXACT) == set(ACTIVATIONS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EXACT)
def test_value(name, dtype):
    z = everywhere(dtype)
    with np.errstate(all="ignore"):
        exact = EXACT[name](z.astype(np.float64))
        # An activation may flush numbers below this to 0.
        floor = np.finfo(dtype).smallest_normal * 4 * np.maximum(np.abs(z.astype(float)), 1)
        ulp = np.maximum(np.spacing(np.abs(exact).astype(dtype)).astype(float), floor)
    error = np.abs(apply(name, z, dtype) - exact) / ulp
    # Far in its tail SciPy's own ndtr is only good to 1e-13.
    bound = 2_000 if name == "gelu" and dtype == "float64" else ULP[dtype]
    worst = error.argmax()
    assert error[worst] <= bound, f"{error[worst]:.1f} ulp at z = {z[worst]!r}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EXACT)
def test_slope_is_that_of_the_value(name, dtype):
    """dJ/db1 is g'(z) for J = a and a single example; compared with the slope of EXACT."""
    net = fastnn.Network([1, 1, 1], activation=name, output="identity", init="zeros", dtype=dtype)
    net.params["W2"][...] = 1
    for z in (-30.0, -5.0, -1.0, -0.3, -1e-3, 1e-3, 0.3, 1.0, 5.0, 30.0):
        net.params["b1"][...] = z
        a = net.forward([[0.0]])[0, 0]
        _, dtheta = net.value_and_grad([[0.0]], [a - 1.0])  # dJ/da = a - y = 1
        z = float(net.params["b1"][0])
        h = 1e-5 * max(abs(z), 1e-3)
        slope = (EXACT[name](np.array(z + h)) - EXACT[name](np.array(z - h))) / (2 * h)
        tolerance = 1e-4 if dtype == "float32" else 1e-6
        assert dtheta[net.layout["b1"].slice][0] == pytest.approx(slope, rel=tolerance, abs=1e-6), z


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EXACT)
def test_an_overflow_is_not_hidden(name, dtype):
    """NaN parameters give NaN outputs: nothing is silently turned into a number."""
    net = fastnn.Network([1, 1, 1], activation=name, output="identity", dtype=dtype)
    net.params["b1"][...] = np.nan
    assert np.isnan(net.forward([[1.0]])).all()

"""Signals and gradients by layer: named growth factors, agreement with the core, dead layers."""

import re

import matplotlib as mpl
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import ACTIVATIONS as REFERENCE

import fastnn
from fastnn.layers.activations import ACTIVATIONS
from fastnn.layers.formulas import FORMULAS, OUTPUT_FORMULAS
from fastnn.layers.outputs import OUTPUTS

mpl.use("Agg")


def data(m=200, features=16, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((m, features)), rng.integers(0, classes, m)


def scaled_identity(factor, depth=50, width=6, **options):
    net = fastnn.Network([width] * (depth + 1), rng=0, **options)
    for name, value in net.params.items():
        value[...] = factor * np.eye(width) if name[0] == "W" else 0
    return net


@pytest.mark.parametrize("factor", [1.5, 0.5])
@pytest.mark.parametrize("activation", ["identity", "relu"])
@pytest.mark.parametrize("output", ["identity", "softmax"])
def test_fifty_layers_of_scaled_identity(factor, activation, output):
    X = np.random.default_rng(0).uniform(0.5, 1, (40, 6))
    net = scaled_identity(factor, activation=activation, output=output)
    flow = net.signal_flow(X, X if output == "identity" else np.arange(40) % 6)
    assert flow.forward_growth == pytest.approx(factor, rel=1e-9)
    assert flow.backward_growth == pytest.approx(factor, rel=1e-9)
    name = "exploding" if factor > 1 else "vanishing"
    assert flow.verdict.startswith(f"{name}: x{factor} a layer forward and backward; use ")
    if activation == "identity":  # new relu networks so deep and narrow die as well
        assert "; use new weights with init='xavier'" in flow.verdict
    rms = [s.a_rms for s in flow.layers[:-1]]
    np.testing.assert_allclose(np.diff(np.log(rms)), np.log(factor), rtol=1e-6)
    assert flow.layers[-1].z_mean == pytest.approx(X.mean() * factor**50, rel=1e-6)


def test_formulas_are_those_of_the_reference():
    assert FORMULAS.keys() == ACTIVATIONS.keys()
    assert OUTPUT_FORMULAS.keys() == OUTPUTS.keys()
    z = np.array([-800, -30, -3, -1e-3, 0, 1e-3, 0.7, 5, 40, 800.0])
    for name, functions in FORMULAS.items():
        for mine, reference in zip(functions, REFERENCE[name], strict=True):
            np.testing.assert_allclose(mine(z), reference(z), rtol=1e-12, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_figures_are_those_of_the_core(activation, output):
    X, labels = data()
    y = labels if output == "softmax" else np.random.default_rng(1).random((200, 4))
    net = fastnn.Network(
        [16, 9, 7, 4], activation=activation, output=output, dtype="float64", rng=0
    )
    flow = net.signal_flow(X, y)
    A = net.forward(X)
    last = flow.layers[-1]
    assert (last.a_mean, last.a_std) == pytest.approx((A.mean(), A.std()), rel=1e-10)
    _, dtheta = net.value_and_grad(X, y)
    for s, name in zip(flow.layers, ("W1", "W2", "W3"), strict=True):
        dW = net.layout.views(dtheta)[name]
        assert s.dW_rms == pytest.approx(np.sqrt((dW**2).mean()), rel=1e-9)


@pytest.mark.slow
def test_initialization_keeps_signals_level():
    X, y = data(200)
    sizes = [16, *[64] * 12, 4]
    growth = {}
    for activation in ("relu", "tanh", "gelu", "sigmoid"):
        flows = [
            fastnn.Network(sizes, activation=activation, rng=seed).signal_flow(X, y)
            for seed in range(3)
        ]
        growth[activation] = np.mean([flow.backward_growth for flow in flows])
        healthy = activation != "sigmoid"
        assert all(
            flow.verdict.startswith("healthy" if healthy else "vanishing") for flow in flows
        ), activation
    assert growth["relu"] == pytest.approx(1, abs=0.1)
    assert growth["sigmoid"] == pytest.approx(0.25, abs=0.05)  # the slope of sigmoid at 0


@pytest.mark.parametrize(
    ("options", "verdict"),
    [
        ({"init": "normal"}, "exploding: x.* use init='he' \\(now 'normal'\\)"),
        ({"init_gain": 0.3}, "vanishing: x.* use init_gain=1 \\(now 0.3\\)"),
        ({"init_gain": 3.0}, "exploding: x.* use init_gain=1 \\(now 3\\)"),
        (
            {"init": "zeros"},
            "dead: the signal is 0 from layer 1 on; use init='he' \\(now 'zeros'\\)",
        ),
        (
            {"activation": "sigmoid"},
            "vanishing: x.* backward; use activation='relu' with init='he'",
        ),
    ],
)
def test_verdicts_name_the_remedy(options, verdict):
    X, y = data()
    net = fastnn.Network([16, *[32] * 10, 4], **{"activation": "relu", "rng": 0, **options})
    flow = net.signal_flow(X, y)
    assert re.match(verdict, flow.verdict), flow.verdict
    assert flow.verdict in str(flow)


def test_weights_gone_astray_are_not_laid_to_the_settings():
    X, y = data()
    sizes = [16, *[64] * 15, 4]
    net = fastnn.Network(sizes, rng=0)
    for name, value in net.params.items():
        if name[0] == "W":
            value *= 0.5
    verdict = net.signal_flow(X, y).verdict
    assert verdict.startswith("vanishing")
    assert verdict.endswith("use new weights with init='he'")
    assert fastnn.Network(sizes, rng=1).signal_flow(X, y).verdict.startswith("healthy")


def advised(verdict):
    """The settings that a verdict advises, as arguments of Network."""
    found = dict(re.findall(r"(activation|init_gain|init)='?([\w.]+)'?", verdict))
    if "init_gain" in found:
        found["init_gain"] = float(found["init_gain"])
    elif "activation" in found:
        found["init_gain"] = 1.0
    return found


@pytest.mark.slow
@pytest.mark.parametrize("start", [{}, {"init": "normal"}, {"init_gain": 0.3}], ids=str)
@pytest.mark.parametrize(
    ("activation", "depth"),
    [("gelu", 10), ("silu", 10), ("silu", 20), ("sigmoid", 10), ("tanh", 10), ("elu", 10)],
)
def test_the_advice_mends_it(activation, depth, start):
    """A network with the advised settings and other weights gets no second advice."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X, y = X[:500] / 16, y[:500]
    sizes = [64, *[32] * depth, 10]
    options = {"activation": activation, **start}
    verdict = fastnn.Network(sizes, **options, rng=0).signal_flow(X, y).verdict
    if not start and activation in ("tanh", "elu"):
        assert verdict.startswith("healthy")
        return
    assert not verdict.startswith("healthy")
    changes = advised(verdict)
    assert changes
    for seed in (0, 7, 8):
        mended = fastnn.Network(sizes, **{**options, **changes}, rng=seed)
        assert mended.signal_flow(X, y).verdict.startswith("healthy"), (verdict, seed)
    if activation == "sigmoid":
        assert "activation='relu'" in verdict


def test_chance_in_narrow_layers_is_no_finding():
    X = np.random.default_rng(0).standard_normal((100, 8))
    options = {"activation": "identity", "output": "identity"}
    for seed in range(6):
        net = fastnn.Network([8] * 51, **options, rng=seed)
        assert net.signal_flow(X, X).verdict.startswith("healthy")
    wide = fastnn.Network([8, *[100] * 49, 8], **options, init_gain=0.9, rng=0)
    assert wide.signal_flow(X, X).verdict.startswith("vanishing: x0.89")


def test_where_nothing_helps_that_is_said():
    X, y = data(50, 3, 2)
    net = fastnn.Network([3, *[1] * 60, 2], rng=0)
    verdict = net.signal_flow(X, y).verdict
    assert verdict.startswith("dead")
    assert "fewer layers, or wider ones" in verdict


def make_equal(network, l):
    """Give all units of hidden layer l the weights of its first unit, in and out."""
    params = network.params
    params[f"W{l}"][...] = params[f"W{l}"][:, :1]
    params[f"b{l}"][...] = params[f"b{l}"][:1]
    params[f"W{l + 1}"][...] = params[f"W{l + 1}"][:1]


@pytest.mark.parametrize("epochs", [0, 50])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", sorted(OUTPUTS))
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_equal_units_are_named(activation, output, dtype, epochs):
    X, y = data(classes=2)
    sizes, common = [16, 6, 5, 2 if output == "softmax" else 1], {"output": output, "rng": 0}
    net = fastnn.Network(sizes, activation=activation, dtype=dtype, **common)
    assert "symmetric" not in str(net.signal_flow(X, y))
    make_equal(net, 1)
    if epochs:
        net.fit(X, y, epochs=epochs)
    assert np.linalg.matrix_rank(net.params["W1"], tol=1e-4) == 1
    assert np.linalg.matrix_rank(net.params["W2"], tol=1e-4) == 1  # its rows are equal
    verdict = net.signal_flow(X, y).verdict
    assert verdict.startswith("symmetric: all 6 units of layer 1 are equal")
    assert "use new weights with init=" in verdict
    assert "'zeros'" not in verdict


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("settings", [{"init": "zeros"}, {"init_gain": 0.0}], ids=str)
def test_weights_of_zero_are_symmetric_and_never_advised(activation, settings):
    X, y = data(classes=2)
    for sizes in ([16, 6, 1], [16, 6, 6, 1]):
        net = fastnn.Network(sizes, activation=activation, **settings, rng=0)
        for epochs in (0, 20):
            if epochs:
                net.fit(X, y, epochs=epochs)
            text = str(net.signal_flow(X, y))
            assert "symmetric: all 6 units of layer 1 are equal" in text
            assert "init='zeros'" not in text
            assert "init_gain=0 " not in text


def test_units_that_training_tells_apart_are_not_named():
    X, y = data(classes=2)
    only_in = fastnn.Network([16, 6, 1], activation="tanh", rng=0)
    only_in.params["W1"][...] = 0.1
    dropped = fastnn.Network([16, 6, 1], activation="tanh", keep_prob=0.5, rng=0)
    make_equal(dropped, 1)
    single = fastnn.Network([16, 1, 1], activation="tanh", rng=0)
    for net in (only_in, dropped, single):
        assert "symmetric" not in str(net.signal_flow(X, y))
        net.fit(X, y, epochs=20)
        assert np.linalg.matrix_rank(net.params["W1"], tol=1e-3) >= min(net.layer_sizes[1], 2)


def test_dead_and_saturated_layers_are_named():
    X, y = data()
    net = fastnn.Network([16, 20, 20, 4], activation=["relu", "tanh"], rng=0)
    net.params["b1"][:8] = -1e3
    net.params["W2"][...] *= 50
    flow = net.signal_flow(X, y)
    assert flow.layers[0].dead == pytest.approx(0.4)
    assert flow.layers[1].flat > 0.7
    assert "layer 1 (relu): 40% of the units are dead" in str(flow)
    assert "layer 2 (tanh): saturated at" in str(flow)
    net.params["W1"][...] = np.eye(16, 20)
    net.params["b1"][...] = -1.7
    flow = net.signal_flow(X, y)
    assert flow.layers[0].flat > 0.9
    assert "layer 1 (relu): flat at" in str(flow)
    net.params["b1"][...] = -1e3
    assert net.signal_flow(X, y).verdict.startswith("dead: the signal is 0 from layer 1 on")


def test_a_gradient_that_stops():
    X, y = data()
    net = fastnn.Network([16, 8, 8, 4], rng=0)
    net.params["W3"][...] = 0
    assert net.signal_flow(X, y).verdict.startswith("dead: the gradient is 0 from layer 2 down")


def test_overflow_is_a_finding():
    X, y = data(20, 6, 6)
    net = scaled_identity(1e8, activation="identity", output="identity", dtype="float64")
    flow = net.signal_flow(X, X)
    assert flow.verdict.startswith("exploding: the signal overflows in layer")
    assert flow.forward_growth is None
    zeros = fastnn.Network([6, 5, 6], rng=0).signal_flow(0 * X, y)
    assert zeros.verdict.startswith("dead: X is 0")


@settings(max_examples=25, deadline=None)
@given(st.floats(0.4, 2.5), st.integers(3, 20), st.integers(1, 5))
def test_growth_follows_the_scale_of_the_weights(scale, depth, width):
    """In a positively homogeneous network the growth is proportional to the scale, exactly."""
    X, _ = data(30, width, 2)
    net = fastnn.Network([width, *[8] * depth, 2], output="identity", dtype="float64", rng=1)
    y = np.ones((30, 2))
    before = net.signal_flow(X, y)
    for name, value in net.params.items():
        if name[0] == "W":
            value *= scale
    after = net.signal_flow(X, y)
    if before.forward_growth is not None:
        assert after.forward_growth == pytest.approx(scale * before.forward_growth, rel=1e-9)


def test_many_rows_are_sampled_and_said():
    X, y = data(10_000)
    net = fastnn.Network([16, 8, 4], rng=0)
    flow, again = net.signal_flow(X, y), net.signal_flow(X, y)
    assert (flow.rows, flow.of_rows) == (1000, 10_000)
    assert "1,000 of 10,000 rows" in str(flow)
    assert str(flow) == str(again)
    whole = net.signal_flow(X, y, max_rows=10_000)
    assert whole.forward_growth == pytest.approx(flow.forward_growth, rel=0.05)


def test_sparse_and_lists():
    X, y = data()
    net = fastnn.Network([16, 8, 4], rng=0)
    assert str(net.signal_flow(sp.csr_matrix(X), y)) == str(net.signal_flow(X, y))
    assert str(net.signal_flow(X.tolist(), y.tolist())) == str(net.signal_flow(X, y))


def test_one_layer_and_one_row():
    X, y = data(1, 3, 2)
    flow = fastnn.Network([3, 2], rng=0).signal_flow(X, y)
    assert flow.forward_growth is flow.backward_growth is None
    assert flow.verdict == "healthy"
    flow = fastnn.Network([3, 1], rng=0).signal_flow(X, y)
    assert len(flow.layers) == 1


def test_nothing_is_changed_and_bad_input_refused():
    X, y = data()
    net = fastnn.Network([16, 8, 4], rng=0)
    theta = net.theta.copy()
    net.signal_flow(X, y)
    assert (net.theta == theta).all()
    with pytest.raises(ValueError, match=r"expected X to have shape \(m, 16\)"):
        net.signal_flow(X[:, :3], y)
    with pytest.raises(ValueError, match="max_rows to be at least 1"):
        net.signal_flow(X, y, max_rows=0)
    net.theta[0] = np.nan
    with pytest.raises(ValueError, match="theta to be finite"):
        net.signal_flow(X, y)


def test_pictures():
    from matplotlib import pyplot

    X, y = data()
    net = fastnn.Network([16, 8, 8, 4], rng=0)
    flow = net.signal_flow(X, y)
    display = flow.plot()
    sizes = {line.get_label(): line.get_ydata() for line in display.ax_[0].lines}
    assert sizes.keys() == {"A", "dJ/dA", "dJ/dW"}
    np.testing.assert_allclose(sizes["A"], [s.a_rms for s in flow.layers])
    _, axes = pyplot.subplots(1, 2)
    assert flow.plot(axes).figure_ is axes[0].figure
    with pytest.raises(TypeError, match="pair of axes"):
        flow.plot(axes[0])
    weights = net.plot_weights()
    assert [text.get_text() for text in weights.ax_.get_legend().texts] == ["W1", "W2", "W3"]
    deep = fastnn.Network([4] * 51, rng=0).plot_weights()
    named = [text.get_text() for text in deep.ax_.get_legend().texts]
    assert len(named) == 10
    assert (named[0], named[-1]) == ("W1", "W50")
    dead = fastnn.Network([16, 8, 4], init="zeros", rng=0)
    dead.signal_flow(X, y).plot().figure_.canvas.draw()
    dead.plot_weights().figure_.canvas.draw()
    pyplot.close("all")

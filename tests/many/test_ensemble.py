"""`Ensemble`: the mean of networks, its results, its choice, and its files."""

import copy
import json
import pickle

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors.numpy
from damaged import assert_refused, sealed
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.datasets import load_diabetes, load_iris
from sklearn.metrics import log_loss

import fastnn

X, LABELS = load_iris(return_X_y=True)
X_NUMBERS, NUMBERS = load_diabetes(return_X_y=True)


def networks(count=3, output="softmax", units=3, dtype="float64", **options):
    """Networks of different layers, seeds and activations."""
    return [
        fastnn.Network([4, *[5 + k] * (k % 3), units], output=output, dtype=dtype, rng=k, **options)
        for k in range(count)
    ]


@settings(max_examples=25, deadline=None)
@given(
    weights=st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=3),
    output=st.sampled_from(["softmax", "sigmoid", "identity", "exp"]),
    dtype=st.sampled_from(["float32", "float64"]),
    rows=st.sampled_from([0, 1, 33]),
    sparse=st.booleans(),
)
def test_mean_and_spread_are_those_of_the_outputs(weights, output, dtype, rows, sparse):
    nets = networks(output=output, dtype=dtype)
    ensemble = fastnn.Ensemble(nets, weights)
    rows = X[:rows]
    outputs = np.stack([net.forward(rows) for net in nets]).astype(np.float64)
    mean = np.average(outputs, axis=0, weights=weights)
    variance = np.average((outputs - mean) ** 2, axis=0, weights=weights)
    given_X = csr_array(rows) if sparse else rows
    tolerance = (
        {"rtol": 1e-6, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-12, "atol": 1e-15}
    )
    A, spread = ensemble.forward(given_X), ensemble.spread(given_X)
    assert A.dtype == spread.dtype == dtype
    np.testing.assert_allclose(A, mean, **tolerance)
    np.testing.assert_allclose(spread, np.sqrt(variance), atol=1e-6)
    assert ensemble.weights.sum() == pytest.approx(1, abs=1e-12)


def test_one_network_and_equal_ones_are_their_own_mean():
    net = networks(1)[0].like(rng=3)
    for ensemble in (fastnn.Ensemble([net]), fastnn.Ensemble([net] * 4, [1, 2, 3, 4])):
        np.testing.assert_allclose(ensemble.forward(X), net.forward(X), rtol=1e-14)
        assert ensemble.spread(X).max() < 1e-8
        assert ensemble.error(X, LABELS) == net.error(X, LABELS)
        assert ensemble.cost(X, LABELS) == pytest.approx(net.cost(X, LABELS), rel=1e-12)
        np.testing.assert_array_equal(ensemble.predict(X), net.predict(X))


def test_cost_and_error_are_those_of_the_mean():
    ensemble = fastnn.Ensemble(networks(l2=10.0))
    A, weight = ensemble.forward(X), np.arange(150.0)
    assert ensemble.cost(X, LABELS) == pytest.approx(log_loss(LABELS, A), rel=1e-12)
    assert ensemble.cost(X, LABELS, weight) == pytest.approx(
        log_loss(LABELS, A, sample_weight=weight), rel=1e-12
    )
    assert ensemble.error(X, LABELS) == np.mean(A.argmax(axis=1) != LABELS)
    np.testing.assert_array_equal(ensemble.predict(X), A.argmax(axis=1))
    train, _, _ = fastnn.split(X, LABELS, rng=0)
    assert ensemble.error(train) == ensemble.error(train.X, train.y)


@pytest.mark.parametrize("output", ["sigmoid", "exp", "identity", "identity_absolute"])
def test_losses_of_every_output(output):
    net = fastnn.Network([4, 6, 2], output=output, dtype="float64", rng=0)
    y = (X[:, :2] > 3).astype(float)
    ensemble = fastnn.Ensemble([net, net])
    assert ensemble.cost(X, y) == pytest.approx(net.cost(X, y), rel=1e-12)
    assert ensemble.error(X, y) == pytest.approx(net.error(X, y), rel=1e-12)
    assert ensemble.regression == net.regression


def test_a_probability_of_0_or_1_has_a_finite_cost():
    for units, output in ((3, "softmax"), (1, "sigmoid")):
        net = fastnn.Network([4, units], output=output, rng=0)
        net.theta = 1e6 * net.theta
        ensemble = fastnn.Ensemble([net])
        A = ensemble.forward(X - X.mean(axis=0))
        assert {0.0, 1.0} <= set(A.ravel().tolist())
        assert np.isfinite(ensemble.cost(X - X.mean(axis=0), np.minimum(LABELS, max(units - 1, 1))))


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (([],), ValueError, "at least one network"),
        (([3],), TypeError, r"networks\[0\] to be a fastnn.Network"),
        ((networks()[0],), TypeError, "a sequence of networks, got Network"),
        ((networks() + networks(1, dtype="float32"),), ValueError, r"networks\[3\] .*float32"),
        ((networks() + networks(1, output="sigmoid"),), ValueError, "sigmoid"),
        ((networks() + networks(1, units=2),), ValueError, "2 outputs"),
        ((networks(), [1, 2]), ValueError, r"3 weights.*\(2,\)"),
        ((networks(), [1, 2, 0]), ValueError, "positive and finite"),
        ((networks(), [1, 2, np.nan]), ValueError, "positive and finite"),
        ((networks(), ["a"] * 3), TypeError, "weights to hold real numbers"),
    ],
)
def test_networks_that_do_not_go_together_are_refused(arguments, kind, message):
    with pytest.raises(kind, match=message):
        fastnn.Ensemble(*arguments)


def test_diagnosis_of_labels_and_of_numbers():
    train, dev, test = fastnn.split(X, LABELS, rng=0)
    nets = [fastnn.Network([4, 16, 3], normalize=True, rng=k) for k in range(3)]
    fastnn.fit_many(nets, train, epochs=100, learning_rate=0.01)
    ensemble = fastnn.Ensemble(nets)
    found = ensemble.diagnose(train, dev, test=test)
    expected = fastnn.diagnose(
        ensemble.error(train), ensemble.error(dev), test_error=ensemble.error(test),
        n_train=len(train), n_dev=len(dev), n_test=len(test),
    )  # fmt: skip
    assert str(found) == str(expected)
    train, dev, _ = fastnn.split(X_NUMBERS, NUMBERS, rng=0)
    net = fastnn.Network([10, 1], output="identity", rng=0)
    net.fit(train, optimizer="lbfgs")
    ensemble = fastnn.Ensemble([net])
    share = ensemble.error(train) ** 2 / np.var(train.y)
    assert f"{100 * share:.0f}" in str(ensemble.diagnose(train, dev, tolerance=0.05))
    with pytest.raises(ValueError, match="targets that vary"):
        ensemble.diagnose((train.X, np.ones(len(train))), dev)


# --- The choice ---


def test_the_choice_is_the_greedy_one():
    """Against the definition, written out: of all networks the one that helps the mean most."""
    train, dev, _ = fastnn.split(X[:, :2], LABELS, rng=0)
    nets = [
        fastnn.Network([2, 3, 3], l2=l2, dtype="float64", rng=k)
        for k, l2 in enumerate([0, 0.1, 1, 3, 10, 0])
    ]
    fastnn.fit_many(nets, train, epochs=15, learning_rate=0.02)
    chosen = []
    for _ in range(7):
        means = [np.mean([net.forward(dev.X) for net in [*chosen, each]], axis=0) for each in nets]
        keys = [(np.mean(A.argmax(1) != dev.y), log_loss(dev.y, A)) for A in means]
        chosen.append(nets[keys.index(min(keys))])
    ensemble = fastnn.Ensemble.of(nets, 7, dev)
    counts = {id(net): chosen.count(net) for net in chosen}
    assert {id(net) for net in ensemble.networks} == counts.keys()
    assert len(counts) > 1
    np.testing.assert_allclose(
        ensemble.weights, [counts[id(net)] / 7 for net in ensemble.networks], rtol=1e-12
    )
    assert ensemble.error(dev) <= min(net.error(dev) for net in nets)


def test_a_sweep_that_kept_its_networks(tmp_path):
    train, dev, _ = fastnn.split(X, LABELS, rng=0)
    options = {"seeds": 2, "epochs": 4, "rng": 1}
    space = {"learning_rate": [1e-3, 1e-2, 1e30]}
    result = fastnn.sweep([4, 6, 3], train, dev, space, keep=True, optimizer="gd", **options)
    assert len(result.networks) == 3
    for trial, nets in zip(result.trials, result.networks, strict=True):
        for run, net in zip(trial.runs, nets, strict=True):
            if trial.failure:
                assert net is None
            else:
                assert net.error(dev) == run.dev_error
    assert result.best_network in result.networks[0]
    ensemble = fastnn.Ensemble.of(result, 5)
    assert set(ensemble.networks) <= {net for nets in result.networks for net in nets}
    assert ensemble.error(dev) <= result.best_network.error(dev)
    without = fastnn.sweep([4, 6, 3], train, dev, {"l2": [0, 1]}, epochs=1)
    assert without.networks is without.dev is None
    with pytest.raises(ValueError, match="keep=True"):
        fastnn.Ensemble.of(without, 2)
    with pytest.raises(ValueError, match="dev set to choose by"):
        fastnn.Ensemble.of(list(result.networks[0]), 2)


@pytest.mark.parametrize("halving", [None, 2])
def test_a_sweep_that_is_resumed_keeps_the_same_networks(tmp_path, halving):
    train, dev, _ = fastnn.split(X, LABELS, rng=0)
    call = {"space": {"l2": [0, 0.1, 1, 10]}, "epochs": 4, "seeds": 2, "halving": halving}
    once = fastnn.sweep([4, 6, 3], train, dev, keep=True, **call)
    fastnn.sweep([4, 6, 3], train, dev, checkpoint=tmp_path / "sweep", **call)
    again = fastnn.sweep(
        [4, 6, 3], train, dev, checkpoint=tmp_path / "sweep", resume=True, keep=True, **call
    )
    for nets, others in zip(once.networks, again.networks, strict=True):
        for net, other in zip(nets, others, strict=True):
            np.testing.assert_array_equal(net.theta, other.theta)


# --- Files ---


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_file_gives_the_same_ensemble(path, dtype):
    nets = networks(dtype=dtype, normalize=True, keep_prob=0.9)
    fastnn.fit_many(nets, (X, LABELS), epochs=2)
    ensemble = fastnn.Ensemble(nets, [3, 1, 5])
    ensemble.save(path)
    again = fastnn.load(path)
    assert type(again) is fastnn.Ensemble
    assert again.weights.tolist() == ensemble.weights.tolist()
    assert [net.spec for net in again.networks] == [net.spec for net in nets]
    for net, other in zip(nets, again.networks, strict=True):
        np.testing.assert_array_equal(net.theta, other.theta)
    np.testing.assert_array_equal(again.forward(X), ensemble.forward(X))
    again.save(path.with_suffix(".again"))
    assert path.read_bytes() == path.with_suffix(".again").read_bytes()


def content():
    ensemble = fastnn.Ensemble(networks(), [1, 2, 3])
    return {
        "format": 1,
        "kind": "ensemble",
        "library_version": "0",
        "spec": copy.deepcopy(ensemble.spec),
        "model": None,
    }, ensemble.theta


def test_a_sealed_file_loads(path):
    path.write_bytes(sealed(*content()))
    assert len(fastnn.load(path)) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda spec: spec.update(members=[]),
        lambda spec: spec.update(members=7),
        lambda spec: spec.update(members=spec["members"][:2]),
        lambda spec: spec.update(members=[*spec["members"], 7]),
        lambda spec: spec["members"][1].pop("layer_sizes"),
        lambda spec: spec["members"][1].update(layer_sizes=[4, 10**9, 10**9, 3]),
        lambda spec: spec["members"][1].update(layer_sizes=[4, -5, 3]),
        lambda spec: spec["members"][1].update(dtype="float32"),
        lambda spec: spec["members"][1].update(output="sigmoid"),
        lambda spec: spec["members"][1].update(activation=["rel"]),
        lambda spec: spec["members"][1].update(extra=1),
        lambda spec: spec.update(weights=[1, 2]),
        lambda spec: spec.update(weights=[1, 2, -3]),
        lambda spec: spec.update(weights=["a", "b", "c"]),
        lambda spec: spec.update(weights=[[1], [2], [3]]),
        lambda spec: spec.update(weights=[1, 2, None]),
        lambda spec: spec.update(weights={"a": 1}),
        lambda spec: spec.pop("weights"),
        lambda spec: spec.update(extra=1),
    ],
)
def test_a_damaged_spec_is_refused(path, damage):
    spoilt, theta = content()
    damage(spoilt["spec"])
    assert_refused(path, sealed(spoilt, theta))


def test_a_changed_or_cut_file_is_refused(path):
    whole = sealed(*content())
    for at in range(0, len(whole), max(1, len(whole) // 40)):
        assert_refused(path, whole[:at])
        changed = bytearray(whole)
        changed[at] ^= 1
        assert_refused(path, bytes(changed))
    spoilt, theta = content()
    assert_refused(path, sealed({**spoilt, "model": {}}, theta))
    assert_refused(path, sealed({**spoilt, "kind": "network"}, theta))
    assert_refused(path, sealed(spoilt, np.where(np.arange(theta.size) == 3, np.nan, theta)))
    data = safetensors.numpy.save({"theta": theta}, metadata={"fastnn": json.dumps(spoilt)})
    assert_refused(path, data)


def test_a_network_that_diverged_is_not_saved(path):
    nets = networks()
    nets[1].theta[0] = np.nan
    with pytest.raises(ValueError, match="1 NaN or infinite"):
        fastnn.Ensemble(nets).save(path)
    assert not path.exists()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("output", "name"), [("softmax", "probabilities"), ("exp", "values")])
def test_onnxruntime_computes_the_same_mean(tmp_path, dtype, output, name):
    nets = networks(4, output=output, dtype=dtype, activation="gelu", normalize=True)
    fastnn.fit_many(nets, (X, LABELS if output == "softmax" else X[:, :3]), epochs=3)
    ensemble = fastnn.Ensemble(nets, [1, 2, 3, 4])
    path = tmp_path / "model.onnx"
    ensemble.to_onnx(path)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [out.name for out in session.get_outputs()] == [name]
    (A,) = session.run(None, {"X": X.astype(dtype)})
    assert A.dtype == dtype
    np.testing.assert_allclose(A, ensemble.forward(X.astype(dtype)), rtol=2e-5, atol=1e-6)


@pytest.mark.slow
def test_a_loss_of_ones_own_goes_with_the_networks(path):
    nets = networks(output=fastnn.losses.quantile(0.3), units=1)
    ensemble = fastnn.Ensemble(nets)
    y = X[:, 0]
    assert fastnn.Ensemble(nets[:1]).cost(X, y) == pytest.approx(nets[0].cost(X, y), rel=1e-12)
    residual = y - ensemble.forward(X)[:, 0]
    expected = np.maximum(0.3 * residual, -0.7 * residual).mean()
    assert ensemble.cost(X, y) == pytest.approx(expected, rel=1e-12)
    ensemble.save(path)
    assert fastnn.load(path).cost(X, y) == ensemble.cost(X, y)
    with pytest.raises(ValueError, match=r"the same features, outputs, loss.*quantile"):
        fastnn.Ensemble([*nets, *networks(1, output="identity", units=1)])


def test_probabilities_and_score_are_those_of_the_mean():
    rng = np.random.default_rng(0)
    X, labels = rng.standard_normal((40, 3)), rng.integers(0, 2, 40)
    one = fastnn.Ensemble([fastnn.Network([3, 4, 1], rng=k) for k in range(3)])
    p = one.forward(X)
    np.testing.assert_array_equal(one.predict_proba(X), np.hstack([1 - p, p]))
    assert one.score(X, labels) == pytest.approx((one.predict(X) == labels).mean())
    two = fastnn.Ensemble([fastnn.Network([3, 4, 2], rng=k) for k in range(3)])
    np.testing.assert_array_equal(two.predict_proba(X), two.forward(X))
    real = fastnn.Ensemble([fastnn.Network([3, 2], output="identity", rng=k) for k in range(3)])
    Y = rng.standard_normal((40, 2))
    residual = np.square(Y - real.forward(X)).sum(axis=0)
    r2 = 1 - residual / np.square(Y - Y.mean(axis=0)).sum(axis=0)
    assert real.score(X, Y) == pytest.approx(r2.mean(), rel=1e-6)
    with pytest.raises(ValueError, match="no probabilities; use predict"):
        real.predict_proba(X)


def test_its_members_cannot_be_exchanged_by_mistake():
    ensemble = fastnn.Ensemble(networks())
    with pytest.raises(AttributeError):
        ensemble.weight = [1, 0, 0]
    with pytest.raises(AttributeError):
        ensemble.networks.append(networks()[0])
    with pytest.raises(ValueError, match="read-only"):
        ensemble.weights[0] = 2.0
    for again in (copy.deepcopy(ensemble), pickle.loads(pickle.dumps(ensemble))):
        np.testing.assert_array_equal(again.forward(X), ensemble.forward(X))

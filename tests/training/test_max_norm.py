"""max_norm: after each update no column of W is longer than it, in every way to train."""

import copy
import math
import pickle

import numpy as np
import pytest
from problems import TOLERANCE, draw_problem
from reference import relative_difference
from reference_training import UPDATES

import fastnn

SIZES = [5, 70, 3]  # panels of columns that are whole, and parts of one


def limited(net, theta, limits):
    """theta with the columns of each W scaled down to its limit, by the formula."""
    theta = theta.astype(np.float64)
    for l, limit in enumerate(limits, start=1):
        W = net.layout.views(theta)[f"W{l}"]
        norms = np.sqrt(np.square(W).sum(axis=0))
        W *= np.where(norms > limit, limit / norms, 1)
    return theta


def norms(net, l):
    return np.sqrt(np.square(net.params[f"W{l}"].astype(np.float64)).sum(axis=0))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("options", [{}, {"clip_norm": 10.0}])
def test_columns_are_scaled_after_each_update(options, dtype):
    problem = draw_problem(1, SIZES, 40, l2=0.1)
    limits = (0.8, math.inf)
    net = problem.network(dtype)
    net.max_norm = limits
    expected, shortened = problem.theta.astype(np.float64), 0
    for _ in range(4):
        reference = problem.network("float64")
        reference.theta = expected
        reference.fit(
            problem.X, problem.y, epochs=1, batch_size=None, optimizer="gd", learning_rate=3.0,
            **options,
        )  # fmt: skip
        scaled = limited(reference, reference.theta, limits)
        shortened += (scaled != reference.theta).any()
        expected = scaled
    assert shortened >= 2
    net.fit(
        problem.X, problem.y, epochs=4, batch_size=None, optimizer="gd", learning_rate=3.0,
        **options,
    )  # fmt: skip
    assert relative_difference(net.theta, expected) < (1e-12 if dtype == "float64" else 1e-5)
    assert norms(net, 1).max() == pytest.approx(0.8, rel=1e-6)
    assert norms(net, 2).max() > 0.8


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("optimizer", UPDATES)
def test_one_result_of_fit_and_trainer_at_any_threads(optimizer, dtype):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((90, 5)).astype(dtype), rng.integers(0, 3, 90)

    def make():
        return fastnn.Network(SIZES, max_norm=0.9, keep_prob=0.8, l1=0.01, dtype=dtype, rng=0)

    found = []
    for threads in (1, 2, 3):
        net = make()
        net.fit(
            X, y, epochs=3, batch_size=30, optimizer=optimizer, learning_rate=0.1, shuffle=False,
            threads=threads,
        )  # fmt: skip
        found.append(net.theta)
        stepped, taken = make(), make()
        steps = {"optimizer": optimizer, "learning_rate": 0.1, "examples": 90, "threads": threads}
        trainer, other = stepped.trainer(**steps), taken.trainer(**steps)
        for at in (0, 30, 60) * 3:
            trainer.step(X[at : at + 30], y[at : at + 30])
            A = other.forward(X[at : at + 30])
            Y = np.eye(3)[y[at : at + 30]]
            other.backward(-Y / A / 30)
            other.update()
        found.append(stepped.theta)
        assert relative_difference(taken.theta, stepped.theta) < 50 * TOLERANCE[dtype]
        for each in (net, stepped, taken):
            for l in (1, 2):
                assert norms(each, l).max() < 0.9 * (1 + 4 * np.finfo(dtype).eps)
    for theta in found[1:]:
        assert np.array_equal(theta, found[0])


def test_a_gradient_in_chunks_and_tiles_of_every_size():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((9000, 3)), rng.integers(0, 2, 9000)
    for width in (1, 2, 8, 15, 16, 17, 33, 64):
        for dtype in TOLERANCE:
            net = fastnn.Network([3, width, 2], max_norm=0.3, dtype=dtype, rng=0)
            net.fit(X, y, epochs=1, batch_size=None, optimizer="gd", learning_rate=1e-30)
            before = fastnn.Network([3, width, 2], dtype=dtype, rng=0)
            expected = limited(net, before.theta, (0.3, 0.3))
            assert relative_difference(net.theta, expected) < (
                1e-14 if dtype == "float64" else 1e-6
            )


def test_norms_whose_squares_overflow():
    net = fastnn.Network([2, 3], output="identity", dtype="float64", max_norm=2.0, rng=0)
    W = np.array([[3e200, 1.0, 1e-200], [4e200, 1.0, 0.0]])
    net.params["W1"][...] = W
    trainer = net.trainer(optimizer="gd", learning_rate=0.0)
    trainer.step([[0.0, 0.0]], [[0.0, 0.0, 0.0]])
    expected = [[1.2, 1.0, 1e-200], [1.6, 1.0, 0.0]]
    np.testing.assert_allclose(net.params["W1"], expected, rtol=1e-14)


def test_a_frozen_layer_is_left_as_it_is():
    net = fastnn.Network([2, 30, 2], max_norm=0.1, rng=0)
    before = net.params["W1"].copy()
    net.fit([[0, 1], [1, 0]], [0, 1], optimizer=fastnn.Adam(layer_rates=[0, 1]), epochs=1)
    assert np.array_equal(net.params["W1"], before)
    assert norms(net, 2).max() <= 0.1 * (1 + 1e-6)


def test_a_change_takes_effect_at_the_next_step():
    net = fastnn.Network([2, 4, 2], rng=0)
    trainer = net.trainer()
    trainer.step([[1.0, 2.0]], [1])
    assert norms(net, 1).max() > 0.1
    net.max_norm = 0.1
    trainer.step([[1.0, 2.0]], [1])
    assert norms(net, 1).max() <= 0.1 * (1 + 1e-6)


def test_it_is_a_setting_as_the_others_are(tmp_path):
    net = fastnn.Network([2, 4, 2], max_norm=[3, None], rng=0)
    assert net.max_norm == (3.0, math.inf)
    assert net.spec["max_norm"] == [3.0, None]
    assert "max_norm=[3.0, None]" in repr(net)
    net.save(tmp_path / "net.safetensors")
    for other in (
        fastnn.load(tmp_path / "net.safetensors"),
        pickle.loads(pickle.dumps(net)),
        copy.deepcopy(net),
        net.like(rng=1),
    ):
        assert other.max_norm == net.max_norm
    assert fastnn.Network([2, 4, 2], max_norm=3, rng=0).max_norm == (3.0, 3.0)
    free = fastnn.Network([2, 4, 2], rng=0)
    assert free.max_norm == (math.inf, math.inf)
    assert free.spec["max_norm"] is None
    assert "max_norm" not in repr(free)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (0, ValueError, "max_norm"),
        ([1.0, -1.0], ValueError, r"max_norm\[1\]"),
        ([1.0], ValueError, "one number or 2"),
        (math.nan, ValueError, "max_norm"),
        ("3", TypeError, "max_norm"),
        ([1.0, "3"], TypeError, r"max_norm\[1\]"),
    ],
)
def test_wrong_limits_are_named(wrong, error, words):
    with pytest.raises(error, match=words):
        fastnn.Network([2, 4, 2], max_norm=wrong)
    net = fastnn.Network([2, 4, 2])
    with pytest.raises(error, match=words):
        net.max_norm = wrong
    assert net.max_norm == (math.inf, math.inf)


def test_lbfgs_refuses_it():
    net = fastnn.Network([2, 4, 2], max_norm=1.0)
    with pytest.raises(ValueError, match="set max_norm"):
        net.fit([[0, 1], [1, 0]], [0, 1], optimizer="lbfgs")


def test_a_sweep_over_it():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 2)), rng.integers(0, 2, 60)
    result = fastnn.sweep(
        [2, 8, 2], (X, y), (X, y), {"max_norm": [0.5, 2.0]}, epochs=5, learning_rate=0.1, n_jobs=1,
        keep=True, rng=0,
    )  # fmt: skip
    for trial, nets in zip(result.trials, result.networks, strict=True):
        limit = trial.setting["max_norm"]
        assert norms(nets[0], 1).max() == pytest.approx(limit, rel=0.5)


def test_a_checkpoint_knows_it(tmp_path):
    X, y, path = [[0, 1], [1, 0]], [0, 1], tmp_path / "run.safetensors"
    fastnn.Network([2, 2], max_norm=1.0, rng=0).fit(X, y, epochs=1, checkpoint=path)
    again = fastnn.Network([2, 2], max_norm=1.0, rng=0)
    again.fit(X, y, epochs=2, resume=path)
    whole = fastnn.Network([2, 2], max_norm=1.0, rng=0)
    whole.fit(X, y, epochs=2)
    assert np.array_equal(again.theta, whole.theta)
    with pytest.raises(ValueError, match=r"max_norm was \[1\.0\] and is \[2\.0\]"):
        fastnn.Network([2, 2], max_norm=2.0, rng=0).fit(X, y, epochs=2, resume=path)


def test_estimators_have_it(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 2)), rng.integers(0, 2, 60)
    for solver in ("adam", "sgd"):
        options = {"solver": solver, "learning_rate_init": 0.1}
        model = fastnn.MLPClassifier((8,), max_norm=[0.5, None], random_state=0, **options)
        for _ in range(10):
            model.partial_fit(X, y, classes=[0, 1])
        assert norms(model.network_, 1).max() == pytest.approx(0.5, rel=1e-6)
        assert norms(model.network_, 2).max() > 0.5
        model.set_params(max_norm=0.25).partial_fit(X, y)
        assert norms(model.network_, 2).max() <= 0.25 * (1 + 1e-6)
    model.save(tmp_path / "model.safetensors")
    assert fastnn.load(tmp_path / "model.safetensors").max_norm == 0.25
    with pytest.raises(ValueError, match="set max_norm"):
        fastnn.MLPRegressor(solver="lbfgs", max_norm=1.0).fit(X, y)


def test_networks_of_other_layers_are_made_from_one_with_it():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 2)), rng.integers(0, 2, 60)
    nets = [fastnn.Network([2, 4, 4, 2], max_norm=[0.5, None, 1], rng=k) for k in range(2)]
    ensemble = fastnn.Ensemble(nets)
    assert ensemble.error(X, y) <= 1  # by a network of one layer
    nets[0].fit(X, y, epochs=1)
    assert nets[0].diagnose((X, y), (X, y)).advice

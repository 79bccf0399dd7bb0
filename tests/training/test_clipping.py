"""clip_norm and clip_value of `fit` and of a trainer, against the reference."""

import numpy as np
import pytest
from problems import draw_problem
from reference import relative_difference

import fastnn


def wild(dtype):
    X = np.random.default_rng(0).normal(size=(300, 5))
    y = X @ [1.0, 2, 3, 0, 0]
    y[::50] *= 1e5
    return X.astype(dtype), y.astype(dtype)


def by_hand(gradient, options):
    """The clipped gradient, by the formula of PyTorch."""
    if "clip_value" in options:
        return np.clip(gradient, -options["clip_value"], options["clip_value"])
    norm = np.sqrt(np.square(gradient).sum())
    return gradient * min(1, options["clip_norm"] / (norm + 1e-6))


@pytest.mark.parametrize(
    "options", [{"clip_norm": 0.05}, {"clip_norm": 1e6}, {"clip_value": 0.01}, {"clip_value": 1e6}]
)
def test_the_gradient_is_clipped_without_the_penalty(options):
    problem = draw_problem(1, [3, 7, 2], 20, l2=3.0)
    for dtype, limit in (("float64", 1e-12), ("float32", 1e-6)):
        for threads in (1, 3):
            net = problem.network(dtype)
            theta = problem.theta.copy()
            for _ in range(3):
                data = problem.reference().data_gradient(
                    theta, problem.X, problem.y, np.full(20, 0.05)
                )
                penalty = problem.reference().spread([3.0, 3.0]) * theta / 20
                theta -= 0.1 * (by_hand(data[1], options) + penalty)
            net.fit(
                problem.X, problem.y, epochs=3, batch_size=None, optimizer="gd", learning_rate=0.1,
                threads=threads, **options,
            )  # fmt: skip
            assert relative_difference(net.theta, theta) < limit
            stepped = problem.network(dtype)
            trainer = stepped.trainer(
                optimizer="gd", learning_rate=0.1, examples=20, threads=threads, **options
            )
            for _ in range(3):
                trainer.step(problem.X, problem.y)
            assert np.array_equal(stepped.theta, net.theta)


@pytest.mark.parametrize("batch_size", [32, None])
@pytest.mark.parametrize("options", [{"clip_norm": 1.0}, {"clip_value": 0.1}])
def test_wild_targets_no_longer_diverge(options, batch_size):
    X, y = wild("float32")
    fit = {"epochs": 20, "optimizer": "gd", "learning_rate": 0.01, "batch_size": batch_size}
    with pytest.raises(fastnn.DivergenceError, match="clip_norm"):
        fastnn.Network([5, 16, 1], output="identity", rng=0).fit(
            X, y, epochs=50, optimizer="gd", learning_rate=0.01
        )
    net = fastnn.Network([5, 16, 1], output="identity", rng=0)
    history = net.fit(X, y, **fit, **options)
    assert history.cost[-1] < history.cost[0]


def test_chunks_are_added_before_they_are_clipped():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((9000, 6)), rng.integers(0, 3, 9000)
    nets = [fastnn.Network([6, 8, 3], dtype="float64", rng=0) for _ in range(2)]
    theta, (_, gradient) = nets[0].theta.copy(), nets[0].value_and_grad(X, y)
    for net, threads in zip(nets, (1, 2), strict=True):
        net.fit(
            X, y, epochs=1, batch_size=None, optimizer="gd", learning_rate=1.0, clip_norm=0.01,
            threads=threads,
        )  # fmt: skip
    expected = theta - by_hand(gradient, {"clip_norm": 0.01})
    assert relative_difference(nets[0].theta, expected) < 1e-12
    assert np.array_equal(nets[0].theta, nets[1].theta)


def test_a_norm_out_of_range_is_refused():
    net = fastnn.Network([1, 1], output="identity", dtype="float64", rng=0)
    trainer = net.trainer(optimizer="gd", clip_norm=1.0)
    trainer.forward([[1.0]])
    trainer.backward([[1e200]])
    theta = net.theta.copy()
    with pytest.raises(fastnn.DivergenceError):
        trainer.update()
    assert np.array_equal(net.theta, theta)


def test_wrong_limits_are_named():
    net = fastnn.Network([2, 2], rng=0)
    for options, words in (
        ({"clip_norm": 0}, "clip_norm"),
        ({"clip_value": -1.0}, "clip_value"),
        ({"clip_norm": 1.0, "clip_value": 1.0}, "got both"),
        ({"clip_norm": 1.0, "optimizer": "lbfgs"}, "lbfgs"),
    ):
        with pytest.raises(ValueError, match=words):
            net.fit([[0, 1]], [1], **options)
    with pytest.raises(TypeError, match="clip_norm"):
        net.fit([[0, 1]], [1], clip_norm="1")


def test_a_checkpoint_knows_the_limits(tmp_path):
    X, y = [[0, 1], [1, 0]], [0, 1]
    path = tmp_path / "run.safetensors"
    fastnn.Network([2, 2], rng=0).fit(X, y, epochs=1, clip_norm=1.0, checkpoint=path)
    fastnn.Network([2, 2], rng=0).fit(X, y, epochs=2, clip_norm=1.0, resume=path)
    with pytest.raises(ValueError, match=r"clip_norm was 1\.0 and is 2\.0"):
        fastnn.Network([2, 2], rng=0).fit(X, y, epochs=2, clip_norm=2.0, resume=path)

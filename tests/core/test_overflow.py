"""An update that could leave the range of the dtype is refused: theta stays as it was."""

import contextlib
import inspect

import numpy as np
import pytest

import fastnn

RNG = np.random.default_rng(0)
X = RNG.standard_normal((8, 3))
Y = RNG.integers(0, 2, 8)


def assert_diverges_finite(net, X, y, **options):
    with pytest.raises(fastnn.DivergenceError):
        net.fit(X, y, epochs=20_000, batch_size=None, **options)
    assert np.isfinite(net.theta).all()


@pytest.mark.parametrize("every", [0, 1])
@pytest.mark.parametrize(
    ("optimizer", "rate", "l2"),
    [
        ("gd", 0.01, 2e3),
        ("nesterov", 0.01, 2e3),
        ("momentum", 0.01, 4e3),
        ("momentum", 1e-3, 4e4),
    ],
)
def test_slow_growth_under_too_large_an_l2(optimizer, rate, l2, every):
    """rate l2 / m > 2: theta grows by a factor until it would overflow."""
    assert_diverges_finite(
        fastnn.Network([3, 1], l2=l2, rng=0),
        X,
        Y,
        optimizer=optimizer,
        learning_rate=rate,
        evaluate_every=every,
    )


@pytest.mark.parametrize("penalty", [{"l2": 1.0}, {"l1": 1e300}])
def test_a_penalty_that_overflows_is_infinite(penalty):
    """Without a warning, which would be an error here: a `DivergenceError` says all there is."""
    net = fastnn.Network([3, 8, 2], dtype="float64", activation="identity", rng=0, **penalty)
    net.params["W1"][...] = 1e160
    assert net.cost(np.zeros((8, 3)), Y) == np.inf
    net = fastnn.Network([3, 8, 2], dtype="float64", activation="identity", rng=0, l2=1.0)
    assert_diverges_finite(net, X, Y, optimizer="gd", learning_rate=1e25)


def test_a_velocity_that_overflows_at_a_tiny_rate():
    net = fastnn.Network([1, 1], output="identity", init="zeros")
    assert_diverges_finite(
        net, [[2e19]], [1e19], optimizer="momentum", learning_rate=1e-80, evaluate_every=0
    )


ZERO = {"init": "zeros"}
HALF = np.full(8, 0.5)  # of which the gradient at theta = 0 is 0 where X is
UNDERFLOWS = [
    (ZERO, np.zeros((8, 3)), HALF, {"optimizer": fastnn.Adam(epsilon=1e-46)}),
    (ZERO, np.zeros((8, 3)), HALF, {"optimizer": fastnn.RMSprop(epsilon=1e-46)}),
    (ZERO, np.zeros((8, 3)), HALF, {"optimizer": fastnn.Adam(epsilon=1e-38), "learning_rate": 10}),
    (
        ZERO | {"dtype": "float64"},
        np.zeros((8, 3)),
        HALF,
        {"optimizer": fastnn.Adam(epsilon=1e-308), "learning_rate": 10},
    ),
    (
        ZERO | {"dtype": "float64"},
        np.zeros((8, 3)),
        HALF,
        {"optimizer": fastnn.Adam(epsilon=5e-324)},
    ),
    *(
        (ZERO | {"l2": 1e300}, X, Y, {"optimizer": name})
        for name in ("gd", "momentum", "nesterov", "rmsprop", "adam")
    ),
    *(
        (
            ZERO,
            np.zeros((8, 3)),
            HALF,
            {"optimizer": name, "learning_rate": 1e30, "schedule": lambda epoch: 1e30},
        )
        for name in ("gd", "momentum", "nesterov", "rmsprop", "adam")
    ),
    (ZERO, X, Y, {"optimizer": fastnn.AdamW(weight_decay=1e300)}),
    ({"l1": 8e39}, X, Y, {"optimizer": "gd", "learning_rate": 0.0}),
    ({"l1": 1e300}, X, Y, {"optimizer": "nesterov", "evaluate_every": 0}),
]


@pytest.mark.parametrize(("settings", "X", "y", "options"), UNDERFLOWS)
def test_settings_out_of_the_range_of_the_dtype(settings, X, y, options):
    net = fastnn.Network([3, 1], rng=0, **settings)
    before = net.theta.copy()
    with pytest.raises(fastnn.DivergenceError):
        net.fit(X, y, epochs=5, **options)
    np.testing.assert_array_equal(net.theta, before)


@pytest.mark.parametrize(
    "optimizer", [fastnn.Adam(beta2=0.0, epsilon=1e-39), fastnn.RMSprop(rho=0.0, epsilon=1e-39)]
)
def test_a_subnormal_epsilon_divides_zero_gradients_by_it(optimizer):
    net = fastnn.Network([3, 1], init="zeros")
    net.fit(np.zeros((8, 3)), HALF, epochs=3, optimizer=optimizer)
    assert (net.theta == 0).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "optimizer",
    [
        *(fastnn.RMSprop(epsilon=epsilon) for epsilon in (1e-46, 1e-12, 1.0, 100.0, 1e10, 1e39)),
        *(fastnn.Adam(epsilon=epsilon) for epsilon in (1e-46, 1e-30, 1e-8, 1.0, 1e20, 1e39)),
        fastnn.Adam(beta1=1 - 2**-53, beta2=0.0, epsilon=1.0),
        fastnn.Adam(beta1=0.9, beta2=1 - 2**-53, epsilon=1e-8),
    ],
    ids=repr,
)
def test_theta_stays_finite_over_all_settings(optimizer, dtype):
    """Steps are large only where the rule says so; if they are too large, that is an error."""
    for rate in (0.0, 1e-20, 1e-3, 1.0, 1e22, 1e30):
        for target in (0.0, 1e-25, 1.0, 1e9, 1e17):
            net = fastnn.Network([1, 1], output="identity", init="zeros", dtype=dtype)
            with contextlib.suppress(fastnn.DivergenceError):
                net.fit(
                    [[1.0]],
                    [target],
                    epochs=3,
                    optimizer=optimizer,
                    learning_rate=rate,
                    evaluate_every=0,
                )
            assert np.isfinite(net.theta).all(), (rate, target)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [2, 3, 10, 16, 17, 33, 64])
def test_a_logit_of_minus_infinity_is_a_probability_of_0(classes, dtype):
    huge = -float(np.finfo(dtype).max)
    for unit in {0, 1, classes - 1}:
        net = fastnn.Network([1, classes], init="zeros", dtype=dtype)
        net.params["W1"][0, unit] = huge
        right = (unit + 1) % classes
        A = net.forward(np.full((5, 1), 2.0))
        expected = np.full(classes, 1 / (classes - 1))
        expected[unit] = 0
        np.testing.assert_allclose(A, np.tile(expected, (5, 1)), rtol=1e-6)
        assert net.cost(np.full((5, 1), 2.0), np.full(5, right)) == pytest.approx(
            np.log(classes - 1), abs=1e-6
        )
        assert (net.predict(np.full((5, 1), 2.0)) != unit).all()


@pytest.mark.parametrize("beta2", [0.9, 0.999, 0.99999, 0.9999999, 1 - 1e-9])
def test_first_step_of_adam_near_beta_one(beta2):
    """It is the learning rate, whatever the betas: 1 - beta must not be rounded with beta."""
    steps = []
    for dtype in ("float32", "float64"):
        net = fastnn.Network([3, 1], rng=0, dtype=dtype)
        before = net.theta.copy()
        net.fit(X, Y, epochs=1, batch_size=None, optimizer=fastnn.Adam(beta2=beta2))
        steps.append(net.theta - before)
    np.testing.assert_allclose(steps[0], steps[1], rtol=1e-3)


def test_theta_written_by_a_callback_counts():
    def spoil(net, history):
        net.params["W1"][...] = 3e38

    net = fastnn.Network([3, 1], output="identity", rng=0)
    with pytest.raises(fastnn.DivergenceError):
        net.fit(X, Y, epochs=3, callbacks=spoil, evaluate_every=0, optimizer="gd")
    assert np.isfinite(net.theta).all()


def test_theta_that_is_not_finite_is_refused():
    net = fastnn.Network([3, 1], rng=0)
    net.theta[0] = np.nan
    with pytest.raises(ValueError, match="expected theta to be finite"):
        net.fit(X, Y)
    assert net.history is None


def test_settings_of_optimizers_are_named():
    for optimizer in (fastnn.Momentum, fastnn.RMSprop, fastnn.Adam, fastnn.AdamW):
        kinds = {p.kind for p in inspect.signature(optimizer).parameters.values()}
        assert kinds == {inspect.Parameter.KEYWORD_ONLY}


def test_chunks_of_a_large_batch_make_the_same_updates():
    """A full batch of many chunks takes the path that completes the gradient first."""
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((9_000, 4)), rng.integers(0, 3, 9_000)
    few = fastnn.Network([4, 8, 3], rng=0, dtype="float64")
    many = fastnn.Network([4, 8, 3], rng=0, dtype="float64")
    doubled = np.concatenate([X, X]), np.concatenate([y, y])
    few.fit(X, y, epochs=5, batch_size=None)
    many.fit(*doubled, epochs=5, batch_size=None, threads=2)
    np.testing.assert_allclose(few.theta, many.theta, rtol=1e-10)

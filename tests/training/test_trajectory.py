"""fit() without shuffling against the reference, for every first-order optimizer."""

import numpy as np
import pytest
from problems import TOLERANCE, draw_problem, problem_off_kinks
from reference import relative_difference
from reference_training import DEFAULTS, consecutive_batches, train

RATES = {
    "gd": 0.1,
    "momentum": 0.02,
    "nesterov": 0.02,
    "rmsprop": 0.01,
    "adam": 0.01,
    "adamw": 0.01,
}
PENALTIES = {
    "none": {},
    "l2": {"l2": 1.5},
    "l1": {"l1": 0.5},
    "both-per-layer": {"l2": [1.0, 0.0], "l1": [0.2, 0.6]},
}
DROPOUT = {"keep-all": None, "dropout": [0.9, 0.8]}
NETWORKS = {
    "relu-softmax": {"activation": "relu", "output": "softmax"},
    "tanh-sigmoid": {"activation": "tanh", "output": "sigmoid"},
    "gelu-identity": {"activation": "gelu", "output": "identity"},
}
ROWS = 40


def optimizer_with(name, settings):
    import fastnn

    return getattr(fastnn, {"rmsprop": "RMSprop", "adamw": "AdamW"}.get(name, name.title()))(
        **settings
    )


def reference_thetas(judge, problem, optimizer, fit, epochs, settings, schedule, dropout_seed):
    """theta after every update of the reference, and the number of updates an epoch."""
    batches = consecutive_batches(len(problem.X), fit["batch_size"], epochs)
    per_epoch = len(batches) // epochs
    masks, weights = problem.masks(dropout_seed), problem.sample_weight
    rate = fit["learning_rate"]
    rates = [rate * schedule(step / per_epoch) for step in range(len(batches))]
    data = problem.theta, problem.X, problem.y
    return list(train(judge, *data, optimizer, batches, rates, settings, masks, weights)), per_epoch


def assert_same_trajectory(
    optimizer,
    dtype,
    *,
    epochs,
    fit,
    settings=None,
    schedule=lambda epoch: 1.0,
    tolerance=None,
    rows=ROWS,
    **problem_options,
):
    """Compare theta after the last update and J after every epoch.

    The masks depend on the seed of the fit, and whether a ReLU input comes near 0 depends on the
    masks, so the library runs first, on each problem that the search off the kinks proposes.
    """
    fit = {"learning_rate": RATES[optimizer]} | fit
    given = optimizer_with(optimizer, settings) if settings else optimizer

    def run(problem, judge):
        net = problem.network(dtype)
        X, y, weights = problem.X, problem.y, problem.sample_weight
        options = {"epochs": epochs, "optimizer": given, "sample_weight": weights, "shuffle": False}
        history = net.fit(X, y, **options, **fit)
        thetas, per_epoch = reference_thetas(
            judge, problem, optimizer, fit, epochs, settings, schedule, history.dropout_seed
        )
        costs = [judge.cost(theta, X, y, weights) for theta in thetas[per_epoch - 1 :: per_epoch]]
        return net, history, thetas[-1], costs

    seed, sizes = problem_options.pop("seed"), problem_options.pop("sizes")
    problem, (net, history, theta, costs) = problem_off_kinks(
        run, seed, sizes, rows, **problem_options
    )
    tolerance = tolerance or TOLERANCE[dtype]
    difference = relative_difference(net.theta, theta)
    assert difference <= tolerance, f"theta differs by {difference:.1e}"
    assert len(history.cost) == epochs
    difference = relative_difference(history.cost, costs)
    assert difference <= tolerance, f"history.cost is off by {difference:.1e}: {history.cost}"
    return problem, net, theta


@pytest.mark.slow
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch_size", [1, 3, 32, None, 1000])
@pytest.mark.parametrize("dropout", DROPOUT)
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("optimizer", DEFAULTS)
def test_every_combination(optimizer, network, penalty, dropout, batch_size, dtype):
    """float32 errors add up with the updates, so batches of one come from fewer rows. The seed is
    one for which no rule diverges and no L1 threshold of Adam hangs on a gradient near 0."""
    options = NETWORKS[network] | PENALTIES[penalty] | {"keep_prob": DROPOUT[dropout]}
    rows, epochs = {1: (12, 2), 3: (ROWS, 2)}.get(batch_size, (ROWS, 4))
    fit = {"batch_size": batch_size}
    assert_same_trajectory(
        optimizer, dtype, epochs=epochs, fit=fit, seed=7, sizes=[3, 17, 2], rows=rows, **options
    )


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch_size", [3, 32, None])
@pytest.mark.parametrize("optimizer", DEFAULTS)
def test_sample_weights(optimizer, batch_size, dtype):
    """Sample weights, some of them 0, in batches of which the last is short."""
    options = {"output": "sigmoid", "l2": 0.5, "l1": 0.2, "keep_prob": [1.0, 0.7], "weighted": True}
    fit = {"batch_size": batch_size}
    assert_same_trajectory(optimizer, dtype, epochs=3, fit=fit, seed=2, sizes=[3, 5, 2], **options)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        ("momentum", {"momentum": 0.5}),
        ("nesterov", {"momentum": 0.6}),
        ("rmsprop", {"rho": 0.7, "epsilon": 1e-2}),
        ("adam", {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-2}),
        ("adamw", {"weight_decay": 0.5, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4}),
    ],
    ids=["momentum", "nesterov", "rmsprop", "adam", "adamw"],
)
def test_settings_of_optimizers(optimizer, settings, dtype):
    options = {"seed": 3, "sizes": [3, 5, 2], "l1": 0.3, "l2": 0.3}
    fit = {"batch_size": 7}
    assert_same_trajectory(optimizer, dtype, epochs=3, fit=fit, settings=settings, **options)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("penalty", ["none", "l1"])
@pytest.mark.parametrize("optimizer", DEFAULTS)
def test_schedules_see_fractions_of_an_epoch(optimizer, penalty, dtype):
    """A rate that falls within an epoch: the proximal momentum rules depend on it in two places."""
    options = {"seed": 4, "sizes": [3, 5, 2], "keep_prob": [1.0, 0.8]} | PENALTIES[penalty]

    def schedule(epoch):
        return 1 / (1 + epoch) ** 1.5

    fit = {"batch_size": 10, "schedule": schedule}
    assert_same_trajectory(optimizer, dtype, epochs=3, fit=fit, schedule=schedule, **options)


@pytest.mark.parametrize(
    ("name", "settings", "formula"),
    [
        ("constant", {}, lambda e: 1.0),
        ("linear", {}, lambda e: 1 - e / 5),
        ("linear", {"end": 0.2}, lambda e: 1 - 0.8 * e / 5),
        ("cosine", {}, lambda e: (1 + np.cos(np.pi * e / 5)) / 2),
        ("cosine", {"end": 0.1}, lambda e: 0.1 + 0.9 * (1 + np.cos(np.pi * e / 5)) / 2),
        ("step", {}, lambda e: 1.0),
        ("step", {"factor": 0.3, "every": 2}, lambda e: 0.3 ** (e // 2)),
        ("exponential", {}, lambda e: 0.95**e),
        ("exponential", {"factor": 0.4}, lambda e: 0.4**e),
        ("inverse", {}, lambda e: 1 / (1 + e)),
        ("inverse", {"rate": 3.0}, lambda e: 1 / (1 + 3 * e)),
    ],
)
def test_schedules_by_name(name, settings, formula):
    """Five epochs of four updates; without settings by the name, else as an object."""
    import fastnn

    given = getattr(fastnn.schedules, name.title())(**settings) if settings else name
    fit = {"batch_size": 10, "schedule": given}
    options = {"seed": 9, "sizes": [3, 5, 2], "schedule": formula}
    assert_same_trajectory("gd", "float64", epochs=5, fit=fit, **options)


@pytest.mark.parametrize(
    "sizes", [[2, 1], [3, 2], [2, 33, 17, 3], [1, 1, 1, 1], [65, 3, 2]], ids=str
)
@pytest.mark.parametrize("optimizer", DEFAULTS)
def test_shapes(optimizer, sizes):
    output = "sigmoid" if sizes[-1] == 1 else "softmax"
    options = {
        "output": output,
        "l2": 0.4,
        "l1": 0.1,
        "keep_prob": [0.9, 0.8, 0.7][: len(sizes) - 1],
    }
    fit = {"batch_size": 32}
    assert_same_trajectory(
        optimizer, "float64", epochs=4, fit=fit, seed=5, sizes=sizes, rows=67, **options
    )


@pytest.mark.parametrize("optimizer", DEFAULTS)
def test_long_run(optimizer):
    """Two thousand updates with dropout: masks and bias correction keep in step."""
    options = {"seed": 6, "sizes": [3, 6, 2], "l2": 0.2, "keep_prob": [0.9, 0.8]}
    fit = {"batch_size": 4, "learning_rate": 0.005}
    assert_same_trajectory(optimizer, "float64", epochs=200, fit=fit, tolerance=1e-8, **options)


@pytest.mark.parametrize("dropout", DROPOUT)
@pytest.mark.parametrize("optimizer", DEFAULTS)
def test_l1_zeros_are_exact_and_those_of_the_reference(optimizer, dropout):
    options = {"seed": 7, "sizes": [6, 9, 2], "l1": 2.0, "keep_prob": DROPOUT[dropout]}
    fit = {"batch_size": 10, "learning_rate": RATES[optimizer] / 2}
    problem, net, theta = assert_same_trajectory(
        optimizer, "float64", epochs=60, fit=fit, tolerance=1e-8, **options
    )
    zeros = net.theta == 0
    assert zeros.mean() > 0.2, f"only {zeros.mean():.0%} of theta is 0"
    np.testing.assert_array_equal(zeros, theta == 0)
    biases = problem.reference().unpack(net.theta)[1]
    assert all((b != 0).all() for b in biases), "a bias was thresholded"


@pytest.mark.parametrize("schedule", [None, "exponential"])
@pytest.mark.parametrize("optimizer", DEFAULTS)
def test_l1_zeros_in_float32(optimizer, schedule):
    """The weights are exactly 0 however the rate changes, not 1e-20 or subnormal."""
    problem = draw_problem(8, [6, 9, 2], ROWS, activation="relu", l1=2.0)
    net = problem.network("float32")
    fit = {"learning_rate": RATES[optimizer] / 2, "epochs": 80, "batch_size": 8}
    net.fit(problem.X, problem.y, optimizer=optimizer, schedule=schedule, **fit)
    weights = np.concatenate([w.ravel() for w in problem.reference().unpack(net.theta)[0]])
    zeros = weights == 0
    assert zeros.mean() > 0.2, f"only {zeros.mean():.0%} of the weights are 0"
    almost = weights[~zeros & (np.abs(weights) < 1e-12)]
    assert almost.size == 0, f"weights that should be exactly 0: {almost}"

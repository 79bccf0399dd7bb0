"""Cost, gradient and forward pass of the library against the reference, at one theta."""

import itertools

import numpy as np
import pytest
from problems import (
    ACTIVATIONS,
    OUTPUTS,
    PENALTIES,
    TOLERANCE,
    draw_problem,
    float32_values,
    problem_off_kinks,
)
from reference import ReferenceNetwork, relative_difference

SIZES = [[3, 5, 4, 2], [17, 33, 3, 2], [2, 1, 17, 3], [1, 65, 2, 17], [33, 2, 65, 33]]
ROWS = [7, 1, 3, 32, 130]
DROPOUT = {"keep-all": None, "hidden": [1.0, 0.8, 0.8], "input-too": [0.9, 0.8, 0.7]}
TAILS = [1e-30, 1e-9, 1e-4, 0.01, 20, 30, 60, 87, 89, 100, 300, 709, 711, 1e3, 1e6, 1e30]
GRID = list(itertools.product(ACTIVATIONS, OUTPUTS, PENALTIES, DROPOUT))


def assert_parity(dtype, seed, sizes, rows, **options):
    """J, dJ (with the mask of step 5 held fixed) and the forward pass without dropout."""
    mask_seed, step = 1234 + seed, 5

    def evaluate(problem, net):
        masks = problem.masks(mask_seed)
        masks = masks and masks(step, rows)
        data = problem.theta, problem.X, problem.y, problem.sample_weight
        return net.forward(*data[:2]), net.cost(*data), net.value_and_grad(*data, masks)

    problem, (output, cost, (value, gradient)) = problem_off_kinks(
        evaluate, seed, sizes, rows, **options
    )
    net = problem.network(dtype)
    dropout = (mask_seed, step) if problem.drops else None
    X, weights = problem.X.astype(dtype), problem.sample_weight
    found_value, found_gradient = net.value_and_grad(
        X, problem.y, sample_weight=weights, dropout=dropout
    )
    assert found_gradient.dtype == dtype
    assert found_gradient.shape == (problem.theta.size,)
    differences = {
        "forward": relative_difference(net.forward(X), output),
        "cost": relative_difference(net.cost(X, problem.y, sample_weight=weights), cost),
        "J with dropout": relative_difference(found_value, value),
        "gradient": relative_difference(found_gradient, gradient),
    }
    off = {name: f"{d:.1e}" for name, d in differences.items() if not d <= TOLERANCE[dtype]}
    assert not off, f"{off} at {sizes}, {rows} rows, {options}"


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("rows", [1, 61])
@pytest.mark.parametrize("sizes", [[283, 241, 128, 3], [37, 2801, 3]], ids=["packed", "one tile"])
def test_gradients_of_wide_layers(sizes, rows, dtype):
    """dZ and A are packed; a strip of dW has several tiles, or one."""
    assert_parity(dtype, 0, sizes, rows, activation="relu", output="softmax")


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("rows", [3, 20, 61])
def test_weights_beyond_the_l2_cache(rows, dtype):
    """More than 2 MiB: the first rows that use a panel of W pack it."""
    assert_parity(dtype, 0, [641, 871, 3], rows, activation="gelu", keep_prob=[1.0, 0.8])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("case", range(len(GRID)), ids=["-".join(names) for names in GRID])
def test_every_combination(case, dtype):
    """Sizes, numbers of rows and sample weights take turns over the grid."""
    activation, output, penalty, dropout = GRID[case]
    turn = case * 7 + case // 15
    assert_parity(
        dtype,
        case,
        SIZES[turn % 5],
        ROWS[turn // 5 % 5],
        activation=activation,
        output=output,
        keep_prob=DROPOUT[dropout],
        weighted=turn % 3 == 0,
        **PENALTIES[penalty],
    )


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("rows", [1, 3, 32, 130, 700])
@pytest.mark.parametrize("width", [1, 2, 3, 17, 33, 65])
def test_every_shape(width, rows, dtype):
    """Each width as input, hidden and output layer, so that it meets every edge of a tile."""
    for sizes, output, weighted in [
        ([width, 5], "softmax", True),
        ([5, width, 3], "sigmoid", False),
        ([3, 8, width], "identity", True),
        ([width, width, width], "sigmoid", False),
        ([2, width, width, 4], "softmax", True),
    ]:
        depth = len(sizes) - 1
        keep_prob = [0.9, 0.8, 0.7][:depth]
        for activation, keep in (("tanh", None), ("relu", keep_prob)):
            assert_parity(
                dtype,
                width,
                sizes,
                rows,
                activation=activation,
                output=output,
                l2=0.5,
                keep_prob=keep,
                weighted=weighted,
            )


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ([4, 6, 5, 3], {"activation": ["tanh", "relu"], "output": "softmax"}),
        ([4, 6, 5, 7, 1], {"activation": ["gelu", "sigmoid", "softplus"], "output": "sigmoid"}),
        (
            [4, 3, 2, 6, 5, 3],
            {
                "activation": ["identity", "elu", "silu", "leaky_relu"],
                "output": "identity",
                "keep_prob": [1.0, 0.5, 1.0, 0.9, 1.0],
            },
        ),
        ([8, 1], {"output": "sigmoid", "keep_prob": [0.6], "l1": 0.4}),
        ([8, 3], {"output": "softmax", "l1": [0.4], "l2": [0.1]}),
        ([5] * 12, {"activation": "tanh", "output": "identity", "l2": 0.1}),
    ],
    ids=["two", "three", "four", "logistic", "softmax-regression", "deep"],
)
def test_mixed_activations_and_depths(sizes, options, dtype):
    for rows, weighted in itertools.product((1, 40), (False, True)):
        assert_parity(dtype, rows, sizes, rows, weighted=weighted, **options)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activation_over_its_range(activation, dtype):
    """Value and slope of one unit at many z: the kinks at 0, both tails, and the limits of exp."""
    import fastnn

    theta = np.array([1.0, 0.0, 1.0, 0.0])  # a net that puts out g(x)
    judge = ReferenceNetwork([1, 1, 1], activation, "identity")
    net = fastnn.Network([1, 1, 1], activation=activation, output="identity", dtype=dtype)
    net.theta = theta.astype(dtype)
    tails = np.outer([-1, 1], TAILS).ravel()
    z = float32_values([0.0, -0.0, *np.linspace(-12, 12, 97), *tails])[:, None]
    # float32 rounds 1 + erf(z) and the like to 1e-7, whatever is left of it.
    accuracy = {"rtol": TOLERANCE[dtype], "atol": {"float64": 1e-14, "float32": 1e-6}[dtype]}
    np.testing.assert_allclose(net.forward(z), judge.forward(theta, z), **accuracy)
    # With y = g(z) - 1, dJ/da is 1, so dJ/db1 is the slope; beyond 100, float32 loses that 1.
    rows = [z[i : i + 1] for i in np.flatnonzero(np.abs(z) <= 100)]
    targets = [judge.forward(theta, row) - 1 for row in rows]
    slopes = [net.value_and_grad(*row)[1][1] for row in zip(rows, targets, strict=True)]
    judged = [judge.value_and_grad(theta, *row)[1][1] for row in zip(rows, targets, strict=True)]
    np.testing.assert_allclose(slopes, judged, **accuracy)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("output", OUTPUTS)
def test_extreme_logits_stay_finite(output, dtype):
    """Logits of +-3000 have no representable probability, but J and dJ are ordinary numbers."""
    problem = draw_problem(0, [3, 4, 3], 9, activation="relu", output=output)
    problem.theta = problem.theta * 1000
    J, gradient = problem.reference().value_and_grad(problem.theta, problem.X, problem.y)
    found, found_gradient = problem.network(dtype).value_and_grad(problem.X, problem.y)
    assert np.isfinite(J)
    assert J > 100
    assert relative_difference(found, J) < TOLERANCE[dtype]
    assert relative_difference(found_gradient, gradient) < TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_penalty_at_zero_weights(dtype):
    """dJ of l1 is sign(w), which is 0 at 0; biases are never penalized."""
    problem = draw_problem(0, [3, 4, 2], 6, l1=0.9, l2=0.5)
    problem.theta[::2] = 0
    gradient = problem.reference().value_and_grad(problem.theta, problem.X, problem.y)[1]
    found = problem.network(dtype).value_and_grad(problem.X, problem.y)[1]
    assert relative_difference(found, gradient) < TOLERANCE[dtype]


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_row_of_weight_zero_does_not_count(output):
    problem = draw_problem(3, [4, 5, 2], 12, output=output, weighted=True)
    problem.sample_weight[4] = 0
    net = problem.network("float64")
    before = net.value_and_grad(problem.X, problem.y, sample_weight=problem.sample_weight)
    problem.X[4] = 100.0
    after = net.value_and_grad(problem.X, problem.y, sample_weight=problem.sample_weight)
    assert before[0] == after[0]
    np.testing.assert_array_equal(before[1], after[1])

"""vjp and input_gradient against the reference, for any network and any arrays."""

import itertools

import numpy as np
import pytest
from problems import ACTIVATIONS, OUTPUTS, TOLERANCE, problem_off_kinks
from reference import ReferenceNetwork, relative_difference

import fastnn
from fastnn.layers.outputs import OUTPUTS as EVERY_OUTPUT

SIZES = {1: [1, 1, 2], 2: [2, 2, 2], 3: [3, 17, 3], 17: [17, 33, 1, 17], 33: [33, 3, 33]}


def drawn(seed, sizes, rows, **options):
    """A problem, dA and masks, and by the reference A, (dtheta, dX) for dA and dX of J."""
    keep_prob = options["keep_prob"] or [1.0] * (len(sizes) - 1)
    dA = np.random.default_rng(seed).standard_normal((rows, sizes[-1]))

    def evaluate(problem, net):
        masks = problem.masks(5)
        masks = masks and masks(2, rows)
        weights = np.ones(rows) if problem.sample_weight is None else problem.sample_weight
        return (
            net.forward(problem.theta, problem.X, masks),
            *net.pull_back(problem.theta, problem.X, dA, masks),
            net.input_gradient(problem.theta, problem.X, problem.y, weights / weights.sum(), masks),
        )

    problem, expected = problem_off_kinks(
        evaluate, seed, sizes, rows, **{**options, "keep_prob": keep_prob}
    )
    return problem, dA, expected


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("size", SIZES)
def test_vjp_and_input_gradient_are_the_reference(size, output, dtype):
    sizes = SIZES[size]
    depth = len(sizes) - 1
    if output == "softmax" and sizes[-1] == 1:
        sizes = [*sizes[:-1], 2]
    for (activation, rows), dropped in itertools.product(
        zip(ACTIVATIONS, itertools.cycle((1, 2, 3, 17, 33)), strict=False), (False, True)
    ):
        keep_prob = [0.9, 0.7, 0.8][:depth] if dropped else None
        problem, dA, (A, dtheta, dX, dX_of_J) = drawn(
            size,
            sizes,
            rows,
            activation=activation,
            output=output,
            keep_prob=keep_prob,
            weighted=True,
        )
        net, limit = problem.network(dtype), TOLERANCE[dtype]
        dropout = (5, 2) if dropped else None
        X = problem.X.astype(dtype)
        X.flags.writeable = False
        got, pullback = net.vjp(X, dropout)
        case = f"{activation}, {rows} rows, dropout {dropped}"
        assert relative_difference(got, A) < limit, case
        for _ in range(2):  # it may be called again
            got_dtheta, got_dX = pullback(dA)
            assert relative_difference(got_dtheta, dtheta) < limit, case
            assert relative_difference(got_dX, dX) < limit, case
        got_dX = net.input_gradient(X, problem.y, problem.sample_weight, dropout)
        assert got_dX.dtype == dtype
        assert got_dX.shape == X.shape
        assert relative_difference(got_dX, dX_of_J) < limit, case


@pytest.mark.parametrize("output", EVERY_OUTPUT)
def test_dX_of_every_output_is_the_numeric_one(output):
    net = fastnn.Network([3, 4, 2], activation="tanh", output=output, dtype="float64", rng=1)
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((5, 3)), rng.random((5, 2)) + 0.2
    if not net.regression:
        y = rng.integers(0, 2, 5) if output == "softmax" else y - 0.2
    A, pullback = net.vjp(X)
    dA = rng.standard_normal(A.shape)
    numeric, of_J = np.empty_like(X), np.empty_like(X)
    for i in np.ndindex(X.shape):
        step = np.zeros_like(X)
        step[i] = 1e-6
        numeric[i] = ((net.forward(X + step) - net.forward(X - step)) * dA).sum() / 2e-6
        of_J[i] = (net.cost(X + step, y) - net.cost(X - step, y)) / 2e-6
    assert relative_difference(pullback(dA)[1], numeric) < 1e-8
    assert relative_difference(net.input_gradient(X, y), of_J) < 1e-8
    # dA of J itself gives the gradient of J.
    dtheta, dX = pullback(net.layers(X, y)[-1].dA)
    assert relative_difference(dtheta, net.value_and_grad(X, y)[1]) < 1e-12
    assert relative_difference(dX, net.input_gradient(X, y)) < 1e-12


def test_dX_is_that_of_X_as_it_was_given():
    """Of a network that normalizes X, the chain goes on through the normalizer."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3)) * [1, 100, 0.01] + 7
    y = rng.integers(0, 2, 40)
    net = fastnn.Network([3, 5, 2], activation="tanh", normalize=True, dtype="float64", rng=0)
    net.fit(X, y, epochs=2)
    dX = net.input_gradient(X, y)
    for i in [(0, 0), (3, 1), (39, 2)]:
        step = np.zeros_like(X)
        step[i] = 1e-6 * [1, 100, 0.01][i[1]]
        numeric = (net.cost(X + step, y) - net.cost(X - step, y)) / (2 * step[i])
        assert dX[i] == pytest.approx(numeric, rel=1e-6)


def test_any_array_gives_the_same_bits():
    from scipy.sparse import csr_array

    rng = np.random.default_rng(3)
    net = fastnn.Network([5, 7, 3], rng=0)
    X = rng.integers(-2, 3, (9, 5)).astype(np.float32)
    dA = rng.integers(-2, 3, (9, 3)).astype(np.float32)
    y = rng.integers(0, 3, 9)
    A, pullback = net.vjp(X)
    dtheta, dX = pullback(dA)
    of_J = net.input_gradient(X, y)
    others = [
        np.asfortranarray(X), X.astype(np.int8), X.tolist(), csr_array(X),
        np.repeat(X, 2, axis=1)[:, ::2], X[::-1][::-1],
    ]  # fmt: skip
    for other in others:
        A2, pullback2 = net.vjp(other)
        assert np.array_equal(A2, A)
        for given in (dA.tolist(), np.asfortranarray(dA), dA.astype(np.float16)):
            assert all(map(np.array_equal, pullback2(given), (dtheta, dX)))
        assert np.array_equal(net.input_gradient(other, y), of_J)


def test_a_pullback_keeps_the_theta_and_the_X_of_its_vjp():
    net = fastnn.Network([3, 4, 2], rng=0)
    X = np.ones((4, 3), np.float32)
    before = [a.copy() for a in net.vjp(X)[1](np.eye(4, 2))]
    pullback = net.vjp(X)[1]
    net.theta *= 2
    X += 1
    assert all(map(np.array_equal, pullback(np.eye(4, 2)), before))


def test_many_rows():
    """Of more rows than a chunk the activations are computed again on the way back."""
    rng = np.random.default_rng(0)
    net = fastnn.Network([4, 8, 3], rng=0, keep_prob=[0.9, 0.8], dtype="float64")
    X, dA = rng.standard_normal((9000, 4)), rng.standard_normal((9000, 3))
    y = rng.integers(0, 3, 9000)
    masks = [
        fastnn._kernels.dropout_mask(1, 2, l, 9000, n, p) for l, n, p in ((0, 4, 0.9), (1, 8, 0.8))
    ]
    net_by_hand = ReferenceNetwork([4, 8, 3], keep_prob=[0.9, 0.8])
    dtheta, dX = net_by_hand.pull_back(net.theta, X, dA, masks)
    _A, pullback = net.vjp(X, (1, 2))
    got = pullback(dA)
    assert relative_difference(got[0], dtheta) < 1e-12
    assert relative_difference(got[1], dX) < 1e-12
    of_J = net_by_hand.input_gradient(net.theta, X, y, np.full(9000, 1 / 9000), masks)
    assert relative_difference(net.input_gradient(X, y, dropout=(1, 2)), of_J) < 1e-12


@pytest.mark.parametrize(
    ("dA", "error", "words"),
    [
        (np.zeros((3, 2)), ValueError, r"shape \(4, 2\)"),
        (np.zeros(4), ValueError, r"shape \(4, 2\)"),
        (np.full((4, 2), np.nan), ValueError, "finite.*row 0, column 0"),
        (np.full((4, 2), 1e300), ValueError, "finite in float32"),
        ("dA", TypeError, "real numbers"),
    ],
)
def test_a_wrong_dA_is_named(dA, error, words):
    net = fastnn.Network([3, 4, 2], rng=0)
    _A, pullback = net.vjp(np.ones((4, 3)))
    with pytest.raises(error, match=words):
        pullback(dA)
    assert not pullback(np.zeros((4, 2)))[0].any()  # it goes on


def test_no_rows_and_bad_rows():
    net = fastnn.Network([3, 4, 2], rng=0)
    for method in (net.vjp, lambda X: net.input_gradient(X, np.zeros(len(X), int)), net.layers):
        with pytest.raises(ValueError, match="at least one example"):
            method(np.zeros((0, 3)))
        with pytest.raises(ValueError, match="finite"):
            method([[1.0, np.nan, 2.0]])
    with pytest.raises(TypeError, match="dropout"):
        net.vjp(np.ones((1, 3)), dropout=0.5)

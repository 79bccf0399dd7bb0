"""Forward passes with dropout on: the masks of `fit`, and the mean and spread of many draws."""

import numpy as np
import pytest
import scipy.sparse
from problems import ACTIVATIONS, OUTPUTS, TOLERANCE, draw_problem, problem_off_kinks

from fastnn import Network, Normalizer, _kernels

SIZES = [5, 70, 3, 33, 4]
KEEP = {
    "hidden": [1, 0.8, 0.7, 0.6],
    "input": [0.6, 1, 1, 1],
    "all": [0.9, 0.8, 0.7, 0.6],
    "some": [1, 0.5, 1, 0.9],
    "last": [1, 1, 1, 0.4],
}
X = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")


def dropping(keep="all", **options):
    return Network(SIZES, **{"keep_prob": KEEP[keep], "rng": 0} | options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("keep", KEEP)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_outputs_are_those_of_the_reference_with_the_masks_of_fit(activation, output, keep, dtype):
    seed, step = 2**63 + 5, 7

    def outputs(problem, net):
        return net.forward(problem.theta, problem.X, problem.masks(seed)(step, len(problem.X)))

    problem, expected = problem_off_kinks(
        outputs, 3, SIZES, 19, activation=activation, output=output, keep_prob=KEEP[keep]
    )
    A = problem.network(dtype).forward(problem.X, dropout=(seed, step))
    assert A.dtype == dtype
    scale = max(1, np.abs(expected).max())
    np.testing.assert_allclose(A, expected, rtol=0, atol=TOLERANCE[dtype] * scale)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_cost_of_the_outputs_is_that_of_value_and_grad(dtype):
    problem = draw_problem(1, SIZES, 200, output="identity", keep_prob=KEEP["all"])
    net = problem.network(dtype)
    J, _ = net.value_and_grad(problem.X, problem.y, dropout=(3, 4))
    A = net.forward(problem.X, dropout=(3, 4))
    assert pytest.approx(((A - problem.y) ** 2).sum() / 400, rel=1e-5) == J


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("z", [0.0, -0.0, -1e-310, -1e-39, -1.2e-38, -3e-308])
@pytest.mark.parametrize(("activation", "slope"), [("tanh", 1), ("identity", 1), ("silu", 0.5)])
def test_a_kept_unit_of_almost_0_is_told_from_a_dropped_one(activation, slope, z, dtype):
    rows, units = 9, 40
    options = {"output": "identity", "keep_prob": [1, 0.5], "init": "zeros", "dtype": dtype}
    net = Network([1, units, 1], activation=activation, **options)
    net.params["b1"][:], net.params["W2"][:] = z, 1
    _, dtheta = net.value_and_grad(-np.ones((rows, 1)), -np.ones((rows, 1)), dropout=(3, 4))
    kept = _kernels.dropout_mask(3, 4, 1, rows, units, 0.5)  # dJ/dA[2] = 1
    found = dtheta[net.layout["b1"].slice]
    np.testing.assert_allclose(found, slope * 2 * kept.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("keep", KEEP)
def test_a_row_has_its_masks_whatever_follows(keep):
    net = dropping(keep)
    whole = net.forward(X, dropout=(1, 2))
    for m in (0, 1, 7):
        np.testing.assert_array_equal(net.forward(X[:m], dropout=(1, 2)), whole[:m])
    for other in ((1, 3), (2, 2)):
        assert (net.forward(X, dropout=other) != whole).any()


def test_without_layers_that_drop_it_is_the_plain_pass():
    net = Network([5, 8, 3], rng=0)
    np.testing.assert_array_equal(net.forward(X, dropout=(1, 2)), net.forward(X))


@pytest.mark.parametrize("keep", ["input", "hidden"])
@pytest.mark.parametrize(
    "convert", [np.asfortranarray, scipy.sparse.csr_matrix, np.ndarray.tolist, "float64"]
)
def test_kinds_of_arrays(convert, keep):
    given = X.astype(convert) if convert == "float64" else convert(X)
    net = dropping(keep)
    expected = net.forward(X, dropout=(1, 2))
    np.testing.assert_array_equal(net.forward(given, dropout=(1, 2)), expected)


@pytest.mark.parametrize("keep", ["input", "hidden"])
def test_inputs_are_normalized_before_units_are_dropped(keep):
    normalizer = Normalizer().fit(X)
    net = dropping(keep, normalizer=normalizer)
    A = net.forward(X, dropout=(1, 2))
    net.normalizer = None
    expected = net.forward(normalizer.transform(X), dropout=(1, 2))
    np.testing.assert_array_equal(A, expected)


@pytest.mark.parametrize(
    ("dropout", "error"),
    [
        (True, TypeError),
        (3, TypeError),
        ((1, 2, 3), TypeError),
        ((1, 2.5), TypeError),
        ((-1, 0), ValueError),
        ((2**64, 0), ValueError),
    ],
)
def test_dropout_must_be_a_seed_and_a_step(dropout, error):
    with pytest.raises(error, match=r"dropout|seed|step"):
        dropping().forward(X, dropout=dropout)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("keep", KEEP)
def test_samples_are_the_moments_of_the_draws(keep, dtype):
    net = dropping(keep, dtype=dtype)
    seed = int(np.random.default_rng(5).integers(2**63))
    draws = np.array([net.forward(X, dropout=(seed, k)) for k in range(9)], "float64")
    mean, spread = net.sample(X, 9, rng=5)
    assert mean.dtype == spread.dtype == "float64"
    np.testing.assert_allclose(mean, draws.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(spread, draws.std(axis=0, ddof=1), atol=1e-12)


def test_a_sample_is_the_same_for_the_same_rng_and_leaves_the_network_alone():
    net = dropping()
    state = net.rng.bit_generator.state
    first, again, other = net.sample(X, 5), net.sample(X, 5, rng=0), net.sample(X, 5, rng=1)
    np.testing.assert_array_equal(first, again)
    assert (first.mean != other.mean).any()
    assert net.rng.bit_generator.state == state


def test_the_mean_of_a_linear_network_tends_to_its_output():
    net = Network([5, 64, 2], activation="identity", output="identity", keep_prob=0.8, rng=0)
    mean, spread = net.sample(X, 2000)
    z = (mean - net.forward(X)) / (spread / np.sqrt(2000))
    assert abs(z).max() < 5


@pytest.mark.parametrize("n", [0, 1, -3])
def test_a_spread_takes_two_draws(n):
    with pytest.raises(ValueError, match="at least 2"):
        dropping().sample(X, n)


def test_a_network_that_drops_nothing_has_no_samples():
    with pytest.raises(ValueError, match="keep_prob"):
        Network([5, 8, 3], rng=0).sample(X)

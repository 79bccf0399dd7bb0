"""mu and sigma of the training set: exact, streaming, and applied by the network if it is told."""

import copy
import json
import pickle
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

import fastnn
from fastnn import Network, Normalizer

RNG = np.random.default_rng(0)


def awkward(m=600, seed=0):
    """Features that a naive sum of squares gets wrong, and one that is constant."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, 6)) * [1, 1, 1e-6, 1e6, 1, 3] + [0, 1e8, 5, -1e6, 0, 2]
    X[:, 4] = 0.1
    return X


# --- the Normalizer --------------------------------------------------------------------------


def test_mean_and_std_to_rounding():
    X = awkward()
    normalizer = Normalizer(dtype="float64").fit(X)
    exact = X.astype("longdouble")
    np.testing.assert_allclose(normalizer.mean_, exact.mean(axis=0).astype(float), rtol=1e-14)
    varying = [0, 1, 2, 3, 5]
    np.testing.assert_allclose(
        normalizer.std_[varying], exact[:, varying].std(axis=0).astype(float), rtol=1e-13
    )
    Z = normalizer.transform(X)
    np.testing.assert_allclose(Z[:, varying].mean(axis=0), 0, atol=1e-7)
    np.testing.assert_allclose(Z[:, varying].std(axis=0), 1, atol=1e-12)
    assert normalizer.n_seen_ == 600
    assert (Z[:, 4] == 0).all()
    assert normalizer.std_[4] == 0
    assert normalizer.constant_.tolist() == [4]
    assert repr(normalizer) == "<Normalizer of 6 features, 600 examples seen, constant: 4>"
    # A constant feature that varies later stays finite.
    assert normalizer.transform(X[:1] + 1)[0, 4] == 0


def test_agrees_with_scikit_learn():
    X = RNG.gamma(2, 3, (500, 7))
    np.testing.assert_allclose(
        Normalizer(dtype="float64").fit_transform(X),
        StandardScaler().fit_transform(X),
        rtol=1e-11,
        atol=1e-13,
    )


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), cuts=st.lists(st.integers(0, 600), max_size=12))
def test_chunks_equal_one_pass(seed, cuts):
    X = awkward(seed=seed)
    one = Normalizer().fit(X)
    streamed = Normalizer()
    edges = [0, *sorted(set(cuts) - {0, 600}), 600]
    for first, end in pairwise(edges):
        streamed.partial_fit(X[first:end])
    # Relative to the size of the feature: no sum gives more digits of a mean near 0.
    size = np.maximum(np.abs(one.mean_), one.std_)
    np.testing.assert_allclose(streamed.mean_ / size, one.mean_ / size, rtol=0, atol=1e-12)
    np.testing.assert_allclose(streamed.std_, one.std_, rtol=1e-12)
    assert streamed.n_seen_ == one.n_seen_
    assert streamed.constant_.tolist() == one.constant_.tolist() == [4]


def test_an_outlier_first_is_not_lost_on_the_rest():
    X = RNG.standard_normal((1000, 1))
    X[0] = 1e9
    exact = X.astype("longdouble")
    normalizer = Normalizer().fit(X)
    assert normalizer.std_[0] == pytest.approx(float(exact.std()), rel=1e-13)
    assert normalizer.mean_[0] == pytest.approx(float(exact.mean()), rel=1e-9)


def test_features_on_the_way_out_of_float64():
    with pytest.raises(ValueError, match="too close to each other in column 0"):
        Normalizer().fit([[1e-200], [2e-200]])  # its variance is below the smallest float64
    with pytest.raises(ValueError, match="too large in column 1"):
        Normalizer().fit([[1.0, 1e300], [2.0, -1e300]])
    with pytest.raises(ValueError, match="range of float32, got 1e\\+300 at row 1, column 0"):
        Normalizer().fit([[0.0], [1.0]]).transform([[1.0], [1e300]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_transform_and_back(dtype):
    X = awkward()
    before = X.copy()
    normalizer = Normalizer(dtype=dtype).fit(X)
    Z = normalizer.transform(X)
    assert Z.dtype == dtype
    assert not np.shares_memory(Z, X)
    back = normalizer.inverse_transform(Z)
    assert back.dtype == np.float64
    np.testing.assert_allclose(
        (back - X) / np.where(normalizer.std_, normalizer.std_, 1),
        0,
        atol=1e-6 if dtype == "float32" else 1e-7,
    )
    np.testing.assert_array_equal(back[:, 4], X[:, 4])
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize(
    "kind",
    [
        np.asfortranarray,
        lambda X: X[::-1].copy()[::-1],
        lambda X: X.tolist(),
        lambda X: X.astype(">f8"),
        scipy.sparse.csr_matrix,
        scipy.sparse.csc_array,
    ],
)
def test_any_kind_of_array(kind):
    X = np.round(4 * RNG.standard_normal((300, 5)))
    one, other = Normalizer().fit(X), Normalizer().fit(kind(X))
    np.testing.assert_array_equal(one.mean_, other.mean_)
    np.testing.assert_array_equal(one.std_, other.std_)


def test_float32_is_summed_in_float64():
    X = (1000 + RNG.standard_normal((20_000, 2))).astype("float32")
    np.testing.assert_allclose(Normalizer().fit(X).std_, X.astype(float).std(axis=0), rtol=1e-13)


def test_a_memory_map_is_not_copied_whole(tmp_path):
    X = np.memmap(tmp_path / "X", dtype="float32", mode="w+", shape=(100_000, 40))
    X[:] = np.arange(100_000, dtype="float32")[:, np.newaxis] % 7
    tracemalloc.start()
    Normalizer().fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 2


def test_state():
    normalizer = Normalizer(dtype="float64").fit(awkward())
    for twin in (
        Normalizer.from_dict(json.loads(json.dumps(normalizer.to_dict()))),
        pickle.loads(pickle.dumps(normalizer)),
        copy.deepcopy(normalizer),
    ):
        assert twin.dtype == normalizer.dtype
        assert repr(twin) == repr(normalizer)
        for name in ("mean_", "std_", "scale", "n_seen_"):
            np.testing.assert_array_equal(getattr(twin, name), getattr(normalizer, name))
        more = awkward(seed=1)
        twin.partial_fit(more)
        whole = Normalizer().fit(np.concatenate([awkward(), more]))
        np.testing.assert_allclose(twin.std_, whole.std_, rtol=1e-9)
    assert normalizer.n_seen_ == 600


def test_fit_forgets_and_refused_calls_change_nothing():
    normalizer = Normalizer().fit(awkward())
    state = normalizer.to_dict()
    late = awkward(5000)
    late[4900, 2] = np.nan
    for call in (normalizer.fit, normalizer.partial_fit):
        with pytest.raises(ValueError, match="got nan at row 4900, column 2; remove or impute"):
            call(late)
        assert normalizer.to_dict() == state
    assert normalizer.fit([[0.0], [2.0]]).n_seen_ == 2
    assert normalizer.mean_.tolist() == [1.0]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[1.0, 2.0]], "at least 2 examples to take a standard deviation of, got 1"),
        ([1.0, 2.0], r"reshape\(-1, 1\)"),
        (np.zeros((0, 3)), "examples and features"),
        (np.zeros((3, 0)), "examples and features"),
        (np.zeros((2, 2, 2)), r"shape \(m, n\)"),
        ([[1.0], [np.inf]], "got inf at row 1, column 0"),
        (scipy.sparse.csr_matrix([[0, 1.0], [np.nan, 0]]), "got nan at row 1, column 0"),
    ],
)
def test_bad_input(X, message):
    with pytest.raises(ValueError, match=message):
        Normalizer().fit(X)


def test_bad_use():
    with pytest.raises(NotFittedError, match="call fit"):
        Normalizer().transform([[1.0]])
    with pytest.raises(ValueError, match="more"):
        Normalizer().partial_fit([[1.0]]).transform([[1.0]])
    with pytest.raises(ValueError, match="dtype"):
        Normalizer(dtype="float16")
    with pytest.raises(TypeError, match="real numbers"):
        Normalizer().fit([["a"], ["b"]])
    normalizer = Normalizer().fit([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ValueError, match="2 features that the normalizer was fitted on, got 3"):
        normalizer.transform(np.ones((1, 3)))
    with pytest.raises(ValueError, match="2 features"):
        normalizer.partial_fit(np.ones((1, 3)))
    with pytest.raises(TypeError, match="sparse"):
        normalizer.transform(scipy.sparse.csr_matrix((1, 2)))
    with pytest.raises(ValueError, match="got nan at row 0, column 1"):
        normalizer.transform([[0.0, np.nan]])


# --- the network that normalizes -------------------------------------------------------------


def problem(m=400, dtype="float32"):
    rng = np.random.default_rng(3)
    X = (rng.standard_normal((m, 5)) * [1, 100, 0.01, 1, 7] + [0, 500, 1, -3, 0]).astype(dtype)
    X[:, 3] = 2
    y = (X[:, 0] * (X[:, 1] - 500) > 0).astype(int)
    return X, y


def raw_and_by_hand(dtype="float32", **options):
    """Two equal networks: one normalizes X itself, the other gets X normalized."""
    return (
        Network([5, 16, 8, 2], normalize=True, dtype=dtype, rng=1, **options),
        Network([5, 16, 8, 2], dtype=dtype, rng=1, **options),
    )


@pytest.mark.parametrize("optimizer", ["adam", "gd", "lbfgs"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_as_transforming_by_hand(dtype, optimizer):
    X, y = problem()
    Xd, yd = problem(90)
    keep_prob = 1.0 if optimizer == "lbfgs" else [0.9, 0.8, 0.8]
    net, plain = raw_and_by_hand(dtype, keep_prob=keep_prob, l2=0.1)
    normalizer = Normalizer(dtype=dtype).fit(X)
    Z, Zd = normalizer.transform(X), normalizer.transform(Xd)
    fit = {"epochs": 12, "batch_size": 32, "optimizer": optimizer, "learning_rate": 0.01}
    history, expected = net.fit(X, y, dev=(Xd, yd), **fit), plain.fit(Z, y, dev=(Zd, yd), **fit)
    if optimizer == "lbfgs":  # its passes are in float64, where Z has been rounded to float32
        tolerance = {"rtol": 1e-2, "atol": 1e-2} if dtype == "float32" else {"rtol": 1e-9}
        np.testing.assert_allclose(net.forward(X), plain.forward(Z), **tolerance)
        return
    # The same bits, not only to rounding.
    np.testing.assert_array_equal(net.theta, plain.theta)
    assert (history.cost, history.dev_cost) == (expected.cost, expected.dev_cost)
    np.testing.assert_array_equal(net.forward(Xd), plain.forward(Zd))
    np.testing.assert_array_equal(net.forward(Xd[:2]), plain.forward(Zd[:2]))
    np.testing.assert_array_equal(net.predict(Xd), plain.predict(Zd))
    assert net.cost(X, y) == plain.cost(Z, y)
    assert net.error(X, y) == plain.error(Z, y)
    J, dtheta = net.value_and_grad(X, y, dropout=(5, 2))
    J_plain, dtheta_plain = plain.value_and_grad(Z, y, dropout=(5, 2))
    assert J_plain == J
    np.testing.assert_array_equal(dtheta, dtheta_plain)


@pytest.mark.parametrize(
    "kind",
    [
        np.asfortranarray,
        lambda X: X.astype("float64"),
        lambda X: X[:, ::-1].copy()[:, ::-1],
        scipy.sparse.csr_matrix,
        lambda X: X.tolist(),
        lambda X: X.astype(">f4"),
    ],
)
def test_any_kind_of_array_the_same_bits(kind):
    """A sparse X as well: rows become dense as they are gathered, normalized or not."""
    X, y = problem()
    net, other = (Network([5, 8, 2], normalize=True, rng=0) for _ in range(2))
    net.fit(X, y, epochs=3)
    other.fit(kind(X), y, epochs=3)
    np.testing.assert_array_equal(net.theta, other.theta)
    for rows in (3, 100):
        np.testing.assert_array_equal(net.forward(X[:rows]), other.forward(kind(X[:rows])))


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("batch_size", [64, None])
def test_same_bits_over_threads(threads, batch_size):
    X, y = problem()
    nets = [raw_and_by_hand(keep_prob=0.8)[0] for _ in range(2)]
    for net, count in zip(nets, (1, threads), strict=True):
        net.fit(
            X, y, epochs=3, batch_size=batch_size, shuffle=batch_size is not None, threads=count
        )
    np.testing.assert_array_equal(nets[0].theta, nets[1].theta)


def test_far_from_zero_nothing_is_lost():
    """float64 features of 1e8 + noise, read by a float32 network."""
    noise = np.random.default_rng(0).standard_normal((500, 2))
    y = (noise[:, 0] > noise[:, 1]).astype(int)
    net = Network([2, 16, 2], normalize=True, rng=0)
    net.fit(noise + 1e8, y, epochs=60, learning_rate=0.02)
    assert net.error(noise + 1e8, y) < 0.03
    plain = Network([2, 16, 2], normalizer=Normalizer().fit(noise), rng=0)
    plain.theta = net.theta
    np.testing.assert_allclose(net.forward(noise + 1e8), plain.forward(noise), atol=1e-5)


def test_mu_and_sigma_are_those_of_the_first_training_set():
    X, y = problem()
    net = Network([5, 8, 2], normalize=True, rng=0)
    assert net.normalizer is None
    assert net.normalize
    for use in (net.forward, net.predict, lambda X: net.cost(X, y)):
        with pytest.raises(NotFittedError, match="call fit first"):
            use(X)
    net.fit(X[:200], y[:200], dev=(X[200:] * 3, y[200:]), epochs=1)
    np.testing.assert_array_equal(net.normalizer.mean_, Normalizer().fit(X[:200]).mean_)
    assert net.normalizer.constant_.tolist() == [3]
    net.fit(X * 3, y, epochs=1)
    assert net.normalizer.n_seen_ == 200
    net.normalizer.partial_fit(X)  # of a copy
    assert net.normalizer.n_seen_ == 200
    net.normalizer = None
    net.fit(X, y, epochs=1)
    assert net.normalizer.n_seen_ == 400


def test_an_assigned_normalizer_is_heeded_at_once():
    X, _ = problem()
    X = X[:2]
    net = Network([5, 8, 2], rng=0)
    before = net.forward(X)
    normalizer = Normalizer(dtype="float64").fit(problem()[0])
    net.normalizer = normalizer
    assert net.normalizer.dtype == np.float32
    assert net.normalize
    after = net.forward(X)
    assert (after != before).any()
    np.testing.assert_array_equal(after, net.forward(np.tile(X, (10, 1)))[:2])
    net.normalizer = None
    np.testing.assert_array_equal(net.forward(X), before)
    assert not net.normalize


def test_refused_fit_leaves_no_normalizer():
    X, y = problem()
    net = Network([5, 8, 2], normalize=True, rng=0)
    bad = X.copy()
    bad[7, 2] = np.nan
    for arguments in (
        {"X": bad, "y": y},
        {"X": X, "y": y + 5},
        {"X": X[:1], "y": y[:1]},
        {"X": X, "y": y, "dev": (bad, y)},
        {"X": X[:, :4], "y": y},
    ):
        with pytest.raises(ValueError, match=r"row 7|labels|2 examples|shape"):
            net.fit(**arguments, epochs=1)
        assert net.normalizer is None


def test_bad_normalizers():
    with pytest.raises(TypeError, match=r"fitted fastnn\.Normalizer"):
        Network([5, 2], normalizer=StandardScaler())
    with pytest.raises(NotFittedError):
        Network([5, 2], normalizer=Normalizer())
    with pytest.raises(ValueError, match="network's 5 features, got one of 2"):
        Network([5, 2], normalizer=Normalizer().fit([[1.0, 2.0], [3.0, 4.0]]))
    with pytest.raises(TypeError, match="normalize"):
        Network([5, 2], normalize="yes")


def test_numbers_too_large_once_normalized():
    net = Network([1, 2], normalizer=Normalizer().fit([[0.0], [1e-30]]), rng=0)
    for rows in (1, 2, 50):
        with pytest.raises(ValueError, match="row 0"):
            net.forward(np.full((rows, 1), 1e20, "float32"))
    with pytest.raises(ValueError, match="row 0"):
        net.forward(np.full((9, 1), 2**62))
    # Large, but small once it is normalized: float32 cannot hold it, the network can.
    wide = Network([1, 2], normalizer=Normalizer().fit([[-1e60], [1e60]]), rng=0)
    assert np.isfinite(wide.forward(np.full((9, 1), 1e60))).all()


@pytest.mark.parametrize("duplicate", ["pickle", "file", "spec", "deepcopy"])
def test_kept_with_the_network(duplicate, tmp_path):
    X, y = problem()
    net = Network([5, 8, 2], normalize=True, rng=0)
    net.fit(X, y, epochs=2)
    if duplicate == "pickle":
        twin = pickle.loads(pickle.dumps(net))
    elif duplicate == "deepcopy":
        twin = copy.deepcopy(net)
    elif duplicate == "file":
        net.save(tmp_path / "model")
        twin = fastnn.load(tmp_path / "model")
    else:
        twin = Network(**json.loads(json.dumps(net.spec)))
        twin.theta = net.theta
    assert twin.spec == net.spec
    for rows in (2, 300):
        np.testing.assert_array_equal(twin.forward(X[:rows]), net.forward(X[:rows]))


@pytest.mark.slow
def test_a_normalizer_too_wide_for_the_file_is_refused(tmp_path):
    n = 450_000
    net = Network([n, 1], init="zeros", normalizer=Normalizer().fit(RNG.random((2, n))), rng=0)
    with pytest.raises(ValueError, match="cannot be saved with the network"):
        net.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_it_helps():
    """Features of scales 1e-2 to 1e2, which need normalization."""
    X, y = problem(800)
    errors = {}
    for normalize in (False, True):
        net = Network([5, 16, 2], normalize=normalize, rng=0)
        net.fit(X, y, epochs=60, learning_rate=0.01)
        errors[normalize] = net.error(X, y)
    assert errors[True] < 0.05 < errors[False]


def test_variance_below_float64_is_not_taken_for_none():
    X = np.array([[1.0, 3e-200], [2.0, 1e-200], [3.0, 5e-200]])
    with pytest.raises(ValueError, match=r"too close to each other in column 1.*scale it up"):
        fastnn.Normalizer().fit(X)
    normalizer = fastnn.Normalizer().fit(X * [1, 1e100])
    assert normalizer.constant_.size == 0
    assert normalizer.std_[1] == pytest.approx(np.std([3e-100, 1e-100, 5e-100]), rel=1e-12)
    assert fastnn.Normalizer().fit(np.full((3, 1), 1e-200)).constant_.tolist() == [0]

"""Two-sample tests: few false alarms, and differences are found."""

import numpy as np
import pytest
import scipy.sparse

import fastnn


def draws(kind, n, d, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, n, d))
    if kind == "mean":
        b[:, 0] += 0.4
    elif kind == "variance":
        b[:, 0] *= 1.6
    elif kind == "correlation":
        b[:, 1] = 0.6 * b[:, 0] + 0.8 * b[:, 1]
    return a, b


def p_values(kind, n, d, seeds, shape=lambda a, b: (a, b)):
    return np.array(
        [
            fastnn.same_distribution(*shape(*draws(kind, n, d, seed))).p_value
            for seed in range(seeds)
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape",
    [
        lambda a, b: (a, b),
        lambda a, b: (a, b[:40]),  # few against many
        lambda a, b: (np.round(a[:, :1]), np.round(b[:, :1])),  # ties
    ],
    ids=["plain", "unbalanced", "ties"],
)
def test_false_alarms_are_as_rare_as_promised(shape):
    p = p_values("none", 200, 4, 120, shape)
    # Of 120 tests at 5 %, more than 13 has probability 0.3 %.
    assert (p < 0.05).sum() <= 13
    assert (p < 0.5).sum() >= 36  # the test does not always say 1


@pytest.mark.parametrize("kind", ["mean", "variance", "correlation"])
def test_differences_are_seen(kind):
    assert (p_values(kind, 600, 5, 20) < 0.05).sum() >= 17


def test_more_data_more_certain():
    means = [np.log(p_values("mean", n, 3, 8)).mean() for n in (100, 400, 1600)]
    assert means[0] > means[1] > means[2]


def test_result():
    a, b = draws("mean", 400, 3, 0)
    far = fastnn.same_distribution(a, b + 9)
    assert far.different
    assert far.accuracy > 0.99
    assert far.p_value < 1e-50
    assert str(far).startswith("different distributions: a classifier tells them apart with accur")
    same = fastnn.same_distribution(a, draws("none", 400, 3, 1)[0], max_rows=100)
    assert not same.different
    assert (same.n_a, same.n_b) == (100, 100)
    assert 0.3 < same.accuracy < 0.7
    assert same.verdict.startswith("no difference found")
    # The result depends on the seed alone, and the user's arrays are not changed.
    before = a.copy()
    assert fastnn.same_distribution(a, b, rng=3) == fastnn.same_distribution(a, b, rng=3)
    np.testing.assert_array_equal(a, before)


def test_kinds_of_arrays():
    a, b = np.round(4 * np.stack(draws("variance", 150, 3, 2)))
    expected = fastnn.same_distribution(a, b)
    part = fastnn.Split(b, None, np.arange(150))
    for one, other in ((a.tolist(), part), (scipy.sparse.csr_matrix(a), scipy.sparse.coo_array(b))):
        assert fastnn.same_distribution(one, other) == expected


def test_dev_and_test_of_one_source_are_alike_and_other_sources_are_not():
    rng = np.random.default_rng(0)
    web, app = rng.standard_normal((2000, 4)), 1.5 * rng.standard_normal((1000, 4)) + 0.3
    train, dev, test = fastnn.split(web, dev_from=(app, None))
    assert fastnn.same_distribution(train, dev).different
    assert not fastnn.same_distribution(dev, test).different


def test_constant_and_equal_features():
    ones = np.ones((50, 2))
    result = fastnn.same_distribution(ones, ones)
    assert not result.different
    assert result.p_value == 0.5


GOOD = np.random.default_rng(0).standard_normal((30, 2))


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (GOOD, GOOD[:, :1], "same features, got 2 and 1"),
        (GOOD[:19], GOOD, "20 examples in a, got 19"),
        (GOOD[:, 0], GOOD, r"a to have shape \(m, n\)"),
        (GOOD, np.where(np.arange(60).reshape(30, 2) == 15, np.nan, GOOD), "in b: .*row 7"),
    ],
)
def test_bad_values(a, b, message):
    with pytest.raises(ValueError, match=message):
        fastnn.same_distribution(a, b)


def test_bad_arguments():
    with pytest.raises(ValueError, match="confidence"):
        fastnn.same_distribution(GOOD, GOOD, confidence=1)
    with pytest.raises(ValueError, match="max_rows"):
        fastnn.same_distribution(GOOD, GOOD, max_rows=3)
    with pytest.raises(TypeError, match="real numbers"):
        fastnn.same_distribution(GOOD, GOOD.astype(str))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_frames_are_matched_by_name(library):
    frames = pytest.importorskip(library)
    rng = np.random.default_rng(0)
    a, b = ({"x": rng.normal(0, 1, 300), "y": rng.normal(9, 1, 300)} for _ in range(2))
    swapped = frames.DataFrame({"y": b["y"], "x": b["x"]})
    found = fastnn.same_distribution(frames.DataFrame(a), swapped)
    assert not found.different
    assert found == fastnn.same_distribution(frames.DataFrame(a), frames.DataFrame(b))
    other = frames.DataFrame({"x": b["x"], "z": b["y"]})
    with pytest.raises(ValueError, match="only a has y and only b has z"):
        fastnn.same_distribution(frames.DataFrame(a), other)

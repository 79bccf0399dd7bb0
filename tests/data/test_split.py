"""Training, dev and test set: laws that every division keeps, and input that is refused."""

import pickle

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import fastnn
from fastnn.data.part_sizes import rule_of_thumb
from fastnn.data.strata import rounded_table

QUICK = settings(deadline=None, max_examples=60)


def indices(*arguments, **options):
    return [part.index for part in fastnn.split(*arguments, **options) if part is not None]


def assert_dealt_out(parts, m):
    """Every example is in one part, and in one only."""
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(m))


# --- sizes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("m", "n"),
    [
        (3, 1),
        (5, 1),
        (100, 20),
        (1000, 200),
        (10_000, 2000),
        (1_000_000, 10_000),
        (4_000_000, 10_000),
    ],
)
def test_sizes_of_the_rule(m, n):
    assert [len(part) for part in fastnn.split(np.empty((m, 0)))] == [m - 2 * n, n, n]


def test_the_rule_is_monotone_and_smooth():
    ms = np.unique(np.geomspace(3, 1e7, 3000).astype(int))
    n = np.array([rule_of_thumb(int(m)) for m in ms])
    assert (np.diff(n) >= 0).all()
    ms, n = ms[ms > 1000][::20], n[ms > 1000][::20]
    steps = np.diff(np.log(n)) / np.diff(np.log(ms))
    assert steps.max() < 1.05  # n never grows faster than m, but for rounding: no jumps


@QUICK
@given(
    m=st.integers(3, 3000),
    seed=st.integers(0, 99),
    shares=st.lists(st.floats(0.01, 1), min_size=2, max_size=3),
)
def test_fractions(m, seed, shares):
    fractions = np.array(shares) / sum(shares)
    parts = indices(np.empty((m, 1)), sizes=fractions, rng=seed)
    assert_dealt_out(parts, m)
    for part, fraction in zip(parts, fractions, strict=True):
        # Parts whose share is less than a row get a whole row from the others.
        assert abs(len(part) - m * fraction) < 1 + sum(m * fractions < 1)
        assert len(part) >= 1


def test_counts_and_no_test_set():
    X = np.arange(100)
    assert [len(i) for i in indices(X, sizes=(60, 30, 10))] == [60, 30, 10]
    left_over = indices(X, sizes=(50, 20, 10))
    assert len(np.unique(np.concatenate(left_over))) == 80
    train, dev, test = fastnn.split(X, sizes=(0.8, 0.2))
    assert (len(train), len(dev), test) == (80, 20, None)


# --- seeds -----------------------------------------------------------------------------------


def test_same_seed_same_parts():
    y, groups = np.arange(500) % 3, np.arange(500) // 7
    for options in ({}, {"stratify": False}, {"groups": groups}):
        first, again = indices(y, y, rng=4, **options), indices(y, y, rng=4, **options)
        other = indices(y, y, rng=5, **options)
        generator = indices(y, y, rng=np.random.default_rng(4), **options)
        for a, b, c, d in zip(first, again, other, generator, strict=True):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_array_equal(a, d)
            assert a.tolist() != c.tolist()


def test_every_example_is_as_likely_to_be_dev():
    times = np.zeros(20)
    for seed in range(1000):
        times[indices(times, np.arange(20) % 2, rng=seed)[1]] += 1
    # 4 of 20 each time: 200 expected, standard deviation 12.6.
    assert abs(times - 200).max() < 4.5 * 12.6


# --- strata ----------------------------------------------------------------------------------


@QUICK
@given(
    seed=st.integers(0, 10**6),
    classes=st.integers(1, 12),
    m=st.integers(60, 1500),
    two=st.booleans(),
)
def test_proportions_within_one(seed, classes, m, two):
    rng = np.random.default_rng(seed)
    y = np.concatenate(
        [
            np.repeat(np.arange(classes), 3),
            rng.choice(classes, m, p=rng.dirichlet(np.ones(classes))),
        ]
    )
    sizes = (0.7, 0.3) if two else "auto"
    parts = indices(y, y, sizes=sizes, stratify=True, rng=seed)
    assert_dealt_out(parts, y.size)
    whole = np.bincount(y)
    for part in parts:
        counts = np.bincount(y[part], minlength=classes)
        assert np.abs(counts - whole * len(part) / y.size).max() < 1


def test_a_small_class_is_in_every_part():
    y = np.repeat([0, 1, 2], [3, 500, 497])
    for seed in range(20):
        assert [np.bincount(y[part])[0] for part in indices(y, y, rng=seed)] == [1, 1, 1]


@QUICK
@given(st.integers(0, 10**6))
def test_rounding_of_any_table(seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(1, 50, rng.integers(1, 30))
    cut = np.sort(rng.integers(0, rows.sum() + 1, rng.integers(0, 4)))
    columns = np.diff(np.concatenate([[0], cut, [rows.sum()]]))
    table = rounded_table(rows, columns, rng)
    np.testing.assert_array_equal(table.sum(axis=1), rows)
    np.testing.assert_array_equal(table.sum(axis=0), columns)
    assert np.abs(table - np.outer(rows, columns) / rows.sum()).max() < 1


@pytest.mark.parametrize(
    "labels",
    [
        lambda y: np.array(["cat", "dog", "emu"])[y],
        lambda y: np.array(["a", "b", "c"], object)[y],
        lambda y: y.tolist(),
        lambda y: y.astype("uint8"),
        lambda y: y[:, np.newaxis],
    ],
)
def test_auto_knows_classes(labels):
    y = np.repeat([0, 1, 2], [300, 30, 70])
    for part in indices(y, labels(y)):
        np.testing.assert_allclose(
            np.bincount(y[part]), [0.75 * len(part), 0.075 * len(part), 0.175 * len(part)], atol=1
        )


@pytest.mark.parametrize(
    "y",
    [
        np.linspace(0, 1, 400),
        np.arange(400),
        np.ones((400, 4)),
        np.array([1.5, None] * 200, object),
        scipy.sparse.csr_matrix(np.ones((400, 1))),
    ],
)
def test_auto_leaves_the_rest_alone(y):
    plain = indices(np.arange(400))
    for part, expected in zip(indices(np.arange(400), y), plain, strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("kind", ["float", "object", "pandas", "one-hot", "one-hot bool"])
def test_auto_knows_classes_written_otherwise(kind):
    y = np.r_[np.ones(20), np.zeros(980)]
    if kind == "object":
        y = y.astype(object)
    elif kind == "pandas":
        y = pytest.importorskip("pandas").Series(y)
    elif kind != "float":
        y = np.eye(2, dtype=bool if kind.endswith("bool") else float)[y.astype(int)]
    parts = fastnn.split(np.zeros((1000, 2)), y, rng=3)
    rare = [int(np.sum(np.asarray(p.y, float).reshape(len(p), -1)[:, -1])) for p in parts]
    assert rare == [12, 4, 4]
    for stratify in (True, y):
        again = fastnn.split(np.zeros((1000, 2)), y, rng=3, stratify=stratify)
        assert all((a.index == b.index).all() for a, b in zip(parts, again, strict=True))


@pytest.mark.parametrize(
    "y",
    [
        np.r_[[0.5] * 500, [1.0] * 500],
        np.r_[[np.nan], np.ones(999)],
        np.eye(4)[np.arange(1000) % 4] * 0.9,
        np.ones((1000, 2)),
        np.arange(1000.0),
    ],
)
def test_auto_leaves_quantities_alone(y):
    X = np.zeros((1000, 2))
    assert_same = zip(indices(X, y), indices(X, y, stratify=False), strict=True)
    assert all((a == b).all() for a, b in assert_same)


def test_other_labels_to_stratify_by():
    y, site = np.linspace(0, 1, 1000), np.arange(1000) % 4
    for part in indices(y, y, stratify=site):
        np.testing.assert_array_equal(np.bincount(site[part]), len(part) // 4)


# --- groups ----------------------------------------------------------------------------------


@QUICK
@given(seed=st.integers(0, 10**6), count=st.integers(12, 300), by_class=st.booleans())
def test_groups_never_straddle(seed, count, by_class):
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(np.arange(count), rng.integers(1, 12, count)))
    y = rng.integers(0, 3, groups.size)
    parts = indices(groups, y, groups=groups, stratify=by_class, rng=seed)
    assert_dealt_out(parts, groups.size)
    owners = [set(groups[part].tolist()) for part in parts]
    assert sum(map(len, owners)) == len(set.union(*owners)) == count
    for part, share in zip(parts, (0.6, 0.2, 0.2), strict=True):
        assert abs(len(part) - share * groups.size) <= (8 if by_class else 6)


def test_groups_with_classes_keep_both():
    """100 groups of one class each, two classes of 4 to 1."""
    groups = np.arange(1000) // 10
    y = (groups % 5 == 0).astype(int)
    for seed in range(5):
        for part, n in zip(
            indices(groups, y, groups=groups, rng=seed), (600, 200, 200), strict=True
        ):
            assert abs(len(part) - n) <= 20
            assert abs(y[part].mean() - 0.2) < 0.05


def test_large_groups_come_to_every_part():
    groups = np.concatenate([np.repeat(np.arange(10), 30), np.arange(10, 310)])
    large = sum(
        (np.bincount(groups[indices(groups, groups=groups, rng=seed)[1]]) == 30).sum()
        for seed in range(40)
    )
    assert 40 < large < 120  # 80 expected: a fifth of ten groups, forty times


def test_every_part_has_a_group():
    groups = np.arange(1000) // 100
    parts = indices(groups, groups=groups, sizes=(0.98, 0.01, 0.01))
    assert [len(part) for part in parts] == [800, 100, 100]


def test_groups_left_over():
    groups = np.arange(1000) // 10
    parts = indices(groups, groups=groups, sizes=(300, 100, 100))
    assert [len(part) for part in parts] == [300, 100, 100]


def test_many_groups_and_named_ones():
    groups = np.array([f"patient {i}" for i in range(30_000)])[np.arange(90_000) // 3]
    parts = indices(groups, groups=groups)
    n = rule_of_thumb(90_000)
    assert all(abs(len(part) - n) <= 3 for part in parts[1:])


# --- another source --------------------------------------------------------------------------


def test_dev_and_test_from_elsewhere():
    web, app = np.zeros((2000, 2)), np.ones((400, 2))
    y, y2 = np.arange(2000) % 2, np.arange(400) % 2
    train, dev, test = fastnn.split(web, y, dev_from=(app, y2))
    assert sorted(train.index.tolist()) == list(range(2000))
    assert (train.X == 0).all()
    assert (dev.X == 1).all()
    assert (test.X == 1).all()
    assert_dealt_out([dev.index, test.index], 400)  # a fifth of 2400 is more than half of 400
    assert np.bincount(dev.y).tolist() == [100, 100]
    _, dev, test = fastnn.split(web, y, dev_from=(app, y2), sizes=(40, 60))
    assert (len(dev), len(test)) == (40, 60)
    _, dev, test = fastnn.split(web, y, dev_from=(app, y2), sizes=(1.0,))
    assert (len(dev), test) == (400, None)


def test_groups_of_two_sources():
    X, X2, here, there = np.zeros(60), np.zeros(40), np.arange(60) // 6, np.arange(40) // 4 + 100
    _, dev, test = fastnn.split(X, dev_from=(X2, None), groups=(here, there))
    assert not set(there[dev.index]) & set(there[test.index])
    with pytest.raises(ValueError, match="no group in both X and dev_from, got 9"):
        fastnn.split(X, dev_from=(X2, None), groups=(here, there - 91))
    with pytest.raises(TypeError, match="a pair, those of X and of X2"):
        fastnn.split(X, dev_from=(X2, None), groups=here)


# --- the parts -------------------------------------------------------------------------------


def test_kinds_of_arrays(tmp_path):
    X, y = np.arange(60.0).reshape(20, 3), np.arange(20) % 2
    file = np.memmap(tmp_path / "X", dtype=float, mode="w+", shape=X.shape)
    file[:] = X
    for kind in (
        X,
        X.tolist(),
        file,
        scipy.sparse.csr_matrix(X),
        scipy.sparse.coo_matrix(X),
        scipy.sparse.csc_array(X),
    ):
        for part in fastnn.split(kind, y):
            taken = part.X.toarray() if scipy.sparse.issparse(part.X) else part.X
            np.testing.assert_array_equal(taken, X[part.index])
            np.testing.assert_array_equal(part.y, y[part.index])
            assert part.X is part.X
    words = [f"word {i}" for i in range(20)]
    dev = fastnn.split(words)[1]
    assert [words[i] for i in dev.index] == dev.X


def test_pandas():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame({"a": np.arange(90.0), "b": -np.arange(90.0)}, index=np.arange(90)[::-1])
    y = pandas.Series(["yes", "no", "no"] * 30, index=X.index)
    for part in fastnn.split(X, y):
        assert part.X["a"].tolist() == part.index.tolist()
        assert part.y.index.tolist() == part.X.index.tolist()
        assert (part.y == "yes").mean() == pytest.approx(1 / 3, abs=1 / len(part))
    for labels in (y.astype("category"), y.astype("string"), (y == "yes").astype("Int64")):
        for part in fastnn.split(X, labels, groups=pandas.Series(np.arange(90) // 2)):
            assert len(set(part.index // 2)) * 2 == len(part)
    np.testing.assert_array_equal(fastnn.Normalizer().fit(X).mean_, [44.5, -44.5])


def test_polars():
    polars = pytest.importorskip("polars")
    X = polars.DataFrame({"a": np.arange(90.0), "b": -np.arange(90.0)})
    y = polars.Series(["yes", "no", "no"] * 30)
    for part in fastnn.split(X, y):
        assert part.X["a"].to_list() == part.index.tolist()
        assert part.y.to_list() == y.gather(part.index).to_list()
        assert (part.y == "yes").mean() == pytest.approx(1 / 3, abs=1 / len(part))
    np.testing.assert_array_equal(fastnn.Normalizer().fit(X).mean_, [44.5, -44.5])


def test_nothing_is_taken_before_it_is_asked_for():
    class Rows(np.ndarray):
        taken = 0

        def __getitem__(self, at):
            Rows.taken += 1
            return np.asarray(self)[at]

    X = np.arange(30.0).view(Rows)
    train, dev, _ = fastnn.split(X)
    assert Rows.taken == 0
    assert train.X.shape == (18,)
    assert train.X is train.X
    assert Rows.taken == 1
    assert len(dev) == 6


def test_a_range_of_rows_is_a_view():
    X = np.arange(30.0)
    assert np.shares_memory(fastnn.Split(X, None, np.arange(4, 9)).X, X)
    assert not np.shares_memory(fastnn.Split(X, None, np.array([4, 6])).X, X)
    assert fastnn.Split(X, None, np.array([], int)).X.size == 0


def test_a_pickled_part_takes_only_its_own_along():
    X = np.zeros(1_000_000)
    _, dev, _ = fastnn.split(X, sizes=(999_990, 10))
    data = pickle.dumps(dev)
    assert len(data) < 2000
    twin = pickle.loads(data)
    assert twin.X.tolist() == dev.X.tolist()
    assert twin.y is None
    assert twin.index.tolist() == dev.index.tolist()


def test_fit_takes_a_part_as_dev():
    X = np.random.default_rng(0).standard_normal((200, 2))
    train, dev, _ = fastnn.split(X, (X[:, 0] > 0).astype(int))
    history = fastnn.Network([2, 4, 2], rng=0).fit(train.X, train.y, dev=dev, epochs=2)
    assert len(history.dev_error) == 2


def test_dev_from_a_part_and_only_of_the_same_features():
    X, y = np.zeros((400, 10)), np.arange(400) % 4
    part = fastnn.split(X, y)[0]
    _, dev, test = fastnn.split(X, y, dev_from=part, sizes=(40, 20))
    assert (len(dev), len(test)) == (40, 20)
    with pytest.raises(ValueError, match=r"same features in X .*got \(10,\) and \(9,\)"):
        fastnn.split(X, y, dev_from=(X[:200, :9], y[:200]))
    with pytest.raises(ValueError, match="same features"):
        fastnn.split(X.tolist(), y, dev_from=(X[:200, :9].tolist(), y[:200]))
    with pytest.raises(ValueError, match="same targets"):
        fastnn.split(X, y, dev_from=(X, np.eye(4)[y]))
    frame = pytest.importorskip("pandas").DataFrame({"a": range(40), "b": range(40)})
    with pytest.raises(ValueError, match="in their order: a, b; got b, a"):
        fastnn.split(frame, np.zeros(40), dev_from=(frame[["b", "a"]], np.zeros(40)))


def test_per_cent_are_not_taken_for_counts():
    for sizes in ((60, 20, 20), (60.0, 20.0, 20.0), (60, 20.0, 20)):
        with pytest.raises(ValueError, match=r"write \(0\.6, 0\.2, 0\.2\)"):
            fastnn.split(np.zeros((5000, 2)), sizes=sizes)


@pytest.mark.parametrize("kind", ["float", "object", "dates"])
def test_missing_labels_are_no_class_and_no_group(kind):
    """NaN is not equal to NaN: such rows have no label in common."""
    given = np.arange(40.0) % 2
    given[::4] = np.nan
    if kind == "object":
        given = given.astype(object)
    if kind == "dates":
        given = np.where(np.isnan(given), np.datetime64("NaT"), np.datetime64("2020-01-01"))
    X, y = np.zeros((40, 2)), np.arange(40) % 2
    for options in ({"stratify": given}, {"groups": given}):
        name = next(iter(options))
        with pytest.raises(ValueError, match=f"{name} without missing values, got 10 of 40"):
            fastnn.split(X, y, **options)
    with pytest.raises(ValueError, match=r"expected y without .* or pass stratify=False"):
        fastnn.split(X, given, stratify=True)
    assert sum(len(part.y) for part in fastnn.split(X, given, stratify=False)) == 40


def test_a_missing_label_or_group_is_named_as_such():
    with pytest.raises(TypeError, match=r"labels in groups to be of one kind.*none missing"):
        fastnn.split(np.zeros((4, 2)), groups=["a", None, "b", "a"])


# --- bad input -------------------------------------------------------------------------------

Y = np.array([0] * 50 + [7, 7])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sizes": (0.5, 0.2, 0.2)}, r"fractions that sum to 1, got 0\.5 \+ 0\.2 \+ 0\.2 = 0\.9"),
        ({"sizes": (40, 20, 20)}, r"at most 52 examples.* got 40 \+ 20 \+ 20 = 80"),
        ({"sizes": (1.0,)}, "got 1 of them"),
        ({"sizes": (0.25,) * 4}, "got 4 of them"),
        ({"sizes": (52, 0)}, r"sizes\[1\] to be at least 1, got 0"),
        ({"sizes": (1.5, -0.5)}, r"sizes\[0\] in \(0, 1\]"),
        ({"sizes": "all"}, "'auto', fractions"),
        ({"y": Y}, "at least 3 examples of each class.*class 7 has 2.*stratify=False"),
        ({"y": Y, "groups": np.arange(52)}, "class 7 has 2"),
        ({"y": Y[:51]}, "as many examples as X, 52; got 51"),
        ({"stratify": True}, "needs y"),
        ({"stratify": "classes"}, "'auto', True, False or labels"),
        ({"stratify": Y[1:]}, "one label for each of the 52 examples, got 51"),
        ({"groups": Y}, "at least 3 groups, one for each part, got 2: 0, 7"),
        (
            {"groups": np.array([0] * 40 + [*range(1, 13)])},
            r"group 0 has 40 of the 52 examples, more than any part is to have \(32, 10, 10\)",
        ),
        ({"groups": np.zeros((52, 2))}, r"groups to have shape \(52,\)"),
        ({"dev_from": (np.zeros(9), np.zeros(9))}, "both or neither"),
        (
            {"dev_from": (np.zeros((9, 2)), None), "sizes": (0.6, 0.2, 0.2)},
            "dev, or of dev and test",
        ),
    ],
)
def test_bad_values(options, message):
    with pytest.raises(ValueError, match=message):
        fastnn.split(np.zeros((52, 2)), options.pop("y", None), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"X": 5}, "with one entry for each example, got int"),
        ({"X": "text"}, "got str"),
        ({"X": np.array(5.0)}, "got ndarray"),
        ({"sizes": 0.8}, "'auto', fractions or counts, got 0.8"),
        ({"sizes": (True, 0.2)}, r"sizes\[0\] to be a number"),
        ({"rng": "seed"}, "rng"),
        ({"y": np.array([1, "a"] * 2, object)}, "of one kind"),
        ({"dev_from": np.zeros(4)}, r"expected dev_from to be a pair .*, got ndarray"),
    ],
)
def test_bad_types(options, message):
    arguments = {"X": np.zeros(4), **options}
    with pytest.raises(TypeError, match=message):
        fastnn.split(**arguments)


@pytest.mark.parametrize("X", [[], np.zeros((0, 3)), scipy.sparse.csr_matrix((0, 3))])
def test_nothing_to_split(X):
    with pytest.raises(ValueError, match="examples in X, got none"):
        fastnn.split(X)
    with pytest.raises(ValueError, match="at least 3 examples for as many parts, got 2"):
        fastnn.split([1.0, 2.0])

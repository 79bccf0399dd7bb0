"""What lies between the training and the dev set is named, and only where it was planted."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

import fastnn
from fastnn.diagnosis.evidence.row_keys import row_keys
from fastnn.diagnosis.evidence.two_sets import class_apart, copies

R = np.random.default_rng(0)
X = R.standard_normal((1500, 8))
V = R.standard_normal((8, 3))
Y = (X @ V).argmax(axis=1)
TRAIN, DEV = (X[:1000], Y[:1000]), (X[1000:], Y[1000:])
OTHER = "the classes have other shares in dev than in training"
NAMES = (OTHER, "dev has training rows in it")


def diagnosed(train, dev, **options):
    regression = train[1].dtype.kind == "f"
    units = 1 if regression else int(max(train[1].max(), dev[1].max())) + 1
    net = fastnn.Network(
        [train[0].shape[1], 32, units], output="identity" if regression else "softmax", rng=0
    )
    net.fit(*train, epochs=40, learning_rate=0.005)
    return net.diagnose(train, dev, **options)


@pytest.mark.parametrize(
    "change",
    [
        lambda X: 10 * X,
        lambda X: X + 2,
        lambda X: (X - 100) / 5,
        lambda X: np.where(np.arange(8) == 3, X + 1, X),
        lambda X: np.zeros_like(X),
    ],
    ids=["scale", "shift", "units", "one column", "constant"],
)
def test_a_dev_set_of_other_columns(change):
    """The gap is no variance; what differs is told beside it."""
    diagnosis = diagnosed(TRAIN, (change(DEV[0]), DEV[1]))
    assert diagnosis.high_variance is None
    assert "are of different distributions" in "\n".join(diagnosis.notes)


def test_sets_that_were_cut_from_sorted_labels():
    order = np.argsort(Y, kind="stable")
    train, dev = (X[order[:1000]], Y[order[:1000]]), (X[order[1000:]], Y[order[1000:]])
    cause = diagnosed(train, dev).causes[0]
    assert cause.name == OTHER
    assert "class 2 is" in cause.evidence
    assert "100 % of dev" in cause.evidence


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_dev_rows_that_are_training_rows(dtype):
    dev = (np.r_[DEV[0], TRAIN[0][:60]].astype(dtype), np.r_[DEV[1], TRAIN[1][:60]])
    train = (TRAIN[0].astype(dtype), TRAIN[1])
    cause = diagnosed(train, dev).causes[0]
    assert cause.name == "dev has training rows in it"
    assert cause.evidence.startswith("60 of 560 dev rows")


@pytest.mark.parametrize("one", [np.int64, np.float32, np.float64])
@pytest.mark.parametrize("other", [np.int8, np.float32, np.float64])
def test_rows_of_other_dtypes_are_copies_only_where_the_numbers_are_equal(one, other):
    X = R.integers(-100, 100, (300, 8))
    y = X[:, 0].astype(float)
    assert copies(X.astype(one), y, X[:60].astype(other), y[:60]) == 60
    assert copies(X.astype(one), y, X[:60] + 0.5, y[:60]) == 0
    assert copies(X + 0.5, y, X[:60].astype(other), y[:60]) == 0
    assert copies(X + 0.1, y, (X[:60] + 0.1).astype(np.float32), y[:60]) == 60


def test_keys_of_rows_are_equal_where_the_rows_are():
    X = R.integers(-1, 2, (3000, 4)).astype(float)
    X[X == 0] = R.choice([0.0, -0.0], (X == 0).sum())
    y = R.integers(0, 2, 3000)
    keys = row_keys(X, y)
    _, expected = np.unique(np.c_[X + 0.0, y], axis=0, return_inverse=True)
    _, found = np.unique(keys, return_inverse=True)
    pairs = np.unique(np.c_[expected.reshape(-1), found], axis=0)
    assert len(pairs) == expected.max() + 1 == found.max() + 1 == 162
    assert len(np.unique(row_keys(X[:, ::-1], y))) == 162
    wide = np.zeros((1500, 1000))  # more than a block
    wide[np.arange(1000), np.arange(1000)] = 1
    assert len(np.unique(row_keys(wide))) == 1001
    assert (row_keys(wide[900:1100]) == row_keys(wide)[900:1100]).all()


def test_rows_that_repeat_anyway_are_no_copies():
    bits = R.integers(0, 2, (1500, 6)).astype(float)
    y = bits[:, 0].astype(int)
    assert copies(bits[:1000], y[:1000], bits[1000:], y[1000:]) == 0
    sparse = scipy.sparse.csr_matrix(X)
    assert copies(sparse, Y, sparse, Y) == 0


@pytest.mark.parametrize(("name", "place"), [("training", 0), ("dev", 1)])
@pytest.mark.parametrize("regression", [False, True])
def test_labels_that_were_shuffled_in_one_set(name, place, regression):
    y = X[:, 2] + 0.3 * X[:, 3] if regression else Y
    sets = [(X[:1000], y[:1000]), (X[1000:], y[1000:])]
    sets[place] = (sets[place][0], np.random.default_rng(1).permutation(sets[place][1]))
    diagnosis = diagnosed(*sets)
    assert diagnosis.causes[0].name == f"y does not belong to X in {name}"
    assert "(shuffled, sorted or shifted labels)" in diagnosis.advice[0]
    assert "are not related to" not in str(diagnosis)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("load", [load_digits, load_breast_cancer, load_wine, load_diabetes])
def test_sets_of_one_source_are_not_suspected(load, seed):
    X, y = load(return_X_y=True)
    train, dev, _ = fastnn.split(X, y / y.std() if load is load_diabetes else y, rng=seed)
    names = [cause.name for cause in diagnosed((train.X, train.y), (dev.X, dev.y)).causes]
    assert not set(names) & set(NAMES)
    assert not any("does not belong" in name for name in names)


@pytest.mark.parametrize("rows", [3, 20, 200])
def test_classes_of_one_source_are_seldom_told_apart(rows):
    r = np.random.default_rng(2)
    found = sum(
        class_apart(r.integers(0, 3, 300), r.integers(0, 3, rows)) is not None for _ in range(300)
    )
    assert found <= 1

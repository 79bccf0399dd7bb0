"""`partial_fit` of small mini-batches: a session is kept, and gives the bits of the general way."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array

import fastnn
from fastnn.estimators import solvers

rng = np.random.default_rng(0)
SIZES = [30, 32, 7, 1, 64, 20, 33]
X = rng.standard_normal((sum(SIZES), 6))
KINDS = rng.integers(0, 3, len(X))
CLASSES = np.array(["a", "b", "c"])
VALUES = X @ rng.standard_normal((6, 2))


@pytest.fixture
def steps(monkeypatch):
    """What each call of `Stream.step` has returned."""
    results = []
    step = solvers.Stream.step

    def look(self, *arguments):
        results.append(step(self, *arguments))
        return results[-1]

    monkeypatch.setattr(solvers.Stream, "step", look)
    return results


def never(estimator):
    """A callback that does nothing; with it, every call takes the general way."""


def parts(X, y):
    ends = np.cumsum(SIZES)
    return [
        (X[end - size : end], y[end - size : end]) for size, end in zip(SIZES, ends, strict=True)
    ]


def train(estimator, batches, **first):
    for X, y in batches:
        estimator.partial_fit(X, y, **first)
        first = {}
    return estimator


def assert_same(one, other):
    np.testing.assert_array_equal(one.network_.theta, other.network_.theta)
    assert one.loss_curve_ == other.loss_curve_
    assert len(one.loss_curve_) == one.n_iter_ * len(SIZES)
    for name in ("loss_", "best_loss_", "t_", "n_iter_"):
        assert getattr(one, name) == getattr(other, name), name
    assert vars(one._progress) == vars(other._progress)
    assert one._optimizer.step == other._optimizer.step
    for mine, its in zip(
        (one._optimizer.first, one._optimizer.second),
        (other._optimizer.first, other._optimizer.second),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", [
    {},
    {"keep_prob": 0.7, "alpha": 0.3, "max_norm": 0.5},
    {"solver": "sgd", "learning_rate_init": 0.05, "l1": 0.01},
    {"solver": "sgd", "momentum": 0.0, "hidden_layer_sizes": [8]},
    {"activation": ["tanh", "logistic"], "n_iter_no_change": 2, "tol": 10.0},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("kind", ["three classes", "two classes", "values", "many values"])
def test_the_bits_are_those_of_the_general_way(kind, options, dtype, steps):
    options = {"hidden_layer_sizes": (8, 5), "random_state": 0} | options
    first, make = {}, fastnn.MLPRegressor
    y = VALUES if kind == "many values" else VALUES[:, 0]
    if "classes" in kind:
        make = fastnn.MLPClassifier
        y = CLASSES[KINDS if kind == "three classes" else KINDS % 2]
        first = {"classes": np.unique(y)}
    batches = parts(X.astype(dtype), y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tol=10
        kept = train(make(**options), batches, **first)
        fast = sum(step is not None for step in steps)
        general = train(make(callbacks=never, **options), batches, **first)
    assert_same(kept, general)
    # Those of 64 rows and after it need larger buffers, which are made once.
    assert fast == len(SIZES) - 2
    assert len(steps) < 2 * len(SIZES)


def test_a_change_of_anything_is_noticed(steps):
    def changed(estimator, k):
        if k == 1:
            estimator.set_params(alpha=0.5)
        elif k == 2:
            estimator.hidden_layer_sizes.append(9)
            with pytest.raises(ValueError, match="hidden_layer_sizes as in the previous call"):
                estimator.partial_fit(X, KINDS)
            estimator.hidden_layer_sizes.pop()
        elif k == 3:
            estimator.coefs_[0] *= 0.5
        elif k == 4:
            estimator.set_params(solver="sgd")
        elif k == 5:
            estimator.partial_fit(X[:5], KINDS[:5], sample_weight=np.arange(5.0))
        elif k == 6:
            estimator = pickle.loads(pickle.dumps(estimator))
        return estimator

    results = []
    for callbacks in ((), never):
        estimator = fastnn.MLPClassifier([8, 5], random_state=0, callbacks=callbacks)
        estimator.partial_fit(X[:30], KINDS[:30], classes=np.arange(3))
        for k in range(8):
            estimator = changed(estimator, k)
            estimator.partial_fit(X[:20], KINDS[:20])
        results.append(estimator)
    np.testing.assert_array_equal(results[0].network_.theta, results[1].network_.theta)
    assert results[0].loss_curve_ == results[1].loss_curve_
    assert sum(step is not None for step in steps) >= 3


@pytest.mark.parametrize(
    "make", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_copies_have_no_part_of_it(make):
    estimator = fastnn.MLPRegressor(hidden_layer_sizes=(8,), random_state=0)
    for _ in range(3):
        estimator.partial_fit(X[:20], VALUES[:20, 0])
    assert estimator._stream is not None
    copied = make(estimator)
    assert "_stream" not in vars(copied)
    before = copied.network_.theta.copy()
    copied.partial_fit(X[:20], VALUES[:20, 0])
    assert (copied.network_.theta != before).any()
    assert copied.t_ == 80


@pytest.mark.parametrize(("message", "X", "y"), [
    ("NaN", np.full((4, 6), np.nan), [0, 1, 2, 0]),
    ("6 features", np.ones((4, 5)), [0, 1, 2, 0]),
    ("classes not in", np.ones((4, 6)), [0, 1, 2, 3]),
    ("inconsistent numbers of samples", np.ones((4, 6)), [0, 1, 2]),
    ("float32", np.full((4, 6), 1e39), [0, 1, 2, 0]),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_refused_examples_change_nothing(message, X, y):
    estimator = fastnn.MLPClassifier((8,), random_state=0)
    good = rng.standard_normal((20, 6)).astype(np.float32), KINDS[:20]
    for _ in range(2):
        estimator.partial_fit(*good, classes=np.arange(3))
    before, theta = dict(vars(estimator)), estimator.network_.theta.copy()
    losses = estimator.loss_curve_.copy()
    with pytest.raises(ValueError, match=message):
        estimator.partial_fit(X, np.array(y))
    np.testing.assert_array_equal(estimator.network_.theta, theta)
    assert estimator.loss_curve_ == losses
    assert vars(estimator) == before
    estimator.partial_fit(*good)
    assert estimator.t_ == 60


def test_an_estimator_without_its_network_begins_anew():
    estimator = fastnn.MLPRegressor(hidden_layer_sizes=(8,), random_state=0)
    for _ in range(2):
        estimator.partial_fit(X[:20], VALUES[:20, 0])
    del estimator.network_
    estimator.partial_fit(X[:20], VALUES[:20, 0])
    assert estimator.t_ == 20


def test_a_divergence_is_that_of_the_general_way():
    ends = []
    for callbacks in ((), never):
        estimator = fastnn.MLPRegressor(
            hidden_layer_sizes=(8,), solver="sgd", learning_rate_init=0.5, random_state=0,
            callbacks=callbacks,
        )  # fmt: skip
        batches = [(100 * X[:20], 100 * VALUES[:20, 0])] * 50
        with pytest.raises(fastnn.DivergenceError) as error:
            train(estimator, batches)
        ends.append((str(error.value), estimator.network_.theta, estimator.loss_curve_))
    assert ends[0][0] == ends[1][0]
    assert len(ends[0][2]) > 1
    np.testing.assert_array_equal(ends[0][1], ends[1][1])
    assert ends[0][2] == ends[1][2]


def test_sparse_and_large_mini_batches_take_the_general_way(steps):
    estimator = fastnn.MLPRegressor(hidden_layer_sizes=(8,), random_state=0)
    for _ in range(3):
        estimator.partial_fit(csr_array(X[:20]), VALUES[:20, 0])
    assert steps == [None, None]
    many = np.tile(X, (2, 1)), np.tile(VALUES[:, 0], 2)
    for _ in range(2):  # more than one mini-batch
        estimator.partial_fit(*many)
    assert steps == [None] * 3
    estimator.partial_fit(X[:20], VALUES[:20, 0])
    assert steps == [None] * 3


def test_callbacks_that_are_set_later_are_called():
    callback = pytest.importorskip("sklearn.callback").ProgressBar
    estimator = fastnn.MLPRegressor(hidden_layer_sizes=(8,), random_state=0)
    for _ in range(2):
        estimator.partial_fit(X[:20], VALUES[:20, 0])
    begun = []

    class Watch(callback):
        def on_fit_task_begin(self, *arguments, **named):
            begun.append(named)

        def on_fit_task_end(self, *arguments, **named):
            return False

        def setup(self, *arguments, **named):
            pass

        def teardown(self, *arguments, **named):
            pass

    estimator.set_callbacks(Watch())
    estimator.partial_fit(X[:20], VALUES[:20, 0])
    assert begun

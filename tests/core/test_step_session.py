"""`StepSession` by itself: what does not fit is refused, whatever the caller does."""

import numpy as np
import pytest

from fastnn._kernels import Rows, Session, StepSession

WIDTHS, CODES, SIZE = [3, 5, 2], [0, 1, 0], (3 + 1) * 5 + (5 + 1) * 2
X = np.arange(12.0).reshape(4, 3)
LABELS = np.array([0, 1, 0, 1])
ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0}


def session(**changes):
    y = np.zeros((4, 1))
    options = {
        "theta": np.linspace(-1, 1, SIZE), "X": Rows(X, X.shape), "y": Rows(y, y.shape),
        "weight": np.ones(4), "batch_size": 4, "threads": 1, "training": True, "inputs": True,
    } | changes  # fmt: skip
    positional = [options.pop(name) for name in ("theta", "X", "y", "weight")]
    return StepSession(WIDTHS, CODES, 0, *positional, **options)


def ready():
    s = session()
    vectors = [np.zeros(SIZE) for _ in range(3)]
    s.set_optimizer(4, ADAM, [(0, 0)] * 3, *vectors)
    return s


@pytest.mark.parametrize(
    "misfit",
    [
        {"training": False}, {"inputs": False}, {"X": None}, {"y": None}, {"weight": None},
        {"weight": np.ones(3)}, {"weight": np.ones(4, np.float32)}, {"theta": np.zeros(SIZE - 1)},
        {"batch_size": 5},
    ],
)  # fmt: skip
def test_misfits_are_refused(misfit):
    with pytest.raises((ValueError, TypeError)):
        session(**misfit)


def unaligned(array):
    block = np.zeros(array.nbytes + 1, np.uint8)[1:]
    out = block.view(array.dtype).reshape(array.shape)
    out[...] = array
    return out


@pytest.mark.parametrize(
    ("X", "y", "weight"),
    [
        (X[:, :2], LABELS, None),
        (X[0], LABELS[:1], None),
        (X[:0], LABELS[:0], None),
        (np.ones((5, 3)), np.zeros(5, np.int64), None),
        (X.astype(np.float16), LABELS, None),
        (X.astype(">f8"), LABELS, None),
        (X.tolist(), LABELS, None),
        (None, LABELS, None),
        (np.full((4, 3), np.inf), LABELS, None),
        (X[:, ::-1] * np.nan, LABELS, None),
        (X, LABELS[:3], None),
        (X, LABELS + 1, None),
        (X, LABELS - 1, None),
        (X, LABELS.astype(np.int32), None),
        (X, np.ones((4, 2), np.int64), None),
        (X, Rows(X, X.shape), None),
        (X, LABELS, np.ones(3)),
        (X, LABELS, np.ones((4, 1))),
        (X, LABELS, np.ones(4, np.float16)),
        (X, LABELS, np.full(4, np.inf)),
        (Rows(X[:, :2], (4, 2)), LABELS, None),
        (Rows(np.ones((5, 3)), (5, 3)), np.zeros(5, np.int64), None),
    ],
)
def test_what_is_no_plain_array_or_does_not_fit_changes_nothing(X, y, weight):
    s = ready()
    assert s.train_batch(X, y, weight, 0.1) is None
    assert s.gradients(X, y, weight, np.zeros(SIZE), True) is None
    assert s.step == 0


def test_unaligned_arrays_are_read_as_they_lie():
    one, other = ready(), ready()
    for _ in range(2):
        J = one.train_batch(X, LABELS, None, 0.1)
        assert other.train_batch(unaligned(X), unaligned(LABELS), np.ones(4), 0.1) == J
    assert np.array_equal(one.forward(X), other.forward(unaligned(X)))
    gradients = [np.zeros(SIZE) for _ in range(2)]
    dX = [
        one.backward(X[:, :2], gradients[0], True),
        other.backward(unaligned(X)[:, :2], gradients[1], True),
    ]
    assert np.array_equal(*dX)
    assert np.array_equal(*gradients)


def test_calls_out_of_order():
    s = session()
    with pytest.raises(ValueError, match="set_optimizer"):
        s.train_batch(X, LABELS, None, 0.1)
    assert s.update(0.1) is None
    assert s.backward(X[:, :2], np.zeros(SIZE), False) is None
    A = s.forward(X)
    assert A.shape == (4, 2)
    assert s.kept_rows == 4
    with pytest.raises(ValueError, match="as long as theta"):
        s.backward(X[:, :2], np.zeros(SIZE - 1), False)
    with pytest.raises(ValueError, match="float64"):
        s.backward(X[:, :2], np.zeros(SIZE, np.float32), False)
    assert s.backward(X, np.zeros(SIZE), False) is None
    assert s.backward(X[:3, :2], np.zeros(SIZE), False) is None
    assert s.backward(X[:, :2] * np.nan, np.zeros(SIZE), False) is None
    assert s.backward(X[:, :2], np.zeros(SIZE), False) is True
    assert s.update(0.1) is None  # there is still no optimizer
    s = ready()
    assert s.train_batch(X, LABELS, None, 0.1) > 0  # all buffers were released


def test_it_is_no_session_of_its_shapes():
    """The X that it was made with has no rows to train on."""
    s = ready()
    with pytest.raises(ValueError, match="train needs"):
        s.train(1.0)
    assert isinstance(s, Session)


def test_limits_of_clipping():
    s = ready()
    for norm, value in ((-1, 0), (0, -1), (np.nan, 0), (0, np.inf)):
        with pytest.raises(ValueError, match="limits"):
            s.set_clipping(norm, value)


def test_passes_over_a_data_set_are_those_of_a_session():
    """Its X and y are no data: a pass over them read a null pointer."""
    s = ready()
    with pytest.raises(TypeError, match="by each call"):
        s.start(gradient=np.zeros(SIZE))
    for work in (s.differentiate, s.evaluate, s.train):
        with pytest.raises(ValueError, match="start"):
            work(0.1)

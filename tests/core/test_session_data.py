"""`Session` with other data: it has the bits of a new one, and refuses what does not fit."""

from types import SimpleNamespace

import numpy as np
import pytest

from fastnn._kernels import Rows, Session, StepSession, train_epochs

WIDTHS, CODES, SIZE = [3, 5, 2], [0, 1, 0], (3 + 1) * 5 + (5 + 1) * 2
ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0}
rng = np.random.default_rng(0)


def rows(m=4, n=3, kind=np.float64):
    values = np.round(rng.standard_normal((m, n)) * 9).astype(kind)
    return Rows(values, values.shape)


def labels(m=4):
    y = rng.integers(0, 2, (m, 1))
    return Rows(y, y.shape)


def opened(dtype, X, y, weight=None, seed=0):
    theta = np.linspace(-1, 1, SIZE, dtype=dtype)
    session = Session(WIDTHS, CODES, 0, theta, X, y, weight, batch_size=3, threads=1, training=True)
    session.set_dropout([1.0, 0.7], seed)
    vectors = [np.zeros(SIZE, dtype) for _ in range(3)]
    session.set_optimizer(4, ADAM, [(0.1, 0)] * 3, *vectors)
    return session, theta


def train(session):
    history, columns = SimpleNamespace(training_seconds=0.0, examples=0), ([], [], [], [])
    train_epochs(
        session, None, index=np.arange(4), generator=np.random.PCG64(0),
        rates=np.full((1, 2), 0.01), history=history, columns=columns, began=0.0,
        epoch=0, count=3, every=1, first=0, last=2, regression=False, seconds=1.0,
    )  # fmt: skip
    assert history.examples == 12
    assert columns[2] == [0.01] * 3
    return columns[:2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16])
def test_with_other_data_it_has_the_bits_of_a_new_one(dtype, kind):
    first, later = (rows(), labels()), (rows(kind=kind), labels())
    session, theta = opened(dtype, *first)
    train(session)
    session.release_data()
    assert session.set_data(*later)
    session.restart(7)
    theta[...] = np.linspace(-1, 1, SIZE)
    fresh, other = opened(dtype, *later, seed=7)
    assert train(session) == train(fresh)
    assert theta.tobytes() == other.tobytes()
    assert session.step == fresh.step


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (rows(5), labels()),
        (rows(), labels(5)),
        (rows(5), labels(5)),
        (rows(4, 2), labels()),
        (rows(), rows(4, 2)),
    ],
)
def test_data_that_do_not_fit_change_nothing(X, y):
    data = rows(), labels()
    session, _ = opened(np.float64, *data)
    fresh, _ = opened(np.float64, *data)
    assert not session.set_data(X, y)
    assert train(session) == train(fresh)


def test_weights_are_of_one_set():
    session, _ = opened(np.float64, rows(), labels(), np.ones(4))
    assert not session.set_data(rows(), labels())


def test_without_data_nothing_runs():
    session, _ = opened(np.float64, rows(), labels())
    session.start(rates=np.ones(2))
    session.release_data()
    with pytest.raises(ValueError, match="train needs"):
        session.train(1.0)
    with pytest.raises(ValueError, match="evaluate needs"):
        session.evaluate(1.0)
    with pytest.raises(ValueError, match="start do not fit"):
        session.start(rates=np.ones(2))
    with pytest.raises(ValueError, match="train_epochs do not fit"):
        train(session)
    for X, y in ((None, labels()), (rows(), None)):
        with pytest.raises(TypeError):
            session.set_data(X, y)


def test_it_restarts_only_with_an_optimizer_and_without_an_average():
    theta = np.zeros(SIZE)
    bare = Session(
        WIDTHS, CODES, 0, theta, rows(), labels(), None, batch_size=3, threads=1, training=True
    )
    with pytest.raises(ValueError, match="set_optimizer"):
        bare.restart(0)
    session, _ = opened(np.float64, rows(), labels())
    session.set_average(np.zeros(SIZE), 0.9)
    with pytest.raises(ValueError, match="no set_average"):
        session.restart(0)


def test_a_step_session_is_told_its_rows_by_each_call():
    session = StepSession(
        WIDTHS, CODES, 0, np.zeros(SIZE), rows(), labels(), np.ones(4),
        batch_size=4, threads=1, training=True, inputs=True,
    )  # fmt: skip
    with pytest.raises(TypeError, match="by each call"):
        session.set_data(rows(), labels())
    with pytest.raises(TypeError, match="by each call"):
        session.release_data()

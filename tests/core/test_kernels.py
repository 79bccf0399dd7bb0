"""The compiled core by itself: what does not fit together is refused, whatever the caller does."""

import gc
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from variants import OTHERS, once, run_on

import fastnn
from fastnn import _kernels
from fastnn._kernels import Rows, Session

WIDTHS, CODES = [3, 5, 2], [0, 1, 0]
SIZE = (3 + 1) * 5 + (5 + 1) * 2
X = np.arange(12.0).reshape(4, 3)
LABELS = np.array([[0], [1], [0], [1]])
ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0}


def session(**changes):
    arguments = {
        "widths": WIDTHS,
        "activations": CODES,
        "output": 0,
        "theta": np.zeros(SIZE),
        "X": Rows(X, X.shape),
        "y": Rows(LABELS, LABELS.shape),
        "weight": None,
        "batch_size": 4,
        "threads": 1,
        "training": True,
    } | changes
    positional = [
        arguments.pop(name)
        for name in ("widths", "activations", "output", "theta", "X", "y", "weight")
    ]
    return Session(*positional, **arguments)


MISFITS = {
    "short theta": {"theta": np.zeros(SIZE - 1)},
    "X too narrow": {"X": Rows(X[:, :2], (4, 2))},
    "y too short": {"y": Rows(LABELS[:3], (3, 1))},
    "y too wide": {"y": Rows(X, X.shape)},
    "wide y for sigmoid": {"output": 1, "y": Rows(X, X.shape)},
    "weight too short": {"weight": np.ones(3)},
    "unknown output": {"output": 3},
    "unknown activation": {"activations": [0, 99, 0]},
    "too few activations": {"activations": [0, 1]},
    "one layer": {"widths": [3], "activations": [0]},
    "empty layer": {"widths": [3, 0, 2]},
    "negative layer": {"widths": [3, -5, 2]},
    "no threads": {"threads": 0},
    "training without y": {"y": None},
    "empty batch": {"batch_size": 0},
    "batch larger than the data": {"batch_size": 5},
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_session_refuses_what_does_not_fit(misfit):
    with pytest.raises(ValueError, match="do not fit"):
        session(**MISFITS[misfit])


@pytest.mark.parametrize(
    "theta",
    [
        np.zeros(SIZE, np.int64),
        np.zeros(2 * SIZE)[::2],
        np.zeros((SIZE, 1)),
        np.zeros(SIZE, np.longdouble),
    ],
)
def test_session_refuses_another_theta(theta):
    with pytest.raises((ValueError, TypeError)):
        session(theta=theta)


def test_session_refuses_read_only_theta():
    theta = np.zeros(SIZE)
    theta.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        session(theta=theta)


def test_passes_need_their_preparation():
    for step in (lambda s: s.train(1), lambda s: s.differentiate(1), lambda s: s.evaluate(1)):
        with pytest.raises(ValueError, match="need"):
            step(session())
    ready = session()
    ready.set_optimizer(4, ADAM, [(0, 0)] * 3, *(np.zeros(SIZE) for _ in range(3)))
    ready.start(rates=np.ones(1))
    assert not ready.train(1)
    untrained = session(training=False)
    untrained.start(gradient=np.zeros(SIZE))
    with pytest.raises(ValueError, match="training=True"):
        untrained.differentiate(1)
    with pytest.raises(ValueError, match="do not fit"):
        untrained.start(index=np.arange(4))  # it has no buffer to gather rows in


@pytest.mark.parametrize(
    "arguments",
    [
        {"index": np.arange(3)},
        {"index": np.arange(4, dtype=np.int32)},
        {"rates": np.ones(2)},
        {"gradient": np.zeros(SIZE + 1)},
        {"out": np.zeros((4, 3))},
        {"out": np.zeros((3, 2))},
    ],
)
def test_start_refuses_what_does_not_fit(arguments):
    with pytest.raises(ValueError, match=r"do not fit|mismatch"):
        session().start(**arguments)


@pytest.mark.parametrize(
    ("optimizer", "moments"),
    [
        (4, (None, None)),
        (1, (None, SIZE)),
        (4, (SIZE, SIZE - 1)),
        (5, (SIZE, SIZE)),
        (0, (SIZE, None)),
    ],
)
def test_set_optimizer_refuses_what_does_not_fit(optimizer, moments):
    vectors = [np.zeros(n) if n else None for n in (SIZE, *moments)]
    with pytest.raises(ValueError, match="do not fit"):
        session().set_optimizer(optimizer, ADAM, [(0, 0)] * 3, *vectors)


@pytest.mark.parametrize(
    "arguments",
    [
        (X, (4, 2)),
        (X, (5, 3)),
        (X[0], (3,)),
        (X[0], (1, 3)),
        (np.ones(3), (2, 3), np.array([0, 1, 3]), np.array([0, 1])),  # a column is missing
        (np.ones(3), (2, 3), np.array([0, 3]), np.array([0, 1, 2])),  # a row is missing
        (np.ones(3), (2, 3), np.array([0, 1, 3], np.int16), np.array([0, 1, 2], np.int16)),
        (np.ones(6)[::2], (2, 3), np.array([0, 1, 3]), np.array([0, 1, 2])),
    ],
)
def test_rows_refuses_what_does_not_fit(arguments):
    with pytest.raises(ValueError, match=r"shape|CSR|dimension|unpack|contiguous"):
        Rows(*arguments)


@pytest.mark.parametrize(
    "moments",
    [
        {"mean": np.zeros(3)},
        {"mean": np.zeros(2), "scale": np.ones(3)},
        {"mean": np.zeros(3), "scale": np.ones(4)},
        {"mean": np.zeros(3, "f4"), "scale": np.ones(3)},
        {"mean": np.zeros((3, 1)), "scale": np.ones(3)},
        {"mean": np.zeros(6)[::2], "scale": np.ones(3)},
    ],
)
def test_rows_refuses_moments_that_do_not_fit(moments):
    with pytest.raises((ValueError, TypeError), match=r"each column|dimension|contiguous|bytes"):
        Rows(X, X.shape, **moments)


def test_shortcut_refuses_moments_that_do_not_fit():
    with pytest.raises(ValueError, match="do not fit"):
        _kernels.SmallForward([4, 3], [0, 0], 0, np.zeros(15), np.zeros(4), np.ones(3))


def test_hostile_csr_stays_in_bounds():
    """Entries outside the matrix are passed over: the arrays are the caller's to change."""
    for starts, columns in (([0, 10**12, 3], [0, 1, 2]), ([-5, 2, 3], [0, 10**9, -7])):
        rows = Rows(np.ones(3), (2, 3), np.array(starts), np.array(columns))
        out = np.zeros((2, 2))
        hostile = Session(
            [3, 2], [0, 0], 2, np.ones(8), rows, None, None, batch_size=2, threads=1, training=False
        )
        hostile.start(out=out)
        assert not hostile.evaluate(1)
        assert (out >= 1).all()  # b = 1, plus entries that are within bounds
        assert (out <= 4).all()


def test_labels_changed_behind_the_core_stay_in_bounds():
    y = np.array([0, 1, 0, 1])

    def spoil(net, history):
        y[...] = 10**9

    fastnn.Network([3, 5, 2], rng=0).fit(X, y, epochs=3, callbacks=spoil)


def test_an_index_changed_behind_the_core_stays_in_bounds():
    s = ready_session()
    index = np.arange(4)
    s.start(index=index, rates=np.ones(1))
    index[:] = [2**62, -(2**62), 4, -1]
    assert not s.train(1)


def ready_session():
    s = session()
    s.set_optimizer(4, ADAM, [(0, 0)] * 3, *(np.zeros(SIZE) for _ in range(3)))
    return s


READ_ONLY = np.zeros(SIZE)
READ_ONLY.setflags(write=False)
BROKEN_CALLS = {
    "start with other rates": lambda s: s.start(rates=np.ones(1, np.float32)),
    "start with another gradient": lambda s: s.start(gradient=np.zeros(SIZE, np.float32)),
    "start with a transposed out": lambda s: s.start(out=np.zeros((2, 4)).T),
    "optimizer with another gradient": lambda s: s.set_optimizer(
        0, ADAM, [(0, 0)] * 3, np.zeros(SIZE, np.float32), None, None
    ),
    "optimizer with read-only moments": lambda s: s.set_optimizer(
        1, ADAM, [(0, 0)] * 3, np.zeros(SIZE), READ_ONLY, None
    ),
    "optimizer without settings": lambda s: s.set_optimizer(
        0, {}, [(0, 0)] * 3, np.zeros(SIZE), None, None
    ),
}


@pytest.mark.parametrize("call", BROKEN_CALLS)
@pytest.mark.parametrize("ready", [False, True])
def test_a_refused_call_leaves_nothing_dangling(call, ready):
    s = ready_session() if ready else session()
    s.start(rates=np.ones(1))
    with pytest.raises((ValueError, KeyError)):
        BROKEN_CALLS[call](s)
    gc.collect()
    if ready:
        assert not s.train(1)
    else:
        with pytest.raises(ValueError, match="needs set_optimizer"):
            s.train(1)


def test_the_gradient_of_start_is_not_the_optimizers():
    s = ready_session()
    s.start(rates=np.ones(1), gradient=np.zeros(SIZE))
    s.start(rates=np.ones(1))
    assert not s.train(1)


def test_a_session_is_one_threads():
    big = np.zeros((20_000, 3))
    labels = np.zeros((20_000, 1), int)
    s = session(X=Rows(big, big.shape), y=Rows(labels, labels.shape), batch_size=1, threads=2)
    s.set_optimizer(4, ADAM, [(0, 0)] * 3, *(np.zeros(SIZE) for _ in range(3)))
    s.start(rates=np.zeros(20_000))
    errors = []

    def train(_):
        try:
            while s.train(0.01):
                pass
        except RuntimeError as error:
            errors.append(str(error))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(train, range(4)))
    assert len(errors) < 4
    assert all("another thread" in error for error in errors)


@pytest.mark.parametrize(
    ("at", "n"), [(2**63 - 1, 2**63 - 1), (2**62, 2**62), (-1, 1), (0, 0), (SIZE, 1), (1, SIZE)]
)
def test_add_penalty_gradient_stays_within_theta(at, n):
    with pytest.raises(ValueError, match="not within theta"):
        _kernels.add_penalty_gradient(np.zeros(SIZE), np.zeros(SIZE), at, n, 1.0, 1.0)


@pytest.mark.parametrize(("first", "count"), [(2**63 - 1, 2**63 - 1), (-1, 1), (0, 5), (4, 1)])
def test_first_not_finite_stays_within_rows(first, count):
    with pytest.raises(IndexError):
        Rows(X, X.shape).first_not_finite(first, count, True)


@pytest.mark.parametrize("shape", [(1, -1), (-1, 1)])
def test_rows_of_a_negative_shape(shape):
    arrays = np.ones(2), shape, np.array([0, 2], "i4"), np.array([0, 1], "i4")
    with pytest.raises(ValueError, match="negative"):
        Rows(*arrays)


def test_rows_refuses_float_indices():
    with pytest.raises(ValueError, match="CSR"):
        Rows(np.ones(2), (1, 3), np.array([0.0, 2.0]), np.array([0.0, 1.0]))


def test_buffers_are_held_while_in_use():
    values = np.ones((4, 3))
    rows = Rows(values, (4, 3))
    with pytest.raises(ValueError, match="resize"):
        values.resize((1, 1))
    del rows


@pytest.mark.slow
@once
@pytest.mark.parametrize("variant", OTHERS)
def test_every_variant(variant):
    """The tests of the mathematics, on the other CPU variants that this machine can run."""
    run_on(
        variant,
        "engine/test_parity.py",
        "training/test_trajectory.py",
        "core/test_activations.py",
        "core/test_random.py",
        "core/test_small_forward.py",
    )


@pytest.mark.parametrize("variant", OTHERS)
def test_masks_are_the_same_on_every_variant(variant):
    code = (
        "from fastnn._kernels import dropout_mask, variant; import sys;"
        f"assert variant == {variant!r};"
        "sys.stdout.buffer.write(dropout_mask(7, 8, 9, 50, 300, 0.7).tobytes())"
    )
    masks = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        env={**os.environ, "FASTNN_VARIANT": variant},
    ).stdout
    assert masks == _kernels.dropout_mask(7, 8, 9, 50, 300, 0.7).tobytes()

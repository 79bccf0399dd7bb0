"""Every array that the compiled core takes: at an odd address it is refused, or read as it lies."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fastnn import _kernels
from fastnn._kernels import Rows, Session, SmallForward, StepSession

WIDTHS, CODES = [3, 5, 2], [0, 1, 0]
SIZE = (3 + 1) * 5 + (5 + 1) * 2
X = np.random.default_rng(0).normal(size=(4, 3))
LABELS = np.array([[0], [1], [0], [1]])
ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0}
SOURCES = Path(__file__).parents[2] / "fastnn" / "loops"


def at(values, offset):
    """The same numbers, so many bytes after a multiple of their size."""
    raw = np.zeros(values.nbytes + 2 * values.itemsize + offset, np.uint8)
    first = -raw.ctypes.data % values.itemsize + offset
    array = raw[first : first + values.nbytes].view(values.dtype).reshape(values.shape)
    array[...] = values
    return array


def view_at(values, offset):
    """A buffer with the same numbers that claims, unlike NumPy's, to be aligned."""
    array = at(values, offset)
    return memoryview(array.reshape(-1).view(np.uint8)).cast(values.dtype.char, values.shape)


def rows(values, **options):
    return Rows(values, values.shape, **options)


def make(theta, weight=None, kind=Session, **options):
    options = {"batch_size": 4, "threads": 1, "training": True} | options
    return kind(WIDTHS, CODES, 0, theta, rows(X), rows(LABELS), weight, **options)


def evaluating(dtype, X=X):
    """A Session that finds outputs."""
    return Session(
        *(WIDTHS, CODES, 0, np.ones(SIZE, dtype), rows(X), None, None),
        **{"batch_size": 4, "threads": 1, "training": False},
    )


def optimized(session, dtype):
    vectors = [np.zeros(SIZE, dtype) for _ in range(3)]
    session.set_optimizer(4, ADAM, [(0, 0)] * 3, *vectors)
    return session


def zeros(dtype):
    return np.zeros(SIZE, dtype)


def started(dtype, **arrays):
    make(zeros(dtype)).start(**arrays)


def epochs(dtype, index, rates):
    session = optimized(make(zeros(dtype)), dtype)
    history = SimpleNamespace(training_seconds=0.0, examples=0)
    _kernels.train_epochs(
        session,
        None,
        **{"index": index, "generator": np.random.PCG64(0), "rates": rates, "history": history},
        **{"columns": ([], [], [], []), "began": 0.0, "epoch": 0, "count": 1, "every": 1},
        **{"first": 1, "last": 1, "regression": False, "seconds": 1.0},
    )


AUGMENTER = _kernels.Augmenter((1, 3, 1), 0.5, (0, 0), (1, 1), (0, 0), (1, 3), 0.0, [1], 0.0, False)

# Entry point -> its arrays of a dtype, and a call with them. Refused unless they are aligned.
REFUSED = {
    "Session": (
        lambda d: {"theta": zeros(d), "weight": np.ones(4)},
        lambda d, **arrays: make(**arrays),
    ),
    "StepSession": (
        lambda d: {"theta": zeros(d), "weight": np.ones(4)},
        lambda d, **arrays: make(kind=StepSession, inputs=True, **arrays),
    ),
    "SmallForward": (
        lambda d: {"theta": zeros(d)},
        lambda d, theta: SmallForward(WIDTHS, CODES, 0, theta),
    ),
    "Packed": (
        lambda d: {"theta": zeros(d)},
        lambda d, theta: _kernels.Packed(WIDTHS, CODES, 0, theta),
    ),
    "Rows": (
        lambda d: {"mean": np.zeros(3), "scale": np.ones(3)},
        lambda d, **arrays: rows(X, **arrays),
    ),
    "Session.set_average": (
        lambda d: {"average": zeros(d)},
        lambda d, average: make(zeros(d)).set_average(average, 0.9),
    ),
    "Session.set_optimizer": (
        lambda d: {"gradient": zeros(d), "first": zeros(d), "second": zeros(d)},
        lambda d, gradient, first, second: make(zeros(d)).set_optimizer(
            4, ADAM, [(0, 0)] * 3, gradient, first, second
        ),
    ),
    "Session.start": (
        lambda d: {
            "index": np.arange(4),
            "rates": np.ones(1),
            "divisors": np.ones(1),
            "gradient": zeros(d),
            "out": np.zeros((4, 2), d),
        },
        started,
    ),
    "StepSession.gradients": (
        lambda d: {"gradient": zeros(d)},
        lambda d, gradient: make(zeros(d), np.ones(4), StepSession, inputs=True).gradients(
            X, LABELS[:, 0], None, gradient, False
        ),
    ),
    "StepSession.backward": (
        lambda d: {"gradient": zeros(d)},
        lambda d, gradient: forward_and_backward(d, X, np.ones((4, 2)), gradient),
    ),
    "train_epochs": (
        lambda d: {"index": np.arange(4), "rates": np.ones((1, 1))},
        epochs,
    ),
    "start_together": (
        lambda d: {"mean": np.zeros((4, 2)), "squares": np.zeros((4, 2))},
        lambda d, mean, squares: _kernels.start_together([evaluating(d)], [1.0], mean, squares),
    ),
    "Augmenter.copies": (
        lambda d: {"out": np.zeros((4, 3), d)},
        lambda d, out: AUGMENTER.copies(rows(X), 0, 0, 0, out),
    ),
    "add_penalty_gradient": (
        lambda d: {"theta": zeros(d), "gradient": zeros(d)},
        lambda d, theta, gradient: _kernels.add_penalty_gradient(theta, gradient, 0, 9, 1, 1),
    ),
    "penalty_of": (
        lambda d: {"theta": zeros(d)},
        lambda d, theta: _kernels.penalty_of(theta, 0, 9, 1, 1),
    ),
    "apply_dropout": (
        lambda d: {"A": np.ones((2, 64), d)},
        lambda d, A: _kernels.apply_dropout(A, 0, 0, 1, 0.5),
    ),
    "all_finite": (
        lambda d: {"vector": zeros(d)},
        lambda d, vector: _kernels.all_finite(vector),
    ),
    "scale_into": (
        lambda d: {"vector": zeros(d), "values": np.ones(9)},
        lambda d, vector, values: _kernels.scale_into(vector, 1, values, 2),
    ),
    "shuffle": (
        lambda d: {"index": np.arange(9)},
        lambda d, index: _kernels.shuffle(index, 0, 9, 1.0),
    ),
}


def forward_and_backward(d, X, dA, gradient):
    session = make(np.ones(SIZE, d), np.ones(4), StepSession, inputs=True)
    A = session.forward(X)
    dX = session.backward(dA, gradient, True)
    return A, dX, gradient


def stepped(d, X, y, weight):
    theta = np.ones(SIZE, d)
    session = optimized(make(theta, np.ones(4), StepSession, inputs=True), d)
    J = session.train_batch(X, y, weight, 0.1)
    return np.array(J), theta


def differentiated(d, X, y, weight):
    gradient = zeros(d)
    session = make(np.ones(SIZE, d), np.ones(4), StepSession, inputs=True)
    J, dX = session.gradients(X, y, weight, gradient, True)
    return np.array(J), dX, gradient


def outputs_of(d, X):
    """Those of the general way too, where the short one hands X on to it."""
    A = SmallForward(WIDTHS, CODES, 0, np.ones(SIZE, d)).forward(X)
    out = np.zeros((4, 2), d)
    session = evaluating(d, X)
    session.start(out=out)
    session.evaluate(10.0)
    return out, out if A is None else A


def mean_outputs_of(d, X):
    """The same of an ensemble of two."""
    members = [SmallForward(WIDTHS, CODES, 0, np.ones(SIZE, d)) for _ in range(2)]
    A = _kernels.forward_together(members, [0.5, 0.5], X, spread=False)
    return outputs_of(d, X)[0] if A is None else A


def batch(d):
    return {"X": X.astype(d), "y": LABELS[:, 0], "weight": np.arange(1.0, 5)}


# Entry point -> the same. At any address, the results are those of aligned arrays.
READ = {
    "StepSession.train_batch": (batch, stepped),
    "StepSession.gradients": (batch, differentiated),
    "StepSession.forward": (
        lambda d: {"X": X.astype(d)},
        lambda d, X: forward_and_backward(d, X, np.ones((4, 2)), zeros(d)),
    ),
    "StepSession.backward": (
        lambda d: {"dA": X[:, :2].astype(d)},
        lambda d, dA: forward_and_backward(d, X, dA, zeros(d)),
    ),
    "SmallForward.forward": (lambda d: {"X": X.astype(d)}, outputs_of),
    "forward_together": (lambda d: {"X": X.astype(d)}, mean_outputs_of),
    "Rows": (
        lambda d: {
            "values": X.ravel().astype(d),
            "row_starts": np.arange(0, 13, 3),
            "columns_of": np.tile(np.arange(3), 4),
        },
        lambda d, values, row_starts, columns_of: copied(
            Rows(values, (4, 3), row_starts, columns_of)
        ),
    ),
}


def copied(given):
    """The numbers that a Rows reads."""
    still = _kernels.Augmenter((1, 3, 1), 0, (0, 0), (1, 1), (0, 0), (1, 3), 0, [1], 0, False)
    out = np.zeros(given.shape)
    still.copies(given, 0, 0, 0, out)
    return (out,)


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("entry", REFUSED)
def test_an_array_that_is_written_or_read_in_place_has_to_be_aligned(entry, dtype):
    arrays, call = REFUSED[entry]
    call(dtype, **arrays(dtype))
    for name, array in arrays(dtype).items():
        for offset in range(2 * array.itemsize + 1):
            given = at(array, offset)
            if offset % array.itemsize == 0:
                call(dtype, **arrays(dtype) | {name: given})
                continue
            with pytest.raises(ValueError, match=r"multiple of [48], got an unaligned one"):
                call(dtype, **arrays(dtype) | {name: given})
            assert np.array_equal(given, array), "a refused array was written to"


# The core learns the dtype from the buffer of these, which need not be NumPy's.
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("entry", ["SmallForward", "Rows", "shuffle", "Session.start"])
def test_a_buffer_that_claims_to_be_aligned_is_not_believed(entry, dtype):
    arrays, call = REFUSED[entry]
    for name, array in arrays(dtype).items():
        call(dtype, **arrays(dtype) | {name: view_at(array, 0)})
        for offset in range(1, array.itemsize):
            with pytest.raises(ValueError, match=r"multiple of [48], got an unaligned one"):
                call(dtype, **arrays(dtype) | {name: view_at(array, offset)})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("entry", READ)
def test_data_are_read_wherever_they_lie(entry, dtype):
    arrays, call = READ[entry]
    expected = as_tuple(call(dtype, **arrays(dtype)))
    for name, array in arrays(dtype).items():
        for offset in range(array.itemsize + 1):
            got = as_tuple(call(dtype, **arrays(dtype) | {name: at(array, offset)}))
            for one, other in zip(got, expected, strict=True):
                assert np.array_equal(one, other), (name, offset)


# Arguments without a C type that are no arrays: settings, sequences that are copied, objects.
NO_ARRAYS = {
    "Augmenter": {"shape", "angle", "zoom", "shift", "crop", "taps"},
    "BatchLoss": {"function"},
    "Packed": {"widths", "activations"},
    "Rows": {"shape"},
    "Session": {"widths", "activations", "loss"},
    "Session.set_dropout": {"keep_prob"},
    "Session.set_layer_rates": {"layer_rates"},
    "Session.set_max_norm": {"max_norm"},
    "Session.set_optimizer": {"settings", "penalty"},
    "Session.extremes": {"extremes"},
    "SmallForward": {"widths", "activations", "mean", "scale"},
    "StepSession": {"widths", "activations", "output"},
    "StepSession.set_data": {"X", "y"},  # it refuses any
    "StepSession.set_lock": {"attributes"},
    "_index": {"name"},
    "aligned_zeros": {"dtype"},
    "choose": {"name"},
    "dropout_mask": {"seed", "step", "layer", "rows", "units", "keep_prob"},
    "peak": {"dtype"},
    "philox": {"counter", "key"},
    "record_epoch": {"columns", "results"},
    "tile": {"dtype"},
    "train_epochs": {"generator", "history", "columns"},
}


def untyped_arguments():
    """Entry point -> the arguments that Cython takes as any object."""
    found = {}
    for source in sorted(SOURCES.glob("*.pxi")):
        owner = None
        pattern = r"^cdef class (\w+)|^( *)def (\w+)\((.*?)\):"
        for cls, indent, name, text in re.findall(
            pattern, source.read_text(), re.MULTILINE | re.DOTALL
        ):
            if cls:
                owner = cls
                continue
            arguments = [part.partition("=")[0].strip() for part in text.split(",")]
            entry = name if not indent else owner if name == "__cinit__" else f"{owner}.{name}"
            names = {one for one in arguments if re.fullmatch(r"(?!self$)[A-Za-z_]\w*", one)}
            if names:
                found[entry] = names
    return found


def test_every_argument_is_walked():
    walked = {entry: set(names) for entry, names in NO_ARRAYS.items()}
    for table in (REFUSED, READ):
        for entry, (arrays, _) in table.items():
            walked.setdefault(entry, set()).update(arrays("float64"))
    taken = untyped_arguments()
    # `weight` has to be given, so it has a type in Cython's sense.
    taken["StepSession"].add("weight")
    assert taken == walked

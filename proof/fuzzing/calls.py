"""Calls that fuzzing makes: of public methods, and of the core by single calls and by sessions."""

import contextlib
import itertools

import numpy as np

import fastnn
from fastnn import _kernels
from proof.fuzzing.mutations import array, number
from proof.fuzzing.target import Target

_WIDTHS = [1, 2, 3, 17, 33]
# OverflowError: an integer of Python that no int64 holds.
_REFUSALS = (
    ValueError, TypeError, RuntimeError, OverflowError, MemoryError, IndexError, BufferError,
)  # fmt: skip


def arrays(directory):
    """The methods of a network with arrays of any shape, dtype and layout."""

    def use(rng):
        dtype = rng.choice(["float32", "float64"])
        output = rng.choice(["softmax", "sigmoid", "identity", "exp"])
        net = fastnn.Network([3, 4, 2], output=output, dtype=dtype, keep_prob=0.8, rng=0)
        rows = rng.choice([1, 2, 5, 33])
        X, dA = array(rng, (rows, 3), dtype), array(rng, (rows, 2), dtype)
        y = array(rng, (rows,), "i8") if output == "softmax" else array(rng, (rows, 2), dtype)
        if rng.random() < 0.8:
            y = np.abs(y) % 2 if y.dtype.kind in "if" else y
        weight = array(rng, (rows,)) if rng.random() < 0.3 else None
        threads = _threads(rng)
        match rng.randrange(8):
            case 0:
                net.forward(X)
            case 1:
                net.predict(X)
            case 2:
                net.cost(X, y)
            case 3:
                net.value_and_grad(X, y)
            case 4:
                net.input_gradient(X, y)
            case 5:
                net.layers(X, y)
            case 6:
                net.fit(X, y, epochs=2, batch_size=4, sample_weight=weight, threads=threads)
            case _:
                trainer = net.trainer(threads=threads)
                trainer.step(X, y, weight)
                trainer.forward(X)
                trainer.backward(dA, inputs=True)
                trainer.update()

    return Target(lambda rng: rng, use, (ValueError, TypeError, fastnn.DivergenceError))


def _threads(rng):
    """One, as a rule: more have to wait for each other where the machine is busy."""
    return 1 if rng.random() < 0.98 else rng.choice([2, 3, 7])


def entries(directory):
    """One call of one entry point of the compiled core."""
    calls = [_forward] * 6 + [_rows] * 2 + [_csr, _dropout, _penalty, _vector, _copies]
    return Target(lambda rng: rng, lambda rng: rng.choice(calls)(rng), _REFUSALS)


def _forward(rng):
    kind = rng.choice(["f4", "f8"])
    widths = [rng.choice(_WIDTHS) for _ in range(rng.randrange(2, 4))]
    codes = [0, *(rng.randrange(9) for _ in widths[2:]), number(rng, 0)]
    theta = array(rng, (sum((a + 1) * b for a, b in itertools.pairwise(widths)),), kind, 0.02)
    normalizer = {}
    if rng.random() < 0.1:
        normalizer = {name: array(rng, (widths[0],), odd=0.05) for name in ("mean", "scale")}
    output = number(rng, rng.randrange(4))
    if rng.random() < 0.3:
        theta = _kernels.Packed(widths, codes, output, theta)
        widths = widths if rng.random() < 0.9 else widths[::-1]
    small = _kernels.SmallForward(widths, codes, output, theta, **normalizer)
    small.forward(array(rng, (rng.choice([1, 2, 4, 5, 33]), widths[0]), kind, 0.05))


def _rows(rng):
    shape = rng.choice([1, 2, 33]), rng.choice(_WIDTHS)
    normalizer = {}
    if rng.random() < 0.3:
        normalizer = {name: array(rng, shape[1:], odd=0.05) for name in ("mean", "scale")}
    values = array(rng, shape, rng.choice(["f4", "f8", "f2", "i8", "i4", "u1", "?"]))
    _look_at(rng, _kernels.Rows(values, (number(rng, shape[0]), shape[1]), **normalizer))


def _csr(rng):
    """Rows of a sparse matrix whose indices need not be within it."""
    rows, columns, stored = rng.randrange(1, 6), rng.choice(_WIDTHS), rng.randrange(9)
    whole = rng.choice(["i4", "i8"])
    starts = [0, *sorted(rng.randrange(stored + 1) for _ in range(rows - 1)), stored]
    starts = np.array([number(rng, n) or 0 for n in starts]).astype(whole)
    columns_of = np.array([number(rng, rng.randrange(columns)) or 0 for _ in range(stored)])
    values = array(rng, (stored,), odd=0.05)
    _look_at(rng, _kernels.Rows(values, (rows, columns), starts, columns_of.astype(whole)))


def _look_at(rng, rows):
    if rng.random() < 0.5:
        rows.within(number(rng, -1.0), number(rng, 1.0), rng.random() < 0.5)
    else:
        rows.first_not_finite(number(rng, 0), number(rng, rows.shape[0]), rng.random() < 0.5)


def _dropout(rng):
    A = array(rng, (rng.randrange(1, 9), rng.choice([64, 128])), rng.choice(["f4", "f8"]), 0.05)
    _kernels.apply_dropout(A, *(number(rng, usual) for usual in (1, 2, 1, 0.5)))


def _penalty(rng):
    kind, size = rng.choice(["f4", "f8"]), rng.randrange(1, 99)
    theta, at = array(rng, (size,), kind, 0.05), rng.randrange(size)
    place = number(rng, at), number(rng, size - at), number(rng, 0.1), number(rng, 0.1)
    if rng.random() < 0.5:
        _kernels.penalty_of(theta, *place)
    else:
        _kernels.add_penalty_gradient(theta, array(rng, (size,), kind, 0.05), *place)


def _vector(rng):
    size = rng.randrange(1, 99)
    match rng.randrange(3):
        case 0:
            _kernels.all_finite(array(rng, (size,), "f4"))
        case 1:
            at, values = rng.randrange(size), array(rng, (size,), odd=0.05)
            vector = array(rng, (2 * size,), "f4", 0.05)
            _kernels.scale_into(vector, number(rng, at), values, number(rng, 2.0))
        case _:
            order = np.arange(size, dtype=rng.choice(["i8", "i8", "i8", "i4"]))
            _kernels.shuffle(order, number(rng, 1), number(rng, size), 0.01)


def _copies(rng):
    """Augmented copies of images."""
    shape = rng.choice([1, 2, 9]), rng.choice([1, 3, 8]), rng.choice([1, 3])
    count, columns, kind = rng.randrange(1, 4), shape[0] * shape[1] * shape[2], rng.choice("fd")
    augmenter = _kernels.Augmenter(
        shape,
        number(rng, 0.5),
        (number(rng, -0.3), number(rng, 0.3)),
        (number(rng, 0.8), number(rng, 1.2)),
        (number(rng, -1.0), number(rng, 1.0)),
        (number(rng, rng.randrange(1, 1 + shape[0])), number(rng, rng.randrange(1, 1 + shape[1]))),
        number(rng, rng.choice([0.0, 2.0])),
        [0.25, 0.5, 0.25],
        number(rng, rng.choice([0.0, 0.1])),
        rng.random() < 0.5,
    )
    X = _kernels.Rows(array(rng, (count, columns), odd=0.05), (count, columns))
    augmenter.copies(X, number(rng, 1), number(rng, 2), 0, array(rng, (count, columns), kind, 0.05))


def core(directory):
    """The compiled core itself, by calls that may fit together or not."""

    def use(rng):
        kind = rng.choice(["f4", "f8"])
        widths = [rng.choice(_WIDTHS) for _ in range(rng.randrange(2, 5))]
        codes = [0, *(rng.randrange(9) for _ in widths[2:]), 0]
        size = sum((a + 1) * b for a, b in itertools.pairwise(widths))
        rows = rng.choice([1, 2, 5, 33, 70])
        some = rng.randrange(1, rows + 1)

        def vector():
            return array(rng, (size,), kind, 0.03)

        def odd(usual):
            return number(rng, usual)

        output = rng.randrange(4)
        targets = array(rng, (rows, 1 if output == 0 else widths[-1]), "f8", 0.05)
        if output == 0:
            targets = np.abs(targets).astype(int) % widths[-1]
        X = _kernels.Rows(array(rng, (rows, widths[0]), kind, 0.05), (rows, odd(widths[0])))
        y = _kernels.Rows(targets, targets.shape)
        weight = array(rng, (rows,), "f8", 0.05) if rng.random() < 0.3 else None
        make = _kernels.StepSession if rng.random() < 0.4 else _kernels.Session
        steps = make is _kernels.StepSession
        if steps:
            weight = np.ones(rows)
        theta = vector()
        session = make(
            widths, codes, odd(output), theta, X, y, weight, batch_size=odd(some),
            threads=odd(_threads(rng)), training=steps or rng.random() < 0.8,
            inputs=steps or rng.random() < 0.2,
        )  # fmt: skip
        optimizer = rng.randrange(5)
        moments = {0: (0, 0), 1: (1, 0), 2: (1, 0), 3: (0, 1), 4: (1, 1)}[optimizer]
        first, second = (np.zeros(size, kind) if needed else None for needed in moments)
        settings = {"beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8, "weight_decay": 0.0}
        penalty = [(0.0, 0.0)] + [(odd(0.1), 0.0) for _ in widths[1:]]
        batches = -(-rows // max(1, some))
        out = array(rng, (rows, widths[-1]), kind, 0.05)
        data = array(rng, (some, widths[0]), kind, 0.1)
        answers = np.ascontiguousarray(targets[:some])
        todo = [
            lambda: session.set_dropout([odd(0.8)] * (len(widths) - 1), odd(3), odd(2)),
            lambda: session.set_clipping(odd(1.0), odd(0.0)),
            lambda: session.set_layer_rates([odd(1.0)] * (len(widths) - 1)),
            lambda: session.set_average(vector(), odd(0.9)),
            lambda: session.set_optimizer(
                odd(optimizer), settings, penalty, vector(), first, second
            ),
            lambda: session.start(
                rates=array(rng, (batches,), "f8", 0.05),
                gradient=vector(),
                out=out,
                batch=odd(0),
                epoch=odd(1),
            ),
            lambda: session.start(index=array(rng, (rows,), "i8", 0.1)),
            lambda: session.train(0.01),
            lambda: session.differentiate(0.01),
            lambda: session.evaluate(0.01),
            lambda: setattr(session, "threads", odd(1)),
        ]
        if steps:
            todo += [
                lambda: session.train_batch(data, answers, None, odd(0.1)),
                lambda: session.gradients(
                    data, answers, None, vector(), True, odd(0), odd(rows)
                ),
                lambda: session.forward(data, odd(0)),
                lambda: session.backward(array(rng, (some, widths[-1]), kind), vector(), True),
                lambda: session.update(odd(0.1), odd(0)),
            ] * 2  # fmt: skip
        for _ in range(8):
            with contextlib.suppress(_REFUSALS):
                rng.choice(todo)()

    return Target(lambda rng: rng, use, _REFUSALS)

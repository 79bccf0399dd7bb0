"""The targets of fuzzing: each makes an input from a generator, and a call that has to bear it."""

import contextlib
import hashlib
import io
import itertools
import json

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy
from sklearn.exceptions import NotFittedError

import fastnn
from fastnn import _kernels
from fastnn.tabular import TableSchema, read_table
from proof.mutations import array, json_text, mutated_bytes, mutated_json, number

_RNG = np.random.default_rng(0)
_X = _RNG.normal(size=(24, 2))
_Y = (_X[:, 0] > 0).astype(int)
_FRAME = pd.DataFrame(
    {
        "size": [1.5, 2.0, None, 4.5, 5.0, 6.25] * 4,
        "kind": ["a", "b", "a", None, "c", "b"] * 4,
        "day": ["2024-01-02", "2024-02-03", "2024-03-04", "2024-04-05", "", "2024-06-07"] * 4,
        "zip": ["02134", "10001", "02134", "10001", "94110", "02134"] * 4,
        "answer": ["no", "yes", "no", "no", "yes", "yes"] * 4,
    }
)
_CSV = _FRAME.to_csv(index=False).encode()


def _sha(content, *more):
    digest = hashlib.sha256(json_text(content).encode("utf-8", "surrogatepass"))
    for tensor in more:
        digest.update(np.ascontiguousarray(tensor))
    return digest.hexdigest()


def _safetensors(metadata, tensors):
    """A file whose header may have any text."""
    data = safetensors.numpy.save(tensors)
    length = int.from_bytes(data[:8], "little")
    header = {"__metadata__": metadata, **json.loads(data[8 : 8 + length])}
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def _parts(path, entry):
    """The content of an entry of the metadata, and the tensors."""
    with safetensors.safe_open(path, framework="numpy") as file:
        content = json.loads(file.metadata()[entry])
        return content, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def model(directory):
    """`fastnn.load`, and use of what it gives."""
    wholes, path = [], directory / "model"
    classifier = fastnn.MLPClassifier((2,), random_state=0)
    for made in (
        fastnn.Network([2, 3, 1], keep_prob=0.9, l2=0.1, rng=0),
        fastnn.Network([2, 1], output=fastnn.losses.quantile([0.5]), rng=0),
        fastnn.Ensemble([fastnn.Network([2, 1], rng=seed) for seed in range(2)]),
        classifier.partial_fit(_X, _Y, classes=[0, 1]),
    ):
        made.save(path)
        wholes.append((path.read_bytes(), *_parts(path, "fastnn")))

    def prepare(rng):
        whole, content, tensors = wholes[rng.integers(len(wholes))]
        if rng.random() < 0.3:
            data = mutated_bytes(whole, rng)
        else:
            changed = mutated_json({k: v for k, v in content.items() if k != "sha256"}, rng)
            changed["sha256"] = _sha(changed, tensors["theta"])
            data = _safetensors({"fastnn": json_text(changed)}, tensors)
        path.write_bytes(data)
        return len(data), call

    def call():
        loaded = fastnn.load(path)
        if isinstance(loaded, fastnn.Network):
            X = np.zeros((2, loaded.layer_sizes[0]))
            loaded.forward(X)
        else:
            loaded.predict(_X)
        loaded.save(path)

    # NotFittedError: the file may be of a network that no fit has normalized yet.
    return prepare, (fastnn.ModelFormatError, NotFittedError), True


def checkpoint(directory):
    """`fit(resume=...)` from a changed checkpoint."""
    path = directory / "checkpoint"

    def fit(**options):
        net = fastnn.Network([2, 2, 1], keep_prob=0.9, rng=0)
        net.fit(_X, _Y, epochs=2, checkpoint=path, early_stopping=5, dev=(_X, _Y), **options)

    fit()
    whole = path.read_bytes()
    content, tensors = _parts(path, "fastnn_checkpoint")

    def prepare(rng):
        if rng.random() < 0.3:
            data = mutated_bytes(whole, rng)
        else:
            changed = mutated_json({k: v for k, v in content.items() if k != "sha256"}, rng)
            changed["sha256"] = _sha(changed)
            data = _safetensors({"fastnn_checkpoint": json_text(changed)}, tensors)
        path.write_bytes(data)
        return len(data), lambda: fit(resume=True)

    # ValueError: it is of another fit.
    return prepare, (fastnn.ModelFormatError, ValueError), True


def sweep(directory):
    """`sweep(resume=True)` with a changed file in its directory."""
    folder = directory / "sweep"

    def run(**options):
        fastnn.sweep(
            [2, 2, 1], (_X, _Y), (_X, _Y), {"l2": [0.0, 0.1]}, epochs=2, n_jobs=1,
            checkpoint=folder, **options,
        )  # fmt: skip

    run()
    wholes = {file.name: file.read_bytes() for file in folder.iterdir()}

    def prepare(rng):
        for file in folder.iterdir():
            file.unlink()
        for name, whole in wholes.items():
            (folder / name).write_bytes(whole)
        name = sorted(wholes)[rng.integers(len(wholes))]
        data = wholes[name]
        if rng.random() < 0.5 and name.endswith(".json") and data:
            text = json_text(mutated_json(json.loads(data), rng))
            data = text.encode("utf-8", "surrogatepass")
        else:
            data = mutated_bytes(data, rng)
        (folder / name).write_bytes(data)
        return sum(map(len, wholes.values())), lambda: run(resume=True)

    return prepare, (fastnn.ModelFormatError, ValueError), False


def schema(directory):
    """`TableSchema.from_dict`, and use of what it gives."""
    made = TableSchema.fit(_FRAME, "answer")
    state = json.loads(json.dumps(made.to_dict()))

    def prepare(rng):
        changed = mutated_json(state, rng)

        def call():
            restored = TableSchema.from_dict(changed)
            try:
                restored.inputs(_FRAME)
            except ValueError:
                return  # a schema of other columns
            restored.review(_FRAME)
            json.dumps(restored.to_dict())

        return len(json_text(changed)), call

    return prepare, fastnn.ModelFormatError, False


def table(directory):
    """Reading of a CSV file, a schema learnt from it, and its inputs."""
    made = TableSchema.fit(_FRAME, "answer")

    def prepare(rng):
        data = mutated_bytes(_CSV, rng)
        path = directory / ["a.csv", "a.tsv", "a.txt"][rng.integers(3)]
        path.write_bytes(data)

        def call():
            frame = read_table(path, text=["zip"])
            read_table(io.BytesIO(data))
            with contextlib.suppress(ValueError):
                made.inputs(frame)
            TableSchema.fit(frame, "answer").inputs(frame)

        return len(data), call

    return prepare, ValueError, False


def arrays(directory):
    """The methods of a network with arrays of any shape, dtype and layout."""

    def prepare(rng):
        dtype = ["float32", "float64"][rng.integers(2)]
        output = ["softmax", "sigmoid", "identity", "exp"][rng.integers(4)]
        net = fastnn.Network([3, 4, 2], output=output, dtype=dtype, keep_prob=0.8, rng=0)
        rows = int(rng.choice([1, 2, 5, 33]))
        X, dA = array(rng, (rows, 3), dtype), array(rng, (rows, 2), dtype)
        y = array(rng, (rows,), "i8") if output == "softmax" else array(rng, (rows, 2), dtype)
        if rng.random() < 0.8:
            with np.errstate(all="ignore"):
                y = np.abs(y) % 2 if y.dtype.kind in "if" else y
        weight = array(rng, (rows,)) if rng.random() < 0.3 else None
        threads = int(rng.choice([1, 1, 2]))

        def step():
            trainer = net.trainer(threads=threads)
            trainer.step(X, y, weight)
            trainer.forward(X)
            trainer.backward(dA, inputs=True)
            trainer.update()

        calls = [
            lambda: net.forward(X),
            lambda: net.predict(X),
            lambda: net.cost(X, y),
            lambda: net.value_and_grad(X, y),
            lambda: net.input_gradient(X, y),
            lambda: net.layers(X, y),
            lambda: net.fit(X, y, epochs=2, batch_size=4, sample_weight=weight, threads=threads),
            step,
        ]
        return X.nbytes + y.nbytes, calls[rng.integers(len(calls))]

    return prepare, (ValueError, TypeError, fastnn.DivergenceError), False


def core(directory):
    """The compiled core itself, by calls that may fit together or not."""

    def prepare(rng):
        kind = ["f4", "f8"][rng.integers(2)]
        widths = [int(n) for n in rng.choice([1, 2, 3, 17, 33], rng.integers(2, 5))]
        codes = [0, *(int(rng.integers(0, 9)) for _ in widths[2:]), 0]
        size = sum((a + 1) * b for a, b in itertools.pairwise(widths))
        rows = int(rng.choice([1, 2, 5, 33, 70]))
        some = int(rng.integers(1, rows + 1))

        def vector():
            return array(rng, (size,), kind, 0.03)

        def odd(usual):
            return number(rng, usual) if rng.random() < 0.2 else usual

        def call():
            output = int(rng.integers(0, 4))
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
                threads=odd(int(rng.choice([1, 1, 2]))), training=steps or rng.random() < 0.8,
                inputs=steps or rng.random() < 0.2,
            )  # fmt: skip
            optimizer = int(rng.integers(0, 5))
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
                lambda: _kernels.penalty_of(theta, odd(0), odd(size), 0.1, 0.1),
                lambda: _kernels.add_penalty_gradient(theta, vector(), odd(0), odd(size), 0.1, 0.1),
                lambda: _kernels.SmallForward(widths, codes, 0, theta).forward(data),
                lambda: _kernels.dropout_mask(odd(1), odd(2), odd(1), odd(5), odd(7), odd(0.5)),
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
                    todo[rng.integers(len(todo))]()

        return rows * widths[0] * 8, call

    return prepare, _REFUSALS, False


# OverflowError: an integer of Python that no int64 holds.
_REFUSALS = (
    ValueError, TypeError, RuntimeError, OverflowError, MemoryError, IndexError, BufferError,
)  # fmt: skip
TARGETS = {
    target.__name__: target for target in (model, checkpoint, sweep, schema, table, arrays, core)
}

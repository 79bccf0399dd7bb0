"""Files that fuzzing reads: models, checkpoints, directories of sweeps, schemas, tables.

They are drawn in three ways: bytes that are changed, a header of safetensors that is changed, and
content that is changed but has a right checksum, so that what lies behind the checksum is reached.
"""

import hashlib
import io
import json

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy
from sklearn.exceptions import NotFittedError

import fastnn
from fastnn.tabular import TableSchema, read_table
from proof.fuzzing.mutations import Json, array, json_text, mutated_bytes
from proof.fuzzing.target import Target

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


def _encoded(text):
    return text.encode("utf-8", "surrogatepass")


class _Safetensors:
    """A file that fastnn has written, and variants of it that are hostile.

    Parameters
    ----------
    path : path
    entry : str
        Of the metadata: the JSON of fastnn.
    signed : function
        The sha256 that belongs to the content of the entry and the tensors.
    """

    def __init__(self, path, entry, signed):
        self._whole, self._entry, self._signed = path.read_bytes(), entry, signed
        with safetensors.safe_open(path, framework="numpy") as file:
            content = json.loads(file.metadata()[entry])
            self._tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        del content["sha256"]
        length = int.from_bytes(self._whole[:8], "little")
        self._data = self._whole[8 + length :]
        self._header = json.loads(self._whole[8 : 8 + length])
        self._headers, self._contents = Json(self._header), Json(content)

    def draw(self, rng):
        chance = rng.random()
        if chance < 0.2:
            return mutated_bytes(self._whole, rng)
        if chance < 0.4:
            return self._file(self._headers.mutated(rng), self._data)
        content, tensors = self._contents.mutated(rng), self._tensors
        header, data = self._header, self._data
        if chance < 0.6:  # another tensor, under a right checksum
            name = rng.choice(list(tensors))
            made = np.ascontiguousarray(
                array(rng, tensors[name].shape, tensors[name].dtype.name, 0.3)
            )
            if made.dtype.kind in "fiu" and made.dtype.isnative:
                tensors = {**tensors, name: made}
                data = safetensors.numpy.save(tensors)
                length = int.from_bytes(data[:8], "little")
                header, data = json.loads(data[8 : 8 + length]), data[8 + length :]
                content = json.loads(self._contents.text)
        content["sha256"] = self._signed(content, tensors)
        metadata = {"__metadata__": {self._entry: json_text(content)}}
        return self._file({**header, **metadata}, data)

    @staticmethod
    def _file(header, data):
        text = _encoded(json_text(header))
        return len(text).to_bytes(8, "little") + text + data


def _sha256(content, *tensors):
    digest = hashlib.sha256(_encoded(json_text(content)))
    for tensor in tensors:
        digest.update(tensor)
    return digest.hexdigest()


def model(directory):
    """`fastnn.load`, and use of what it gives."""
    files, path = [], directory / "model"
    classifier = fastnn.MLPClassifier((2,), random_state=0)
    for made in (
        fastnn.Network([2, 3, 1], keep_prob=0.9, l2=0.1, rng=0),
        fastnn.Network([2, 1], output=fastnn.losses.quantile([0.5]), rng=0),
        fastnn.Ensemble([fastnn.Network([2, 1], rng=seed) for seed in range(2)]),
        classifier.partial_fit(_X, _Y, classes=[0, 1]),
    ):
        made.save(path)
        files.append(
            _Safetensors(
                path, "fastnn", lambda content, tensors: _sha256(content, tensors["theta"])
            )
        )

    def use(data):
        path.write_bytes(data)
        loaded = fastnn.load(path)
        if isinstance(loaded, fastnn.Network):
            loaded.forward(np.zeros((2, loaded.layer_sizes[0])))
        else:
            loaded.predict(_X)
        loaded.save(path)

    # NotFittedError: the file may be of a network that no fit has normalized yet.
    return Target(
        lambda rng: rng.choice(files).draw(rng), use, (fastnn.ModelFormatError, NotFittedError)
    )


def checkpoint(directory):
    """`fit(resume=...)` from a changed checkpoint."""
    path = directory / "checkpoint"

    def fit(**options):
        net = fastnn.Network([2, 2, 1], keep_prob=0.9, rng=0)
        net.fit(_X, _Y, epochs=2, checkpoint=path, early_stopping=5, dev=(_X, _Y), **options)

    def signed(content, tensors):
        content = {name: value for name, value in content.items() if name != "sha256"}
        stored = content.get("tensors")
        if isinstance(stored, dict):
            for name, tensor in tensors.items():
                if isinstance(stored.get(name), list) and len(stored[name]) == 3:
                    stored[name] = [tensor.dtype.name, list(tensor.shape), _digest(tensor)]
        return _sha256(content)

    def use(data):
        path.write_bytes(data)
        fit(resume=True)

    fit()
    file = _Safetensors(path, "fastnn_checkpoint", signed)
    # ValueError: it is of another fit.
    return Target(file.draw, use, (fastnn.ModelFormatError, ValueError))


def _digest(tensor):
    return hashlib.sha256(tensor).hexdigest()


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
    parsed = {n: Json(json.loads(whole)) for n, whole in wholes.items() if n.endswith(".json")}

    def draw(rng):
        name = rng.choice(sorted(wholes))
        if name in parsed and rng.random() < 0.7:
            return name.encode() + b"\n" + _encoded(json_text(parsed[name].mutated(rng)))
        return name.encode() + b"\n" + mutated_bytes(wholes[name], rng)

    def use(data):
        for file in folder.iterdir():
            if file.name not in wholes:
                file.unlink()
        changed, _, data = data.partition(b"\n")
        for name, whole in wholes.items():
            (folder / name).write_bytes(data if name.encode() == changed else whole)
        run(resume=True)

    return Target(draw, use, (fastnn.ModelFormatError, ValueError))


def schema(directory):
    """`TableSchema.from_dict`, and use of what it gives."""
    state = Json(json.loads(json.dumps(TableSchema.fit(_FRAME, "answer").to_dict())))

    def use(data):
        try:
            changed = json.loads(data)
        except RecursionError:
            return  # Python's own refusal
        restored = TableSchema.from_dict(changed)
        try:
            restored.inputs(_FRAME)
        except ValueError:
            return  # a schema of other columns
        restored.review(_FRAME)
        json.dumps(restored.to_dict())

    use(state.text)
    return Target(
        lambda rng: _encoded(json_text(state.mutated(rng))), use, (fastnn.ModelFormatError,)
    )


def csv(directory):
    """Reading of a file of comma-separated values, and the inputs of a schema from it."""
    made = TableSchema.fit(_FRAME, "answer")

    def use(data):
        path = directory / ["a.csv", "a.tsv", "a.txt"][len(data) % 3]
        path.write_bytes(data)
        made.inputs(read_table(path, text=["zip"]))

    use(_CSV)  # pandas imports what it needs
    return Target(lambda rng: mutated_bytes(_CSV, rng), use, (ValueError,))


def table(directory):
    """A schema learnt from a file of comma-separated values, and its inputs."""

    def use(data):
        frame = read_table(io.BytesIO(data))
        TableSchema.fit(frame, "answer").inputs(frame)

    use(_CSV)  # scikit-learn imports what it needs
    return Target(lambda rng: mutated_bytes(_CSV, rng), use, (ValueError,))

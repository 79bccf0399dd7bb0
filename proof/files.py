"""A damaged file is refused: every bit flipped, every end cut off, every pair of entries swapped.

Of each kind of file a small one is written. A changed one must raise `fastnn.ModelFormatError` and
nothing else. The one exception is a change of letters that changes no value, such as 1E-08 for
1e-08: what is loaded then is the same to the bit.
"""

import itertools
import json
import struct
import tempfile
from pathlib import Path

import numpy as np

import fastnn
from proof import Broken, expect

_RNG = np.random.default_rng(0)
_X = _RNG.normal(size=(24, 2))
_Y = (_X[:, 0] > 0).astype(int)


def _saved(path):
    """The bytes of the file that a loaded model writes."""
    model = fastnn.load(path)
    again = path.with_suffix(".again")
    model.save(again)
    return again.read_bytes()


def _network(path):
    fastnn.Network([2, 2, 1], keep_prob=0.9, l2=0.1, normalize=True, rng=0).save(path)
    return lambda: _saved(path)


def _estimator(path):
    fastnn.MLPClassifier((2,), random_state=0).partial_fit(_X, _Y, classes=[0, 1]).save(path)
    return lambda: _saved(path)


def _ensemble(path):
    fastnn.Ensemble([fastnn.Network([2, 1], rng=seed) for seed in range(2)]).save(path)
    return lambda: _saved(path)


def _checkpoint(path):
    def fit(**options):
        net = fastnn.Network([2, 2, 1], keep_prob=0.9, rng=0)
        history = net.fit(_X, _Y, epochs=2, checkpoint=path, **options)
        return net.theta.tobytes() + np.array(history.cost).tobytes()

    fit()
    return lambda: fit(resume=True)


KINDS = {
    "network": _network,
    "estimator": _estimator,
    "ensemble": _ensemble,
    "checkpoint": _checkpoint,
}


def run(long):
    figures = []
    with tempfile.TemporaryDirectory() as directory:
        for kind, write in KINDS.items():
            path = Path(directory) / kind
            load = write(path)
            whole = path.read_bytes()
            loaded, refused, alike = load(), 0, 0
            # A checkpoint is compared with the data of the fit first, which takes longer.
            spacing = 1 if long or kind != "checkpoint" else 7
            for what, damaged in _damages(whole, spacing):
                path.write_bytes(damaged)
                try:
                    same = load() == loaded
                except fastnn.ModelFormatError:
                    refused += 1
                except Exception as error:
                    raise Broken(f"{kind}, {what}: {type(error).__name__}: {error}") from error
                else:
                    expect(same, f"{kind}, {what}: loaded as something else")
                    alike += 1
                expect(path.read_bytes() == damaged, f"{kind}, {what}: the file was written to")
            figures.append(f"{kind} {refused:,} refused, {alike} of the same meaning")
    return f"changed files: {'; '.join(figures)}"


def _damages(whole, spacing):
    for bit in range(0, 8 * len(whole), spacing):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit} flipped", bytes(damaged)
    for length in range(0, len(whole), spacing):
        yield f"cut after {length} bytes", whole[:length]
    yield from _swaps(whole)


def _swaps(whole):
    """The file with the values of two entries of its headers exchanged, wherever they differ."""
    (length,) = struct.unpack_from("<Q", whole)
    header, data = json.loads(whole[8 : 8 + length]), whole[8 + length :]
    places = list(_places(header, ()))
    for entry, text in header["__metadata__"].items():
        inner = json.loads(text)
        for a, b in itertools.combinations(list(_places(inner, ())), 2):
            swapped = _swapped(inner, a, b)
            if swapped is not None:
                metadata = {**header["__metadata__"], entry: json.dumps(swapped)}
                yield f"{a} and {b} swapped", _file({**header, "__metadata__": metadata}, data)
    for a, b in itertools.combinations(places, 2):
        swapped = _swapped(header, a, b)
        if swapped is not None:
            yield f"{a} and {b} swapped", _file(swapped, data)


def _places(value, way):
    if way:
        yield way
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _places(value[key], (*way, key))


def _swapped(content, a, b):
    """A copy with two values exchanged; None if they are equal or one is within the other."""
    shorter = min(len(a), len(b))
    content = json.loads(json.dumps(content))
    first, second = _at(content, a), _at(content, b)
    if a[:shorter] == b[:shorter] or json.dumps(first) == json.dumps(second):
        return None
    _at(content, a[:-1])[a[-1]], _at(content, b[:-1])[b[-1]] = second, first
    return content


def _at(content, way):
    for key in way:
        content = content[key]
    return content


def _file(header, data):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data

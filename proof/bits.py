"""Theta, histories and predictions have the same bits for any threads and backends.

Fits over dtypes, optimizers, losses (own ones too), augmentation and sample weights, on 1, 2, 3, 4,
7 and 64 threads; a fit that was stopped and resumed; a sweep on threads and in processes.
"""

import hashlib
import itertools
import tempfile
from pathlib import Path

import numpy as np

import fastnn
from proof import expect

_THREADS = (1, 2, 3, 4, 7, 64)
_OPTIMIZERS = ("gd", "momentum", "nesterov", "rmsprop", "adam", "adamw")
_RNG = np.random.default_rng(0)
_X = _RNG.normal(size=(700, 64))
_CLASSES = _X[:, :5].argmax(axis=1)
_Y = {
    "softmax": _CLASSES,
    "sigmoid": (_X[:, :5] > 0).astype(int),
    "identity": _X[:, :5] * 0.1,
}


def run(long):
    sizes = [[64, 300, 200, 5], [64, 17, 33, 5]] if long else [[64, 300, 5]]
    options = list(_options())
    fits = 0
    for layer_sizes, dtype, option in itertools.product(sizes, ("float32", "float64"), options):
        bits = {_fit(layer_sizes, dtype, option, threads) for threads in _THREADS}
        expect(len(bits) == 1, f"{layer_sizes} {dtype} {option}: {len(bits)} different results")
        fits += len(_THREADS)
    resumed, sweeps = _resumed(), _sweeps(("loky", "multiprocessing"))
    return (
        f"{fits} fits on 1, 2, 3, 4, 7 and 64 threads, {resumed} stopped and resumed, "
        f"{sweeps} sweeps on threads and in processes"
    )


def _options():
    for optimizer in _OPTIMIZERS:
        yield {"output": "softmax", "optimizer": optimizer}
    for output in ("sigmoid", "identity"):
        yield {"output": output, "optimizer": "adam"}
    yield {"output": "identity", "optimizer": "adam", "loss": fastnn.losses.quantile(0.3)}
    yield {"output": "softmax", "optimizer": "adam", "augment": _images()}
    yield {"output": "softmax", "optimizer": "adam", "sample_weight": np.arange(700.0)}


def _images():
    return fastnn.augment.Images((8, 8), flip=0.5, rotation=10)


def _fit(layer_sizes, dtype, option, threads):
    option = dict(option)
    output = option.pop("output")
    net = fastnn.Network(
        layer_sizes, output=output, keep_prob=0.8, l2=0.1, normalize=True, dtype=dtype, rng=0
    )
    X, y = _X, _Y[output]
    history = net.fit(
        X, y, dev=(X[:99], y[:99]), epochs=2, batch_size=96, threads=threads, **option
    )
    result = hashlib.sha256(net.theta.tobytes())
    result.update(np.array([history.cost, history.dev_cost, history.dev_error]).tobytes())
    result.update(net.forward(X).tobytes())
    return result.hexdigest()


def _resumed():
    epochs = 6

    def fit(path, stop=None, **options):
        net = fastnn.Network([64, 32, 5], keep_prob=0.8, rng=0)
        net.fit(
            _X,
            _CLASSES,
            epochs=epochs,
            checkpoint=path,
            callbacks=lambda net, history: len(history) == stop,
            **options,
        )
        return net.theta.tobytes()

    with tempfile.TemporaryDirectory() as directory:
        whole = fit(Path(directory) / "whole")
        for stop in range(1, epochs):
            path = Path(directory) / str(stop)
            fit(path, stop)
            expect(fit(path, resume=True) == whole, f"resumed after epoch {stop}: other bits")
    return epochs - 1


def _sweeps(backends):
    def sweep(backend):
        result = fastnn.sweep(
            [64, 16, 5],
            (_X, _CLASSES),
            (_X, _CLASSES),
            {"l2": [0.0, 0.1], "keep_prob": [0.8, 1.0]},
            epochs=2,
            n_jobs=2,
            backend=backend,
        )
        costs = [trial.runs[0].dev_cost for trial in result.trials]
        return result.best_network.theta.tobytes(), costs

    usual = sweep(None)
    for backend in backends:
        expect(sweep(backend) == usual, f"a sweep on {backend} has other bits")
    return 1 + len(backends)

"""Theta, histories and predictions have the same bits for any threads and backends.

Each kind of fit runs on 1, 2, 3, 4, 7 and 64 threads, in float32 and float64: every optimizer,
every loss of fastnn and own ones, augmentation, averages, clipping. Fits also run on one core and
on all, are stopped and resumed, and run while the caller rounds otherwise or flushes denormal
numbers. Sweeps run on every backend of joblib that is installed.
"""

import contextlib
import ctypes
import ctypes.util
import hashlib
import importlib.util
import itertools
import os
import platform
import tempfile
from pathlib import Path

import numpy as np

import fastnn
from fastnn import _kernels, losses
from fastnn.layers.outputs import OUTPUTS
from fastnn.training.optimizers import OPTIMIZERS
from proof import expect

_THREADS = (1, 2, 3, 4, 7, 64)
_ON_CORES = [(dtype, threads) for dtype in ("float32", "float64") for threads in (1, 2, 7)]
_RNG = np.random.default_rng(0)
_X = _RNG.normal(size=(700, 64))
_CLASSES = _X[:, :5].argmax(axis=1)
_Y = {
    "softmax": _CLASSES,
    "sigmoid": (_X[:, :5] > 0).astype(int),
    "identity": _X[:, :5] * 0.1,
    "exp": np.abs(_X[:, :5]) + 0.1,
    "identity_absolute": _X[:, :5],
    "identity_huber": _X[:, :5],
    "soft": np.eye(5)[_CLASSES] * 0.9 + 0.02,  # probabilities of a teacher
}
# fesetround of x86-64 and of aarch64.
_ROUNDINGS = {
    "x86_64": {"down": 0x400, "up": 0x800, "to zero": 0xC00},
    "aarch64": {"up": 0x400000, "down": 0x800000, "to zero": 0xC00000},
}


def run(long):
    sizes = [[64, 300, 200, 5], [64, 17, 33, 5]] if long else [[64, 300, 5]]
    kinds = {**KINDS, **_COMPILED} if long else KINDS
    fits = 0
    for layer_sizes, dtype, kind in itertools.product(sizes, ("float32", "float64"), kinds):
        bits = {digest(layer_sizes, dtype, kinds[kind], threads) for threads in _THREADS}
        expect(len(bits) == 1, f"{layer_sizes} {dtype} {kind}: {len(bits)} different results")
        fits += len(_THREADS)
    bound = _cores(kinds if long else {"adam": KINDS["adam"]})
    return (
        f"{fits} fits on {', '.join(map(str, _THREADS))} threads in float32 and float64 of "
        f"{len(kinds)} kinds ({', '.join(kinds)}); {bound} fits on one core and on all; "
        f"{_modes()}; {_resumed()} fits stopped and resumed; sweeps on {', '.join(_sweeps())}"
    )


def _asymmetric(z, y):
    return max(0.9 * (y[0] - z[0]), 0.1 * (z[0] - y[0]))


def _its_slope(z, y, dz):
    dz[:] = 0.0
    dz[0] = -0.9 if y[0] > z[0] else 0.1


def _squares(A, y):
    """A loss of whole mini-batches, in Python."""
    return 0.5 * ((A - y) ** 2).sum(axis=1), A - y


KINDS = {
    **{optimizer: {"optimizer": optimizer} for optimizer in OPTIMIZERS},
    "lbfgs": {"optimizer": "lbfgs", "keep_prob": 1.0},
    **{f"output {output}": {"output": output} for output in OUTPUTS},
    "a loss in Python": {"output": "identity", "loss": _squares},
    "smoothed labels": {"label_smoothing": 0.1},
    "augmentation": {"augment": fastnn.augment.Images((8, 8), flip=0.5, rotation=10)},
    "sample weights": {"sample_weight": np.arange(700.0)},
    "an average of theta": {"average": 0.9},
    "clip_norm": {"clip_norm": 0.5},
    "clip_value": {"clip_value": 0.1},
    "max_norm": {"max_norm": 1.0},
    "a schedule": {"schedule": "cosine"},
}
# Numba compiles these for each dtype, which takes a second or more.
_COMPILED = {
    "quantile": {"output": "identity", "loss": losses.quantile(0.3)},
    "tweedie": {"output": "exp", "loss": losses.tweedie(1.5)},
    "focal": {"loss": losses.focal()},
    "hinge": {"loss": losses.hinge()},
    "temperature": {"y": "soft", "loss": losses.cross_entropy(temperature=2.0)},
    "an own loss": {"output": "identity", "loss": fastnn.Loss(_asymmetric, _its_slope)},
}


def digest(layer_sizes, dtype, option, threads):
    """Of a fit of this kind: theta, the history and predictions."""
    option = dict(option)
    output = option.pop("output", "softmax")
    X, y = _X, _Y[option.pop("y", output)]
    made = {name: option.pop(name) for name in ("keep_prob", "max_norm") if name in option}
    settings = {"keep_prob": 0.8, "l2": 0.1, "normalize": True, **made}
    net = fastnn.Network(layer_sizes, output=output, dtype=dtype, rng=0, **settings)
    if option.get("optimizer") != "lbfgs":
        option["batch_size"] = 96
    history = net.fit(X, y, dev=(X[:99], y[:99]), epochs=2, threads=threads, **option)
    result = hashlib.sha256(net.theta.tobytes())
    result.update(np.array([history.cost, history.dev_cost, history.dev_error]).tobytes())
    result.update(net.forward(X).tobytes())
    return result.hexdigest()


def _cores(kinds):
    """Fits on one core and on all that there are, where the system can bind a process to them."""
    if not hasattr(os, "sched_setaffinity"):
        return 0
    everywhere, fits = os.sched_getaffinity(0), 0
    for kind in kinds:
        bits = set()
        try:
            for cores in ({min(everywhere)}, everywhere):
                os.sched_setaffinity(0, cores)
                for dtype, threads in _ON_CORES:
                    bits.add((dtype, digest([64, 300, 5], dtype, kinds[kind], threads)))
                    fits += 1
        finally:
            os.sched_setaffinity(0, everywhere)
        expect(len(bits) == 2, f"{kind} on one core and on {len(everywhere)}: other results")
    return fits


def _modes():
    """Theta while the caller's arithmetic has another mode; what Python computes follows it."""

    def theta():
        net = fastnn.Network([64, 30, 5], keep_prob=0.8, l2=0.1, rng=0)
        net.theta = weights  # drawn in the usual mode
        net.fit(_X, _CLASSES, epochs=2, batch_size=96, threads=2, learning_rate=2**-8)
        return net.theta.tobytes()

    weights = fastnn.Network([64, 30, 5], rng=0).theta.copy()
    usual, tried = theta(), []
    for name, mode in _callers_modes():
        with mode:
            bits = theta()
        expect(bits == usual, f"{name}: other bits")
        tried.append(name)
    return f"a caller that {' or '.join(tried)}" if tried else "no other modes of a caller"


def _callers_modes():
    @contextlib.contextmanager
    def flushing():
        _kernels.flush_denormals(True)
        try:
            yield
        finally:
            _kernels.flush_denormals(False)

    @contextlib.contextmanager
    def rounding(way):
        expect(libm.fesetround(way) == 0, "fesetround failed")
        try:
            yield
        finally:
            libm.fesetround(0)

    libm = ctypes.CDLL(ctypes.util.find_library("m"))
    yield "flushes denormals", flushing()
    for name, way in _ROUNDINGS.get(platform.machine(), {}).items():
        yield f"rounds {name}", rounding(way)


def _resumed():
    epochs = 6

    def trained(path, stop=None, **options):
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
        whole = trained(Path(directory) / "whole")
        for stop in range(1, epochs):
            path = Path(directory) / str(stop)
            trained(path, stop)
            expect(trained(path, resume=True) == whole, f"resumed after epoch {stop}: other bits")
    return epochs - 1


def _sweeps():
    """The backends on which a sweep has the bits that it has on threads."""

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

    usual, same = sweep(None), ["threads"]
    for backend in ("loky", "dask", "ray"):
        with _cluster(backend) as there:
            if there:
                expect(sweep(backend) == usual, f"a sweep on {backend} has other bits")
                same.append(backend)
    return same


@contextlib.contextmanager
def _cluster(backend):
    """Whether there are workers of the backend; those of Dask are started here."""
    if backend == "ray":
        there = importlib.util.find_spec("ray") is not None
        if there:
            import ray
            from ray.util.joblib import register_ray

            ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
            register_ray()
        try:
            yield there
        finally:
            if there:
                ray.shutdown()
    elif backend == "dask" and importlib.util.find_spec("distributed") is None:
        yield False
    elif backend == "dask":
        import distributed

        with (
            distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster),
        ):
            yield True
    else:
        yield True

"""The effect of each regularization on the training and the dev error of a real data set."""

import gzip
import os
from pathlib import Path

import numpy as np

import fastnn
from bench.results import SHARE

ROWS, DEV_ROWS = 2000, 5000
HIDDEN = [256, 128]
# Of the labels, in training and dev set alike, drawn anew at random: much to learn by heart.
NOISE = 0.1
# Options of the network, and of fit. Each is one thing alone, against the first.
METHODS = {
    "nothing": ({}, {}),
    "L2": ({"l2": 20.0}, {}),
    "L1": ({"l1": 1.0}, {}),
    "dropout": ({"keep_prob": [0.8, 0.5, 0.5]}, {}),
    "early stopping": ({}, {"early_stopping": 5}),
}


def regularization(results, effort):
    """Errors without and with L2, L1, dropout and early stopping, and what each takes off the gap
    of the two, seed by seed."""
    name, train, dev = _data()
    if name == "digits":
        results.skip("MNIST: no data in $FASTNN_DATA or ../shared/data; digits instead")
    rng = np.random.default_rng(0)
    noisy = [
        (X, np.where(rng.random(len(y)) < NOISE, rng.integers(0, 10, len(y)), y))
        for X, y in (train, dev)
    ]
    seeds = range(5 if effort.thorough else 3)
    _compare(results, name, train, dev, seeds, targets=False)
    _compare(
        results, f"{name}, {NOISE:.0%} of labels random", *noisy, seeds, targets=name == "mnist"
    )


def _compare(results, name, train, dev, seeds, targets):
    """With targets where a penalty has to pay: not on clean labels, nor on few digits."""
    errors, zeros = {}, []
    for method, (spec, options) in METHODS.items():
        errors[method] = measured = np.empty((len(seeds), 2))
        for seed in seeds:
            net = fastnn.Network([train[0].shape[1], *HIDDEN, 10], rng=seed, **spec)
            net.fit(
                *train,
                dev=dev,
                epochs=40,
                batch_size=64,
                schedule="cosine",
                threads=1,
                **{"evaluate_every": 1 if options else 0, **options},
            )
            measured[seed] = net.error(*train), net.error(*dev)
            if method == "L1":
                zeros.append(net.sparsity()["all"])
    without = errors.pop("nothing")
    for method, measured in {"nothing": without, **errors}.items():
        case = f"{name}: {method}"
        results.find(case, "training error", measured[:, 0], SHARE)
        results.find(case, "dev error", measured[:, 1], SHARE)
        if method == "nothing":
            results.find(case, "variance", without @ [-1, 1], SHARE)
        else:
            target = {"at_least": 0} if targets else {}
            results.find(case, "off variance", (without - measured) @ [-1, 1], SHARE, **target)
            results.find(case, "off dev error", (without - measured)[:, 1], SHARE, **target)
    results.find(f"{name}: L1", "zero weights", zeros, SHARE)


def _data():
    """Name, training and dev set: the first rows of MNIST where it is, else the digits."""
    here = Path(__file__).resolve().parents[2]
    roots = [os.environ.get("FASTNN_DATA"), here.parent / "shared" / "data"]
    for root in filter(None, roots):
        folder = Path(root) / "mnist"
        if (folder / "train-images-idx3-ubyte.gz").exists():
            X = _idx(folder / "train-images-idx3-ubyte.gz", 16).reshape(-1, 784)
            y = _idx(folder / "train-labels-idx1-ubyte.gz", 8)
            X = X[: ROWS + DEV_ROWS] / np.float32(255)
            return "mnist", (X[:ROWS], y[:ROWS]), (X[ROWS:], y[ROWS : ROWS + DEV_ROWS])
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    X, y = load_digits(return_X_y=True)
    X, X_dev, y, y_dev = train_test_split(X / 16, y, test_size=0.5, stratify=y, random_state=0)
    return "digits", (X, y), (X_dev, y_dev)


def _idx(path, header):
    """The bytes of an idx file after its header."""
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)

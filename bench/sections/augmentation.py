"""Augmentation: what it costs in an epoch, and what it does for the error on real images."""

import numpy as np

from bench import ours
from bench.cases import CASES
from bench.measure import compare, ratios
from bench.mnist import FOLDER, load_mnist
from bench.results import SHARE, TIMES
from fastnn import Network
from fastnn.augment import Elastic, Images

WARP = Images(rotation=15, shift=2, zoom=(0.9, 1.1))
ELASTIC = Images(rotation=10, shift=2, zoom=(0.85, 1.15), elastic=Elastic(34, 4))


def costs(results, effort):
    """Epochs of the mid case, with images of 28 x 28, with and without distortions."""
    task = CASES["mid"].task()
    kinds = {
        "without": None,
        "rotation, shift, zoom": WARP,
        "and elastic": ELASTIC,
        "noise": Images(noise=0.1),
    }
    timings = compare(
        [ours.trainer(task, name, augment=kind) for name, kind in kinds.items()],
        effort.rounds,
        effort.seconds,
    )
    results.time("mid", timings)
    without = timings.pop("without")
    for name, timing in timings.items():
        results.find(
            "mid",
            f"{name} / without",
            ratios(timing, without),
            TIMES,
            at_most=2.0 if name == "rotation, shift, zoom" else None,
        )
        results.find(
            "mid",
            f"{name}, an image",
            [
                1e6 * (a - b) / task.batch_size
                for a, b in zip(timing.seconds, without.seconds, strict=True)
            ],
            "µs",
        )


def mnist(results, effort):
    """Test error after as many epochs on 5,000 training images, with and without, by seed."""
    train, test = load_mnist("train"), load_mnist("t10k")
    if train is None or test is None:
        results.skip(f"MNIST: no idx files in {FOLDER}")
        return
    X, y = train[0] / np.float32(255), train[1]
    X_test, y_test = test[0] / np.float32(255), test[1]
    epochs = 200 if effort.thorough else 60
    errors = {"without": [], "with": []}
    for seed in range(3):
        chosen = np.random.default_rng(seed).permutation(len(y))[:5000]
        for name, augment in (("without", None), ("with", ELASTIC)):
            net = Network([784, 256, 128, 10], keep_prob=0.8, rng=seed)
            net.fit(
                X[chosen],
                y[chosen],
                epochs=epochs,
                batch_size=128,
                schedule="cosine",
                evaluate_every=0,
                augment=augment,
            )
            errors[name].append(net.error(X_test, y_test))
    case = f"784-256-128-10, {epochs} epochs"
    for name, of_seeds in errors.items():
        results.find(case, f"test error {name}", of_seeds, SHARE)
    shares = [a / b for a, b in zip(errors["with"], errors["without"], strict=True)]
    results.find(case, "with / without", shares, SHARE, at_most=0.6)

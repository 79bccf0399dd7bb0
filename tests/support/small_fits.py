"""Small classification problems, and networks that are fitted to them in milliseconds."""

import numpy as np

from fastnn import Network

NOISY = {"keep_prob": [0.9, 0.8]}


def blobs(rows=240, features=6, classes=3, seed=0):
    """Overlapping classes, so that errors go up and down."""
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=rows)
    centres = np.random.default_rng(99).normal(size=(classes, features))
    return rng.normal(size=(rows, features)) + centres[y], y


X, Y = blobs()
DEV = blobs(50, seed=1)


def classifier(**options):
    return Network([6, 17, 3], **{"rng": 0} | options)


def bits(*nets):
    return [net.theta.tobytes() for net in nets]


def wide_problem(rows):
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, 64)).astype("float32"), rng.integers(10, size=rows)


def noisy_fit(threads, seed=0):
    """Theta of a fit that is large enough to keep several threads busy."""
    A, b = wide_problem(1000)
    net = Network([64, 200, 10], keep_prob=0.8, l1=0.1, rng=seed)
    net.fit(A, b, epochs=3, threads=threads, dev=(A[:300], b[:300]))
    return net.theta.tobytes()

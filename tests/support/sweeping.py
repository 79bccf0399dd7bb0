"""Data for the tests of sweeps, and a comparison of two results."""

import numpy as np

rng = np.random.default_rng(0)
X = rng.standard_normal((300, 5))
y = (X[:, 0] + 0.5 * X[:, 1] ** 2 > 0.5).astype(int)
TRAIN, DEV = (X[:200], y[:200]), (X[200:], y[200:])
SIZES = [5, 8, 2]
TIMES = {"seconds"}


def rows(result):
    """All of every trial but its times, best first."""
    return [
        (
            t.number,
            t.setting,
            t.rung,
            [{k: v for k, v in run.to_json().items() if k not in TIMES} for run in t.runs],
        )
        for t in result.trials
    ]


def same(a, b):
    assert rows(a) == rows(b)
    assert a.best_network.theta.tobytes() == b.best_network.theta.tobytes()

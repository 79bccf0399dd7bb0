"""Dev sets with weights in `fastnn.sweep`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import fastnn

M = 90
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2 * M, 3))
Y = (X[:, 0] + 0.5 * RNG.normal(size=2 * M) > 1).astype(int)
W = np.where(Y[M:] == 1, 6.0, 1.0)
TRAIN, DEV = (X[:M], Y[:M]), (X[M:], Y[M:], W)
SPACE = {"learning_rate": [0.001, 0.01, 0.1]}
OPTIONS = {"epochs": 6, "n_jobs": 1, "rng": 0}


def test_all_dev_figures_are_weighted():
    result = fastnn.sweep([3, 5, 1], TRAIN, DEV, SPACE, keep=True, **OPTIONS)
    plain = fastnn.sweep([3, 5, 1], TRAIN, DEV[:2], SPACE, **OPTIONS)
    for trial, (network,) in zip(result.trials, result.networks, strict=True):
        assert_allclose(trial.dev_error, network.error(*DEV), rtol=1e-6)
        assert_allclose(trial.dev_loss, network.cost(*DEV), rtol=1e-5)
    assert result.weighted
    assert not plain.weighted
    assert result.best.dev_error != plain.best.dev_error
    assert "has the lowest weighted dev error" in result.verdict
    assert "within the noise" not in result.verdict
    head = next(line for line in str(result).splitlines() if "seconds" in line)
    assert "weighted dev error" in head
    assert "weighted dev loss" in head
    assert "weighted" not in str(plain)


def test_rungs_go_by_the_weighted_error():
    """Two settings of which one always says 0: right for most rows, and for little weight."""
    y_dev = np.zeros(M, dtype=int)
    y_dev[:30] = 1
    dev = np.zeros((M, 3)), y_dev
    rare = {"sample_weight": np.where(Y[:M] == 1, 0.0, 1.0), "learning_rate": 0.1}
    other = {"sample_weight": np.where(Y[:M] == 1, 1.0, 0.0), "learning_rate": 0.1}
    options = {"epochs": 9, "halving": fastnn.sweeps.Halving(2, first=3), "n_jobs": 1, "rng": 0}
    weight = np.where(y_dev == 1, 6.0, 1.0)
    plain = fastnn.sweep([3, 1], TRAIN, dev, [rare, other], **options)
    weighted = fastnn.sweep([3, 1], TRAIN, (*dev, weight), [rare, other], **options)
    assert plain.best.number == 0
    assert weighted.best.number == 1
    assert weighted.trials[1].rung == 0 < weighted.best.rung


def test_a_directory_is_of_these_weights(tmp_path):
    kept = {"checkpoint": tmp_path / "sweep", "resume": True}
    first = fastnn.sweep([3, 5, 1], TRAIN, DEV, SPACE, **kept, **OPTIONS)
    again = fastnn.sweep([3, 5, 1], TRAIN, DEV, SPACE, **kept, **OPTIONS)
    np.testing.assert_array_equal(first.best_network.theta, again.best_network.theta)
    for other in (DEV[:2], (*DEV[:2], W + 1)):
        with pytest.raises(ValueError, match="sample_weight of dev"):
            fastnn.sweep([3, 5, 1], TRAIN, other, SPACE, **kept, **OPTIONS)


def test_weights_that_cannot_be():
    with pytest.raises(ValueError, match="in dev: expected sample_weight to have shape"):
        fastnn.sweep([3, 5, 1], TRAIN, (*DEV[:2], W[1:]), SPACE, **OPTIONS)

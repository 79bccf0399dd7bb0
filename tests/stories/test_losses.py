"""Losses of one's own in use: bands of quantiles, and a small network that learns from a large."""

import numpy as np
import pytest

import fastnn

pytestmark = pytest.mark.slow


def test_a_band_of_quantiles_covers_what_it_says():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (4000, 1))
    noise = 0.1 + 0.4 * (X[:, 0] > 0)  # wider on the right
    y = np.sin(3 * X[:, 0]) + noise * rng.standard_normal(4000)
    train, dev, test = fastnn.split(X, y, sizes=(2000, 1000, 1000), rng=0)
    loss = fastnn.losses.quantile([0.05, 0.5, 0.95])
    net = fastnn.Network([1, 32, 32, 3], output=loss, rng=0)
    net.fit(train, dev=dev, epochs=150, learning_rate=0.003, early_stopping=20)
    low, median, high = net.predict(test.X).T
    covered = (low <= test.y) & (test.y <= high)
    assert 0.86 <= covered.mean() <= 0.94
    right = test.X[:, 0] > 0.1
    left = test.X[:, 0] < -0.1
    assert (high - low)[right].mean() > 3 * (high - low)[left].mean()
    np.testing.assert_allclose(median[left], np.sin(3 * test.X[left, 0]), atol=0.15)


def test_a_small_network_learns_from_the_probabilities_of_a_large_one():
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((5, 8))

    def draw(m):
        y = rng.integers(0, 5, m)
        return centers[y] + 1.2 * rng.standard_normal((m, 8)), y

    X, y = draw(4000)
    unlabelled, _ = draw(4000)
    X_test, y_test = draw(4000)
    teacher = fastnn.Network([8, 64, 5], l2=3.0, rng=0)
    teacher.fit(X, y, epochs=30)
    T = 2.0
    logits = np.log(teacher.forward(unlabelled).astype(float))
    soft = np.exp(logits / T) / np.exp(logits / T).sum(axis=1, keepdims=True)
    few = X[:60], y[:60]
    alone = fastnn.Network([8, 8, 5], rng=0)
    alone.fit(*few, epochs=300)
    student = fastnn.Network([8, 8, 5], rng=0)
    student.fit(unlabelled, soft, loss=fastnn.losses.cross_entropy(T), epochs=60)
    assert teacher.error(X_test, y_test) <= student.error(X_test, y_test) + 0.01
    assert student.error(X_test, y_test) < alone.error(X_test, y_test) - 0.05

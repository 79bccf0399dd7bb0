"""The size of a dev set that tells two classifiers apart."""

import numpy as np
import pytest

import fastnn


def test_dev_size_finds_the_difference_as_often_as_promised():
    """Two-sided z test of two proportions, 20,000 times."""
    n, rng = fastnn.dev_size(0.2, 0.05), np.random.default_rng(0)
    worse, better = rng.binomial(n, [[0.2], [0.15]], (2, 20_000)) / n
    pooled = (worse + better) / 2
    z = (worse - better) / np.sqrt(2 * pooled * (1 - pooled) / n)
    assert (abs(z) > 1.959964).mean() == pytest.approx(0.8, abs=0.015)


def test_paired_dev_size_finds_the_difference_as_often_as_promised():
    """McNemar's test, 20,000 times."""
    n, rng = fastnn.dev_size(0.2, 0.05, disagreement=0.15), np.random.default_rng(0)
    worse, better, _ = rng.multinomial(n, [0.1, 0.05, 0.85], 20_000).T
    z = (worse - better) / np.sqrt(worse + better)
    assert (abs(z) > 1.959964).mean() == pytest.approx(0.8, abs=0.02)
    assert n < fastnn.dev_size(0.2, 0.05)


def test_dev_size():
    assert fastnn.dev_size(0.05, 0.005) == 28408
    # Fleiss, Levin and Paik's table A.4 without its continuity correction: P1 = 0.6, P2 = 0.5.
    assert fastnn.dev_size(0.6, 0.1) == 388
    sizes = [fastnn.dev_size(0.1, d) for d in (0.001, 0.01, 0.05, 0.1)]
    assert sizes == sorted(sizes, reverse=True)
    assert (
        fastnn.dev_size(0.1, 0.01, power=0.95)
        > sizes[1]
        < fastnn.dev_size(0.1, 0.01, confidence=0.99)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"error": 0.05, "difference": 0.06}, "at most error"),
        ({"error": 1.2, "difference": 0.1}, "error in"),
        ({"error": 0.05, "difference": 0}, "difference in"),
        ({"error": 0.1, "difference": 0.01, "power": 1}, "power in"),
        ({"error": 0.1, "difference": 0.01, "confidence": 95}, "confidence in"),
        ({"error": 0.1, "difference": 0.01, "disagreement": 0.001}, "disagreement from difference"),
        ({"error": 0.1, "difference": 0.01, "disagreement": 0.3}, "sum of the two errors"),
    ],
)
def test_dev_size_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        fastnn.dev_size(**arguments)

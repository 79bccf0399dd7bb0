"""`value_and_grad` of small batches by buffers that are kept: the bits of the general way."""

import copy
import itertools
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from problems import OUTPUTS, draw_targets

import fastnn


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_the_bits_are_those_of_the_general_way(output, dtype):
    rng = np.random.default_rng(0)
    for penalty, normalizer in itertools.product((0.0, 0.7), (False, True)):
        X = rng.standard_normal((40, 5)).astype(dtype)
        net = fastnn.Network([5, 17, 3], output=output, l2=penalty, l1=penalty, dtype=dtype, rng=1)
        if normalizer:
            net.normalizer = fastnn.Normalizer().fit(X * 3 + 1)
        for rows in (1, 2, 3, 33, 7, 40):  # the buffers grow, and smaller batches use them
            y = draw_targets(rng, output, rows, 3)
            y = y if output == "softmax" else y.astype(dtype)
            double = X.astype(np.float64) * (1 + 1e-9)
            for part in (X[:rows], X[::-1][:rows], double[:rows]):
                for dropout in (None, (3, rows), (2**63 + 5, 0)):
                    net.keep_prob = [1.0, 0.5] if rows % 2 else [0.8, 0.7]
                    J, gradient = net.value_and_grad(part, y, dropout=dropout)
                    general = net.value_and_grad(part.tolist(), y.tolist(), dropout=dropout)
                    assert general[0] == J
                    assert np.array_equal(general[1], gradient)
            net.theta *= 0.9


def test_sums_of_many_rows_do_not_depend_on_the_buffers():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((8000, 2), np.float32), rng.integers(0, 2, 8000)
    net = fastnn.Network([2, 2], rng=0)
    for rows in (8000, 5000, 300):
        expected = net.value_and_grad(X[:rows].tolist(), y[:rows])
        J, gradient = net.value_and_grad(X[:rows], y[:rows])
        assert expected[0] == J
        assert np.array_equal(gradient, expected[1])


def test_results_are_the_callers_own():
    net = fastnn.Network([3, 2], rng=0)
    X, y = np.ones((4, 3), np.float32), np.zeros(4, np.int64)
    _J, gradient = net.value_and_grad(X, y)
    kept = gradient.copy()
    net.value_and_grad(2 * X, y)
    assert np.array_equal(gradient, kept)


def test_what_changes_is_seen():
    net = fastnn.Network([3, 2], rng=0)
    X, y = np.arange(12, dtype=np.float32).reshape(4, 3), np.array([0, 1, 1, 0])
    net.value_and_grad(X, y)
    twins = [copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    for twin in twins:
        twin.theta *= 2
        assert twin.value_and_grad(X, y)[0] == twin.value_and_grad(X.tolist(), y)[0]
    net.normalizer = fastnn.Normalizer().fit(X)
    assert net.value_and_grad(X, y)[0] == net.value_and_grad(X.tolist(), y)[0]
    net.keep_prob = 0.5  # without `dropout`, value_and_grad has none
    assert net.value_and_grad(X, y)[0] == pytest.approx(net.cost(X, y), rel=1e-6)


def test_threads_do_not_share_the_buffers():
    net = fastnn.Network([8, 64, 4], rng=0)
    rng = np.random.default_rng(0)
    X = [rng.standard_normal((64, 8), np.float32) for _ in range(4)]
    y = rng.integers(0, 4, 64)
    alone, wrong = [net.value_and_grad(part, y) for part in X], []

    def work(part, expected):
        for _ in range(200):
            J, gradient = net.value_and_grad(part, y)
            if expected[0] != J or not np.array_equal(gradient, expected[1]):
                wrong.append(J)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, X, alone))
    assert wrong == []

"""Data and networks that the benchmarks share."""

import pytest

import fastnn
from bench.cases import CASES, KEEP_PROB, random_data


@pytest.fixture(params=CASES)
def case(request):
    """A network of the case's size with dropout, and 16 mini-batches of data for it."""
    case = CASES[request.param]
    X, y = random_data(case.layer_sizes, 16 * case.batch_size)
    return fastnn.Network(case.layer_sizes, keep_prob=KEEP_PROB, rng=0), X, y, case.batch_size

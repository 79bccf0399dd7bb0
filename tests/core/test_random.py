"""The counter-based generator: known answers, and the statistics of dropout."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastnn import _kernels
from fastnn._kernels import dropout_mask

# Philox4x32-10, known answers of the Random123 distribution (Salmon et al., 2011).
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_philox_known_answers(counter, key, words):
    assert _kernels.philox(counter, key) == words


@pytest.mark.parametrize("keep_prob", [0.001, 0.1, 0.5, 0.8, 0.9, 0.999])
@pytest.mark.parametrize("seed", [0, 2**63 + 1])
def test_kept_fraction_and_mean_over_ten_million_draws(keep_prob, seed):
    mask = dropout_mask(seed, 3, 1, 10_000, 1_000, keep_prob)
    standard_error = np.sqrt(keep_prob * (1 - keep_prob) / mask.size)
    assert abs(mask.mean() - keep_prob) < 4 * standard_error
    # E[A] is unchanged: A = 1, so A * D / keep_prob has mean 1.
    A = np.ones((10_000, 1_024), np.float32)
    _kernels.apply_dropout(A, seed, 3, 1, keep_prob)
    A = A[:, :1_000]
    assert set(np.unique(A)) == {np.float32(0), np.float32(1 / keep_prob)}
    assert abs(A.mean(dtype=np.float64) - 1) < 4 * standard_error / keep_prob


def test_rows_and_units_are_each_fair():
    keep_prob = 0.8
    mask = dropout_mask(11, 0, 2, 4_000, 2_500, keep_prob)
    for axis, n in ((0, 4_000), (1, 2_500)):
        z = (mask.mean(axis) - keep_prob) / np.sqrt(keep_prob * (1 - keep_prob) / n)
        assert np.abs(z).max() < 5.5  # the largest of some thousand standard normals
        assert abs((z**2).mean() - 1) < 0.15  # neither too even nor too uneven


# (seed, step, layer) of two masks that must have nothing to do with each other.
PAIRS = [
    ((1, 0, 1), (2, 0, 1)),
    ((1, 0, 1), (1, 1, 1)),
    ((1, 0, 1), (1, 0, 2)),
    ((1, 0, 1), (1, 2**32, 1)),
    ((1, 0, 1), (1 + 2**32, 0, 1)),
    ((0, 1, 0), (1, 0, 0)),
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_masks_differ_by_seed_step_and_layer(a, b):
    assert_independent(dropout_mask(*a, 1_000, 1_000, 0.5), dropout_mask(*b, 1_000, 1_000, 0.5))


@pytest.mark.parametrize(
    ("rows", "units"),
    [(1, 0), (0, 1), (1, 1), (2, 0), (16, 0), (0, 16), (64, 64), (256, 1), (1, 256)],
)
def test_masks_differ_by_row_and_unit(rows, units):
    mask = dropout_mask(5, 5, 5, 1_256, 1_256, 0.5)
    assert_independent(mask[:1_000, :1_000], mask[rows : rows + 1_000, units : units + 1_000])


def assert_independent(a, b):
    """Two fair coins agree half the time, 4 standard errors."""
    assert abs((a == b).mean() - 0.5) < 4 * 0.5 / np.sqrt(a.size)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    step=st.integers(0, 2**64 - 1),
    layer=st.integers(0, 2**32 - 1),
    rows=st.integers(0, 40),
    units=st.integers(0, 150),
    keep_prob=st.floats(0.01, 1),
)
def test_a_mask_is_a_function_of_its_place(seed, step, layer, rows, units, keep_prob):
    mask = dropout_mask(seed, step, layer, rows, units, keep_prob)
    larger = dropout_mask(seed, step, layer, rows + 3, units + 70, keep_prob)
    assert mask.shape == (rows, units)
    assert (larger[:rows, :units] == mask).all()
    double = np.ones((rows, (units + 63) // 64 * 64))
    _kernels.apply_dropout(double, seed, step, layer, keep_prob)
    assert ((double[:, :units] != 0) == mask).all()


def test_keep_prob_one_keeps_all():
    assert dropout_mask(0, 0, 0, 100, 100, 1.0).all()


@pytest.mark.parametrize("keep_prob", [0.0, -0.1, 1.1, float("nan")])
def test_bad_keep_prob(keep_prob):
    with pytest.raises(ValueError, match="keep_prob"):
        dropout_mask(0, 0, 0, 2, 2, keep_prob)

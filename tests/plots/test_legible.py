"""Pictures are legible: errors that are close are apart, words do not meet."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot

import fastnn
from fastnn.plots.figure import spread_errors

mpl.use("Agg")


@pytest.fixture
def ax():
    figure, ax = pyplot.subplots(figsize=(5, 4), layout="constrained")
    yield ax
    pyplot.close(figure)


def heights(ax, values):
    """Where values are drawn, in parts of the axis."""
    ends = [ax.transData.transform((0, y))[1] for y in ax.get_ylim()]
    return [(ax.transData.transform((0, y))[1] - ends[0]) / (ends[1] - ends[0]) for y in values]


def test_one_large_error_does_not_hide_the_good_ones(ax):
    errors = [0.02, 0.03, 0.04, 0.05, 0.9]
    ax.scatter(range(5), errors)
    low, high = heights(ax, errors[:2])
    assert high - low < 0.02
    spread_errors(ax, errors)
    low, high = heights(ax, errors[:2])
    assert high - low > 0.06
    assert [label.get_text() for label in ax.get_yticklabels()][:2] == ["0.02", "0.05"]


def test_errors_of_one_size_keep_a_linear_axis(ax):
    spread_errors(ax, [0.02, 0.03, 0.05, 0.0, float("nan")])
    assert ax.get_yscale() == "linear"


@settings(deadline=None)  # figures are slow to make
@given(st.lists(st.floats(0, 1e6) | st.just(float("nan")), max_size=20))
def test_any_errors_get_ticks_that_can_be_read(errors):
    figure, ax = pyplot.subplots()
    try:
        spread_errors(ax, errors)
        if ax.get_yscale() == "asinh":
            ticks = ax.get_yticks()
            assert len(set(ticks)) == len(ticks) >= 2
            assert 0 in ticks or 0 not in errors
            assert len(ticks) <= 14
            assert np.isfinite(ticks).all()
    finally:
        pyplot.close(figure)


def test_names_of_wrong_components_do_not_meet(ax):
    rng = np.random.default_rng(0)
    theta = {"W": rng.standard_normal((20, 10))}
    wrong = 1 + rng.standard_normal((20, 10))
    check = fastnn.gradcheck(
        lambda t: (t["W"] ** 2).sum() / 2, lambda t: {"W": t["W"] * wrong}, theta
    )
    check.plot(ax=ax)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert 2 <= len(boxes) <= 5
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    for axis in (ax.xaxis, ax.yaxis):
        labels = [label.get_window_extent() for label in axis.get_ticklabels()]
        assert not any(one.overlaps(other) for one, other in itertools.combinations(labels, 2))


def test_a_learning_curve_has_its_sizes_as_ticks(ax):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 2)), rng.integers(0, 2, 300)
    net = fastnn.Network([2, 4, 1], rng=0)
    curve = fastnn.learning_curve(net, (X, y), (X, y), epochs=2)
    curve.plot(ax=ax)
    shown = [label.get_text() for label in ax.get_xticklabels()]
    assert shown == [*map(str, curve.sizes), "600"]
    assert ax.get_xticks(minor=True).size == 0

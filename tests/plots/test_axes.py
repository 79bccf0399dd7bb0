"""Axes that are given to a picture: they are checked, and used."""

from functools import partial

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot

import fastnn

mpl.use("Agg")

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((60, 2)), RNG.integers(0, 2, 60)

# name -> (the function of a network that gives the plot method, the number of axes it draws on)
PICTURES = {
    "history": (lambda net: net.fit(X, Y, epochs=2).plot, 2),
    "gradient check": (lambda net: net.gradcheck(X, Y).plot, 1),
    "diagnosis": (lambda net: net.diagnose((X, Y), (X, Y)).plot, 1),
    "signal flow": (lambda net: net.signal_flow(X, Y).plot, 2),
    "weights": (lambda net: net.plot_weights, 1),
    "boundary": (lambda net: partial(net.plot_boundary, X, Y, resolution=4), 1),
    "learning curve": (
        lambda net: fastnn.learning_curve(net, (X, Y), (X, Y), epochs=1).plot,
        1,
    ),
    "penalty path": (
        lambda net: fastnn.penalty_path(net, (X, Y), (X, Y), l2=[0, 1], epochs=1).plot,
        2,
    ),
}


@pytest.mark.parametrize("picture", PICTURES)
def test_given_axes(picture):
    plot_of, count = PICTURES[picture]
    plot = plot_of(fastnn.Network([2, 4, 2], rng=0))
    figure, axes = pyplot.subplots(1, count)
    display = plot(ax=axes)
    assert display.figure_ is figure
    assert np.size(display.ax_) == count
    assert all(ax.has_data() for ax in np.ravel(display.ax_))
    expected = "matplotlib axes" if count == 1 else "a pair of axes"
    with pytest.raises(TypeError, match=f"expected ax to be {expected}, got 3"):
        plot(ax=3)
    pyplot.close(figure)

"""The picture of the decisions of a network of two features."""

import matplotlib as mpl
import numpy as np
import pytest

import fastnn

mpl.use("Agg")


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
def test_boundary(output):
    from matplotlib import pyplot

    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (300, 2))
    y = (X[:, 0] > 0.2).astype(int)
    net = fastnn.Network([2, 2 if output == "softmax" else 1], output=output, rng=0)
    net.fit(X, y, optimizer="lbfgs", epochs=200)
    display = net.plot_boundary(X, y, resolution=50)
    assert display.response.shape == display.xx0.shape == (50, 50)
    flat = np.column_stack([display.xx0.ravel(), display.xx1.ravel()])
    expected = net.forward(flat)[:, -1] if output != "softmax" else net.predict(flat)
    np.testing.assert_array_equal(display.response.ravel(), expected)
    assert display.response[:, 0].max() < 0.5 < display.response[:, -1].min()
    assert "array" not in repr(display)
    display.figure_.canvas.draw()
    assert net.plot_boundary(X, y, ax=display.ax_, resolution=5).figure_ is display.figure_
    pyplot.close("all")


def test_boundary_of_many_classes_and_of_one_point():
    from matplotlib import pyplot

    net = fastnn.Network([2, 8, 12], rng=0)
    net.plot_boundary([[0.0, 1.0]], [11], resolution=10).figure_.canvas.draw()
    with pytest.raises(ValueError, match="2 features to draw in the plane, got 3"):
        fastnn.Network([3, 2], rng=0).plot_boundary(np.ones((1, 3)), [0])
    with pytest.raises(ValueError, match="one output, or softmax"):
        fastnn.Network([2, 3], output="sigmoid", rng=0).plot_boundary(np.ones((1, 2)), [[0, 0, 1]])
    with pytest.raises(ValueError, match="resolution to be at least 2"):
        net.plot_boundary([[0.0, 1.0]], [11], resolution=1)
    pyplot.close("all")

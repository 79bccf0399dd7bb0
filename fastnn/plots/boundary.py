"""A picture of the decisions of a network of two features."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.arguments import integer
from fastnn.data.inputs import as_numbers
from fastnn.engine.examples import check_data
from fastnn.plots.figure import Display, one_axes

# Width of the border around the data, in parts of its range.
MARGIN = 0.1


@dataclass(frozen=True)
class BoundaryDisplay(Display):
    """A drawn decision boundary.

    Attributes
    ----------
    xx0, xx1 : (resolution, resolution) arrays
        The two features of each point of the grid.
    response : (resolution, resolution) array
        The drawn values: the probability of class 1 for one sigmoid output, the label of several
        classes, the value of a regression.
    """

    xx0: NDArray[np.float64] = field(repr=False)
    xx1: NDArray[np.float64] = field(repr=False)
    response: NDArray[Any] = field(repr=False)


def plot_boundary(network, X, y, ax=None, resolution=200):
    """The response over the plane of two features, and the examples."""
    resolution = integer(resolution, "resolution", 2, 5000)
    if network.layer_sizes[0] != 2:
        raise ValueError(
            f"expected a network of 2 features to draw in the plane, got {network.layer_sizes[0]}"
        )
    if network.output != "softmax" and network.layer_sizes[-1] > 1:
        raise ValueError(
            f"expected one output, or softmax, to draw; got {network.layer_sizes[-1]} outputs of "
            f"{network.output}"
        )
    check_data(network, X, y, None)
    X = np.asarray(X.toarray() if hasattr(X, "toarray") else X, np.float64)
    y = as_numbers(y, "y").reshape(-1)
    low, high = X.min(axis=0), X.max(axis=0)
    # A constant feature has no range: its border is a part of 1.
    room = MARGIN * np.where(high > low, high - low, 1.0)
    lines = [np.linspace(a, b, resolution) for a, b in zip(low - room, high + room, strict=True)]
    xx0, xx1 = np.meshgrid(*lines)
    grid = np.column_stack([xx0.ravel(), xx1.ravel()])
    labels = network.output == "softmax"
    response = network.predict(grid) if labels else network.forward(grid)[:, 0]
    response = response.reshape(xx0.shape)

    ax = one_axes(ax)
    # One scale for plane and examples: an example on the wrong side stands out by its colour.
    classes = network.layer_sizes[-1] - 1
    low, high = {"softmax": (0, classes), "sigmoid": (0, 1)}.get(
        network.output, (min(y.min(), response.min()), max(y.max(), response.max()))
    )
    colours = {
        "cmap": "tab10" if labels and classes < 10 else "coolwarm",
        "vmin": low,
        "vmax": 9 if labels and classes < 10 else high,
    }
    ax.pcolormesh(xx0, xx1, response, shading="nearest", alpha=0.4, rasterized=True, **colours)
    if not network.regression:
        levels = np.arange(classes) + 0.5 if labels else [0.5]
        if any(response.min() < level < response.max() for level in levels):
            ax.contour(xx0, xx1, response, levels=levels, colors="0.3", linewidths=0.8)
    ax.scatter(*X.T, c=y, s=12, edgecolors="white", linewidths=0.4, **colours)
    ax.set(xlabel="feature 0", ylabel="feature 1")
    return BoundaryDisplay(ax, ax.figure, xx0, xx1, response)

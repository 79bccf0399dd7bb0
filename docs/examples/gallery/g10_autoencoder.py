"""
A map of the digits
===================

An autoencoder is a network whose targets are its inputs. Its narrow middle layer of two units is
a map: the network has to put digits that look alike next to each other."""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastnn

X, y = load_digits(return_X_y=True)
X = X / 16
net = fastnn.Network(
    [64, 128, 32, 2, 32, 128, 64],
    activation=["silu", "silu", "identity", "silu", "silu"],
    output="identity",
    rng=0,
)
net.fit(X, X, epochs=200, learning_rate=0.002, schedule="cosine")

codes = net.layers(X)[3].A
fig, (place, images) = plt.subplots(1, 2, figsize=(8, 4), width_ratios=[3, 1])
points = place.scatter(*codes.T, c=y, cmap="tab10", s=5)
place.set(
    title="which digits lie together?",
    xlabel="first unit of the middle layer",
    ylabel="second unit",
    xticks=[],
    yticks=[],
)
points.set_clim(-0.5, 9.5)
fig.colorbar(points, ax=place, ticks=range(10), label="digit")
# The first eight, each with a border of a pixel; below them what the network makes of them.
made = net.forward(X[:8])
tiles = [[np.pad(row.reshape(8, 8), 1) for row in rows] for rows in (X[:8], made)]
images.imshow(np.hstack([np.vstack(column) for column in tiles]), cmap="gray_r")
images.set_xticks([4.5, 14.5], ["before", "after"])
images.set_yticks([])
images.tick_params(length=0)
_ = images.spines[:].set_visible(False)

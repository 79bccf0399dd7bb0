"""
A map of the digits
===================

An autoencoder is a network whose targets are its inputs. Its narrow middle layer of two units is
a map: the network has to put digits that look alike next to each other."""

import matplotlib.pyplot as plt
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
fig, (place, images) = plt.subplots(1, 2, figsize=(8, 4), width_ratios=[2, 1])
points = place.scatter(*codes.T, c=y, cmap="tab10", s=5)
place.set(title="two numbers for each digit", xticks=[], yticks=[])
fig.colorbar(points, ax=place, ticks=range(10))
made = net.forward(X[:8])
images.imshow(
    [
        [*left, *right]
        for a, b in zip(X[:8], made, strict=True)
        for left, right in zip(a.reshape(8, 8), b.reshape(8, 8), strict=True)
    ],
    cmap="gray_r",
)
images.set_axis_off()
_ = images.set_title("before, after", fontsize=9)

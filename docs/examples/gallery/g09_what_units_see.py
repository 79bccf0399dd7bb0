"""
What hidden units look at
=========================

The columns of W1 as pictures, for growing L2. The penalty turns noise into strokes.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import fastnn

X, y = load_digits(return_X_y=True)
fig, axes = plt.subplots(3, 10, figsize=(8, 3.2))
for row, l2 in zip(axes, [0, 3, 30], strict=True):
    net = fastnn.Network([64, 10, 10], activation="tanh", l2=l2, rng=0)
    net.fit(X / 16, y, epochs=150, learning_rate=0.003)
    row[0].set_ylabel(f"$\\lambda$ = {l2}")
    for ax, column in zip(row, net.params["W1"].T, strict=True):
        size = abs(column).max()
        ax.imshow(column.reshape(8, 8), cmap="RdBu", vmin=-size, vmax=size)
        ax.set(xticks=[], yticks=[])
_ = fig.suptitle("weights from 8 x 8 pixels into ten units: blue raises, red lowers", fontsize=10)

"""
A band of predictions
=====================

Three outputs are trained to be the 5 %, 50 % and 95 % quantile of y, by `fastnn.losses.quantile`.
The band is wide where the noise is."""

import matplotlib.pyplot as plt
import numpy as np

import fastnn

rng = np.random.default_rng(0)
X = rng.uniform(-3, 3, (1500, 1))
y = np.sin(2 * X[:, 0]) + (0.1 + 0.2 * X[:, 0] ** 2 / 3) * rng.standard_normal(1500)

loss = fastnn.losses.quantile([0.05, 0.5, 0.95])
net = fastnn.Network([1, 48, 48, 3], output=loss, activation="silu", rng=0)
net.fit(X, y, epochs=200, learning_rate=0.003)

grid = np.linspace(-3, 3, 300)[:, None]
low, middle, high = net.predict(grid).T
fig, ax = plt.subplots()
ax.plot(X[:, 0], y, ".", markersize=2, color="0.5")
ax.fill_between(grid[:, 0], low, high, alpha=0.3, label="5 % to 95 %")
ax.plot(grid[:, 0], middle, label="median")
ax.legend()
inside = np.mean((net.predict(X)[:, 0] <= y) & (y <= net.predict(X)[:, 2]))
_ = ax.set(xlabel="x", ylabel="y", title=f"{inside:.0%} of the examples are in the band")

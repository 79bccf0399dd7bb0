"""
A loss of my own
================

Your mistakes cost something else than squared errors. Say so in two Python functions of *one
row*: the loss, and its slope with respect to the logits z. Numba compiles them, and they run in
the core at its speed."""

# %%
# Too little stock costs nine times as much as too much:

import matplotlib.pyplot as plt
import numpy as np

import fastnn


def value(z, y):
    return max(0.9 * (y[0] - z[0]), 0.1 * (z[0] - y[0]))


def slope(z, y, dz):
    dz[0] = -0.9 if z[0] < y[0] else 0.1


stock = fastnn.Loss(value, slope, name="stock")
rng = np.random.default_rng(0)
X = rng.uniform(0, 1, (2000, 1))
y = 10 + 5 * np.sin(6 * X[:, 0]) + (1 + 4 * X[:, 0]) * rng.standard_normal(2000)

net = fastnn.Network([1, 32, 32, 1], output=stock, rng=0)
net.fit(X, y, epochs=200, learning_rate=0.003)
grid = np.linspace(0, 1, 200)[:, None]
fig, ax = plt.subplots()
ax.plot(X[:, 0], y, ".", markersize=2, alpha=0.4)
ax.plot(grid, net.predict(grid), "r", label="what to order")
ax.set(xlabel="season", ylabel="sold")
ax.legend()
print(f"share of days with too little: {np.mean(y > net.predict(X)):.0%}")

# %%
# About 10 %: with these costs the best order is the 90 % quantile. (`fastnn.losses.quantile` has
# this loss; the others there are tweedie, focal, hinge and cross_entropy.)
#
# Is the slope right?
# -------------------
#
# Ask before you train. Here is a slip, and what the check says:


def wrong_slope(z, y, dz):
    dz[0] = -0.9 if z[0] < y[0] else 0.9


check = net.gradcheck(X[:50], y[:50], loss=fastnn.Loss(value, wrong_slope))
print(check)

# %%
# A number to choose
# ------------------
#
# Numba compiles a global that a loss reads into it, with the value at the first use: the loss does
# not see a later change. Close over the number instead, and make a loss for each:


def stock_of(cost):
    def value(z, y):
        return max(cost * (y[0] - z[0]), z[0] - y[0])

    def slope(z, y, dz):
        dz[0] = -cost if z[0] < y[0] else 1.0

    return fastnn.Loss(value, slope, name=f"stock of {cost}")


for cost in (1.0, 9.0):
    net = fastnn.Network([1, 32, 32, 1], output=stock_of(cost), rng=0)
    net.fit(X, y, epochs=200, learning_rate=0.003)
    print(f"cost {cost:g}: too little on {np.mean(y > net.predict(X)):.0%} of days")

# %%
# A loss of whole mini-batches
# ----------------------------
#
# Where rows depend on each other, or where you already have the function in NumPy: a function of
# all outputs and targets, which returns the losses and their slopes. It runs in Python, so steps
# are slower.


def log_cosh(A, y):
    error = A - y.reshape(A.shape)
    return np.log(np.cosh(error)).ravel(), np.tanh(error)


net = fastnn.Network([1, 32, 32, 1], output="identity", rng=0)
history = net.fit(X, y, loss=log_cosh, epochs=100, learning_rate=0.003)
print(f"J {history.cost[0]:.2f} -> {history.cost[-1]:.2f}")

# %%
# The file of a network with a loss of yours names the loss, and has no code. Give it when you load:

import os
import tempfile

path = os.path.join(tempfile.mkdtemp(), "stock.safetensors")
net = fastnn.Network([1, 8, 1], output=stock, rng=0)
net.save(path)
print(fastnn.load(path, loss=stock).cost(X, y) == net.cost(X, y))

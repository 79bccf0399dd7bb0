"""
Noise that no network can beat
==============================

Flip more and more labels. The error of a good network follows the noise, and so does the bracket of
`fastnn.optimal_error`, which trains nothing.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

import fastnn

shares, networks, low, high = np.linspace(0, 0.4, 9), [], [], []
for share in shares:
    X, y = make_moons(3000, noise=0.1, random_state=0)
    y = y ^ (np.random.default_rng(1).random(3000) < share)
    net = fastnn.Network([2, 32, 1], l2=5.0, rng=0)
    net.fit(X[:2000], y[:2000], epochs=40, learning_rate=0.005)
    networks.append(net.error(X[2000:], y[2000:]))
    bracket = fastnn.optimal_error(X, y)
    low.append(bracket.low)
    high.append(bracket.high)

fig, ax = plt.subplots()
ax.fill_between(shares, low, high, alpha=0.3, label="bracket of the optimal error")
ax.plot(shares, networks, marker="o", label="dev error of a network")
ax.plot(shares, shares, "--", color="0.5", label="flipped labels")
ax.set(xlabel="share of flipped labels", ylabel="error")
_ = ax.legend()

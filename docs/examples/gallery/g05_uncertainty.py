"""
What the network does not know
==============================

Two ways to ask a regression how sure it is, far from its data: the spread of an ensemble, and of
dropout's masks (Gal and Ghahramani, 2016)."""

import matplotlib.pyplot as plt
import numpy as np

import fastnn

rng = np.random.default_rng(0)
x = np.r_[rng.uniform(-4, -1, 60), rng.uniform(1.5, 4, 60)]
X, y = x[:, None], np.sin(x) + 0.1 * rng.standard_normal(120)
grid = np.linspace(-7, 7, 300)[:, None]

members = [fastnn.Network([1, 50, 50, 1], output="identity", rng=seed) for seed in range(20)]
fastnn.fit_many(members, (X, y), epochs=400, learning_rate=0.003)
ensemble = fastnn.Ensemble(members)
dropout = fastnn.Network([1, 100, 100, 1], output="identity", keep_prob=0.9, rng=0)
dropout.fit(X, y, epochs=1500, learning_rate=0.003)

fig, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True)
results = {
    "20 networks": (ensemble.forward(grid), ensemble.spread(grid)),
    "200 masks of one": dropout.sample(grid, n=200),
}
for ax, (name, (mean, spread)) in zip(axes, results.items(), strict=True):
    mean, spread = np.ravel(mean), np.ravel(spread)
    ax.plot(grid[:, 0], np.sin(grid[:, 0]), "--", color="0.5", label="truth")
    ax.plot(grid[:, 0], mean, label="mean")
    ax.fill_between(grid[:, 0], mean - 2 * spread, mean + 2 * spread, alpha=0.3)
    ax.plot(x, y, "k.", markersize=3)
    ax.set(title=name, xlabel="x", ylim=(-3, 3))
_ = axes[0].legend(fontsize=8)

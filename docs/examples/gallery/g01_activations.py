"""
Nine activations
================

The same network and seed, with each activation, on two spirals. Smooth activations make smooth
borders; the identity cannot bend at all."""

import matplotlib.pyplot as plt
import numpy as np

import fastnn

rng = np.random.default_rng(0)
t = rng.uniform(0.3, 1, 400) * 3 * np.pi
y = rng.integers(0, 2, 400)
X = np.c_[np.cos(t + np.pi * y), np.sin(t + np.pi * y)] * t[:, None] / 9
X += 0.03 * rng.standard_normal(X.shape)

names = ["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus", "identity"]
nets = [fastnn.Network([2, 32, 32, 1], activation=name, rng=0) for name in names]
fastnn.fit_many(nets, (X, y), epochs=400, learning_rate=0.01)

fig, axes = plt.subplots(3, 3, figsize=(7, 7), sharex=True, sharey=True)
for ax, name, net in zip(axes.flat, names, nets, strict=True):
    net.plot_boundary(X, y, ax=ax, resolution=120)
    ax.set(title=f"{name}: {net.error(X, y):.0%} wrong")
    ax.label_outer()

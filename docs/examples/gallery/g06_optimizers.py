"""
Optimizers in a valley
======================

Rosenbrock's valley is steep across and nearly flat along. A network cannot be this function, but
an optimizer does not ask where its gradient comes from: `fastnn.Trainer` has a ``gradient`` that
may be written to."""

import matplotlib.pyplot as plt
import numpy as np

import fastnn


def gradient(x, y):
    return np.array([-2 * (1 - x) - 40 * x * (y - x**2), 20 * (y - x**2)])


rates = {"gd": 0.006, "momentum": 0.003, "nesterov": 0.003, "rmsprop": 0.02, "adam": 0.1}
xx, yy = np.meshgrid(np.linspace(-1.7, 1.7, 200), np.linspace(-0.8, 2.4, 200))
fig, ax = plt.subplots(figsize=(7, 4.5))
ax.contour(xx, yy, np.log((1 - xx) ** 2 + 10 * (yy - xx**2) ** 2 + 0.05), 14, linewidths=0.5)
for name, rate in rates.items():
    net = fastnn.Network([1, 1], output="identity", dtype="float64")  # theta has two numbers
    net.theta = [-1.4, 1.6]
    trainer = net.trainer(optimizer=name, learning_rate=rate)
    way = [net.theta.copy()]
    for _ in range(200):
        trainer.forward([[0.0]])
        trainer.backward([[0.0]])
        trainer.gradient[:] = gradient(*net.theta)
        trainer.update()
        way.append(net.theta.copy())
    ax.plot(*np.array(way).T, ".-", markersize=2, linewidth=0.8, label=name)
ax.plot(1, 1, "k*", markersize=12)
ax.legend()
_ = ax.set(
    xlabel="$w_1$", ylabel="$w_2$", title="200 steps: who turns early, who comes near the star?"
)

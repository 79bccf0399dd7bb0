"""
A surrogate of a simulator
==========================

Learn one step of a double pendulum from examples, then let the network run by itself. It is a
thousand times cheaper than the solver, and stays with the truth for a while."""

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp

import fastnn


def slope(_, s):
    a, b, va, vb = s
    d, den = a - b, 3 - np.cos(2 * (a - b))
    return np.array(
        [
            va,
            vb,
            (
                -3 * 9.8 * np.sin(a)
                - 9.8 * np.sin(a - 2 * b)
                - 2 * np.sin(d) * (vb**2 + va**2 * np.cos(d))
            )
            / den,
            2 * np.sin(d) * (2 * va**2 + 2 * 9.8 * np.cos(a) + vb**2 * np.cos(d)) / den,
        ]
    )


rng = np.random.default_rng(0)
step, m = 0.02, 20_000
before = rng.uniform([-0.9, -0.9, -3, -3], [0.9, 0.9, 3, 3], (m, 4)).T
state, h = before, step / 4
for _ in range(4):  # Runge and Kutta, all examples at once
    k1 = slope(0, state)
    k2 = slope(0, state + h / 2 * k1)
    k3 = slope(0, state + h / 2 * k2)
    state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(0, state + h * k3))
change = ((state - before) / step).T
scale = change.std(axis=0)

net = fastnn.Network([4, 64, 64, 4], activation="silu", output="identity", normalize=True, rng=0)
net.fit(before.T, change / scale, epochs=60, batch_size=64, learning_rate=0.003, schedule="cosine")

start = np.array([0.6, 0.3, 0.0, 0.0])
truth = solve_ivp(slope, (0, 6), start, t_eval=np.arange(0, 6, step), rtol=1e-9).y[1]
own, learnt = start.copy(), []
for _ in truth:
    learnt.append(own[1])
    own = own + step * scale * net.forward(own[None])[0]

fig, ax = plt.subplots()
time = np.arange(len(truth)) * step
ax.plot(time, truth, label="solver")
ax.plot(time, learnt, "--", label="network, from its own last state")
gap = np.abs(truth - learnt).max()
ax.set(
    xlabel="seconds",
    ylabel="angle of the lower arm, radians",
    title=f"they part by {gap:.2g} radians at most",
)
_ = ax.legend()

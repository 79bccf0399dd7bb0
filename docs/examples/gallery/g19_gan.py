"""
Two networks against each other
===============================

A generator makes points from noise, a discriminator tells them from real ones. Each learns from
the other: the derivative by the *inputs* of one is the derivative by the outputs of the other."""

import matplotlib.pyplot as plt
import numpy as np

import fastnn

rng = np.random.default_rng(0)
m = 256


def real_points(m):
    angle = rng.uniform(0, 2 * np.pi, m)
    points = np.c_[np.cos(angle), np.sin(angle)] + 0.05 * rng.standard_normal((m, 2))
    return points.astype(np.float32)


generator = fastnn.Network([4, 64, 64, 2], activation="leaky_relu", output="identity", rng=0)
judge = fastnn.Network([2, 64, 64, 1], activation="leaky_relu", rng=1)
adam = fastnn.Adam(beta1=0.5)
making = generator.trainer(optimizer=adam, learning_rate=1e-3, batch_size=m)
judging = judge.trainer(optimizer=adam, learning_rate=2e-3, batch_size=2 * m)
shots = {}
for step in range(1, 2001):
    noise = rng.standard_normal((m, 4)).astype(np.float32)
    made = making.forward(noise)
    # The generator wants its points to be called real.
    making.backward(judge.input_gradient(made, np.ones(m)))
    making.update()
    judging.step(np.concatenate([real_points(m), made]), np.repeat([0.9, 0.0], m))
    if step in (50, 300, 2000):
        shots[step] = generator.forward(rng.standard_normal((600, 4)).astype(np.float32))

fig, axes = plt.subplots(1, 3, figsize=(8, 3), sharex=True, sharey=True)
for ax, (step, points) in zip(axes, shots.items(), strict=True):
    ax.plot(*real_points(600).T, ".", markersize=1, color="0.7")
    ax.plot(*points.T, ".", markersize=2)
    ax.set(xlabel="$x_1$", title=f"after {step} steps", xlim=(-2, 2), ylim=(-2, 2), aspect="equal")

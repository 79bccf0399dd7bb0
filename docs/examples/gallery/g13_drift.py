"""
Following a stream that drifts
==============================

The border between two classes turns slowly around. A `fastnn.Trainer` learns from each mini-batch
once, and follows; a network that stopped learning does not."""

import matplotlib.pyplot as plt
import numpy as np

import fastnn

rng = np.random.default_rng(0)
net = fastnn.Network([2, 16, 2], rng=0)
trainer = net.trainer(learning_rate=0.01)
frozen, wrong = None, []
for t in range(1500):
    angle = max(0, t - 500) / 1000 * np.pi
    X = rng.standard_normal((16, 2)).astype(np.float32)
    y = (X @ [np.cos(angle), np.sin(angle)] > 0).astype(int)
    if t == 500:
        frozen = net.like()
        frozen.theta = net.theta
    wrong.append([net.error(X, y), np.nan if frozen is None else frozen.error(X, y)])
    trainer.step(X, y)

smooth = np.ones(50) / 50
fig, ax = plt.subplots()
for name, errors in zip(["learns on", "stopped at 500"], np.array(wrong).T, strict=True):
    ax.plot(np.convolve(errors, smooth, "valid"), label=name)
ax.set(
    xlabel="mini-batch",
    ylabel="error before it is learnt from",
    ylim=(0, 1),
    title="a mean of 50 mini-batches",
)
_ = ax.legend()

"""
6. Dropout
==========

In each step, every hidden unit stays with probability ``keep_prob`` and is switched off otherwise.
Each step so trains another, smaller network; the weights are shared among all of them.

*Inverted* dropout divides what is left by ``keep_prob``:

.. math::

    D = (\\text{rand} < \\text{keep\\_prob}), \\qquad A := \\frac{A \\circ D}{\\text{keep\\_prob}}

The expected value of ``A`` is unchanged, so that nothing has to be scaled when the network
predicts. The same ``D`` is used in backprop. Masks are new for every example and every step. At
prediction nothing is dropped."""

# %%
# On 2-D data
# -----------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

import fastnn

train = make_moons(200, noise=0.3, random_state=0)
dev = make_moons(2000, noise=0.3, random_state=1)
fig, axes = plt.subplots(1, 3, figsize=(8, 3), sharey=True)
for ax, keep_prob in zip(axes, [1.0, 0.8, 0.5], strict=True):
    net = fastnn.Network([2, 64, 64, 1], keep_prob=keep_prob, rng=0)
    net.fit(*train, epochs=1000, learning_rate=0.003)
    net.plot_boundary(*train, ax=ax)
    ax.label_outer()
    ax.set_title(
        f"keep_prob = {keep_prob}\ntrain {net.error(*train):.1%}, dev {net.error(*dev):.1%}",
        fontsize=9,
    )

# %%
# What inverted means
# -------------------
#
# A mask in fastnn is a function of (seed, step, layer, row, unit), so that any mask can be drawn
# again. Here the mean output over many masks is compared with the prediction. In a network without
# hidden layers, whose only dropout is that of its inputs, they agree:

rng = np.random.default_rng(0)
X = rng.standard_normal((5, 20))
net = fastnn.Network([20, 1], output="identity", keep_prob=[0.8], rng=0)
mean, spread = net.sample(X, n=20_000)
print(np.c_[net.forward(X), mean].round(2))

# %%
# A layer of its own
# ------------------
#
# ``keep_prob`` is one number for all hidden layers, or one for each layer, the input first. Put
# more dropout where the most weights are. Keep inputs nearly always, if you drop them at all.

net = fastnn.Network([64, 256, 128, 10], keep_prob=[0.95, 0.5, 0.7], rng=0)
print(net.keep_prob)

# %%
# **What to look for.** With dropout the training error is measured *without* it, so it may be 0
# while the cost of single steps is not. If the training error is high, the network needs more units
# or less dropout: dropout is for high variance only.
#
# Exercise
# --------
#
# Write inverted dropout for one layer in NumPy, and show that without the division the prediction
# of a trained network would be off.
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

rng = np.random.default_rng(0)
A = np.abs(rng.standard_normal((10_000, 50)))  # activations of 50 units
keep_prob = 0.8
D = rng.random(A.shape) < keep_prob
W = rng.standard_normal((50, 1))
for name, dropped in [("inverted", A * D / keep_prob), ("not divided", A * D)]:
    ratio = np.linalg.lstsq(A @ W, dropped @ W, rcond=None)[0].item()
    print(f"{name:12}: Z of the next layer is {ratio:.2f} times that of prediction")

# %%
# Without the division the next layer sees, while it learns, inputs that are a fifth smaller than
# those at prediction. Early papers therefore multiplied the weights by ``keep_prob`` afterwards.
#
# .. raw:: html
#
#    </details>

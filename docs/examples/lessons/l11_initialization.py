"""
11. Initialization
==================

How large should random weights be? :math:`z = w_1 x_1 + \\cdots + w_n x_n` adds :math:`n` terms.
For z to be as large as a single x, the variance of the weights must be about :math:`1/n`. A relu
loses half of the signal, so it needs twice that:

.. math::

    \\text{relu (He): } \\frac{2}{n^{[l-1]}}, \\qquad
    \\text{tanh (Xavier): } \\frac{1}{n^{[l-1]}}, \\qquad
    \\text{Glorot: } \\frac{2}{n^{[l-1]} + n^{[l]}}

In fastnn ``init="auto"`` chooses by the activation, and ``init_gain`` multiplies the standard
deviation, if you want to tune it."""

# %%
# The course's exercise: zeros, large, He
# ---------------------------------------
#
# Two rings, to be told apart by a network of two hidden layers. **Zeros** first:

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_circles

import fastnn

train = make_circles(300, noise=0.05, factor=0.8, random_state=0)
dev = make_circles(300, noise=0.05, factor=0.8, random_state=1)


def learn(**settings):
    net = fastnn.Network([2, 10, 5, 1], rng=0, **settings)
    history = net.fit(
        *train, dev=dev, epochs=3000, batch_size=None, optimizer="gd", learning_rate=0.05
    )
    return net, history


runs = {"zeros": learn(init="zeros")}
net, history = runs["zeros"]
print(f"J {history.cost[0]:.3f} -> {history.cost[-1]:.3f}, dev error {net.error(*dev):.0%}")
print(net.diagnose(train, dev).causes[0])

# %%
# Units of a layer that begin equal get equal gradients, and stay equal for ever. Ten of them are
# worth one; with zeros not even that one learns. *Random numbers break the symmetry.*
#
# **Large** random weights, then **He**:

runs["normal times 10"] = learn(init="normal", init_gain=10)
runs["He"] = learn(init="he")

fig, ax = plt.subplots()
for name, (net, history) in runs.items():
    ax.semilogy(history.cost, label=f"{name}, dev error {net.error(*dev):.0%}")
ax.set(xlabel="iteration", ylabel="J")
_ = ax.legend()

# %%

fig, axes = plt.subplots(1, 3, figsize=(8, 3), sharey=True)
for ax, (name, (net, _history)) in zip(axes, runs.items(), strict=True):
    net.plot_boundary(*train, ax=ax, resolution=120)
    ax.label_outer()
    ax.set_title(name, fontsize=9)

# %%
# Large weights begin with huge, confident, wrong outputs: J starts far up, and the border is
# jagged. He begins near :math:`\log 2`, which is the J of "I do not know", and goes straight down.
#
# What the variances do
# ---------------------
#
# Ten layers of 100 relu units. Only with variance 2/n does the signal keep its size. (The other
# three are the same here, because all layers are alike.)

X = np.random.default_rng(0).standard_normal((500, 100))
fig, ax = plt.subplots()
for init, width in {"he": 2, "xavier": 8, "lecun": 5, "glorot": 2}.items():
    net = fastnn.Network([100] * 11, activation="relu", output="identity", init=init, rng=0)
    sizes = [np.sqrt((layer.A**2).mean()) for layer in net.layers(X)]
    ax.semilogy(sizes[:-1], marker="o", linewidth=width, label=init)
ax.set(xlabel="layer", ylabel="root mean square of A", title="relu, 10 layers of 100 units")
_ = ax.legend()

# %%
# **What to look for.** J of the first step. With C classes a fresh network should be near
# :math:`\log C`. Far above it, the weights are too large or the inputs are not normalized.
#
# Exercise
# --------
#
# Only the *weights* must be random. Set the biases of a layer to 0, 1, and random numbers, and
# compare. Then give all weights the same constant, and look at the hidden layer after training.
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

for bias in (0.0, 1.0, "random"):
    net = fastnn.Network([2, 10, 5, 1], rng=0)
    rng = np.random.default_rng(1)
    net.params["b1"][...] = rng.standard_normal(10) if bias == "random" else bias
    net.fit(*train, epochs=3000, batch_size=None, optimizer="gd", learning_rate=0.05)
    print(f"b1 = {bias}: dev error {net.error(*dev):.0%}")

net = fastnn.Network([2, 10, 5, 1], rng=0)
for name, value in net.params.items():
    value[...] = 0.5 if name[0] == "W" else 0
net.fit(*train, epochs=3000, batch_size=None, optimizer="gd", learning_rate=0.05)
print("columns of W1 that differ:", len(np.unique(net.params["W1"].round(6), axis=1).T))

# %%
# Biases may begin anywhere reasonable: the random weights have broken the symmetry already. With
# equal weights all ten units are still the same one.
#
# .. raw:: html
#
#    </details>

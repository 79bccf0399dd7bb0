"""
5. Why L2 reduces overfitting
=============================

Two pictures of the same thing:

- With a large lambda many weights are near 0, so units have little influence. The network acts
  like a simpler one.
- With small weights, :math:`Z = A W + b` stays near 0. There tanh is nearly a straight line, and
  layers of straight lines are a straight line. The network *cannot* bend its border much."""

# %%
# The second picture can be measured. How far is each layer of a tanh network from linear? We
# compare the activations with the best straight line :math:`A \approx c Z`, for growing lambda.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

import fastnn

train = make_moons(300, noise=0.25, random_state=0)
dev = make_moons(3000, noise=0.25, random_state=1)
lambdas = np.array([0.03, 0.1, 0.3, 1, 3, 10, 30])
nets = [fastnn.Network([2, 50, 50, 1], activation="tanh", l2=l2, rng=0) for l2 in lambdas]
fastnn.fit_many(nets, train, epochs=800, learning_rate=0.005)


def bend(Z, A):
    """Share of the variance of A that no straight line through 0 explains."""
    slope = (Z * A).sum() / (Z * Z).sum()
    return ((A - slope * Z) ** 2).sum() / (A**2).sum()


rows = []
for net in nets:
    layers = net.layers(train[0])
    norm = sum((W**2).sum() for name, W in net.params.items() if name[0] == "W")
    rows.append([norm**0.5, bend(layers[1].Z, layers[1].A), bend(layers[2].Z, layers[2].A)])
norms, *bends = np.array(rows).T

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
left.loglog(lambdas, norms, marker="o")
left.set(xlabel="$\\lambda$", ylabel="norm of all W")
for l, values in enumerate(bends, 1):
    right.semilogx(lambdas, values, marker="o", label=f"layer {l}")
right.set(xlabel="$\\lambda$", ylabel="share that is not linear")
_ = right.legend()

# %%
# As lambda grows, weights shrink, both layers become more linear, and the border straightens:

fig, axes = plt.subplots(1, 3, figsize=(8, 3), sharey=True)
for ax, k in zip(axes, [0, 4, 6], strict=True):
    nets[k].plot_boundary(*train, ax=ax)
    ax.label_outer()
    ax.set_title(f"$\\lambda$ = {lambdas[k]:g}, dev {nets[k].error(*dev):.1%}", fontsize=9)

# %%
# **What to look for.** If the training error hardly rises while the dev error falls, lambda is in
# its useful range. If both rise, it is too large.
#
# Exercise
# --------
#
# The argument was about tanh. A relu is two straight lines, whatever the scale: :math:`g(cz) =
# c\,g(z)` for :math:`c > 0`. Does L2 smooth the border of a relu network too? If so, why?
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

fig, axes = plt.subplots(1, 3, figsize=(8, 3), sharey=True)
for ax, l2 in zip(axes, [0.03, 3, 30], strict=True):
    net = fastnn.Network([2, 50, 50, 1], l2=l2, rng=0)
    net.fit(*train, epochs=800, learning_rate=0.005)
    net.plot_boundary(*train, ax=ax)
    ax.label_outer()
    ax.set_title(f"relu, $\\lambda$ = {l2:g}, dev {net.error(*dev):.1%}", fontsize=9)

# %%
# It does. A relu network is made of flat pieces, and the weights say how sharply they meet: the
# slope changes at a fold by an amount that is proportional to the weights. Small weights allow only
# gentle folds, so the function is smooth on the scale of the data. The first picture holds for any
# activation.
#
# .. raw:: html
#
#    </details>

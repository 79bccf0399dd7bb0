"""
9. Normalizing inputs
=====================

One feature runs from 0 to 1, another from 0 to 1,000. Then the cost is a long narrow valley:
steps that suit the steep direction are far too short for the flat one. Subtract the mean and
divide by the standard deviation, and the valley becomes a bowl:

.. math:: x := \\frac{x - \\mu}{\\sigma}

:math:`\\mu` and :math:`\\sigma` are those of the *training* set, and are used unchanged on dev
and test. All must go through the same transformation."""

# %%
# The valley
# ----------
#
# Logistic regression with two weights, so that J can be drawn. The second feature is 5 times
# larger.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine

import fastnn

rng = np.random.default_rng(0)
X = rng.standard_normal((300, 2)) * [1, 5]
y = (X @ [1, 0.2] + rng.standard_normal(300) > 0).astype(int)


def descend(ax, X, rate, title):
    net = fastnn.Network([2, 1], dtype="float64")
    net.theta = [0.2, 2.0, 0.0]
    way = [net.theta[:2].copy()]
    net.fit(
        X,
        y,
        epochs=40,
        batch_size=None,
        optimizer="gd",
        learning_rate=rate,
        callbacks=[lambda net, history: way.append(net.theta[:2].copy())],
    )
    w1, w2 = np.meshgrid(np.linspace(-1, 3, 60), np.linspace(-1, 3, 60))
    Z = X[:, 0] * w1[..., None] + X[:, 1] * w2[..., None]
    J = (np.logaddexp(0, Z) - y * Z).mean(axis=-1)
    ax.contour(w1, w2, J, levels=20, linewidths=0.7)
    ax.plot(*np.array(way).T, "r.-", markersize=4)
    ax.set(
        title=f"{title}\nJ = {net.cost(X, y):.3f} after 40 steps", xlabel="$w_1$", ylabel="$w_2$"
    )


fig, axes = plt.subplots(1, 2, figsize=(8, 4))
descend(axes[0], X, 0.5, "as it is")
descend(axes[1], X / X.std(axis=0), 2.0, "normalized")

# %%
# ``normalize=True``
# ------------------
#
# A network with ``normalize=True`` takes :math:`\mu` and :math:`\sigma` in its first ``fit``,
# applies them to every X from then on, and keeps them in its file. X is always passed raw: dev and
# test cannot get other numbers by mistake.

train, dev, _ = fastnn.split(*load_wine(return_X_y=True), sizes=(0.7, 0.3), rng=0)
print(
    "standard deviations from",
    train.X.std(axis=0).min().round(2),
    "to",
    train.X.std(axis=0).max().round(0),
)
fig, ax = plt.subplots()
for normalize in (False, True):
    net = fastnn.Network([13, 16, 3], normalize=normalize, rng=0)
    history = net.fit(train, dev=dev, epochs=100, learning_rate=0.01)
    ax.semilogy(history.cost, label=f"normalize={normalize}")
    print(f"normalize={normalize}: dev error {net.error(dev):.1%}")
ax.set(xlabel="epoch", ylabel="J")
_ = ax.legend()

# %%
# And if you forget? The diagnosis looks for it first, with a trial as evidence:

net = fastnn.Network([13, 16, 3], rng=0)
net.fit(train, epochs=100)
print(net.diagnose(train, dev).causes[0])

# %%
# **What to look for.** If features already have similar scales, normalizing does little; it never
# does harm. Beware of :math:`\mu` and :math:`\sigma` of the test set: a single row to predict has
# no standard deviation.
#
# Exercise
# --------
#
# Somebody normalizes each of training and test set by its own :math:`\mu` and :math:`\sigma`. Make
# a test set on which this fails badly.
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

net = fastnn.Network([13, 16, 3], normalize=True, rng=0)
net.fit(train, epochs=200, learning_rate=0.01)
of_one_class = dev.X[dev.y == 0]
right = net.predict(of_one_class)
own = (of_one_class - of_one_class.mean(axis=0)) / of_one_class.std(axis=0)
as_training_rows = own * train.X.std(axis=0) + train.X.mean(axis=0)
wrong = net.predict(as_training_rows)
print(f"with mu and sigma of the training set: {np.mean(right != 0):.0%} wrong")
print(f"with its own:                          {np.mean(wrong != 0):.0%} wrong")

# %%
# A test set of one kind of wine only. Normalized by its own mean, it looks like an average of all
# wines: what made it different was its mean.
#
# .. raw:: html
#
#    </details>

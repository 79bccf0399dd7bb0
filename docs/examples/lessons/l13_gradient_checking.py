"""
13. Gradient checking
=====================

Backprop is easy to get wrong, and a wrong gradient often still learns, only worse. So compare it
with the numerical one. Join all W and b into one vector :math:`\\theta`, all dW and db in the
same order into :math:`d\\theta`, and for every i

.. math::

    d\\theta_\\text{approx}[i] =
    \\frac{J(\\theta + \\epsilon e_i) - J(\\theta - \\epsilon e_i)}{2\\epsilon}

.. math::

    \\frac{\\|d\\theta_\\text{approx} - d\\theta\\|_2}
    {\\|d\\theta_\\text{approx}\\|_2 + \\|d\\theta\\|_2}

About :math:`10^{-7}` or less is great; at :math:`10^{-5}` look closely; above :math:`10^{-3}`
worry."""

# %%
# Check your own backprop
# -----------------------
#
# Here is a network in NumPy, as one writes it in the course: two layers, relu, softmax, L2. It has
# a bug. Read it, if you like, before you go on.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastnn

X, labels = load_digits(return_X_y=True)
X, labels = X[:50] / 16, labels[:50]
Y = np.eye(10)[labels]
m, l2 = len(X), 0.7


def forward(theta):
    Z1 = X @ theta["W1"] + theta["b1"]
    A1 = np.maximum(Z1, 0)
    Z2 = A1 @ theta["W2"] + theta["b2"]
    E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    return Z1, A1, E / E.sum(axis=1, keepdims=True)


def cost(theta):
    A2 = forward(theta)[-1]
    penalty = sum((theta[name] ** 2).sum() for name in ("W1", "W2"))
    return -(Y * np.log(A2)).sum() / m + l2 / (2 * m) * penalty


def backward(theta):
    Z1, A1, A2 = forward(theta)
    dZ2 = (A2 - Y) / m
    dZ1 = (dZ2 @ theta["W2"].T) * (Z1 > 0)
    return {
        "W1": X.T @ dZ1 + l2 / m * theta["W1"],
        "b1": dZ1.sum(axis=0),
        "W2": A1.T @ dZ2 + 2 * l2 / m * theta["W2"],
        "b2": dZ2.sum(axis=0),
    }


rng = np.random.default_rng(0)
theta = {
    "W1": rng.standard_normal((64, 20)) * np.sqrt(2 / 64),
    "b1": np.zeros(20),
    "W2": rng.standard_normal((20, 10)) * np.sqrt(2 / 20),
    "b2": np.zeros(10),
}
check = fastnn.gradcheck(cost, backward, theta)
print(check)

# %%
# The check names the array and the error: the penalty in ``dW2`` counts twice. Indeed, it says
# ``2 * l2 / m``. Mend it, and check again:


def mended(theta):
    gradient = backward(theta)
    gradient["W2"] -= l2 / m * theta["W2"]
    return gradient


print(fastnn.gradcheck(cost, mended, theta))

# %%
# Yours looks different?
# ----------------------
#
# Parameters may be a dict or a list of arrays, or one vector; ``backward`` returns the same. The
# names of a dict are those in the report. Nothing of fastnn is in your code, and your code may call
# any library. What it needs:
#
# - ``cost(theta)`` is a number, and the same for the same theta: fix the mask of dropout, and take
#   one mini-batch of a few dozen rows, not another at each call;
# - float64, or rounding may hide small errors.

vector = np.concatenate([theta[name].ravel() for name in theta])
shapes = {name: theta[name].shape for name in theta}


def unpacked(vector):
    parts, at = {}, 0
    for name, shape in shapes.items():
        parts[name] = vector[at : at + np.prod(shape)].reshape(shape)
        at += np.prod(shape)
    return parts


check = fastnn.gradcheck(
    lambda v: cost(unpacked(v)),
    lambda v: np.concatenate([g.ravel() for g in backward(unpacked(v)).values()]),
    vector,
    layout=shapes,
)
print(check.findings[0].text)

# %%
# In a picture, right components lie on the diagonal:

fig, axes = plt.subplots(1, 2, figsize=(9, 4.5))
check.plot(ax=axes[0])
_ = fastnn.gradcheck(cost, mended, theta).plot(ax=axes[1])

# %%
# A museum of bugs
# ----------------
#
# Classics, each planted into the right gradient. Look at what the check says about each.


def planted(change):
    def gradient(theta):
        right = mended(theta)
        change(right, theta)
        return right

    return gradient


def no_relu(g, theta):
    _Z1, _A1, A2 = forward(theta)
    dA1 = ((A2 - Y) / m) @ theta["W2"].T
    g["W1"] = X.T @ dA1 + l2 / m * theta["W1"]
    g["b1"] = dA1.sum(axis=0)


def set_to(name, value):
    return lambda g, theta: g.__setitem__(name, value(g[name]))


bugs = {
    "sum in the place of the mean": lambda g, theta: g.update(
        {k: v * m if k[0] == "b" else v for k, v in g.items()}
    ),
    "db averaged over the units": set_to("b1", lambda b: np.full_like(b, b.mean())),
    "sign": set_to("W1", np.negative),
    "the slope of relu forgotten": no_relu,
    "a row left out": set_to("W2", lambda W: np.r_[W[:-1], 0 * W[-1:]]),
}
for name, change in bugs.items():
    check = fastnn.gradcheck(cost, planted(change), theta)
    print(f"{name}: {check.verdict}")
    for finding in check.findings[:2]:
        print("   ", finding.text)

# %%
# **What to look for.** The number alone says that something is wrong; the *array* says where. An
# error in ``db2`` only is in one line. An error in everything of layer 1 and nothing of layer 2 is
# in the step from 2 to 1.
#
# Exercise
# --------
#
# The course's planted bug is in a network of three layers: ``dW2`` is doubled and ``db1`` uses ``4
# / m`` in the place of ``1 / m``. Plant the same here, and let `fastnn.gradcheck` find the factors.
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>


def twice(g, theta):
    g["W2"] = 2 * g["W2"]
    g["b1"] = 4 * g["b1"]


for finding in fastnn.gradcheck(cost, planted(twice), theta).findings:
    print(finding.text)

# %%
# Both arrays, and both factors.
#
# .. raw:: html
#
#    </details>

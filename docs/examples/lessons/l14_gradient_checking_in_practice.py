"""
14. Gradient checking in practice
=================================

Five rules:

1. **Only to debug**, never in training: it costs two J per parameter. 2. When it fails, **look at
the components**: which W or b of which layer? 3. **Include the penalty**, in J and in the
gradient. 4. **Dropout off**, or its mask held fixed: J must be one function. 5. Check at
initialization **and again after some training**. A bug may show only when W and b are not near 0
any more."""

# %%
# All five with fastnn's own network
# ----------------------------------
#
# `Network.gradcheck` checks the compiled core against independent formulas. Numba compiles them at
# the first use; ``fastnn warmup`` does it ahead. Here are L2, dropout with fixed masks, and a check
# before and after 5 epochs:

import numpy as np
from sklearn.datasets import load_digits

import fastnn

train, dev, _ = fastnn.split(*load_digits(return_X_y=True), rng=0)
net = fastnn.Network([64, 32, 10], l2=1.0, keep_prob=0.8, normalize=True, rng=0)
history = net.fit(train, epochs=6, gradcheck_at=(0, 5))
for epoch, check in history.gradchecks.items():
    print(f"after {epoch} epochs: {check.verdict}, difference {check.difference:.1e}")

# %%
# A bug that hides at initialization
# ----------------------------------
#
# A penalty whose gradient forgets the biases' own term is right as long as b = 0. The first check
# finds nothing:

rng = np.random.default_rng(0)
X = rng.standard_normal((40, 6))
y = X @ rng.standard_normal(6) + 3


def cost(theta):
    error = X @ theta["W"] + theta["b"] - y
    return 0.5 * (error @ error) / len(X) + 0.05 * (theta["W"] @ theta["W"] + theta["b"] ** 2)


def gradient(theta):
    error = X @ theta["W"] + theta["b"] - y
    return {"W": X.T @ error / len(X) + 0.1 * theta["W"], "b": error.mean()}


theta = {"W": 0.1 * rng.standard_normal(6), "b": 0.0}
print("at initialization:", fastnn.gradcheck(cost, gradient, theta).verdict)
for _ in range(50):
    step = gradient(theta)
    theta = {name: theta[name] - 0.1 * step[name] for name in theta}
check = fastnn.gradcheck(cost, gradient, theta)
print("after 50 steps:   ", check.verdict, "-", check.findings[0].text)

# %%
# Dropout without a fixed mask
# ----------------------------
#
# If J draws new masks at each call, there is nothing to differentiate, and the check says so:

W = rng.standard_normal(6)


def noisy(w):
    kept = rng.random(X.shape) < 0.8
    return (((X * kept / 0.8) @ w - y) ** 2).mean()


try:
    fastnn.gradcheck(noisy, lambda w: w, W)
except ValueError as error:
    print(error)

# %%
# Many parameters
# ---------------
#
# For a large network check a ``sample`` of each array, or first a few random directions: each
# direction tells about all components at once.

big = fastnn.Network([64, 512, 256, 10], rng=0)
check = big.gradcheck(train.X[:32], train.y[:32], sample=300)
print(f"{big.theta.size:,} parameters, {check.compared.sum()} compared: {check.verdict}")

# %%
# **What to look for.** The kinks of relu. If moving a parameter by :math:`\epsilon` takes a unit
# across 0, the two-sided difference mixes two slopes, and a right gradient looks wrong. The
# network's check leaves such components out, and counts them.
#
# Exercise
# --------
#
# Why 64 examples and not 60,000? Compare what a check finds on 1, 10 and 100 examples, for a
# gradient that is wrong in a single example of them.
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

for m in (1, 10, 100):
    X_m = rng.standard_normal((m, 6))

    def fun(w, X_m=X_m):
        return (np.log(np.cosh(X_m @ w))).mean()

    def grad(w, X_m=X_m, m=m):
        slopes = np.tanh(X_m @ w)
        slopes[0] *= 1.01  # the bug
        return X_m.T @ slopes / m

    check = fastnn.gradcheck(fun, grad, W)
    print(f"{m:3} examples: difference {check.difference:.1e}, {check.verdict}")

# %%
# The error of one example is divided by m: the more examples, the better it hides. A few dozen are
# enough to reach every branch of the code, and few enough for an error to show.
#
# .. raw:: html
#
#    </details>

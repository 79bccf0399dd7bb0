"""
4. L2 regularization
====================

High variance has a first remedy that costs nothing: do not let the weights become large. Add their
squares to the cost:

.. math::

    J = \\frac{1}{m} \\sum_{i=1}^m L^{(i)} + \\frac{\\lambda}{2m} \\sum_{l=1}^L \\|W^{[l]}\\|_F^2

The gradient gets one more term, and an update of gradient descent becomes

.. math:: W := \\left(1 - \\frac{\\alpha \\lambda}{m}\\right) W - \\alpha \\, dW_\\text{backprop}

Each step first shrinks the weights a little: *weight decay*. Biases are left alone; they are few.
"""

# %%
# On 2-D data
# -----------
#
# The course's exercise, on noisy moons: a large network without and with L2.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, make_moons

import fastnn

train = make_moons(200, noise=0.3, random_state=0)
dev = make_moons(2000, noise=0.3, random_state=1)
fig, axes = plt.subplots(1, 3, figsize=(8, 3), sharey=True)
for ax, l2 in zip(axes, [0, 1, 10], strict=True):
    net = fastnn.Network([2, 64, 64, 1], l2=l2, rng=0)
    net.fit(*train, epochs=1000, learning_rate=0.003, batch_size=None)
    net.plot_boundary(*train, ax=ax)
    ax.label_outer()
    ax.set_title(
        f"$\\lambda$ = {l2}\ntrain {net.error(*train):.1%}, dev {net.error(*dev):.1%}", fontsize=9
    )

# %%
# Without a penalty the border bends around single examples. With a little it is smooth. With too
# much it is nearly straight, and the network is back at high bias.
#
# Choosing lambda
# ---------------
#
# By the dev set. `fastnn.penalty_path` trains along a grid, and shows errors and weights. Its
# verdict also says whether the dev set can tell the values apart.

split = fastnn.split(*load_breast_cancer(return_X_y=True), rng=0)
path = fastnn.penalty_path(
    fastnn.Network([30, 32, 32, 1], normalize=True, rng=0),
    *split[:2],
    l2=[0, 0.1, 0.3, 1, 3, 10, 30],
    epochs=300,
    learning_rate=0.003,
)
print(path.verdict)
_ = path.plot()

# %%
# L1 makes zeros
# --------------
#
# With :math:`\frac{\lambda}{m} \sum |w|` instead, the pull towards 0 does not fade as a weight gets
# small. In fastnn such weights become *exactly* zero, by proximal steps.

for kind in ("l2", "l1"):
    net = fastnn.Network([30, 32, 32, 1], normalize=True, rng=0, **{kind: 3.0})
    net.fit(split[0], epochs=150)
    print(
        f"{kind}: {net.sparsity()['all']:.0%} of the weights are 0, "
        f"dev error {net.error(split[1]):.1%}"
    )

# %%
# **What to look for.** J must include the penalty: only that J falls at every step of full-batch
# descent. fastnn's ``cost`` always has it. And lambda is divided by m, so that the same lambda is
# weaker on more data. In PyTorch's terms, ``l2`` is m times ``weight_decay``.
#
# Exercise
# --------
#
# Derive the update above, then check it: do one step of gradient descent with ``l2 = 5`` by
# ``net.fit``, and the same by hand with the gradient of a network without L2.
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

X, y = train
m, alpha, l2 = len(X), 0.1, 5.0
net = fastnn.Network([2, 4, 1], l2=l2, dtype="float64", rng=0)
plain = fastnn.Network([2, 4, 1], dtype="float64", rng=0)
J, gradient = plain.value_and_grad(X, y)
by_hand = net.theta.copy()
for name in plain.params:
    at = plain.layout[name].slice
    decay = 1 - alpha * l2 / m if name[0] == "W" else 1
    by_hand[at] = decay * by_hand[at] - alpha * gradient[at]

net.fit(X, y, epochs=1, batch_size=None, optimizer="gd", learning_rate=alpha)
print(np.abs(net.theta - by_hand).max())

# %%
# The two agree to rounding. The term :math:`\frac{\lambda}{m} W` of the gradient, times
# :math:`-\alpha`, joins the :math:`W` at the front.
#
# .. raw:: html
#
#    </details>

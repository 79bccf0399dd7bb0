"""
10. Vanishing and exploding gradients
=====================================

Take a deep network without biases whose activation is the identity. Its output is a product of
matrices:

.. math:: \\hat y = X \\, W^{[1]} W^{[2]} \\cdots W^{[L]}

With :math:`W^{[l]} = 1.5\\, I` activations grow as :math:`1.5^L`; with :math:`0.5\\, I` they
vanish as :math:`0.5^L`. Gradients go through the same matrices backwards, and grow or vanish
alike. Steps are then far too long or far too short."""

# %%
# The course's two networks, 50 layers deep:

import numpy as np
from sklearn.datasets import load_digits

import fastnn

X = np.random.default_rng(0).standard_normal((100, 8))
for factor in (1.5, 0.5):
    net = fastnn.Network([8] * 51, activation="identity", output="identity", rng=0)
    for name, value in net.params.items():
        value[...] = factor * np.eye(8) if name[0] == "W" else 0
    flow = net.signal_flow(X, X)
    print(f"{factor} I: {flow.verdict}\n")

# %%
# On a real network
# -----------------
#
# Twenty layers of sigmoids on the digits. `Network.signal_flow` measures the root mean square of
# activations and gradients by layer, and names what is wrong.

train, dev, _ = fastnn.split(*load_digits(return_X_y=True), rng=0)
deep = [64] + [50] * 20 + [10]
net = fastnn.Network(deep, activation="sigmoid", normalize=True, rng=0)
flow = net.signal_flow(train.X, train.y)
print(flow.verdict)
_ = flow.plot()

# %%
# The left picture is the whole story: going back from layer 21 to layer 1, the gradient loses
# orders of magnitude. The first layers cannot learn. The remedies in the verdict have been measured
# on these examples, in new networks. With relu and He's initialization:

net = fastnn.Network(deep, activation="relu", normalize=True, rng=0)
flow = net.signal_flow(train.X, train.y)
print(flow.verdict)
_ = flow.plot()

# %%
# Does it matter? Train both alike:

for activation in ("sigmoid", "relu"):
    net = fastnn.Network(deep, activation=activation, normalize=True, rng=0)
    net.fit(train, epochs=30)
    print(f"{activation:8} training error {net.error(train):.1%}")

# %%
# **What to look for.** A straight line in the left picture: a constant factor per layer is what
# makes an exponential. Its slope is the factor. One flat line, of A *and* of dA, is the aim.
#
# Exercise
# --------
#
# Recurrent networks and very deep ones often *explode* in a single step. ``clip_norm`` cuts the
# gradient down to a length. Make a network whose first step diverges, and save it by clipping.
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>


def fit(**options):
    net = fastnn.Network(deep, activation="relu", init_gain=2.0, normalize=True, rng=0)
    try:
        net.fit(train, epochs=10, optimizer="gd", learning_rate=0.01, **options)
        print(f"{options}: training error {net.error(train):.1%}")
    except fastnn.DivergenceError as error:
        print(f"{options}: {error}")


fit()
fit(clip_norm=1.0)

# %%
# Clipping saves the fit from the first huge step. It does not cure the cause: with ``init_gain=2``
# every layer doubles the signal. Without it the same network learns far better, as above.
#
# .. raw:: html
#
#    </details>

"""
7. Understanding dropout
========================

Why should switching units off at random help? See it from one unit: each of its inputs may vanish
in the next step, so it cannot rely on any of them. It spreads its weights over all. Spread
weights have a smaller sum of squares, so dropout acts like L2, with a strength that adapts to the
size of each input."""

# %%
# Two features that say the same
# ------------------------------
#
# Give a linear unit ten noisy copies of one signal, the first much less noisy than the others.
# Without dropout it relies on the good copy. With dropout on the inputs it cannot.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastnn

rng = np.random.default_rng(0)
m = 2000
signal = rng.standard_normal(m)
noise = np.r_[0.1, np.full(9, 0.5)]
X = signal[:, None] + noise * rng.standard_normal((m, 10))

fig, ax = plt.subplots()
for offset, keep_prob in enumerate([1.0, 0.9, 0.5]):
    net = fastnn.Network([10, 1], output="identity", keep_prob=[keep_prob], rng=0)
    net.fit(X, signal, epochs=200, learning_rate=0.003)
    weights = net.params["W1"].ravel()
    ax.bar(np.arange(1, 11) + 0.25 * (offset - 1), weights, 0.25, label=f"keep_prob {keep_prob}")
    print(f"keep_prob {keep_prob}: sum of squares {np.sum(weights**2):.3f}")
ax.set(xlabel="input (1 is the best copy)", ylabel="weight", xticks=range(1, 11))
_ = ax.legend()

# %%
# The cost is not well defined
# ----------------------------
#
# With dropout every step has its own cost: that of the units that are left. So a J that jumps says
# nothing. First switch dropout off, and see that J falls at every iteration of full-batch descent.
# Then switch it on. In fastnn ``cost`` and the history's J never have dropout in them.

train, dev, _ = fastnn.split(*load_digits(return_X_y=True), rng=0)
net = fastnn.Network([64, 64, 10], keep_prob=0.5, normalize=True, rng=0)
history = net.fit(train, epochs=60, batch_size=None, optimizer="gd", learning_rate=0.3)
with_dropout = [
    net.value_and_grad(train, dropout=(history.dropout_seed, step))[0] for step in range(60)
]
off = fastnn.Network([64, 64, 10], normalize=True, rng=0)
falls = off.fit(train, epochs=60, batch_size=None, optimizer="gd", learning_rate=0.3)

fig, ax = plt.subplots()
ax.plot(falls.cost, label="trained without dropout")
ax.plot(history.cost, label="trained with dropout, J without")
ax.plot(with_dropout, ".", label="J of 60 masks, at the end")
ax.set(xlabel="iteration", ylabel="J", ylim=(0, None))
ax.legend()
print("J fell at every iteration, without dropout:", bool(np.all(np.diff(falls.cost) < 0)))

# %%
# **What to look for.** Dropout is for overfitting. Without it, dropout only makes training longer.
# Computer vision nearly always has too little data, hence its habit of always using dropout; tables
# often do not need it.
#
# Exercise
# --------
#
# At prediction nothing is dropped. One could instead average many predictions *with* masks. Is that
# better? Compare on the digits.
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

net = fastnn.Network([64, 128, 64, 10], keep_prob=0.6, normalize=True, rng=0)
net.fit(train, epochs=60)
mean, spread = net.sample(dev.X, n=200)
print(f"nothing dropped: {net.error(dev):.2%}")
print(f"mean of 200:     {np.mean(mean.argmax(axis=1) != dev.y):.2%}")
wrong = net.predict(dev.X) != dev.y
doubt = spread.max(axis=1)
print(f"spread where right {doubt[~wrong].mean():.2f}, where wrong {doubt[wrong].mean():.2f}")

# %%
# Hardly any difference, at 200 times the price: dividing by ``keep_prob`` is a good approximation.
# But the *spread* over the masks is of use. It is larger where the network is wrong (Gal and
# Ghahramani, 2016).
#
# .. raw:: html
#
#    </details>

"""
2. Bias and variance
====================

A straight line through a curved border is wrong everywhere: **high bias**. A border that winds
around every example is right on the training set and wrong beside it: **high variance**. In two
dimensions you see it. In sixty-four you cannot, but two numbers tell it:

- training error minus the *optimal error*: the **bias**. The network cannot even fit what it has
  seen.
- dev error minus training error: the **variance**. What it has learnt does not carry over.

The optimal error is what the best possible predictor would have. Where people solve the task
without mistakes it is near 0. Where labels are noisy it is not."""

# %%
# First where it can be seen: two classes whose border is curved, with a tenth of the labels
# flipped. So the optimal error is 10 %. Three networks learn 300 examples of it.

import matplotlib.pyplot as plt
import numpy as np

import fastnn


def draw(m, seed):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (m, 2))
    y = (X[:, 1] > 0.6 * np.sin(3 * X[:, 0])) ^ (rng.random(m) < 0.1)
    return X, y.astype(int)


train, dev = draw(300, 0), draw(2000, 1)
networks = {
    "a line": fastnn.Network([2, 1], rng=0),
    "12 units": fastnn.Network([2, 12, 1], activation="tanh", rng=0),
    "3 layers of 100": fastnn.Network([2, 100, 100, 100, 1], activation="tanh", rng=0),
}
fig, axes = plt.subplots(1, 3, figsize=(8, 3), sharey=True)
for ax, (name, net) in zip(axes, networks.items(), strict=True):
    net.fit(*train, epochs=600, learning_rate=0.01)
    net.plot_boundary(*train, ax=ax)
    ax.label_outer()
    ax.set_title(f"{name}\ntrain {net.error(*train):.0%}, dev {net.error(*dev):.0%}", fontsize=9)

# %%
# `fastnn.diagnose` reads the two errors as the course's table does:

for train_error, dev_error in [(0.01, 0.11), (0.15, 0.16), (0.15, 0.30), (0.005, 0.01)]:
    verdict = fastnn.diagnose(train_error, dev_error).verdict
    print(f"train {train_error:5.1%}, dev {dev_error:3.0%}: {verdict}")

# %%
# The same errors mean something else when the optimal error is 15 %. Then there is nothing to gain:

print(fastnn.diagnose(0.15, 0.16, optimal_error=0.15).verdict)

# %%
# An error has an error
# ---------------------
#
# 4 wrong of 100 dev examples may be a true error of 1.6 % or of 9.8 %. `net.diagnose` therefore
# gives 95 % intervals (Wilson's, and Newcombe's for differences), and calls a gap high only if its
# whole interval is. Where the examples cannot tell, it says how many could.

print(networks["3 layers of 100"].diagnose(train, dev, optimal_error=0.1))

# %%
# Nobody gives you the optimal error of your own data. `fastnn.optimal_error` brackets it by nearest
# neighbours: if equal examples have different labels, no predictor can be right about all of them.

print(fastnn.optimal_error(*dev))

# %%
# **What to look for.** Bias and variance are two numbers, not one scale: a network can have both,
# or neither. A bigger network can lower the one without raising the other.
#
# Exercise
# --------
#
# Give the large network 100 times as many training examples. What happens to its bias, and what to
# its variance? Guess before you open the solution.
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

many = draw(30_000, 2)
net = fastnn.Network([2, 100, 100, 100, 1], activation="tanh", rng=0)
net.fit(*many, epochs=20, learning_rate=0.001)
print(f"train {net.error(*many):.1%}, dev {net.error(*dev):.1%}")

# %%
# The training error *rises* to the optimal error, because flipped labels can no longer be learnt by
# heart; the dev error falls to it. The variance is gone. More data helps against variance. It does
# nothing for the line: it has high bias, and would stay at its error with a billion examples.
#
# .. raw:: html
#
#    </details>

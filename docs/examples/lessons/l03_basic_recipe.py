"""
3. The basic recipe
===================

Bias and variance have different remedies, so ask in this order:

1. **High bias?** A bigger network, longer training or a better optimizer, another architecture.
Until the training set is fitted. More data does not help here. 2. **High variance?** More data,
regularization, another architecture. Then ask for bias again. 3. Neither: done.

Earlier models traded one for the other. A bigger network with regularization lowers bias without
raising variance, as long as you can afford to train it.
"""

# %%
# A round by hand
# ---------------
#
# We begin with a network that is far too small, on handwritten digits. Only 200 of them are for
# training, so that there is variance to see.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import fastnn

X, y = load_digits(return_X_y=True)
train, dev, test = fastnn.split(X, y, sizes=(200, 800, 797), rng=0)


def attempt(sizes, epochs, **settings):
    net = fastnn.Network(sizes, normalize=True, rng=0, **settings)
    net.fit(train, dev=dev, epochs=epochs)
    print(f"{sizes} {settings}: train {net.error(train):.1%}, dev {net.error(dev):.1%}")
    return net


small = attempt([64, 3, 10], epochs=20)
print(small.diagnose(train, dev).advice[0])

# %%
# High bias: the training set is not fitted. So a bigger network, and longer training.

bigger = attempt([64, 128, 64, 10], epochs=100)

# %%
# The bias is gone. What is left is variance: the training error is 0, the dev error is not. So
# regularize.

regularized = attempt([64, 128, 64, 10], epochs=100, l2=3.0)

# %%
# The same by `fastnn.improve`
# ----------------------------
#
# `fastnn.improve` goes around this circle itself: it diagnoses, tries the moves of the recipe side
# by side, and keeps one only if a paired test over the dev examples says that it is better.

result = fastnn.improve(
    [64, 3, 10], train, dev, seconds=None, trials=10, seeds=2, epochs=30, normalize=True
)
print(result)

# %%
# The test set has not been looked at so far. Now it is, once:

print(f"test error {result.network.error(test):.1%}")
_ = result.plot()

# %%
# **What to look for.** Every move should answer a diagnosis. If the training error is 15 %,
# collecting more data costs a month and gains nothing.
#
# Exercise
# --------
#
# Somebody proposes to halve the network because "it overfits". Compare that with L2: which lowers
# the dev error more?
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

errors = {}
for width in (4, 8, 16, 32, 64, 128):
    for l2 in (0, 3):
        nets = [
            fastnn.Network([64, width, 10], l2=l2, normalize=True, rng=seed) for seed in range(3)
        ]
        fastnn.fit_many(nets, train, epochs=150, learning_rate=0.003)
        errors[width, l2] = sum(net.error(dev) for net in nets) / 3

fig, ax = plt.subplots()
for l2 in (0, 3):
    points = [(w, e) for (w, k), e in errors.items() if k == l2]
    ax.plot(*zip(*points, strict=True), marker="o", label=f"$\\lambda$ = {l2}")
ax.set(xlabel="hidden units", ylabel="dev error", xscale="log", ylim=(0, None))
_ = ax.legend()

# %%
# Narrower networks are worse, not better: each step to the left costs more bias than it saves
# variance. L2 lowers the error at nearly every width, and the wide network with L2 is best.
# Regularize a large network rather than shrink it.
#
# .. raw:: html
#
#    </details>

"""
1. Train, dev and test sets
===========================

Nobody guesses the right network at the first attempt. You have an idea, try it, look at the result,
and have a better idea. How fast you get around this circle decides how far you get. Three sets of
examples make each round an honest one:

- The **training set** is what a network learns from.
- The **dev set** (also: validation set) chooses among candidates. You look at it often, so you
  slowly fit your choices to it.
- The **test set** is looked at once, at the end. It gives an estimate that no choice has touched.

How large? The dev set must be able to *tell two candidates apart*, and the test set must give an
error that you can trust. A fifth of the data each is right for a few thousand examples. Of a
million, one percent is plenty, and the rest is better used for training."""

# %%
# `fastnn.split` knows these rules. The digits have 1,797 examples, so they go 60/20/20. Classes are
# alike in all three parts.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastnn

X, y = load_digits(return_X_y=True)
train, dev, test = fastnn.split(X, y, rng=0)
for name, part in [("train", train), ("dev", dev), ("test", test)]:
    print(f"{name:5}  {len(part.y):5} examples")

# %%
# How the rule goes on for larger data:

sizes = np.array([100, 1_000, 10_000, 100_000, 1_000_000, 5_000_000])
shares = []
for m in sizes:
    parts = fastnn.split(np.zeros((m, 1), np.int8), rng=0)
    shares.append([len(part.index) / m for part in parts])
shares = np.array(shares)

fig, ax = plt.subplots()
bottom = np.zeros(len(sizes))
for name, share in zip(["train", "dev", "test"], shares.T, strict=True):
    ax.bar([f"{m:,}" for m in sizes], share, bottom=bottom, label=name)
    bottom += share
ax.set(xlabel="examples", ylabel="share", title="How fastnn.split divides")
_ = ax.legend(loc="lower left")

# %%
# How large must a dev set be?
# ----------------------------
#
# An error that is measured on :math:`m` examples is a count of coin flips. Its standard error is
#
# .. math:: \sqrt{\frac{p (1 - p)}{m}}
#
# for a true error :math:`p`. `fastnn.dev_size` turns this around: how many dev examples tell two
# candidates of about 5 % error apart, when one is better by one point, or by half a point?

for difference in (0.02, 0.01, 0.005):
    print(f"{difference:.1%} better: {fastnn.dev_size(0.05, difference):,} dev examples")

# %%
# Dev and test from the same distribution
# ---------------------------------------
#
# The training set may come from elsewhere: photographs of the web, where the users send blurred
# ones. Dev and test must both be what you care about. Otherwise you aim at one target and are
# judged by another. `fastnn.same_distribution` trains a small network to tell the two sets apart.
# If it cannot do better than guessing, they may be from one source.

print(fastnn.same_distribution(dev, test))

# %%
# Blur the test set a little, as another camera would, and the two can be told apart:

from scipy.ndimage import gaussian_filter

blurred = gaussian_filter(test.X.reshape(-1, 8, 8), sigma=(0, 0.5, 0.5)).reshape(-1, 64)
print(fastnn.same_distribution(dev.X, blurred))

# %%
# **What to look for.** "Train and test" of a paper or a team, without a dev set, usually means
# train and *dev*: choices were made by the "test" set, and its error is too good. That is fine, if
# nobody needs an unbiased estimate and everybody knows it.
#
# Exercise
# --------
#
# Choose the best of 40 networks that differ only in their seeds, by a dev set of 40 examples. How
# far is the winner's dev error from its error on many examples that it was not chosen by?
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

few = np.random.default_rng(0).choice(len(dev.y), 40, replace=False)
nets = [fastnn.Network([64, 16, 10], normalize=True, rng=seed) for seed in range(40)]
fastnn.fit_many(nets, (train.X, train.y), epochs=60)
dev_errors = np.array([net.error(dev.X[few], dev.y[few]) for net in nets])
best = dev_errors.argmin()
print(f"dev error of the winner   {dev_errors[best]:.1%}")
print(f"its test error            {nets[best].error(test.X, test.y):.1%}")
print(f"mean test error of all 40 {np.mean([net.error(test.X, test.y) for net in nets]):.1%}")

fig, ax = plt.subplots()
ax.scatter(dev_errors, [net.error(test.X, test.y) for net in nets], alpha=0.6)
ax.axline((0.05, 0.05), slope=1, color="gray", linestyle="--")
_ = ax.set(xlabel="error on 40 dev examples", ylabel="test error", title="40 networks")

# %%
# The winner's dev error promises too much. Its test error is about that of all the others: 40
# examples cannot tell networks apart that differ so little, so the choice was luck. This optimism
# is why a test set is looked at once.
#
# .. raw:: html
#
#    </details>

"""
8. Data augmentation and early stopping
=======================================

More data is the best remedy against variance, and often cannot be had. Two cheap substitutes:

- **Augmentation**: a digit that is turned a little is still the same digit. Distorted copies are
  not worth as much as new examples, but they cost nothing.
- **Early stopping**: weights begin small and grow. If you stop half-way, you get a network of
  middling weights, much as with L2, from a single run."""

# %%
# Augmentation
# ------------
#
# `fastnn.augment.Images` distorts each mini-batch as it is read, anew in every epoch.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import fastnn

train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
images = fastnn.augment.Images(rotation=10, shift=0.5)
fig, axes = plt.subplots(3, 8, figsize=(7, 2.8))
for row, ax_row in enumerate(axes):
    for column, ax in enumerate(ax_row):
        image = train.X[column : column + 1]
        shown = image if row == 0 else images.apply(image, row)
        ax.imshow(shown.reshape(8, 8), cmap="gray_r")
        ax.set_axis_off()
_ = fig.suptitle("first row as they are, below distorted")

# %%

for name, augment in [("as they are", None), ("augmented", images)]:
    nets = [fastnn.Network([64, 128, 64, 10], normalize=True, rng=seed) for seed in range(3)]
    fastnn.fit_many(nets, train, epochs=300, augment=augment)
    errors = [net.error(test) for net in nets]
    print(f"{name:12} test error {sum(errors) / 3:.2%}, of {min(errors):.2%} to {max(errors):.2%}")

# %%
# Choose distortions that keep the label. A mirrored cat is a cat; a mirrored 3 is no digit.
#
# Early stopping
# --------------
#
# Plot training and dev cost. Where the dev cost turns upwards, the network begins to learn its
# training set by heart. 200 noisy examples make that easy. ``early_stopping`` restores the
# parameters of the best dev epoch.

from sklearn.datasets import make_moons

moons = make_moons(200, noise=0.3, random_state=0)
other_moons = make_moons(2000, noise=0.3, random_state=1)
net = fastnn.Network([2, 64, 64, 1], rng=0)
stop = fastnn.EarlyStopping(patience=200, monitor="dev_cost")
history = net.fit(*moons, dev=other_moons, epochs=1000, learning_rate=0.003, early_stopping=stop)
print(f"stopped after {len(history)} epochs ({history.stopped}), best {history.best_epoch + 1}")
_ = history.plot()

# %%
# **What to look for.** Early stopping does two jobs with one tool: it ends the fitting of J, and it
# limits overfitting. You can no longer improve one without touching the other. Searching lambda
# keeps them apart, at the price of many runs; on networks that train in a second that price is
# small.
#
# Exercise
# --------
#
# Let a network with the best lambda compete against early stopping on equal terms: 20 values of
# lambda, each trained to the end.
#
# .. raw:: html
#
#    <details class="solution"><summary>Solution</summary>

import time

began = time.perf_counter()
stopped = fastnn.Network([64, 128, 64, 10], normalize=True, rng=0)
stopped.fit(train, dev=dev, epochs=300, early_stopping=20)
seconds = time.perf_counter() - began
result = fastnn.sweep(
    [64, 128, 64, 10],
    train,
    dev,
    {"l2": [0.01 * 2**k for k in range(20)]},
    normalize=True,
    epochs=100,
)
print(f"early stopping: test error {stopped.error(test):.2%}")
print(
    f"best lambda {result.best.setting['l2']:g}: test error {result.best_network.error(test):.2%}"
)
_ = result.plot()

# %%
# On data this small the two differ by a few test examples, which is chance. What differs is what
# you learn: the sweep shows how the error depends on lambda, and that the curve is flat over a wide
# range.
#
# .. raw:: html
#
#    </details>

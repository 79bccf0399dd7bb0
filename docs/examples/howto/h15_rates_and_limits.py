"""
Frozen layers, rates by layer, and a limit for weights
======================================================

You have a network that knows something, and few examples of a new task. Keep its first layers, let
the last ones learn. Or you train with dropout at a high learning rate, and want weights that cannot
grow without limit."""

# %%
# New labels for a network that knows the digits
# ----------------------------------------------
#
# A network has learnt the ten digits from 1,000 labelled images. The new task: has the digit a
# closed loop (0, 6, 8, 9)? Only 30 images have that label.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastnn

train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
teacher = fastnn.Network([64, 64, 32, 10], normalize=True, l2=1.0, rng=0)
teacher.fit(train, epochs=60)

has_loop = np.isin(np.arange(10), [0, 6, 8, 9]).astype(int)
X_few, y_few = dev.X[:30], has_loop[dev.y[:30]]
X_new, y_new = test.X, has_loop[test.y]

# %%
# ``layer_rates`` of an optimizer has a factor of the learning rate for each layer. A layer of
# factor 0 is **frozen**: no momentum, decay or penalty moves it, and its gradient does not count
# for ``clip_norm``.


def student(seed, copy_layers):
    """A network for the new task that begins with the teacher's first layers."""
    net = fastnn.Network([64, 64, 32, 1], normalizer=teacher.normalizer, rng=seed)
    for l in range(1, copy_layers + 1):
        net.params[f"W{l}"][...] = teacher.params[f"W{l}"]
        net.params[f"b{l}"][...] = teacher.params[f"b{l}"]
    return net


ways = {
    "from scratch": (0, [1, 1, 1]),
    "copied,\nall layers learn": (2, [1, 1, 1]),
    "copied,\nslow first layers": (2, [0.1, 0.1, 1]),
    "copied and frozen": (2, [0, 0, 1]),
}
errors = {}
for name, (copied, rates) in ways.items():
    errors[name] = []
    for seed in range(10):
        net = student(seed, copied)
        adam = fastnn.Adam(layer_rates=rates)
        net.fit(X_few, y_few, epochs=200, batch_size=10, learning_rate=0.005, optimizer=adam)
        errors[name].append(net.error(X_new, y_new))
    if rates[0] == 0:
        assert np.array_equal(net.params["W1"], teacher.params["W1"])

fig, ax = plt.subplots()
for at, values in enumerate(errors.values()):
    ax.plot([at] * 10, values, "o", color="C0", alpha=0.4)
    ax.plot([at - 0.2, at + 0.2], [np.mean(values)] * 2, color="C1", linewidth=2)
ax.set_xticks(range(len(errors)), errors)
ax.set(ylabel="test error", title="10 seeds each, and their mean: which way is lowest?")
for name, values in errors.items():
    print(f"{' '.join(name.split()):28} {np.mean(values):.1%}")

# %%
# **What to look for.** The more of the old network is kept, the lower the error: its first layers
# saw 1,000 digits, and 30 examples can only spoil them. With many new examples it is the other way
# round. Try all; each takes a moment. ``fit`` and ``net.trainer`` take the same optimizers.
#
# A learning rate by layer also helps where ``net.signal_flow(X, y)`` shows gradients of very
# different size, though a better initialization is the first remedy there.
#
# A limit for the weights
# -----------------------
#
# ``max_norm=c``: after each update the weights into a unit, a column of W, are scaled down to norm
# c if theirs is larger (Srivastava et al., 2014). It goes well with dropout and a high learning
# rate. The limit is one number, or one for each layer.

for limit in (None, 2.0):
    net = fastnn.Network(
        [64, 256, 256, 10],
        keep_prob=[0.9, 0.5, 0.5],
        max_norm=limit,
        normalize=True,
        rng=0,
    )
    net.fit(train, epochs=60, optimizer="momentum", learning_rate=0.1)
    norms = np.linalg.norm(net.params["W2"], axis=0)
    print(
        f"max_norm={limit}: longest column of W2 {norms.max():.2f}, dev error {net.error(dev):.2%}"
    )

# %%
# The limit holds exactly, so that it shows in a saved model too. It is no penalty: it is no part of
# J, and weights below it feel nothing. L-BFGS refuses it, for SciPy changes theta there.
#
# The same with a loop of your own, and a schedule on top of the rates:

net = student(0, 2)
trainer = net.trainer(optimizer=fastnn.Adam(layer_rates=[0, 0.1, 1]))
for step in range(600):
    trainer.learning_rate = 0.005 * 0.995**step
    J = trainer.step(X_few, y_few)
print(f"J {J:.3f}, test error {net.error(X_new, y_new):.1%}")

"""
Adversarial digits
==================

`Network.input_gradient` is the derivative of the cost by X. A small step along its sign makes a
network wrong about images that a person still reads (Goodfellow et al., 2015). Training on such
images makes it harder."""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastnn

X, y = load_digits(return_X_y=True)
train, _, test = fastnn.split(X / 16, y, rng=0)
plain = fastnn.Network([64, 128, 10], rng=0)
plain.fit(train, epochs=100)


def attacked(net, X, y, size):
    return np.clip(X + size * np.sign(net.input_gradient(X, y)), 0, 1)


hardened = fastnn.Network([64, 128, 10], rng=0)
trainer = hardened.trainer(batch_size=256)
rng = np.random.default_rng(0)
for _ in range(100):
    order = rng.permutation(len(train.y))
    for rows in np.array_split(order, len(order) // 64):
        part, labels = train.X[rows], train.y[rows]
        both = np.concatenate([part, attacked(hardened, part, labels, 0.15)])
        trainer.step(both, np.r_[labels, labels])

sizes = np.linspace(0, 0.3, 13)
fig, (curve, picture) = plt.subplots(1, 2, figsize=(9, 3.2), width_ratios=[1, 1.3])
for name, net in {"plain": plain, "trained on attacked digits": hardened}.items():
    errors = [net.error(attacked(net, test.X, test.y, size), test.y) for size in sizes]
    curve.plot(sizes, errors, marker=".", label=name)
curve.set(xlabel="size of the step in each pixel", ylabel="test error")
curve.legend(fontsize=8)
shown = attacked(plain, test.X[:8], test.y[:8], 0.15)
rows = [np.hstack(images.reshape(-1, 8, 8)) for images in (test.X[:8], shown)]
picture.imshow(np.vstack(rows), cmap="gray_r")
picture.set_yticks([3.5, 11.5], ["as it is", "attacked"])
picture.set_xticks(np.arange(8) * 8 + 3.5, [f"{label}" for label in plain.predict(shown)])
picture.set(xlabel="what the plain network says of the attacked ones")
picture.tick_params(length=0)
_ = picture.spines[:].set_visible(False)

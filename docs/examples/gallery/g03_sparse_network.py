"""
A sparse network by L1
======================

L1 makes weights exactly zero. How many can go before the error rises? And which pixels does the
network stop looking at?"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastnn

train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
lambdas = [0, 0.1, 0.3, 1, 3, 10]
nets = [fastnn.Network([64, 64, 10], normalize=True, l1=l1, rng=0) for l1 in lambdas]
fastnn.fit_many(nets, train, epochs=150, learning_rate=0.003)

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
left.plot([net.sparsity()["all"] for net in nets], [net.error(dev) for net in nets], marker="o")
for net, l1 in zip(nets, lambdas, strict=True):
    left.annotate(
        f"$\\lambda$ = {l1:g}",
        (net.sparsity()["all"], net.error(dev)),
        xytext=(-8, 4),
        textcoords="offset points",
        ha="right",
        fontsize=8,
    )
left.set(
    xlabel="share of weights that are zero",
    ylabel="dev error",
    title="where does it begin to rise?",
    xlim=(-0.25, 1),
)
used = np.count_nonzero(nets[-2].params["W1"], axis=1).reshape(8, 8)
picture = right.imshow(used, cmap="viridis")
right.set(title=f"weights left of 64, by pixel; $\\lambda$ = {lambdas[-2]}", xticks=[], yticks=[])
_ = fig.colorbar(picture, ax=right)

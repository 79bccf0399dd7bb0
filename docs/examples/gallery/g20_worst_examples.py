"""
The digits that are hardest
===========================

Before you change a network, look at what it gets wrong. Often the label is the mistake.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastnn

train, dev, _ = fastnn.split(*load_digits(return_X_y=True), rng=0)
net = fastnn.Network([64, 64, 10], normalize=True, l2=1.0, rng=0)
net.fit(train, epochs=60)
probabilities = net.forward(dev.X)
loss = -np.log(probabilities[np.arange(len(dev.y)), dev.y])

fig, axes = plt.subplots(2, 8, figsize=(9, 3.4))
for ax, row in zip(axes.flat, np.argsort(-loss), strict=False):
    said = probabilities[row].argmax()
    ax.imshow(dev.X[row].reshape(8, 8), cmap="gray_r")
    ax.set_title(f"{dev.y[row]}, said {said}\n{probabilities[row, said]:.0%} sure", fontsize=8.5)
    ax.set_axis_off()

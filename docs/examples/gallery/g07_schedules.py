"""
Learning-rate schedules
=======================

Every schedule is a factor on the learning rate by epoch. Decay makes the last epochs quiet.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import fastnn

train, dev, _ = fastnn.split(*load_digits(return_X_y=True), rng=0)
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
for name in ("constant", "linear", "cosine", "step", "exponential", "inverse"):
    net = fastnn.Network([64, 64, 10], normalize=True, rng=0)
    history = net.fit(train, dev=dev, epochs=60, batch_size=16, learning_rate=0.02, schedule=name)
    left.plot(history.learning_rate, label=name)
    right.semilogy(history.cost)
left.set(xlabel="epoch", ylabel="learning rate", title="the schedules")
right.set(xlabel="epoch", ylabel="training cost J", title="who is calm, who is lowest at the end?")
_ = fig.legend(loc="outside right center", fontsize=8)

"""
Averaging the parameters
========================

With a large learning rate the parameters dance around the minimum. Their exponential moving
average, ``fit(average=...)``, stands still in the middle."""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import fastnn

train, dev, _ = fastnn.split(*load_digits(return_X_y=True), rng=0)
fig, ax = plt.subplots()
for average in (None, 0.99):
    net = fastnn.Network([64, 64, 10], normalize=True, l2=3.0, rng=0)
    history = net.fit(train, dev=dev, epochs=60, batch_size=16, learning_rate=0.01, average=average)
    ax.plot(history.dev_error, label=f"average={average}")
ax.set(xlabel="epoch", ylabel="dev error", ylim=(0, 0.12), title="lower, and calmer")
_ = ax.legend()

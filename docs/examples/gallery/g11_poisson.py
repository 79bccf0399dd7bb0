"""
Counts
======

The number of events in a day is no normal number: it is never negative, and its variance grows
with its mean. ``output="exp"`` trains the logarithm of the mean by the Poisson loss."""

import matplotlib.pyplot as plt
import numpy as np

import fastnn

rng = np.random.default_rng(0)
day = np.arange(1000)
rate = np.exp(0.8 + np.sin(2 * np.pi * day / 365) + 0.6 * (day % 7 >= 5))
count = rng.poisson(rate)
X = np.c_[np.sin(2 * np.pi * day / 365), np.cos(2 * np.pi * day / 365), day % 7 >= 5].astype(float)

poisson = fastnn.Network([3, 16, 1], output="exp", l2=1.0, rng=0)
squared = fastnn.Network([3, 16, 1], output="identity", l2=1.0, rng=0)
for net in (poisson, squared):
    net.fit(X[:700], count[:700], epochs=200, learning_rate=0.003)

fig, ax = plt.subplots(figsize=(8, 3.2))
ax.plot(day[600:800], count[600:800], ".", color="0.6", label="counts")
ax.plot(day[600:800], rate[600:800], "k", linewidth=0.8, label="true mean")
for name, net in {"Poisson loss": poisson, "squared error": squared}.items():
    predicted = net.predict(X)
    off = np.sqrt(np.mean((predicted[700:] - rate[700:]) ** 2))
    ax.plot(day[600:800], predicted[600:800], label=f"{name}, off by {off:.2f}")
ax.legend(fontsize=8)
_ = ax.set(xlabel="day; training ends at 700", ylabel="events")

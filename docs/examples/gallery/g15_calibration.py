"""
How sure is "90 % sure"?
========================

Of all examples with a probability of 90 %, nine of ten should be right. An overfitted network
says 99 % too easily. L2, label smoothing and an ensemble each help."""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification

import fastnn

X, y = make_classification(
    6000, 20, n_informative=8, n_classes=4, flip_y=0.1, class_sep=0.8, random_state=0
)
train, _, test = fastnn.split(X, y, sizes=(0.2, 0.1, 0.7), rng=0)
plain = [fastnn.Network([20, 128, 128, 4], rng=seed) for seed in range(10)]
smoothed = fastnn.Network([20, 128, 128, 4], rng=0)
decayed = fastnn.Network([20, 128, 128, 4], l2=5.0, rng=0)
fastnn.fit_many(plain, train, epochs=60)
smoothed.fit(train, epochs=60, label_smoothing=0.1)
decayed.fit(train, epochs=60)

models = {
    "plain": plain[0],
    "label smoothing": smoothed,
    "L2": decayed,
    "ensemble of 10": fastnn.Ensemble(plain),
}
fig, ax = plt.subplots(figsize=(5.5, 4.5))
ax.plot([0.25, 1], [0.25, 1], "--", color="0.6")
edges = np.linspace(0.3, 1, 9)
for name, model in models.items():
    probabilities = model.forward(test.X)
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == test.y
    place = np.digitize(sure, edges)
    groups = [k for k in range(1, 9) if np.sum(place == k) > 20]
    ax.plot(
        [sure[place == k].mean() for k in groups],
        [right[place == k].mean() for k in groups],
        marker="o",
        markersize=3,
        label=f"{name}, error {model.error(test):.1%}",
    )
ax.set(xlabel="probability of the answer", ylabel="share that is right")
_ = ax.legend(fontsize=8)

"""
A small network from an ensemble
================================

An ensemble is good and large. Its *probabilities* say more than labels: this 7 is a little like a
1. A small network learns from them (Hinton, Vinyals and Dean, 2015), as y may be probabilities."""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastnn

X, y = load_digits(return_X_y=True)
labelled, unlabelled, test = fastnn.split(X, y, sizes=(100, 1100, 597), rng=0)
teachers = [fastnn.Network([64, 128, 10], normalize=True, l2=1.0, rng=k) for k in range(10)]
fastnn.fit_many(teachers, labelled, epochs=100)
teacher = fastnn.Ensemble(teachers)

everything = np.concatenate([labelled.X, unlabelled.X])
students, alone = (
    [fastnn.Network([64, 16, 10], normalize=True, rng=seed) for seed in range(5)] for _ in range(2)
)
fastnn.fit_many(students, (everything, teacher.forward(everything)), epochs=150)
fastnn.fit_many(alone, labelled, epochs=450)

errors = {
    "16 units,\n100 labels": [net.error(test) for net in alone],
    "16 units, taught\non 1,200 images": [net.error(test) for net in students],
    "the ensemble,\n10 x 128 units": [teacher.error(test)],
}
fig, ax = plt.subplots()
ax.bar(errors.keys(), [np.mean(each) for each in errors.values()], width=0.5)
for at, each in enumerate(errors.values()):
    ax.plot([at] * len(each), each, ".", color="black")
_ = ax.set(ylabel="test error", title="bars are means of the seeds, which are points")

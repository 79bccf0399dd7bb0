"""
Would more data help?
=====================

`fastnn.learning_curve` trains on growing parts of the training set, and continues the dev error
by a power law, with its uncertainty."""

from sklearn.datasets import load_digits

import fastnn

train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
net = fastnn.Network([64, 64, 10], normalize=True, l2=0.3, rng=0)
curve = fastnn.learning_curve(net, train, dev, repeats=3, epochs=60)
print(curve)
curve.plot()

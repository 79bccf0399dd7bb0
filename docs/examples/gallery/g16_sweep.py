"""
Two hundred networks in a second or two
=======================================

`fastnn.sweep` draws settings at random, trains one network a thread, and stops the bad ones
early. The best is chosen by the dev set, so it is measured on a test set."""

from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer

import fastnn

train, dev, test = fastnn.split(*load_breast_cancer(return_X_y=True), rng=0)
result = fastnn.sweep(
    [30, 32, 1],
    train,
    dev,
    {
        "l2": loguniform(1e-2, 1e2),
        "learning_rate": loguniform(1e-4, 1e-1),
        "keep_prob": fastnn.sweeps.KeepProb(0.5, 0.99),
    },
    trials=200,
    halving=3,
    select="dev_loss",
    normalize=True,
    epochs=81,
    rng=0,
)
print(result.verdict)
print(f"test error {result.best_network.error(test):.1%}")
result.plot()

"""
Rare classes
============

One row in twenty is positive. "Never" is then right in 95 % of all cases, and useless. What to do
depends on what a mistake costs, so measure that first."""

# %%

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.metrics import average_precision_score, precision_recall_curve, recall_score

import fastnn

X, y = make_classification(
    6000, 20, n_informative=6, weights=[0.95], class_sep=0.8, flip_y=0.01, random_state=0
)
train, dev, test = fastnn.split(X, y, rng=0)  # classes are alike in all three
print(f"{y.mean():.1%} are positive")

net = fastnn.Network([20, 32, 1], normalize=True, l2=1.0, rng=0)
net.fit(train, dev=dev, epochs=100, early_stopping=20)
print(
    f"error {net.error(test):.1%}, of 'never' {test.y.mean():.1%}, "
    f"recall {recall_score(test.y, net.predict(test.X)):.0%}"
)
print(net.diagnose(train, dev))

# %%
# The diagnosis compares with "never" by itself, and shows the error of each class.
#
# 1. Choose the threshold
# -----------------------
#
# The network gives probabilities. Where a miss costs ten times as much as a false alarm, say
# "positive" from a probability of 1/11 on. Nothing has to be trained again. Choose on dev, measure
# on test.

p_dev, p_test = net.forward(dev.X).ravel(), net.forward(test.X).ravel()
precision, recall, thresholds = precision_recall_curve(dev.y, p_dev)
fig, ax = plt.subplots()
ax.plot(recall, precision)
for threshold in (0.5, 1 / 11):
    k = np.searchsorted(thresholds, threshold)
    ax.plot(recall[k], precision[k], "o", label=f"threshold {threshold:.2f}")
ax.set(xlabel="recall: share of positives that are found", ylabel="precision", title="dev set")
ax.legend()


def cost(said, y):
    return (10 * np.sum(~said & (y == 1)) + np.sum(said & (y == 0))) / len(y)


for threshold in (0.5, 1 / 11):
    print(f"threshold {threshold:.2f}: cost per row {cost(p_test > threshold, test.y):.3f}")

# %%
# 2. Weights
# ----------
#
# ``class_weight="balanced"`` of the estimators, or ``sample_weight`` of ``fit``, make positives
# count more *while it trains*. The probabilities are then those of a balanced world: do not use
# them as they are.

weight = np.where(train.y == 1, 10.0, 1.0)
weighted = fastnn.Network([20, 32, 1], normalize=True, l2=1.0, rng=0)
weighted.fit(train.X, train.y, sample_weight=weight, dev=dev, epochs=100)
print(f"cost per row {cost(weighted.forward(test.X).ravel() > 0.5, test.y):.3f}")

# %%
# As an estimator, with early stopping by a score that knows about rare classes:

classifier = fastnn.MLPClassifier(
    (32,),
    class_weight="balanced",
    scoring="average_precision",
    random_state=0,
    early_stopping=True,
    max_iter=500,
)
mu, sigma = train.X.mean(axis=0), train.X.std(axis=0)
classifier.fit((train.X - mu) / sigma, train.y, X_val=(dev.X - mu) / sigma, y_val=dev.y)
scores = classifier.predict_proba((test.X - mu) / sigma)[:, 1]
print(
    f"average precision {average_precision_score(test.y, scores):.3f}, "
    f"plain {average_precision_score(test.y, p_test):.3f}"
)

# %%
# 3. A loss for hard examples
# ---------------------------
#
# `fastnn.losses.focal` turns away from examples that are easily right.

focal = fastnn.Network(
    [20, 32, 1], output=fastnn.losses.focal(2.0, output="sigmoid"), normalize=True, l2=1.0, rng=0
)
focal.fit(train, epochs=100)
print(f"average precision {average_precision_score(test.y, focal.forward(test.X).ravel()):.3f}")

# %%
# **In short**: first the threshold, which is free, and here the best. Weights and focal loss move
# the threshold too; they rank the rows no better here, as the average precision shows. More
# positives would help most: 5 % of 3,600 training rows are 180 examples.

"""
From a verdict to the next step
===============================

A diagnosis ends in advice. This page follows it from a bad start to a network that is as good as
the data allow, first by hand, then by `fastnn.improve`."""

# %%

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer

import fastnn

train, dev, test = fastnn.split(*load_breast_cancer(return_X_y=True), rng=0)
net = fastnn.Network([30, 16, 1], rng=0)
net.fit(train, dev=dev, epochs=5, learning_rate=1e-4)
diagnosis = net.diagnose(train, dev)
print(diagnosis)

# %%
# A **cause** comes before bias and variance: something that no amount of regularization mends. It
# has evidence, and the options that mend it:

cause = diagnosis.causes[0]
print(cause.name, "->", cause.change)

# %%
# Follow it:

net = fastnn.Network([30, 16, 1], normalize=True, rng=0)
history = net.fit(train, dev=dev, epochs=100)
print(net.diagnose(train, dev))

# %%
# What each verdict asks for
# --------------------------
#
# .. list-table::
#    :header-rows: 1
#
#    * - verdict
#      - look at
#      - then
#    * - inputs not normalized, a learning rate too small or too large, too few updates, an option
#        that holds the fit back
#      - ``diagnosis.causes``
#      - the options in ``cause.change``
#    * - other shares of the classes in dev, training rows in it; y that does not belong to X
#      - how the sets were made
#      - new sets
#    * - high bias
#      - ``net.signal_flow(X, y)``: does the signal reach all layers?
#      - wider, deeper, longer
#    * - high variance
#      - ``fastnn.learning_curve``: what would more data bring?
#      - more data, ``fastnn.penalty_path``, dropout, augmentation
#    * - cannot be told
#      - ``fastnn.dev_size``: how many examples would?
#      - a larger dev set
#    * - data mismatch
#      - ``fastnn.same_distribution``: which sets differ?
#      - training data that look like dev
#    * - overfitting to dev
#      - how many candidates were compared on it?
#      - a new dev set
#    * - neither
#      - ``fastnn.optimal_error``: is there anything to gain?
#      - the test set, once
#
# Would more data help?
# ---------------------

curve = fastnn.learning_curve(
    fastnn.Network([30, 16, 1], normalize=True, rng=0), train, dev, repeats=3, epochs=100
)
print(curve.verdict)
_ = curve.plot()

# %%
# All of it at once
# -----------------

result = fastnn.improve(
    [30, 16, 1], train, dev, seconds=None, trials=8, seeds=2, epochs=5, learning_rate=1e-4
)
print(result)

# %%
# And the page about the best network, to send to somebody:

import os
import tempfile

path = os.path.join(tempfile.mkdtemp(), "report.html")
report = fastnn.report(result.network, result.history, train, dev, test, path)
print(f"test error {result.network.error(test):.1%}, {os.path.getsize(path):,} bytes of report")
plt.close("all")

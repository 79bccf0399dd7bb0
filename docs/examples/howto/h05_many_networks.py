"""
Many networks and ensembles
===========================

A small network leaves most of a CPU idle. `fastnn.fit_many` trains many side by side, one a
thread, without the interpreter between them. Together they predict better than nearly all of them
alone."""

# %%
# A deep ensemble
# ---------------
#
# Ten networks that differ in their seeds only. `fastnn.Ensemble` is the mean of their outputs.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastnn

train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
networks = [fastnn.Network([64, 32, 10], normalize=True, rng=seed) for seed in range(10)]
fastnn.fit_many(networks, train, epochs=60)
errors = [net.error(test) for net in networks]
ensemble = fastnn.Ensemble(networks)
print(f"single networks {np.mean(errors):.2%}, of {min(errors):.2%} to {max(errors):.2%}")
print(f"together        {ensemble.error(test):.2%}")

fig, ax = plt.subplots()
ax.plot(range(1, 11), [fastnn.Ensemble(networks[:k]).error(test) for k in range(1, 11)], marker="o")
ax.axhline(np.mean(errors), color="gray", linestyle="--", label="mean of single networks")
ax.set(xlabel="networks in the ensemble", ylabel="test error")
_ = ax.legend()

# %%
# Where they disagree
# -------------------
#
# The spread of their outputs is a doubt that you can act on: let a person look at the digits with
# the largest.

spread = ensemble.spread(test.X).max(axis=1)
wrong = ensemble.predict(test.X) != test.y
print(f"mean spread where right {spread[~wrong].mean():.3f}, wrong {spread[wrong].mean():.3f}")

# %%
# One network for each data set
# -----------------------------
#
# A list of sets gives each network its own: a model per customer, per sensor, per bootstrap sample.

rng = np.random.default_rng(0)
samples = [rng.integers(0, len(train.y), len(train.y)) for _ in range(10)]
bagged = [fastnn.Network([64, 32, 10], normalize=True, rng=seed) for seed in range(10)]
fastnn.fit_many(bagged, [(train.X[rows], train.y[rows]) for rows in samples], epochs=60)
print(f"bagging: {fastnn.Ensemble(bagged).error(test):.2%}")

# %%
# From a sweep
# ------------
#
# A sweep that keeps its networks is a library to choose from: greedily, by the dev error of the
# mean (Caruana et al., 2004).

result = fastnn.sweep(
    [64, 32, 10],
    train,
    dev,
    {"l2": [0.1, 1, 3], "keep_prob": [0.8, 1.0], "hidden": [32, [32, 32]]},
    normalize=True,
    epochs=40,
    seeds=3,
    keep=True,
)
chosen = fastnn.Ensemble.of(result, 8)
print(f"best of the sweep {result.best_network.error(test):.2%}, chosen {chosen.error(test):.2%}")

# %%
# One file, one ONNX model:

import os
import tempfile

path = os.path.join(tempfile.mkdtemp(), "digits.safetensors")
chosen.save(path)
print(fastnn.load(path))

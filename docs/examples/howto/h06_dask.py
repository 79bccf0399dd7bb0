"""
A sweep on a Dask cluster
=========================

`fastnn.sweep` runs on the threads of this process, or on whatever joblib knows: ``backend="dask"``,
``"ray"``, ``"loky"``. The result has the same bits wherever its trials have run.
"""

# %%
# A cluster in this process, so that the page can run. Elsewhere give `Client` the address of a
# scheduler; workers need fastnn installed.

import numpy as np
from dask.distributed import Client
from scipy.stats import loguniform
from sklearn.datasets import load_digits

import fastnn

client = Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None)

train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
space = {"l2": loguniform(0.01, 100), "keep_prob": [0.5, 0.8, 1.0]}
options = {"trials": 12, "rng": 0, "normalize": True, "epochs": 30}
result = fastnn.sweep([64, 32, 10], train, dev, space, backend="dask", **options)
print(result)
client.close()

# %%
# The same on threads, to the same bits:

here = fastnn.sweep([64, 32, 10], train, dev, space, **options)
print("same bits:", np.array_equal(here.best_network.theta, result.best_network.theta))

# %%
# `fastnn.fit_many` and `fastnn.improve` have no argument for it: they train on the backend of a
# surrounding `joblib.parallel_config(backend="dask")`, and so does a sweep without ``backend``.

# %%
# After a crash
# -------------
#
# ``checkpoint`` is a directory that keeps finished trials. The same call with ``resume=True`` goes
# on.

import os
import tempfile

folder = os.path.join(tempfile.mkdtemp(), "sweep")
fastnn.sweep([64, 32, 10], train, dev, space, checkpoint=folder, **{**options, "trials": 6})
again = fastnn.sweep([64, 32, 10], train, dev, space, checkpoint=folder, resume=True, **options)
print("same bits:", np.array_equal(here.best_network.theta, again.best_network.theta))

# %%
# Fewer epochs for bad settings
# -----------------------------
#
# ``halving=3``: after some epochs the best third goes on, then a third of those. On a cluster that
# saves most of the bill.

halved = fastnn.sweep([64, 32, 10], train, dev, space, halving=3, **{**options, "epochs": 27})
_ = halved.plot()

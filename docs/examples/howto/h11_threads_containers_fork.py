"""
Threads, containers and fork
============================

fastnn has its own small pool of threads. There is no OpenMP and no BLAS thread in it, so there is
nothing to clash with other libraries."""

# %%
# How many threads?
# -----------------
#
# ``threads=None`` measures while it trains, and takes the number that is fastest. For small
# networks that is one. It never takes more than the processors that this process may use (its
# affinity, and a container's limit), nor more than ``OMP_NUM_THREADS``, which joblib, Dask and Ray
# set in their workers.

import os
import subprocess
import sys

import numpy as np

import fastnn

rng = np.random.default_rng(0)
X, y = rng.standard_normal((5_000, 50)).astype(np.float32), rng.integers(0, 3, 5_000)
for threads in (1, 2, None):
    net = fastnn.Network([50, 64, 3], rng=0)
    history = net.fit(X, y, epochs=5, threads=threads, evaluate_every=0)
    print(f"threads={threads}: {history.training_seconds * 1e3:.0f} ms")

# %%
# The results have the same bits, so the number may change from run to run. A sweep is different: it
# trains one network *a thread*, which is always the better use of many cores for many small
# networks.
#
# In a container
# --------------
#
# The limits of a container count (``docker run --cpus=2``, cgroups), and so does an affinity mask.
# Fewer still? Set ``OMP_NUM_THREADS``. Here a process of its own trains a large network, and counts
# the threads that it has more than before:

code = """
import os, numpy as np, fastnn
before = len(os.listdir("/proc/self/task"))
X, y = np.zeros((2000, 500), np.float32), np.zeros(2000, int)
most = []
fastnn.Network([500, 500, 3], rng=0).fit(X, y, epochs=2, batch_size=500,
    callbacks=[lambda net, history: most.append(len(os.listdir("/proc/self/task")))])
print(max(most) - before)
"""
for limit in ("1", "2"):
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "OMP_NUM_THREADS": limit},
        capture_output=True,
        text=True,
        check=True,
    )
    print(f"OMP_NUM_THREADS={limit}: {done.stdout.strip()} more than this one")

# %%
# ``fastnn warmup`` compiles what gradient checking needs; run it while the image is built, with
# ``NUMBA_CACHE_DIR`` set to a folder that the container can read, if the package's own cannot be
# written.
#
# fork
# ----
#
# After ``fork`` a child has none of its parent's threads. fastnn starts new ones when they are
# needed, also if the parent was in the middle of a fit:

net = fastnn.Network([50, 64, 3], rng=0)
net.fit(X, y, epochs=2, threads=2)
read, write = os.pipe()
sys.stdout.flush()
child = os.fork()
if child == 0:
    net.fit(X, y, epochs=2, threads=2)
    os.write(write, f"{net.error(X, y):.3f}".encode())
    os._exit(0)
os.waitpid(child, 0)
answer = os.read(read, 100).decode()
net.fit(X, y, epochs=2, threads=2)
print("child", answer, "parent", f"{net.error(X, y):.3f}")

# %%
# Both went on from the same state, to the same network.
#
# Several Python threads
# ----------------------
#
# The GIL is not held in the core. Threads may use *different* networks at a time, and may predict
# with one network at a time; while one of them trains it, another that wants to train the same
# network gets an error.

from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(4) as pool:
    rows = np.array_split(X, 40)
    parts = list(pool.map(net.predict, rows))
print("same as at once:", bool(np.array_equal(np.concatenate(parts), net.predict(X))))

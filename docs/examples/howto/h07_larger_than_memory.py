"""
Data larger than memory
=======================

A memory map is an array on the disk. fastnn reads its rows where they lie, a mini-batch at a
time, and never copies it whole. Nor does it convert it: uint8 pixels stay one byte each."""

# %%
# A file of 200,000 rows of bytes. (It could as well have 200 GB.)

import os
import resource
import tempfile

import numpy as np

import fastnn

path = os.path.join(tempfile.mkdtemp(), "X.npy")
X = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(200_000, 100))
rng = np.random.default_rng(0)
for start in range(0, len(X), 50_000):
    X[start : start + 50_000] = rng.integers(0, 256, (50_000, 100), dtype=np.uint8)
weights = rng.standard_normal(100)
y = np.concatenate([X[k : k + 50_000] @ weights > 0 for k in range(0, len(X), 50_000)]).astype(int)
X.flush()

# %%
# Open it read-only, and split by row numbers. A part takes its rows only when its ``X`` is used, so
# for data that do not fit use ``part.index`` of ranges instead: here the last rows are dev.

X = np.load(path, mmap_mode="r")
m = 190_000
net = fastnn.Network([100, 32, 1], normalize=True, rng=0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
history = net.fit(X[:m], y[:m], dev=(X[m:], y[m:]), epochs=3, batch_size=256)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(f"dev error {history.dev_error[-1]:.1%}")
print(f"as float64 X would take {X.size * 8 / 2**20:.0f} MiB")

# %%
# ``ru_maxrss`` counts pages of the file that the system keeps because there is room for them, and
# gives them back when there is none:

print(f"the process has grown by {(after - before) / 1024:.0f} MiB")

# %%
# Columns from Parquet
# --------------------
#
# Convert once, chunk by chunk, to a memory map; then train from it as often as you like. Sparse
# matrices (CSR, CSC) are read in place as well.

from scipy import sparse

S = sparse.random(50_000, 2_000, density=0.01, format="csr", random_state=0, dtype=np.float32)
labels = np.asarray(S[:, :50].sum(axis=1)).ravel() > 0.25
net = fastnn.Network([2_000, 16, 1], rng=0)
net.fit(S[:40_000], labels[:40_000], epochs=5)
print(
    f"sparse: error {net.error(S[40_000:], labels[40_000:]):.1%}; "
    f"dense it would take {S.shape[0] * S.shape[1] * 4 / 2**20:.0f} MiB"
)

# %%
# **Shuffling.** A new order every epoch means random reads. On a slow disk shuffle the file once,
# when you write it, and pass ``shuffle=False``.

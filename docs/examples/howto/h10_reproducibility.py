"""
The same bits again
===================

A seed gives the same network, to the last bit, for any number of threads. This page says what
that rests on, and where it ends."""

# %%
# Seeds
# -----
#
# One ``rng`` of a network draws the initial weights, then the order of rows and the masks of each
# fit. So two networks of one seed that are trained alike are the same:

import hashlib

import numpy as np
from sklearn.datasets import load_digits

import fastnn

train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)


def fitted(threads=None, **options):
    net = fastnn.Network([64, 64, 10], keep_prob=0.8, l2=0.1, normalize=True, rng=7)
    net.fit(train, epochs=10, threads=threads, **options)
    return hashlib.sha256(net.theta).hexdigest()[:16]


for threads in (1, 2, 3, 7, None):
    print(f"threads={threads}: {fitted(threads)}")

# %%
# How the work is cut never depends on the number of threads: each number is computed by one thread,
# in one order. The same holds for ``n_jobs`` of sweeps and of ``fit_many``.
#
# After a crash
# -------------
#
# A checkpoint has the state of the generator, the order of the epoch that is running, and the
# optimizer's moments. A fit that goes on reaches the same bits.

import os
import tempfile

path = os.path.join(tempfile.mkdtemp(), "run.safetensors")


class Crash(Exception):
    pass


def crash(net, history):
    if len(history) == 6:
        raise Crash


net = fastnn.Network([64, 64, 10], keep_prob=0.8, l2=0.1, normalize=True, rng=7)
try:
    net.fit(train, epochs=10, checkpoint=path, callbacks=[crash])
except Crash:
    print("crashed in epoch 6")
net = fastnn.Network([64, 64, 10], keep_prob=0.8, l2=0.1, normalize=True, rng=7)
net.fit(train, epochs=10, checkpoint=path, resume=True)
print("resumed:  ", hashlib.sha256(net.theta).hexdigest()[:16])

# %%
# Where it ends
# -------------
#
# - **Another type of CPU** has other kernels: AVX-512, AVX2 and the baseline add in other orders.
#   `fastnn.deterministic` gives the same bits on all of them, at a price; see below.
# - **Another version** of fastnn may round otherwise.
# - **float32** is not the cause of differences; it is only less exact.
# - **Time**: ``improve(seconds=...)`` stops by the clock. With ``seconds=None, trials=...`` it does
#   not.
# - ``rng=None`` draws a new seed from the system.
#
# The same bits on every CPU
# --------------------------

with fastnn.deterministic(across_cpus=True):
    print("on every CPU:", fitted())

# %%
# What to write into a report
# ---------------------------

import platform

print(
    f"fastnn {fastnn.__version__}, NumPy {np.__version__}, "
    f"Python {platform.python_version()}, seeds: split 0, network 7"
)

"""
One network trained by several processes
========================================

Rows that do not fit on one machine, or a large network on several machines: each process takes a
part of every mini-batch, their gradients are added, and all make the same update. That is
data-parallel training. `fastnn.parallel.mpi` does it over MPI."""

# %%
# On one machine you rarely need it: ``fit`` uses all cores by itself, and a sweep or
# `fastnn.fit_many` trains one network a thread. :doc:`/measured/speed` has the times of an exchange
# beside those of a step: a small network waits longer for the other processes than it computes.
#
# ``pip install ".[mpi]"`` brings mpi4py and an MPI.
#
# The program
# -----------
#
# Every process (a **rank**) runs the same script. It makes the same network and trainer, with the
# same ``rng``, and reads its own rows. This page writes the script, and then runs it.

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import fastnn

folder = Path(tempfile.mkdtemp())
script = """
import sys

import fastnn
from mpi4py import MPI
from sklearn.datasets import load_digits

comm = MPI.COMM_WORLD
train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
# In earnest each rank opens a file of its own.
X, y = train.X[comm.rank :: comm.size] / 16, train.y[comm.rank :: comm.size]
batch = 64 // comm.size

net = fastnn.Network([64, 64, 10], keep_prob=0.8, rng=0)
trainer = net.trainer(learning_rate=0.003, batch_size=batch)
with fastnn.parallel.mpi(trainer, comm) as ranks:
    for epoch in range(20):
        for at in range(0, 1024 // comm.size, batch):
            J = ranks.step(X[at : at + batch], y[at : at + batch])
    ranks.check()  # the same bits on all ranks, or an error that says what differs
if comm.rank == 0:
    print(f"{comm.size} ranks, J {J:.4f}, dev error {net.error(dev.X / 16, dev.y):.2%}")
    net.save(sys.argv[1])
"""
(folder / "train.py").write_text(script)


def mpi(count, *command):
    """Run a script with so many ranks, each with one thread, and show what it prints."""
    done = subprocess.run(
        ["mpiexec", "-n", str(count), sys.executable, *command],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    print(done.stdout + done.stderr, end="")
    return done.returncode


for count in (1, 2):
    if mpi(count, "train.py", f"{count}.safetensors"):
        raise RuntimeError("a rank has failed")

# %%
# J is that of the rows of *all* ranks in the last mini-batch, and ``step`` returns it on each of
# them. Two ranks have here other mini-batches than one, so their networks differ a little. Of the
# same mini-batches any number of ranks makes the same network, but for rounding. Two runs with as
# many ranks have the same bits.
#
# The file is like any other:

net = fastnn.load(folder / "2.safetensors")
print(net)

# %%
# A rank without rows
# -------------------
#
# All ranks must make the same calls. One that has run out of rows passes none: ``X[:0]`` and
# ``y[:0]``.

# %%
# Save, and go on
# ---------------
#
# ``trainer.state()`` of any rank is the checkpoint of all: a dict of arrays, for ``numpy.savez`` or
# safetensors. To go on, rank 0 alone restores it; ``fastnn.parallel.mpi(trainer, comm,
# broadcast=True)`` copies theta, moments, steps and seed to the others.
#
# When a rank fails
# -----------------
#
# The others do not wait for ever: they raise an error that names the rank. Here rank 1 passes a
# wrong label.

(folder / "fails.py").write_text("""
import fastnn
import numpy as np
from mpi4py import MPI

comm = MPI.COMM_WORLD
X, y = np.ones((4, 2)), np.array([0, 1, 0, 1 + 6 * comm.rank])
with fastnn.parallel.mpi(fastnn.Network([2, 3, 2], rng=0).trainer(), comm) as ranks:
    try:
        ranks.step(X, y)
    except (ValueError, RuntimeError) as error:
        if comm.rank == 0:
            print(error)
""")
_ = mpi(2, "fails.py")

# %%
# theta is unchanged, so that a loop may correct the rows and call again. A process that is killed
# makes the others raise ``TimeoutError`` after ``timeout`` seconds, if ``mpiexec`` has not ended
# them before.
#
# Machines of different kinds choose different kernels, whose results differ in the last bits. Set
# ``FASTNN_VARIANT=avx2`` on all of them; `fastnn.parallel.mpi` refuses to begin otherwise.

"""
The compiled core from Cython or C
==================================

A simulator in Cython or C that asks a network at every step should not go through Python. The
core can be called without the GIL: there is a header, ``fastnn.h``, and declarations for Cython,
``fastnn/core.pxd``. There is nothing to link."""

# %%
# In Cython
# ---------
#
# A module whose loop calls ``forward`` a hundred thousand times, without the GIL:

import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np

import fastnn

folder = Path(tempfile.mkdtemp())
source = textwrap.dedent(
    """
    # cython: language_level=3
    from libc.stdint cimport int64_t
    from fastnn.core cimport *

    cdef const fastnn_api *core = fastnn_import()


    def simulate(float[::1] theta, float[::1] state, int steps):
        cdef int64_t[3] sizes = [4, 16, 4]
        cdef int[1] activations = [FASTNN_TANH]
        cdef fastnn_network *net
        cdef float[4] change
        cdef int i, step, status
        with nogil:
            status = core.open(&net, 3, sizes, activations, FASTNN_LINEAR, FASTNN_FLOAT32,
                               &theta[0], 1, 0)
            for step in range(steps):
                if status != FASTNN_OK:
                    break
                status = core.forward(net, &state[0], 1, change)
                for i in range(4):
                    state[i] += <float>0.01 * change[i]
            core.close(net)
        return status
    """
)
(folder / "simulator.pyx").write_text(source)
print(source)

# %%
# Compile it with `fastnn.get_include` among the include directories:

setup = textwrap.dedent(
    """
    from pathlib import Path
    import fastnn
    from Cython.Build import cythonize
    from setuptools import Extension, setup

    extension = Extension("simulator", ["simulator.pyx"], include_dirs=[fastnn.get_include()])
    setup(
        name="simulator",
        ext_modules=cythonize([extension], include_path=[str(Path(fastnn.__file__).parents[1])]),
    )
    """
)
(folder / "setup.py").write_text(setup)
print(setup)
subprocess.run(
    [sys.executable, "setup.py", "-q", "build_ext", "--inplace"],
    cwd=folder,
    check=True,
    capture_output=True,
)

# %%
# theta is the network's own vector:

import time

sys.path.insert(0, str(folder))
import simulator

net = fastnn.Network([4, 16, 4], activation="tanh", output="identity", rng=0)
state = np.ones(4, np.float32)
began = time.perf_counter()
status = simulator.simulate(net.theta, state, 100_000)
seconds = time.perf_counter() - began
print(f"status {status}, {seconds / 100_000 * 1e9:.0f} ns a step, here and now")

# %%
# The same in Python, a hundred steps, to the same bits:

state, other = np.ones(4, np.float32), np.ones(4, np.float32)
simulator.simulate(net.theta, state, 100)
for _ in range(100):
    other += np.float32(0.01) * net.forward(other[None])[0]
print("largest difference", np.abs(state - other).max())

# %%
# In C
# ----
#
# The header itself says what each function does, who owns the memory, and what threads may do:

header = Path(fastnn.get_include()) / "fastnn.h"
print("".join(header.read_text().splitlines(keepends=True)[:34]))

# %%
# Besides ``forward`` there are ``loss_gradient`` and ``update``, so that whole training loops run
# without Python. ``FASTNN_ABI`` guards against a fastnn of another layout: `fastnn_import` refuses
# it with an error.

# distutils: language = c++
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, embedsignature=True, auto_pickle=False
# cython: emit_code_comments=False
"""The compiled core: passes of a network over data, as loops over register tiles.

1. Python validates and owns the arrays; a `Session` holds the buffers of a pass. Inside a
   pass nothing is allocated, nothing raises, no Python object is touched and the GIL is free.
2. A pass is single program, multiple data: every thread runs the same loop (`train_epoch`,
   `evaluate_rows`, ...) over its share of rows, panels or theta. The threads wait for each other
   at a barrier where one phase needs all results of another.
3. A mini-batch is processed in chunks of rows, and their gradients are added. After each chunk a
   pass can pause (for Ctrl-C and the progress bar) and continue later.
4. The partition of the work (tiles, panels, chunks) never depends on the number of threads, and
   each number is computed by one thread in one order. So the bits are the same for any number of
   threads.
"""

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_ND, PyBUF_STRIDED_RO, PyBUF_WRITABLE
from cpython.buffer cimport PyBuffer_Release, PyObject_GetBuffer
from cpython.exc cimport PyErr_CheckSignals, PyErr_Occurred
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.float cimport DBL_MAX, FLT_MAX
from libc.math cimport INFINITY, NAN, fabs, floor, isfinite, sqrt
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset
from libcpp.vector cimport vector

cimport cython

from fastnn.core cimport *

import os

import numpy as np

ctypedef fused real:
    float
    double

cdef extern from "Python.h":
    int interrupted "PyErr_CheckSignals"() noexcept nogil   # for C++ that holds the GIL

cdef double TURN = 0.05   # seconds of a pass before Python may react to Ctrl-C

include "loops/fit_lock.pxi"
include "loops/own_loss.pxi"
include "loops/chunk.pxi"
include "loops/update.pxi"
include "loops/passes.pxi"
include "loops/variant.pxi"
include "loops/arrays.pxi"
include "loops/vectors.pxi"
include "loops/buffers.pxi"
include "loops/rows.pxi"
include "loops/augment.pxi"
include "loops/packed.pxi"
include "loops/session.pxi"
include "loops/step_session.pxi"
include "loops/small_forward.pxi"
include "loops/together.pxi"
include "loops/instruments.pxi"
include "loops/epochs.pxi"
include "loops/api.pxi"

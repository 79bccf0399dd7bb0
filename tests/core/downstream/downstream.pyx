# cython: language_level=3
"""The code of a user of fastnn.core: networks whose calls hold no GIL. test_downstream.py runs it.

Arrays come as addresses, so that the tests can pass wrong ones.
"""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport int64_t

from fastnn.core cimport *

cdef const fastnn_api *fastnn = fastnn_import()

OK, BAD_ARGUMENT, BUSY, NOT_FINITE = FASTNN_OK, FASTNN_BAD_ARGUMENT, FASTNN_BUSY, FASTNN_NOT_FINITE
SOFTMAX, SIGMOID, LINEAR = FASTNN_SOFTMAX, FASTNN_SIGMOID_OUTPUT, FASTNN_LINEAR
RELU, TANH, GELU = FASTNN_RELU, FASTNN_TANH, FASTNN_GELU


cdef class Handle:
    cdef fastnn_network *network
    cdef readonly int status

    def __cinit__(self, sizes, activations, int output, bint is_double, size_t theta,
                  int64_t rows=64, bint training=True):
        cdef int i, layers = len(sizes)
        cdef int64_t *n = <int64_t *>PyMem_Malloc((layers + 1) * sizeof(int64_t))
        cdef int *codes = <int *>PyMem_Malloc((layers + 1) * sizeof(int))
        for i in range(layers):
            n[i] = sizes[i]
        for i in range(len(activations)):
            codes[i] = activations[i]
        with nogil:
            self.status = fastnn.open(&self.network, layers, n, codes, output,
                                      FASTNN_FLOAT64 if is_double else FASTNN_FLOAT32,
                                      <void *>theta, rows, training)
        PyMem_Free(n)
        PyMem_Free(codes)

    def __dealloc__(self):
        fastnn.close(self.network)

    def forward(self, size_t X, int64_t rows, size_t A):
        cdef int status
        with nogil:
            status = fastnn.forward(self.network, <void *>X, rows, <void *>A)
        return status

    def forward_until(self, size_t X, int64_t rows, size_t A, size_t running, size_t stop):
        """Forward passes until another thread writes to *stop: that needs the GIL."""
        cdef volatile int *started = <volatile int *>running
        cdef volatile int *stopped = <volatile int *>stop
        cdef int status = FASTNN_OK
        cdef int64_t passes = 0
        with nogil:
            while status == FASTNN_OK and not stopped[0] and passes < 1_000_000:
                status = fastnn.forward(self.network, <void *>X, rows, <void *>A)
                passes += 1
                started[0] = 1
        return status, stopped[0] != 0

    def loss_gradient(self, size_t X, size_t y, int64_t rows, size_t gradient):
        cdef double loss = -1
        cdef int status
        with nogil:
            status = fastnn.loss_gradient(self.network, <void *>X, <void *>y, rows, &loss,
                                          <void *>gradient)
        return status, loss

    def update(self, int64_t step, size_t gradient, size_t first, size_t second, **settings):
        cdef fastnn_update s = settings
        cdef int status
        with nogil:
            status = fastnn.update(self.network, &s, step, <void *>gradient, <void *>first,
                                   <void *>second)
        return status

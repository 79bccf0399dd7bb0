"""fastnn's core for Cython: `from fastnn.core cimport *`; include/fastnn.h documents it.

Compile with `include_dirs=[fastnn.get_include()]`. Call `fastnn_import` once with the GIL; the
functions that it returns need none:

    from fastnn.core cimport *

    cdef const fastnn_api *fastnn = fastnn_import()

    cdef int outputs(fastnn_network *net, const float *X, int64_t rows, float *A) noexcept nogil:
        return fastnn.forward(net, X, rows, A)
"""

from libc.stdint cimport int64_t


cdef extern from "fastnn.h" nogil:
    enum:
        FASTNN_ABI

    enum fastnn_dtype:
        FASTNN_FLOAT32
        FASTNN_FLOAT64

    enum fastnn_activation:
        FASTNN_IDENTITY
        FASTNN_RELU
        FASTNN_LEAKY_RELU
        FASTNN_ELU
        FASTNN_GELU
        FASTNN_SILU
        FASTNN_TANH
        FASTNN_SIGMOID
        FASTNN_SOFTPLUS

    enum fastnn_output:
        FASTNN_SOFTMAX
        FASTNN_SIGMOID_OUTPUT
        FASTNN_LINEAR
        FASTNN_EXPONENTIAL
        FASTNN_ABSOLUTE
        FASTNN_HUBER

    enum fastnn_optimizer:
        FASTNN_GRADIENT_DESCENT
        FASTNN_MOMENTUM
        FASTNN_NESTEROV
        FASTNN_RMSPROP
        FASTNN_ADAM

    enum fastnn_status:
        FASTNN_OK
        FASTNN_BAD_ARGUMENT
        FASTNN_NO_MEMORY
        FASTNN_BUSY
        FASTNN_NOT_FINITE

    ctypedef struct fastnn_update:
        int optimizer
        double learning_rate, l2, l1, weight_decay, beta1, beta2, epsilon

    ctypedef struct fastnn_network:
        pass

    ctypedef struct fastnn_api:
        int abi
        int (*open)(fastnn_network **network, int layers, const int64_t *sizes,
                    const int *activations, int output, int dtype, void *theta, int64_t rows,
                    int training) noexcept nogil
        int (*forward)(fastnn_network *network, const void *X, int64_t rows,
                       void *A) noexcept nogil
        int (*loss_gradient)(fastnn_network *network, const void *X, const void *y, int64_t rows,
                             double *loss, void *gradient) noexcept nogil
        int (*update)(fastnn_network *network, const fastnn_update *settings, int64_t step,
                      const void *gradient, void *first, void *second) noexcept nogil
        void (*close)(fastnn_network *network) noexcept nogil


cdef extern from "fastnn.h":
    const fastnn_api *fastnn_import() except NULL

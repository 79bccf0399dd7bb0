/* fastnn's core for compiled code: C, C++, and Cython through fastnn/core.pxd.
 *
 * Compile with fastnn.get_include() among the include directories. There is nothing to link:
 *
 *     #include <fastnn.h>
 *     const fastnn_api *fastnn = fastnn_import();       // once, with the GIL
 *     if (!fastnn) return NULL;                          // a Python error is set
 *
 *     fastnn_network *net;                               // from here on without the GIL
 *     const int64_t sizes[] = {64, 32, 10};
 *     const int activations[] = {FASTNN_RELU};
 *     int error = fastnn->open(&net, 3, sizes, activations, FASTNN_SOFTMAX, FASTNN_FLOAT32, theta,
 *                              64, 1);
 *     if (!error) error = fastnn->forward(net, X, rows, A);
 *     fastnn->close(net);
 *
 * Threads: no function but fastnn_import needs the GIL or touches Python. A handle is for one call
 * at a time: each thread opens its own. A call on a handle in use returns FASTNN_BUSY. Handles may
 * share theta as long as they only read it; `update` writes it, and nothing may use it meanwhile.
 *
 * Memory: theta, X, y and the other arrays are the caller's; they are aligned to their type,
 * contiguous and row after row (C order). theta must live until `close`; it holds W[1] (n[0],
 * n[1]), b[1] (n[1],), W[2], b[2], ..., as Network.theta does. Outputs have the same bits as those
 * of Network.forward; so have loss and gradient those of Network.value_and_grad (without a penalty)
 * if the handle is opened for as many rows.
 */
#ifndef FASTNN_H
#define FASTNN_H

#include <Python.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when anything in this file changes its meaning. fastnn_import refuses another number. */
#define FASTNN_ABI 1

enum fastnn_dtype { FASTNN_FLOAT32, FASTNN_FLOAT64 };

enum fastnn_activation {
    FASTNN_IDENTITY,
    FASTNN_RELU,
    FASTNN_LEAKY_RELU,
    FASTNN_ELU,
    FASTNN_GELU,
    FASTNN_SILU,
    FASTNN_TANH,
    FASTNN_SIGMOID,
    FASTNN_SOFTPLUS
};

/* What the last layer gives, each with its loss: cross-entropy of classes, binary cross-entropy,
 * half squared error, Poisson, absolute error, Huber's. */
enum fastnn_output {
    FASTNN_SOFTMAX,
    FASTNN_SIGMOID_OUTPUT,
    FASTNN_LINEAR,
    FASTNN_EXPONENTIAL,
    FASTNN_ABSOLUTE,
    FASTNN_HUBER
};

enum fastnn_optimizer {
    FASTNN_GRADIENT_DESCENT, /* no moments */
    FASTNN_MOMENTUM,         /* first */
    FASTNN_NESTEROV,         /* first */
    FASTNN_RMSPROP,          /* second */
    FASTNN_ADAM              /* first and second; AdamW with a weight_decay */
};

/* What every function but `close` returns. */
enum fastnn_status {
    FASTNN_OK,
    FASTNN_BAD_ARGUMENT, /* a null pointer, an unknown code, a label out of range, unaligned memory
                          */
    FASTNN_NO_MEMORY,
    FASTNN_BUSY,      /* another thread is using this handle */
    FASTNN_NOT_FINITE /* of update: the new theta might not be finite. Nothing was changed. */
};

/* Settings of one update. l2 and l1 are lambda / m; they and weight_decay act on W, not on b. */
typedef struct {
    int optimizer; /* enum fastnn_optimizer */
    double learning_rate, l2, l1, weight_decay;
    double beta1, beta2, epsilon;
} fastnn_update;

typedef struct fastnn_network fastnn_network; /* a handle */

typedef struct {
    int abi;

    /* A network of `layers` sizes n[0] .. n[layers - 1] on theta, with the activations of its
     * layers - 2 hidden layers. `rows`: how many are usually passed at once; more take turns in the
     * buffers. `training`: whether loss_gradient will be called. *network is null after an error.
     */
    int (*open)(fastnn_network **network, int layers, const int64_t *sizes, const int *activations,
                int output, int dtype, void *theta, int64_t rows, int training);

    /* A (rows, n[L]) = outputs of X (rows, n[0]), both of theta's dtype. */
    int (*forward)(fastnn_network *network, const void *X, int64_t rows, void *A);

    /* *loss = mean loss of the rows, without a penalty, and gradient = its derivative by theta. y
     * is int64_t classes (rows,) for FASTNN_SOFTMAX, else (rows, n[L]) of theta's dtype. */
    int (*loss_gradient)(fastnn_network *network, const void *X, const void *y, int64_t rows,
                         double *loss, void *gradient);

    /* One update of theta by `gradient` (that of the loss, without a penalty), the first one having
     * step 0. Moments are like theta, zero at first, null where the optimizer has none. */
    int (*update)(fastnn_network *network, const fastnn_update *settings, int64_t step,
                  const void *gradient, void *first, void *second);

    /* Frees the handle, not theta. Null is allowed. */
    void (*close)(fastnn_network *network);
} fastnn_api;

/* The functions of the installed fastnn, or null with a Python error set. Needs the GIL. */
static inline const fastnn_api *fastnn_import(void) {
    /* PyCapsule_Import alone imports no submodule. */
    PyObject *core = PyImport_ImportModule("fastnn._kernels");
    if (!core) return NULL;
    Py_DECREF(core); /* sys.modules keeps it */
    const fastnn_api *api = (const fastnn_api *)PyCapsule_Import("fastnn._kernels._C_API", 0);
    if (api && api->abi != FASTNN_ABI) {
        PyErr_Format(
            PyExc_ImportError,
            "this module was compiled for fastnn's ABI %d, and the installed fastnn has ABI "
            "%d: compile the module again, or install the fastnn it was compiled for",
            FASTNN_ABI, api->abi);
        return NULL;
    }
    return api;
}

#ifdef __cplusplus
}
#endif
#endif

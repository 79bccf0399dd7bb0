# Part of _kernels.pyx: the functions of include/fastnn.h. None needs the GIL.


cdef inline bint misaligned(const void *at, size_t size) noexcept nogil:
    return at == NULL or <size_t>at % size != 0


cdef int open_run(Handle *h, Run[real] *run, Layer[real] *layers, const Kernels[real] *k,
                  int output, void *theta, int64_t rows) noexcept nogil:
    cdef int64_t n_out = h.widths.back()
    cdef size_t needed
    run.kernels, run.layers, run.threads, run.barrier = k, layers, 1, &h.barrier
    run.depth, run.output = <int>h.widths.size() - 1, output
    run.loss_rule = output
    run.W_at, run.theta = h.offsets.data(), <real *>theta
    run.magnitude, run.bounds = &h.magnitude, h.bounds.data()
    run.penalty, run.deadline = h.penalty.data(), INFINITY
    h.X.number = F32 if real is float else F64
    h.X.columns, h.X.column_stride = h.widths[0], sizeof(real)
    h.X.row_stride = h.widths[0] * <int64_t>sizeof(real)
    h.y.number, h.y.columns, h.y.column_stride = h.X.number, n_out, sizeof(real)
    if output == OUT_SOFTMAX:
        h.y.number, h.y.columns, h.y.column_stride = I64, 1, sizeof(int64_t)
    h.y.row_stride = h.y.columns * h.y.column_stride
    run.X, run.y = &h.X, &h.y if h.training else NULL
    run.chunk_rows = rows_at_once(h.widths.data(), run.depth, run.size, rows, k.tile_rows,
                                  TRAINING_ROWS if h.training else INFERENCE_ROWS)
    needed = lay_out(run, <char *>NULL, h.widths.data(), h.activations.data(), h.training)
    h.block = <char *>zeroed(needed + 64)
    if h.block == NULL:
        return FASTNN_NO_MEMORY
    lay_out(run, h.block + (64 - <size_t>h.block % 64) % 64, h.widths.data(), h.activations.data(),
            h.training)
    return FASTNN_OK


cdef int api_open(fastnn_network **network, int layers, const int64_t *sizes,
                  const int *activations, int output, int dtype, void *theta, int64_t rows,
                  int training) noexcept nogil:
    cdef Handle *h
    cdef int64_t size
    cdef int l, status
    if network == NULL:
        return FASTNN_BAD_ARGUMENT
    network[0] = NULL
    if (layers < 2 or sizes == NULL or (activations == NULL and layers > 2) or rows < 1
            or dtype not in (FASTNN_FLOAT32, FASTNN_FLOAT64)
            or misaligned(theta, sizeof(float) if dtype == FASTNN_FLOAT32 else sizeof(double))):
        return FASTNN_BAD_ARGUMENT
    h = Handle.make(layers)
    if h == NULL:
        return FASTNN_NO_MEMORY
    h.is_double, h.training = dtype == FASTNN_FLOAT64, training != 0
    for l in range(layers):
        h.widths[l] = sizes[l]
        h.activations[l] = activations[l - 1] if 0 < l < layers - 1 else FASTNN_IDENTITY
    size = find_offsets(h.widths.data(), h.activations.data(), layers, output, h.offsets.data())
    h.f.size = h.d.size = size
    if size < 0:
        status = FASTNN_BAD_ARGUMENT
    elif h.is_double:
        status = open_run(h, &h.d, h.d_layers.data(), kernels[double](_variant), output, theta,
                          rows)
    else:
        status = open_run(h, &h.f, h.f_layers.data(), kernels[float](_variant), output, theta, rows)
    if status != FASTNN_OK:
        del h
        return status
    network[0] = <fastnn_network *>h
    return FASTNN_OK


cdef void api_close(fastnn_network *network) noexcept nogil:
    cdef Handle *h = <Handle *>network
    del h


cdef void run_forward(Handle *h, Run[real] *run, const void *X, int64_t rows,
                      void *A) noexcept nogil:
    cdef CoreMode mode
    mode.enter()
    h.X.values, h.X.rows, run.rows = <const char *>X, rows, rows
    run.y = NULL
    run.out, run.next_row = <real *>A, 0
    evaluate_rows(run, 0)


cdef int api_forward(fastnn_network *network, const void *X, int64_t rows,
                     void *A) noexcept nogil:
    cdef Handle *h = <Handle *>network
    if h == NULL or rows < 0:
        return FASTNN_BAD_ARGUMENT
    cdef size_t size = sizeof(double) if h.is_double else sizeof(float)
    if rows == 0:
        return FASTNN_OK
    if misaligned(X, size) or misaligned(A, size):
        return FASTNN_BAD_ARGUMENT
    if not h.enter():
        return FASTNN_BUSY
    if h.is_double:
        run_forward(h, &h.d, X, rows, A)
    else:
        run_forward(h, &h.f, X, rows, A)
    h.leave()
    return FASTNN_OK


cdef void run_gradient(Handle *h, Run[real] *run, const void *X, const void *y, int64_t rows,
                       double *loss, void *gradient) noexcept nogil:
    cdef CoreMode mode
    mode.enter()
    h.X.values, h.X.rows, run.rows = <const char *>X, rows, rows
    h.y.values, h.y.rows, run.y = <const char *>y, rows, &h.y
    run.dtheta, run.loss, run.error, run.next_row = <real *>gradient, 0, 0, 0
    differentiate_rows(run, 0)
    loss[0] = run.loss / rows


cdef int api_loss_gradient(fastnn_network *network, const void *X, const void *y, int64_t rows,
                           double *loss, void *gradient) noexcept nogil:
    cdef Handle *h = <Handle *>network
    cdef const int64_t *labels = <const int64_t *>y
    cdef int64_t i
    if h == NULL or loss == NULL or rows < 1 or not h.training:
        return FASTNN_BAD_ARGUMENT
    cdef size_t size = sizeof(double) if h.is_double else sizeof(float)
    if misaligned(X, size) or misaligned(y, h.y.column_stride) or misaligned(gradient, size):
        return FASTNN_BAD_ARGUMENT
    if h.y.number == I64:
        for i in range(rows):
            if not 0 <= labels[i] < h.widths.back():
                return FASTNN_BAD_ARGUMENT
    if not h.enter():
        return FASTNN_BUSY
    if h.is_double:
        run_gradient(h, &h.d, X, y, rows, loss, gradient)
    else:
        run_gradient(h, &h.f, X, y, rows, loss, gradient)
    h.leave()
    return FASTNN_OK


cdef bint run_update(Handle *h, Run[real] *run, const fastnn_update *s, int64_t step,
                     const void *gradient, void *first, void *second) noexcept nogil:
    cdef CoreMode mode
    cdef const Kernels[real] *k = run.kernels
    cdef Update u
    cdef double largest
    cdef int l
    mode.enter()
    run.optimizer, run.weight_decay, run.epsilon_hat = s.optimizer, s.weight_decay, False
    run.update.beta1, run.update.beta2 = s.beta1, s.beta2
    run.update.epsilon = s.epsilon
    for l in range(1, run.depth + 1):
        h.penalty[l].l2, h.penalty[l].l1 = s.l2, s.l1
    run.gradient, run.first, run.second = <real *>gradient, <real *>first, <real *>second
    u = run.update
    choose_rate(run, s.learning_rate, step, &u)
    u.penalty_share = 1
    run.extremes.theta, run.extremes.rate = k.largest(run.theta, 0, 0, 1, run.size), 0
    run.extremes.step = 0
    if first != NULL:
        run.extremes.step = k.largest(run.first, 0, 0, 1, run.size)
    if second != NULL:
        run.extremes.step = max(run.extremes.step,
                                sqrt(<double>k.largest(run.second, 0, 0, 1, run.size)))
    largest = k.largest(run.gradient, 0, 0, 1, run.size)
    if not isfinite(largest) or not stays_in_range(run, &u, largest, &run.extremes):
        return False
    update_theta(run, &u, 0)
    return True


cdef int api_update(fastnn_network *network, const fastnn_update *s, int64_t step,
                    const void *gradient, void *first, void *second) noexcept nogil:
    cdef Handle *h = <Handle *>network
    cdef bint has_first, has_second, updated
    if h == NULL or s == NULL or step < 0 or not 0 <= s.optimizer < OPTIMIZERS:
        return FASTNN_BAD_ARGUMENT
    cdef size_t size = sizeof(double) if h.is_double else sizeof(float)
    has_first = s.optimizer not in (GD, RMSPROP)
    has_second = s.optimizer in (RMSPROP, ADAM)
    if (misaligned(gradient, size) or (has_first and misaligned(first, size))
            or (has_second and misaligned(second, size))
            or not (0 <= s.learning_rate < INFINITY and 0 <= s.l2 < INFINITY
                    and 0 <= s.l1 < INFINITY and 0 <= s.weight_decay < INFINITY)
            or (has_first and not 0 <= s.beta1 < 1)
            or (has_second and not (0 <= s.beta2 < 1 and 0 < s.epsilon < INFINITY))):
        return FASTNN_BAD_ARGUMENT
    if not h.enter():
        return FASTNN_BUSY
    if not has_first:
        first = NULL
    if not has_second:
        second = NULL
    if h.is_double:
        updated = run_update(h, &h.d, s, step, gradient, first, second)
    else:
        updated = run_update(h, &h.f, s, step, gradient, first, second)
    h.leave()
    return FASTNN_OK if updated else FASTNN_NOT_FINITE


cdef fastnn_api _api = [FASTNN_ABI, api_open, api_forward, api_loss_gradient, api_update, api_close]
_C_API = PyCapsule_New(&_api, "fastnn._kernels._C_API", NULL)


def get_include():
    """The folder of fastnn.h, for code that is compiled against fastnn's core.

    Cython code also writes `from fastnn.core cimport *`. Both files document the functions.
    """
    return os.path.join(os.path.dirname(__file__), "include")

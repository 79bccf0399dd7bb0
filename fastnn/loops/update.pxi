# Part of _kernels.pyx: an update of theta, and what has to be known before it.


cdef void choose_no_masks(Run[real] *run) noexcept nogil:
    cdef int l
    for l in range(run.depth):
        run.layers[l].dropout.on = False


cdef void choose_masks(Run[real] *run, uint64_t step) noexcept nogil:
    """The dropout of this step, a function of (seed, step, layer)."""
    cdef int l
    if not run.dropout:
        choose_no_masks(run)
        return
    for l in range(run.depth):
        run.layers[l].dropout = make_dropout(run.seed, step, l, run.keep_prob[l])


cdef void choose_rate(Run[real] *run, double rate, uint64_t step, Update *u) noexcept nogil:
    """The learning rate of an update, with what Adam makes of it after `step` earlier ones."""
    u.rate, u.correction1, u.correction2 = rate, 1, 1
    if run.optimizer == ADAM:
        u.correction1 = 1 / (1 - pow(u.beta1, <double>(step + 1)))
        u.correction2 = 1 / (1 - pow(u.beta2, <double>(step + 1)))
    u.corrected_rate = rate * u.correction1 / sqrt(u.correction2)
    u.corrected_epsilon = u.epsilon if run.epsilon_hat else u.epsilon / sqrt(u.correction2)


cdef void bound_gradient(Run[real] *run, int64_t rows, int thread) noexcept nogil:
    """A bound on this thread's rows of each |A[l-1]| and |dZ[l]|, and whether the losses are finite:
    known before the gradient is, which can then be used tile by tile."""
    cdef const Kernels[real] *k = run.kernels
    cdef int64_t row = cut(rows, k.tile_rows, thread, run.threads)
    cdef int64_t count = cut(rows, k.tile_rows, thread + 1, run.threads) - row
    cdef Bounds *bounds = run.bounds + thread * (run.depth + 1)
    cdef Layer[real] *layer
    cdef int l
    bounds[0].dZ = k.largest(run.targets.loss + row, count, 0, 1, count)
    for l in range(1, run.depth + 1):
        layer = &run.layers[l]
        # The padding of the rows is finite and no larger than what it stands beside; X has none.
        if l == 1 and (layer - 1).A != run.gathered:
            bounds[l].A = k.largest((layer - 1).A, (layer - 1).ld, row, count, (layer - 1).n)
        else:
            bounds[l].A = k.largest((layer - 1).A + row * (layer - 1).ld, 0, 0, 1,
                                    count * (layer - 1).ld)
        bounds[l].dZ = k.largest(layer.dZ + row * layer.ld, 0, 0, 1, count * layer.ld)


cdef double gradient_bound(Run[real] *run, int64_t rows) noexcept nogil:
    """A bound on |dW| and |db| of the chunk; infinite if a loss is not finite."""
    cdef double A, dZ, bound = 0
    cdef int l, thread
    for thread in range(run.threads):
        if not isfinite(run.bounds[thread * (run.depth + 1)].dZ):
            return INFINITY
    for l in range(1, run.depth + 1):
        A, dZ = 1, 0   # 1 is what b's gradient is multiplied with
        for thread in range(run.threads):
            A = max(A, run.bounds[thread * (run.depth + 1) + l].A)
            dZ = max(dZ, run.bounds[thread * (run.depth + 1) + l].dZ)
        bound = max(bound, rows * A * dZ)
    return bound


cdef bint safe(Run[real] *run, const Update *u, double gradient, Reach *reach) noexcept nogil:
    """Whether an update with components of dtheta up to `gradient` keeps theta and the moments
    within the range of the dtype; `reach` is then what they may have come to.

    It must be known before theta is touched, so that theta can stay that of the last batch. The
    bound is |W| + rate * |step|, with the largest step that the rule can make of gradients so far;
    a sixteenth of the range is kept in reserve for its roundings.
    """
    cdef double limit = (3.4e38 if real is float else 1.7e308) / 16
    cdef double l2 = 0, l1 = 0, rate = u.rate, decay = fabs(1 - rate * run.weight_decay)
    cdef Reach r = reach[0]
    cdef int l
    for l in range(1, run.depth + 1):
        l2, l1 = max(l2, run.penalty[l].l2), max(l1, run.penalty[l].l1)
    l2, l1 = l2 * u.penalty_share, l1 * u.penalty_share
    gradient += l2 * r.theta + l1
    r.rate = max(r.rate, rate)
    if run.optimizer == MOMENTUM or run.optimizer == NESTEROV:
        r.step = run.update.beta1 * r.step + gradient
    elif run.optimizer == ADAM:
        r.step = max(r.step, gradient)
    else:
        r.step = gradient
    # In this form neither side overflows, and a NaN is not safe.
    if not (r.theta * max(1.0, decay) < limit and r.step < limit and r.rate < limit
            and decay < limit and l2 < limit):
        return False
    if run.optimizer == ADAM or run.optimizer == RMSPROP:
        if not (r.step < limit / r.step and r.step < limit * run.update.epsilon / r.rate
                and r.rate < limit * run.update.epsilon):
            return False
    elif not r.step < limit / r.rate:
        return False
    reach[0] = r
    return True


cdef double update_tiles(Run[real] *run, const Update *u, int64_t rows, int thread) noexcept nogil:
    """Gradient and update in one, of this thread's tiles of every W[l] and b[l], for a mini-batch of
    one chunk. Returns the largest magnitude in theta."""
    cdef const Kernels[real] *k = run.kernels
    cdef Layer[real] *layer
    # What the rule does not keep is not touched, but is to be a place all the same.
    cdef real *first = run.first if run.first != NULL else run.theta
    cdef real *second = run.second if run.second != NULL else run.theta
    cdef int64_t i, j, unit, n_in, W, b
    cdef double largest = 0
    cdef Update v = u[0]
    cdef int l
    for l in range(1, run.depth + 1):
        layer, n_in, W = &run.layers[l], run.layers[l - 1].n, run.W_at[l]
        b = W + n_in * layer.n
        v.l2, v.l1 = run.penalty[l].l2 * u.penalty_share, run.penalty[l].l1 * u.penalty_share
        v.weight_decay = run.weight_decay
        for j in range(tiles(layer.n, k.panel)):
            for i in range(share(tiles(n_in, k.tile_rows), thread, run.threads),
                           share(tiles(n_in, k.tile_rows), thread + 1, run.threads)):
                unit = i * k.tile_rows
                largest = max(largest, <double>k.update_tile[run.optimizer](
                    layer - 1, layer, rows, unit, <int>min(k.tile_rows, n_in - unit), j * k.panel,
                    &v, run.theta + W,
                    first + W, second + W))
        v.l2, v.l1, v.weight_decay = 0, 0, 0   # b is not regularized
        for j in range(share(tiles(layer.n, k.panel), thread, run.threads),
                       share(tiles(layer.n, k.panel), thread + 1, run.threads)):
            largest = max(largest, <double>k.update_bias[run.optimizer](
                layer - 1, layer, rows, j * k.panel, &v, run.gradient + b,
                run.theta + b, first + b, second + b))
    return largest


cdef double over_threads(Run[real] *run) noexcept nogil:
    """The largest of the threads' magnitudes."""
    cdef double largest = 0
    cdef int thread
    for thread in range(run.threads):
        largest = max(largest, run.magnitude[thread])
    return largest


cdef double update_theta(Run[real] *run, const Update *u, int thread) noexcept nogil:
    """One pass of the optimizer over this thread's share of each W[l] and b[l], from the gradient
    in memory. Returns the largest magnitude in theta."""
    cdef real *first = run.first if run.first != NULL else run.theta
    cdef real *second = run.second if run.second != NULL else run.theta
    cdef Update v = u[0]
    cdef int64_t at, lo, n, part
    cdef double largest = 0
    cdef int l
    for l in range(1, run.depth + 1):
        at, n = run.W_at[l], run.layers[l - 1].n * run.layers[l].n
        for part in range(2):   # W[l], then b[l], which is not regularized
            v.l2 = run.penalty[l].l2 * u.penalty_share if part == 0 else 0
            v.l1 = run.penalty[l].l1 * u.penalty_share if part == 0 else 0
            v.weight_decay = run.weight_decay if part == 0 else 0
            lo = cut(n, 64, thread, run.threads)
            largest = max(largest, <double>run.kernels.update[run.optimizer](
                &v, run.gradient + at + lo, run.theta + at + lo,
                first + at + lo, second + at + lo,
                cut(n, 64, thread + 1, run.threads) - lo))
            at, n = at + n, run.layers[l].n
    return largest
